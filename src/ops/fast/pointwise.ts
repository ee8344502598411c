/** Pointwise operators on float32. */
import { contiguousStrides, expandStrides } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Memory } from "../../tensor/storage.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { type Arguments, type Planner, UnplannedError } from "../kernel.ts";
import { innerLoops } from "./copy.ts";
import { forEachOuter, inBytes, nestOf } from "./nest.ts";
import { addressOf, isFloat32, resultOf, targetAddress } from "./operands.ts";
import { type BinaryName, pointwiseKernels, type UnaryName } from "./pointwise-kernels.ts";

/** Whether the elements fill their memory without gaps or overlap, in any order of dimensions. */
export function isDense(sizes: readonly number[], strides: readonly number[]): boolean {
  const { dims, steps } = nestOf(sizes, [strides]);
  return dims.length === 1 && (steps[0]![0] === 1 || dims[0] === 1);
}

/** The operator in a table, or the one that the arguments choose; null for none. */
type Choice<Name> = Name | ((args: Arguments) => Name | null);

function chosen<Name>(choice: Choice<Name>, args: Arguments): Name | null {
  return typeof choice === "function" ? (choice as (args: Arguments) => Name | null)(args) : choice;
}

/** Of one operand that is dense; the result lies in memory as it does. */
const planUnary =
  (choice: Choice<UnaryName>): Planner =>
  (args, spec) => {
    const { self } = args;
    const name = chosen(choice, args);
    if (name === null || !isFloat32(self) || !isLike(spec, self)) return null;
    const kernel = pointwiseKernels()[name];
    const n = self.numel;
    return (given) => {
      const out = resultOf(spec);
      kernel(out.storage!.memory.address, addressOf(given.self as Tensor), n);
      return out;
    };
  };

export function isLike(spec: TensorSpec | readonly TensorSpec[] | null, self: Tensor): spec is TensorSpec {
  if (spec === null || "length" in spec || spec.dtype !== self.dtype) return false;
  const strides = spec.strides ?? contiguousStrides(spec.sizes);
  const same = self.sizes.every((size, d) => size === 1 || strides[d] === self.strides[d]);
  return same && isDense(self.sizes, self.strides);
}

/** The same, written over the operand. */
const planUnaryInPlace =
  (choice: Choice<UnaryName>): Planner =>
  (args) => {
    const { self } = args;
    const name = chosen(choice, args);
    if (name === null || !isFloat32(self) || !isDense(self.sizes, self.strides)) return null;
    const kernel = pointwiseKernels()[name];
    const n = self.numel;
    return (given) => {
      const out = given.self as Tensor;
      const address = targetAddress(out);
      kernel(address, address, n);
      return out;
    };
  };

/** What gives the address of an operand: of a tensor its own, of a number that of a place which holds it. */
export function operandAddress(operand: unknown, place: 0 | 1): ((operand: unknown) => number) | null {
  if (operand instanceof Tensor && operand.number === null) {
    return isFloat32(operand) ? (given) => addressOf(given as Tensor) : null;
  }
  const number = operand instanceof Tensor ? operand.number : operand;
  if (!(number instanceof Scalar) || number.category === "complex") return null;
  return (given) => {
    const { re } = given instanceof Tensor ? given.number! : (given as Scalar);
    return numberPlace(re, place);
  };
}

let places: Memory | null = null;

/** The address of a number in the heap, until the next one is put there. */
function numberPlace(value: number, place: 0 | 1): number {
  places ??= Memory.inHeap(8);
  if (places === null) throw new UnplannedError();
  places.float32[place] = value;
  return places.address + 4 * place;
}

export const stridesTo = (operand: unknown, sizes: readonly number[]): number[] =>
  operand instanceof Tensor && operand.number === null
    ? inBytes(expandStrides(operand.sizes, operand.strides, sizes), 4)
    : sizes.map(() => 0);

/** What runs an operator of two operands over a result of these sizes and strides; null where its loops do not fit. */
function binaryLoops(
  name: BinaryName,
  sizes: readonly number[],
  strides: readonly number[],
  x: unknown,
  y: unknown,
): ((to: number, x: number, y: number) => void) | null {
  const nest = nestOf(sizes, [inBytes(strides, 4), stridesTo(x, sizes), stridesTo(y, sizes)]);
  const { rows, n, next, step } = innerLoops(nest);
  const [own, stepX, stepY] = step as [number, number, number];
  const [nextOut, nextX, nextY] = next as [number, number, number];
  const fits = (one: number): boolean => one === 0 || one === 4 || n === 1;
  if ((own !== 4 && n !== 1) || !fits(stepX) || !fits(stepY)) return null;
  const kernel = pointwiseKernels()[name];
  if (nest.dims.length <= 2) {
    return (to, a, b) => kernel(to, a, b, rows, n, nextOut, nextX, nextY, stepX, stepY);
  }
  return (to, a, b) =>
    forEachOuter(nest, 2, (at) =>
      kernel(to + at[0]!, a + at[1]!, b + at[2]!, rows, n, nextOut, nextX, nextY, stepX, stepY),
    );
}

const isPlainSum = ({ alpha }: Arguments): boolean =>
  alpha === undefined || (alpha instanceof Scalar && alpha.re === 1 && alpha.im === 0);

const planBinary =
  (name: BinaryName): Planner =>
  (args, spec) => {
    const { self, other } = args;
    if (spec === null || "length" in spec || !isPlainSum(args) || spec.sizes.includes(0)) return null;
    if (!isFloat32(self) && !isFloat32(other)) return null;
    const [x, y] = [operandAddress(self, 0), operandAddress(other, 1)];
    const loops =
      x && y && binaryLoops(name, spec.sizes, spec.strides ?? contiguousStrides(spec.sizes), self, other);
    if (!x || !y || !loops) return null;
    return (given) => {
      const out = resultOf(spec);
      loops(out.storage!.memory.address, x(given.self), y(given.other));
      return out;
    };
  };

/** An operand that shares the target's memory is read where it is written, so it must be the target itself. */
function overlaps(self: Tensor, other: unknown): boolean {
  if (!(other instanceof Tensor) || other.storage?.memory !== self.storage?.memory) return false;
  const same = other.offset === self.offset && other.sizes.every((size, d) => size === self.sizes[d]);
  return !same || !other.strides.every((stride, d) => stride === self.strides[d]);
}

const planBinaryInPlace =
  (name: BinaryName): Planner =>
  (args) => {
    const { self, other } = args;
    if (!isFloat32(self) || !isPlainSum(args) || self.strides.includes(0)) return null;
    const y = operandAddress(other, 1);
    if (y === null || (other instanceof Tensor && !broadcasts(other, self))) return null;
    const loops = binaryLoops(name, self.sizes, self.strides, self, other);
    if (loops === null) return null;
    return (given) => {
      const out = given.self as Tensor;
      if (overlaps(out, given.other)) throw new UnplannedError();
      const address = targetAddress(out);
      loops(address, address, y(given.other));
      return out;
    };
  };

function broadcasts(other: Tensor, self: Tensor): boolean {
  const lead = self.rank - other.rank;
  return lead >= 0 && other.sizes.every((size, d) => size === 1 || size === self.sizes[lead + d]);
}

const power = ({ exponent }: Arguments): UnaryName | null => {
  if (!(exponent instanceof Scalar) || exponent.category === "complex") return null;
  return exponent.re === 2 ? "square" : exponent.re === 3 ? "cube" : exponent.re === 0.5 ? "root" : null;
};

const UNARY: Readonly<Record<string, Choice<UnaryName>>> = {
  exp: "exp",
  sigmoid: "sigmoid",
  silu: "silu",
  tanh: "tanh",
  gelu: ({ approximate }) => (approximate === "tanh" ? "geluTanh" : "gelu"),
  relu: "relu",
  neg: "neg",
  abs: "abs",
  sqrt: "root",
  rsqrt: "rsqrt",
  reciprocal: "reciprocal",
};

const BINARY: Readonly<Record<string, BinaryName>> = {
  "add.Tensor": "add",
  "add.Scalar": "add",
  "sub.Tensor": "sub",
  "sub.Scalar": "sub",
  "mul.Tensor": "mul",
  "mul.Scalar": "mul",
  "div.Tensor": "div",
  "div.Scalar": "div",
};

/** `add_.Tensor` of `add.Tensor`. */
const inPlace = (name: string): string => name.replace(/^\w+/, "$&_");

export const pointwisePlanners: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(
    Object.entries(UNARY).flatMap(([name, choice]) => [
      [`aten::${name}`, planUnary(choice)],
      [`aten::${name}_`, planUnaryInPlace(choice)],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(BINARY).flatMap(([name, kernel]) => [
      [`aten::${name}`, planBinary(kernel)],
      [`aten::${inPlace(name)}`, planBinaryInPlace(kernel)],
    ]),
  ),
  "aten::maximum": planBinary("maximum"),
  "aten::minimum": planBinary("minimum"),
  "aten::pow.Tensor_Scalar": planUnary(power),
};

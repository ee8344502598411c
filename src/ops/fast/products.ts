/** The matrix products of float32. */
import { contiguousStrides } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor, TensorSpec } from "../../tensor/tensor.ts";
import type { Planner } from "../kernel.ts";
import { copier, denseAddress } from "./copy.ts";
import { multiplier, productKernels, type Steps } from "./multiply.ts";
import { addressOf, isFloat32, isPlainFloat32, resultOf } from "./operands.ts";

const stepsOf = (t: Tensor): Steps => ({
  row: 4 * t.strides[t.rank - 2]!,
  column: 4 * t.strides[t.rank - 1]!,
});

const transposed = ({ row, column }: Steps): Steps => ({ row: column, column: row });

/** Rows of all leading dimensions: their steps, and what gives their address. */
function rowsOf(t: Tensor): { steps: Steps; address: (t: Tensor) => number } {
  if (t.rank === 2) return { steps: stepsOf(t), address: addressOf };
  return { steps: { row: 4 * t.size(-1), column: 4 }, address: denseAddress(t) };
}

/** input weight^T + bias (at::native::linear). */
const planLinear: Planner = ({ input, weight, bias }, spec) => {
  if (!isFloat32(input) || !isFloat32(weight) || weight.rank !== 2 || !isPlainFloat32(spec)) return null;
  if (bias !== null && !(isFloat32(bias) && bias.rank === 1 && bias.isContiguous)) return null;
  const [n, k] = weight.sizes as [number, number];
  const m = input.numel / k;
  const { steps, address } = rowsOf(input);
  const multiply = multiplier(m, k, n, steps, transposed(stepsOf(weight)));
  const { begin } = productKernels();
  return (args) => {
    const out = resultOf(spec);
    const c = out.storage!.memory.address;
    begin(c, 4 * n, m, n, args.bias === null ? 0 : addressOf(args.bias as Tensor));
    multiply(address(args.input as Tensor), addressOf(args.weight as Tensor), c, 4 * n);
    return out;
  };
};

/** What C begins with: zeros, or a tensor that broadcasts to it. */
function beginner(self: Tensor | null, sizes: readonly number[]): (c: number, self: Tensor | null) => void {
  const [m, n] = [sizes.reduce((a, b) => a * b, 1) / sizes.at(-1)!, sizes.at(-1)!];
  const { begin } = productKernels();
  if (self === null) return (c) => begin(c, 4 * n, m, n, 0);
  const lead = sizes.length - self.rank;
  const strides = sizes.map((_, d) => (d < lead || self.sizes[d - lead] === 1 ? 0 : self.strides[d - lead]!));
  const copy = copier(sizes, contiguousStrides(sizes), strides, 4);
  return (c, own) => copy(c, addressOf(own!));
}

/** [(batch,) m, k] times [(batch,) k, n], plus a tensor. */
function planProduct(a: Tensor, b: Tensor, self: Tensor | null, spec: TensorSpec) {
  const [m, k, n] = [a.size(-2), a.size(-1), b.size(-1)];
  const batches = a.rank === 3 ? a.sizes[0]! : 1;
  const [nextA, nextB] = a.rank === 3 ? [4 * a.strides[0]!, 4 * b.strides[0]!] : [0, 0];
  const multiply = multiplier(m, k, n, stepsOf(a), stepsOf(b));
  const start = beginner(self, spec.sizes);
  return (left: Tensor, right: Tensor, sum: Tensor | null): Tensor => {
    const out = resultOf(spec);
    const c = out.storage!.memory.address;
    start(c, sum);
    const [x, y] = [addressOf(left), addressOf(right)];
    for (let batch = 0; batch < batches; batch++) {
      multiply(x + batch * nextA, y + batch * nextB, c + batch * 4 * m * n, 4 * n);
    }
    return out;
  };
}

/** mm and bmm, by the names of their operands. */
const planPlain =
  (left: string, right: string): Planner =>
  (args, spec) => {
    const [a, b] = [args[left], args[right]];
    if (!isFloat32(a) || !isFloat32(b) || !isPlainFloat32(spec)) return null;
    const run = planProduct(a, b, null, spec);
    return (given) => run(given[left] as Tensor, given[right] as Tensor, null);
  };

const isOne = (factor: unknown): boolean => factor instanceof Scalar && factor.re === 1 && factor.im === 0;

/** addmm and baddbmm without factors. */
const planAdded =
  (left: string, right: string): Planner =>
  (args, spec) => {
    const [a, b, self] = [args[left], args[right], args.self];
    if (!isFloat32(a) || !isFloat32(b) || !isFloat32(self) || !isPlainFloat32(spec)) return null;
    if (!isOne(args.beta) || !isOne(args.alpha)) return null;
    const run = planProduct(a, b, self, spec);
    return (given) => run(given[left] as Tensor, given[right] as Tensor, given.self as Tensor);
  };

/** Batches that broadcast: what is not copied to do so (at::native::matmul). */
const planMatmul: Planner = ({ self, other }) => {
  if (!isFloat32(self) || !isFloat32(other) || self.rank < 2 || other.rank < 2) return null;
  if (self.size(-1) !== other.size(-2)) return null;
  const [m, k, n] = [self.size(-2), self.size(-1), other.size(-1)];
  const rank = Math.max(self.rank, other.rank);
  const batch: number[] = [];
  const steps: [number[], number[]] = [[], []];
  for (let d = 0; d < rank - 2; d++) {
    const [a, b] = [self, other].map((t) => t.sizes[d - rank + t.rank] ?? 1) as [number, number];
    if (a !== b && a !== 1 && b !== 1) return null;
    batch.push(a === 1 ? b : a);
    for (const [i, t] of [self, other].entries()) {
      const size = t.sizes[d - rank + t.rank] ?? 1;
      steps[i]!.push(size === 1 ? 0 : 4 * t.strides[d - rank + t.rank]!);
    }
  }
  const spec = { sizes: [...batch, m, n], dtype: self.dtype };
  const pairs = batchPairs(batch, steps);
  const multiply = multiplier(m, k, n, stepsOf(self), stepsOf(other));
  const start = beginner(null, spec.sizes);
  return (given): Tensor => {
    const out = resultOf(spec);
    const c = out.storage!.memory.address;
    start(c, null);
    const [x, y] = [addressOf(given.self as Tensor), addressOf(given.other as Tensor)];
    for (let i = 0; i < pairs.length; i++) {
      multiply(x + pairs[i]![0], y + pairs[i]![1], c + i * 4 * m * n, 4 * n);
    }
    return out;
  };
};

/** Where each batch of two operands begins. */
function batchPairs(
  batch: readonly number[],
  [a, b]: readonly [readonly number[], readonly number[]],
): (readonly [number, number])[] {
  let pairs: (readonly [number, number])[] = [[0, 0]];
  for (const [d, size] of batch.entries()) {
    pairs = pairs.flatMap(([x, y]) =>
      Array.from({ length: size }, (_, i) => [x + i * a[d]!, y + i * b[d]!] as const),
    );
  }
  return pairs;
}

export const productPlanners: Readonly<Record<string, Planner>> = {
  "aten::linear": planLinear,
  "aten::mm": planPlain("self", "mat2"),
  "aten::bmm": planPlain("self", "mat2"),
  "aten::addmm": planAdded("mat1", "mat2"),
  "aten::baddbmm": planAdded("batch1", "batch2"),
  "aten::matmul": planMatmul,
};

/** Higher-order operators that call another operator. */

import { call } from "../../ops/dispatch.ts";
import type { Kernel } from "../../ops/kernel.ts";
import { defaultArgument, findKernel } from "../../ops/kernels.ts";
import { cast, contiguousCopy } from "../../tensor/copy.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { flatten, type RuntimeValue } from "../value.ts";
import type { HopArguments } from "./index.ts";

/** `torch.ops.mylib.op.default` -> its kernel. @throws RangeError when there is none. */
function kernelOf(target: unknown): Kernel {
  const parts = String(target)
    .replace(/^torch\.ops\./, "")
    .split(".");
  const name = `${parts[0]}::${parts
    .slice(1)
    .join(".")
    .replace(/\.default$/, "")}`;
  const kernel = findKernel(name);
  if (kernel === undefined) throw new RangeError(`there is no kernel for ${name}`);
  return kernel;
}

/** A call's arguments by name, from positional and keyword ones; numbers as its schema wants them. */
function bound(kernel: Kernel, args: readonly unknown[], keywords: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = {};
  for (const [i, declared] of kernel.schema.args.entries()) {
    const value = args[i] === undefined ? keywords[declared.name] : args[i];
    const base = declared.type.kind === "optional" ? declared.type.element : declared.type;
    const plain = base.kind === "base" && base.name !== "Scalar" && base.name !== "Tensor";
    if (value === undefined) result[declared.name] = defaultArgument(declared);
    else if (plain && value instanceof Scalar)
      result[declared.name] = value.category === "bool" ? value.re !== 0 : value.re;
    else if (base.kind === "list" && Array.isArray(value)) {
      result[declared.name] = value.map((one) => (one instanceof Scalar ? one.re : one));
    } else result[declared.name] = value;
  }
  return result;
}

const written = (kernel: Kernel): string[] =>
  kernel.schema.args.filter(({ alias }) => alias?.write === true).map(({ name }) => name);

/** The operator's own results; None where it has none. */
function ownResults(kernel: Kernel, result: RuntimeValue): RuntimeValue[] {
  if (kernel.schema.returns.length === 0) return [null];
  return kernel.schema.returns.length === 1 ? [result] : flatten(result);
}

/** auto_functionalized(op, **kwargs): the results, then a new value of every argument that it writes. */
export function autoFunctionalized({ args: [target, ...args], keywords }: HopArguments): RuntimeValue {
  const kernel = kernelOf(target);
  const values = bound(kernel, args, keywords);
  const copies = written(kernel).map(
    (name) => (values[name] = copyOf(values[name] as RuntimeValue)) as RuntimeValue,
  );
  return [...ownResults(kernel, kernel.call(values) as RuntimeValue), ...copies];
}

function copyOf(value: RuntimeValue): RuntimeValue {
  if (value instanceof Tensor) return contiguousCopy(value);
  return Array.isArray(value) ? (value as readonly RuntimeValue[]).map(copyOf) : value;
}

/**
 * auto_functionalized_v2(op, **kwargs, _all_bases): an argument that is written is described as a view of one of the
 * bases; the results, then a new value of each base (torch/_higher_order_ops/auto_functionalize.py, read_view_information).
 */
export function autoFunctionalizedV2({ args: [target, ...args], keywords }: HopArguments): RuntimeValue {
  const kernel = kernelOf(target);
  const bases = ((keywords._all_bases ?? []) as readonly Tensor[]).map((base) => contiguousCopy(base));
  const values = bound(kernel, args, keywords);
  for (const name of written(kernel)) {
    const count = keywords[`_${name}_length`];
    values[name] =
      count instanceof Scalar
        ? Array.from({ length: count.re }, (_, i) => viewOfBase(bases, `_${name}_${i}`, keywords))
        : viewOfBase(bases, `_${name}`, keywords);
  }
  return [...ownResults(kernel, kernel.call(values) as RuntimeValue), ...bases];
}

function viewOfBase(
  bases: readonly Tensor[],
  prefix: string,
  keywords: Readonly<Record<string, unknown>>,
): Tensor | null {
  const index = keywords[`${prefix}_base_index`];
  if (!(index instanceof Scalar)) return null;
  const base = bases[index.re]!;
  const sizes = keywords[`${prefix}_size`] as readonly Scalar[] | undefined;
  const dim = keywords[`${prefix}_slice_dim`];
  if (dim instanceof Scalar) {
    const start = keywords[`${prefix}_slice_start`] as Scalar;
    const end = keywords[`${prefix}_slice_end`] as Scalar;
    return call("aten::slice.Tensor", base, dim.re, start.re, end.re);
  }
  if (sizes === undefined) return base;
  const strides = (keywords[`${prefix}_stride`] as readonly Scalar[]).map(({ re }) => re);
  const offset = keywords[`${prefix}_storage_offset`] as Scalar;
  return base.view(
    sizes.map(({ re }) => re),
    strides,
    offset.re,
  );
}

/** with_effects(token, op, *args, **kwargs): a token, then the results. */
export function withEffects({ args: [token, target, ...args], keywords }: HopArguments): RuntimeValue {
  const kernel = kernelOf(target);
  const result = kernel.call(bound(kernel, args, keywords)) as RuntimeValue;
  return [token as RuntimeValue, ...ownResults(kernel, result)];
}

/** out_dtype(op, dtype, *args): computed wide enough, then cast (torch._higher_order_ops.out_dtype). */
export function outDtype({ args: [target, dtype, ...args] }: HopArguments): RuntimeValue {
  const kernel = kernelOf(target);
  const wide = (dtype as DType).category === "int" ? dtypes.int64 : (dtype as DType);
  const promoted = args.map((arg) => (arg instanceof Tensor ? cast(arg, wide) : arg));
  return cast(kernel.call(bound(kernel, promoted, {})) as Tensor, dtype as DType);
}

/** A node's calls: what follows from its operands' geometry is worked out when that changes, not at each call. */
import type { Arguments, Kernel, Plan, Result } from "../ops/kernel.ts";
import type { DType } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a plan is made from, of an argument that is a tensor. */
interface Geometry {
  readonly dtype: DType;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
  readonly number: Scalar | null;
}

/** Calls a kernel with a node's arguments, again and again. */
export class CallMemo {
  readonly #kernel: Kernel;
  readonly #args: Arguments;
  readonly #names: readonly string[];
  /** Planners read offsets at each call; a view's geometry may depend on where its operand begins. */
  readonly #offsets: boolean;
  #seen: unknown[] | null = null;
  #run: Plan | null = null;

  /** @param names of the arguments that differ from call to call. */
  constructor(kernel: Kernel, args: Arguments, names: readonly string[]) {
    this.#kernel = kernel;
    this.#args = args;
    this.#names = names;
    this.#offsets = kernel.planner === null;
  }

  call(): Result {
    const args = this.#args;
    if (this.#seen === null || !this.#isSeen(this.#seen)) {
      this.#seen = null;
      this.#run = this.#kernel.plan(args);
      this.#seen = this.#names.map((name) => remember(args[name]));
    }
    return this.#run!(args, this.#kernel);
  }

  #isSeen(seen: readonly unknown[]): boolean {
    const names = this.#names;
    for (let i = 0; i < names.length; i++) {
      if (!isLike(this.#args[names[i]!], seen[i], this.#offsets)) return false;
    }
    return true;
  }
}

function remember(value: unknown): unknown {
  if (value instanceof Tensor) {
    const { dtype, sizes, strides, offset, storage, number } = value;
    return { dtype, sizes, strides, offset, byteLength: storage?.byteLength ?? 0, number } satisfies Geometry;
  }
  return Array.isArray(value) ? value.map(remember) : value;
}

function isLike(value: unknown, seen: unknown, offsets: boolean): boolean {
  if (value instanceof Tensor) {
    const own = seen as Geometry | null;
    return (
      own?.sizes !== undefined &&
      value.dtype === own.dtype &&
      value.number === own.number &&
      sameList(value.sizes, own.sizes) &&
      sameList(value.strides, own.strides) &&
      (!offsets || (value.offset === own.offset && (value.storage?.byteLength ?? 0) === own.byteLength))
    );
  }
  if (value === seen) return true;
  if (value instanceof Scalar) return seen instanceof Scalar && sameNumber(value, seen);
  if (!Array.isArray(value) || !Array.isArray(seen) || value.length !== seen.length) return false;
  for (let i = 0; i < value.length; i++) if (!isLike(value[i], seen[i], offsets)) return false;
  return true;
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameNumber(a: Scalar, b: Scalar): boolean {
  return a.category === b.category && Object.is(a.re, b.re) && a.im === b.im && Math.abs(a.re) < 2 ** 53;
}

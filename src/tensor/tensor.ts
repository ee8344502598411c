import type { DType } from "./dtype.ts";
import { contiguousStrides, isContiguous, numelOf } from "./geometry.ts";
import type { Scalar } from "./scalar.ts";
import { Memory, Storage } from "./storage.ts";

/** The geometry and dtype of a tensor without its elements. Strides are contiguous unless given. */
export interface TensorSpec {
  readonly sizes: readonly number[];
  readonly dtype: DType;
  readonly strides?: readonly number[];
}

/** Thrown where the elements of a tensor without storage are asked for: what follows from them cannot be inferred. */
export class DataDependentError extends Error {
  constructor() {
    super("the result depends on the elements of a tensor");
    this.name = "DataDependentError";
  }
}

/**
 * A strided view of a storage, as torch has it. Sizes, strides and offset count elements. A tensor whose storage is
 * null has geometry and dtype only; operators infer their results' from it.
 */
export class Tensor {
  storage: Storage | null;
  dtype: DType;
  sizes: readonly number[];
  strides: readonly number[];
  offset: number;
  numel: number;
  /** The Python number that a 0-dimensional tensor stands for: it is promoted as the number is. */
  number: Scalar | null = null;
  #contiguous: boolean | undefined;

  constructor(
    storage: Storage | null,
    dtype: DType,
    sizes: readonly number[],
    strides: readonly number[] = contiguousStrides(sizes),
    offset = 0,
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.sizes = sizes;
    this.strides = strides;
    this.offset = offset;
    this.numel = numelOf(sizes);
  }

  /** A tensor of zeros with a storage of its own. */
  static zeros(sizes: readonly number[], dtype: DType): Tensor {
    return new Tensor(new Storage(Memory.zeros(numelOf(sizes) * dtype.itemsize)), dtype, sizes);
  }

  /** A tensor of zeros with a storage of its own that just holds it; without storage when `meta`. */
  static ofSpec({ sizes, dtype, strides }: TensorSpec, meta = false): Tensor {
    if (meta) return new Tensor(null, dtype, sizes, strides);
    if (strides === undefined) return Tensor.zeros(sizes, dtype);
    let extent = sizes.includes(0) ? 0 : 1;
    if (extent > 0) for (let d = 0; d < sizes.length; d++) extent += (sizes[d]! - 1) * strides[d]!;
    return new Tensor(new Storage(Memory.zeros(extent * dtype.itemsize)), dtype, sizes, strides);
  }

  get rank(): number {
    return this.sizes.length;
  }

  get isContiguous(): boolean {
    return (this.#contiguous ??= isContiguous(this.sizes, this.strides));
  }

  /** @throws DataDependentError when there are no elements. */
  get memory(): Memory {
    if (this.storage === null) throw new DataDependentError();
    return this.storage.memory;
  }

  /** Another view of the same storage. */
  view(
    sizes: readonly number[],
    strides: readonly number[],
    offset = this.offset,
    dtype = this.dtype,
  ): Tensor {
    return new Tensor(this.storage, dtype, sizes, strides, offset);
  }

  /** The same geometry in another storage. */
  inStorage(storage: Storage): Tensor {
    return new Tensor(storage, this.dtype, this.sizes, this.strides, this.offset);
  }

  /** The same geometry over a copy of the whole storage. @throws DataDependentError when there is none. */
  copy(): Tensor {
    if (this.storage === null) throw new DataDependentError();
    return this.inStorage(this.storage.copy());
  }

  /** Take on another tensor's storage and geometry, as `set_`, `resize_` and `unsqueeze_` make a tensor do. */
  become(other: Tensor): void {
    // Who looks after a value's memory does not see that it has another.
    this.storage?.memory.leaveHeap();
    other.storage?.memory.leaveHeap();
    this.storage = other.storage;
    this.dtype = other.dtype;
    this.sizes = other.sizes;
    this.strides = other.strides;
    this.offset = other.offset;
    this.numel = other.numel;
    this.#contiguous = undefined;
  }

  /** The size of a dimension, which may count from the back. */
  size(dim: number): number {
    return this.sizes[dim < 0 ? dim + this.sizes.length : dim]!;
  }

  /** The spec of a new tensor like this one; contiguous. */
  like(sizes: readonly number[] = this.sizes, dtype: DType = this.dtype): TensorSpec {
    return { sizes, dtype };
  }

  /** `float32[2, 3]` */
  toString(): string {
    return `${this.dtype.name}[${this.sizes.join(", ")}]`;
  }
}

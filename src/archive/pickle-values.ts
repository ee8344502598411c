/** A strided tensor in a torch.save file: a view of a storage, without its bytes. */
export interface PickleTensor {
  readonly kind: "tensor";
  /** As torch names it: `float32`. */
  readonly dtype: string;
  readonly sizes: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
  /** The name of its storage among the file's `data/`; null for a tensor without bytes (fake, or on meta). */
  readonly storageKey: string | null;
  readonly storageDevice: string;
  /** What the storage is said to hold. */
  readonly storageBytes: number;
  readonly requiresGrad: boolean;
  readonly isParameter: boolean;
  /** The lazy bits: the values are the conjugate, or the negative, of what the storage holds. */
  readonly conj: boolean;
  readonly neg: boolean;
}

export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

/** `dtype` float32, `layout` strided. */
export interface PickleName {
  readonly kind: "dtype" | "layout";
  readonly name: string;
}

export interface PickleDevice {
  readonly kind: "device";
  readonly type: string;
  readonly index: number | null;
}

export interface PickleComplex {
  readonly kind: "complex";
  readonly re: number;
  readonly im: number;
}

/**
 * What a pickle holds, as plain data. Python's int is a bigint and its float a number, so that 1 and 1.0
 * stay apart; a list is an array, a dict a Map, a set a Set, bytes a Uint8Array, None null; torch.Size is a tuple.
 */
export type PickleValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleTuple
  | PickleTensor
  | PickleName
  | PickleDevice
  | PickleComplex;

/** What only the reader itself handles: never part of a result. */
export type PickleInternal =
  | {
      readonly kind: "storage";
      readonly dtype: string | null;
      readonly key: string;
      readonly device: string;
      readonly bytes: number;
    }
  | { readonly kind: "storage-type"; readonly dtype: string | null }
  | { readonly kind: "class"; readonly name: string }
  | PickleCallable;

/** A function that a pickle may call: one of ours, standing in for the named one of Python. */
export interface PickleCallable {
  readonly kind: "callable";
  readonly name: string;
  readonly call: (args: readonly PickleSlot[]) => PickleSlot;
}

/** A place on the reader's stack. */
export type PickleSlot = PickleValue | PickleInternal;

const internalKinds = new Set(["storage", "storage-type", "class", "callable"]);

/** The `kind` of a value that has one. */
export function kindOf(value: PickleSlot | undefined): string | undefined {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

export function isInternal(value: PickleSlot): value is PickleInternal {
  const kind = kindOf(value);
  return kind !== undefined && internalKinds.has(kind);
}

export function isTensor(value: PickleSlot | undefined): value is PickleTensor {
  return kindOf(value) === "tensor";
}

export function isTuple(value: PickleSlot | undefined): value is PickleTuple {
  return kindOf(value) === "tuple";
}

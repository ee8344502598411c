import type { Argument, SymInt, TensorMeta } from "../../schema/types.generated.ts";

/** What `aliasing` asks about one node; whoever holds the graph implements it without copying anything. */
export interface Call {
  /** The argument of that name, or undefined where the document leaves it out because it has its default. */
  argument(name: string): Argument | undefined;
  /** The metadata of a tensor value. */
  tensor(value: string): TensorMeta | undefined;
  /** The definition of a symbolic integer value. */
  symInt(value: string): SymInt | undefined;
  /**
   * The metadata of the flat outputs: the tensors of all results in order, the elements of a `Tensor[]` too.
   * A tensor result that is None keeps its place as undefined; numbers have no place.
   */
  outputs(): readonly (TensorMeta | undefined)[];
  /**
   * Whether a complex value carries the lazy conjugation bit (`conj`), or the lazy negation bit
   * (`conj().imag`). Metadata does not tell. Leave them out, or answer undefined, where that is unknown.
   */
  conjugated?(value: string): boolean | undefined;
  negated?(value: string): boolean | undefined;
}

/** A tensor argument, or one element of a list of them. */
export interface TensorSource {
  /** The argument's name in the schema. */
  readonly argument: string;
  /** The position in a list (None elements count), or -1 where the argument is a tensor. */
  readonly index: number;
}

/** Where one output tensor's storage comes from. */
export interface OutputAliasing {
  /** The arguments whose storage it shares; empty where its storage is new. */
  readonly sources: readonly TensorSource[];
  /** New storages of one call, numbered; two outputs with one number share one storage. -1 beside sources. */
  readonly group: number;
}

/**
 * How an argument is written. `data`: its version counter goes up (elements are written, even if there are none).
 * `metadata`: the counter goes up and only sizes or strides change (`t_`). `silent`: the elements change and
 * the counter does not (the running statistics of batch_norm). `rebind`: it gets another's storage (`set_`).
 */
export type WriteKind = "data" | "metadata" | "silent" | "rebind";

export interface ArgumentWrite extends TensorSource {
  readonly kind: WriteKind;
}

/** What one call does with the storages of its arguments. */
export interface CallAliasing {
  /** One for each flat output; outputs beyond its end are fresh, each in a storage of its own. */
  readonly outputs: readonly OutputAliasing[];
  readonly writes: readonly ArgumentWrite[];
  /** False where sizes that are not known decide; the answer is then the one for the traced sizes. */
  readonly certain: boolean;
  /** Why it is not certain. */
  readonly reason?: string;
}

/** Every output is new and nothing is written: most calls, so it is one shared object. */
export const FRESH: CallAliasing = Object.freeze({ outputs: [], writes: [], certain: true });

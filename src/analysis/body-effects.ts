/** What calling a graph does to its inputs and between its outputs. */
import type { Graph, Node, Value } from "../program/program.ts";
import type { StorageAnalysis } from "./storage.ts";

/** A write to memory: the node that does it, and the value through which it does. */
export interface Write {
  readonly node: Node;
  readonly value: Value;
  /** Whether no element changes, but how the tensor lies in memory (`t_`), or in which (`set_`). */
  readonly reshapes: boolean;
}

/** An input of a graph that the graph writes. */
export interface WrittenInput {
  /** Its position, from 0. */
  readonly input: number;
  /** The first write that it shows, or the first at all when it shows none. */
  readonly write: Write;
  /**
   * Whether the input's version counter moves. It does not when every write goes through an operator that hides the
   * sharing from torch (`unsafe_split`), and then no check of torch's sees the mutation either.
   */
  readonly counted: boolean;
  /** Whether it stays as it is: the writes are `t_` and the like of views of it. */
  readonly untouched: boolean;
}

/** Which outputs of a graph share storage with what, and which inputs it writes. Positions count from 0. */
export interface BodyEffects {
  readonly graph: Graph;
  /** Pairs of an output and an input that share storage. */
  readonly outputInput: readonly { readonly output: number; readonly input: number }[];
  /** Pairs of outputs that share storage, the lower position first. */
  readonly outputOutput: readonly { readonly output: number; readonly other: number }[];
  /** Pairs of inputs that share storage when the graph is called, the lower position first. */
  readonly inputInput: readonly { readonly input: number; readonly other: number }[];
  readonly writes: readonly WrittenInput[];
}

/** Each part when it is first asked for: most rules want one of them. */
export class LazyEffects implements BodyEffects {
  readonly graph: Graph;
  readonly #storage: StorageAnalysis;
  readonly #findWrites: () => readonly WrittenInput[];
  #outputInput: BodyEffects["outputInput"] | undefined;
  #outputOutput: BodyEffects["outputOutput"] | undefined;
  #inputInput: BodyEffects["inputInput"] | undefined;
  #writes: readonly WrittenInput[] | undefined;

  constructor(graph: Graph, storage: StorageAnalysis, findWrites: () => readonly WrittenInput[]) {
    this.graph = graph;
    this.#storage = storage;
    this.#findWrites = findWrites;
  }

  get outputInput(): BodyEffects["outputInput"] {
    const { inputs, outputs } = this.graph;
    return (this.#outputInput ??= this.#pairs(outputs, inputs, (output, input) => ({ output, input })));
  }

  get outputOutput(): BodyEffects["outputOutput"] {
    const { outputs } = this.graph;
    return (this.#outputOutput ??= this.#pairs(outputs, outputs, (output, other) => ({ output, other })));
  }

  get inputInput(): BodyEffects["inputInput"] {
    const { inputs } = this.graph;
    return (this.#inputInput ??= this.#pairs(inputs, inputs, (input, other) => ({ input, other })));
  }

  get writes(): readonly WrittenInput[] {
    return (this.#writes ??= this.#findWrites());
  }

  #pairs<T>(
    as: readonly (Value | null)[],
    bs: readonly (Value | null)[],
    make: (a: number, b: number) => T,
  ): T[] {
    const found: T[] = [];
    for (const [i, a] of as.entries()) {
      for (let j = as === bs ? i + 1 : 0; a && j < bs.length; j++) {
        const b = bs[j];
        if (b && this.#storage.shareStorage(a, b)) found.push(make(i, j));
      }
    }
    return found;
  }
}

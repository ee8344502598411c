import type { Observer } from "../interpreter/execution.ts";
import { isTensor, type RuntimeValue } from "../interpreter/value.ts";
import { matchesPattern } from "../lint/pattern.ts";
import type { Node } from "../program/program.ts";
import { contiguousCopy } from "../tensor/copy.ts";
import { numberTensor } from "../tensor/number.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Keeps the values of nodes whose name, or path of graphs and name, matches; those of a loop's passes one by one. */
export class Probe {
  /** `node.cond/true_graph_0/add`; `.0` and so on for a node with several results, `#1` for a loop's second pass. */
  readonly values = new Map<string, Tensor>();
  readonly #globs: readonly string[];
  readonly #matched = new Set<string>();
  readonly #passes = new Map<string, number>();

  constructor(globs: readonly string[]) {
    this.#globs = globs;
  }

  get isWanted(): boolean {
    return this.#globs.length > 0;
  }

  /** The globs that no node has matched. */
  missed(): string[] {
    return this.#globs.filter((glob) => !this.#matched.has(glob));
  }

  readonly observe: Observer = (node, values) => {
    const path = pathOf(node);
    if (!this.#matches(node, path)) return;
    for (const [i, value] of values.entries()) {
      const tensor = tensorOf(value);
      if (tensor === null) continue;
      const name = `node.${path}${values.length > 1 ? `.${i}` : ""}`;
      const pass = this.#passes.get(name) ?? 0;
      this.#passes.set(name, pass + 1);
      this.values.set(pass === 0 ? name : `${name}#${pass}`, tensor);
    }
  };

  #matches(node: Node, path: string): boolean {
    let matches = false;
    for (const glob of this.#globs) {
      if (!matchesPattern(glob, node.name) && !matchesPattern(glob, path)) continue;
      this.#matched.add(glob);
      matches = true;
    }
    return matches;
  }
}

/** A copy that stays as it is; numbers are 0-dimensional tensors. */
function tensorOf(value: RuntimeValue): Tensor | null {
  if (value instanceof Scalar) return numberTensor(value);
  return isTensor(value) && value.storage !== null ? contiguousCopy(value) : null;
}

/** `cond/true_graph_0/add`; a node of the main graph by its name alone. */
function pathOf(node: Node): string {
  return `${node.graph.path}/${node.name}`.replace(/^main\//, "");
}

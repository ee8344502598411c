import { dataOperands } from "../../analysis/cache/operators.ts";
import type { Layout } from "../../analysis/divergence/layout.ts";
import { layoutOf } from "../../analysis/divergence/layout.ts";
import { hopCall } from "../../ops/hop/hop.ts";
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Node, Program, Value } from "../../program/program.ts";
import { contiguousCopy } from "../../tensor/copy.ts";
import { isTensor, type RuntimeValue } from "../value.ts";

/** What a lowered run takes from the eager one: where tensors lie, numbers, and random draws. */
export class Reference {
  /** By `Value.id`. */
  readonly #layouts = new Map<number, Layout>();
  readonly #values = new Map<number, RuntimeValue>();
  readonly #kept = new Set<number>();
  readonly #registry: OperatorRegistry;

  constructor(program: Program, inputs: readonly RuntimeValue[], registry: OperatorRegistry) {
    this.#registry = registry;
    for (const { nodes } of program.graphs) {
      for (const node of nodes) {
        const read = new Set(dataOperands(node));
        for (const operand of node.operands) if (operand && !read.has(operand)) this.#keep(operand);
      }
    }
    for (const [i, value] of program.main.inputs.entries()) if (value) this.#see(value, inputs[i], false);
  }

  /** Whether its values are drawn at random, and taken from here. */
  isRandom(node: Node): boolean {
    if (this.#registry.find(node.target)?.has("nondeterministic_seeded") !== true) return false;
    return !MAY_DRAW.test(node.target) || draws(node);
  }

  /** To be told of every node of the eager run. */
  readonly observe = (node: Node, values: readonly RuntimeValue[]): void => {
    const isRandom = this.isRandom(node);
    for (const [i, value] of node.outputs.entries()) this.#see(value, values[i], isRandom);
  };

  #see(value: Value, made: RuntimeValue, keep: boolean): void {
    if (!isTensor(made)) {
      this.#values.set(value.id, made);
      return;
    }
    const { sizes, strides, offset } = made;
    this.#layouts.set(value.id, { sizes, strides, offset });
    if (keep) this.#values.set(value.id, contiguousCopy(made));
    else if (this.#kept.has(value.id)) this.#values.set(value.id, made);
  }

  #keep(value: Value): void {
    for (let at: Value | null = value; at; at = operandOf(at)) this.#kept.add(at.id);
  }

  value(value: Value): RuntimeValue {
    for (let at: Value | null = value; at; at = operandOf(at)) {
      if (this.#values.has(at.id)) return this.#values.get(at.id);
    }
    return undefined;
  }

  /** Where eager has a value, or where the metadata has it when eager did not come by. */
  layoutOf(value: Value): Layout {
    for (let at: Value | null | undefined = value; at; at = operandOf(at)) {
      const found = this.#layouts.get(at.id);
      if (found !== undefined) return found;
    }
    return layoutOf(value);
  }
}

/** The operand that an input of a body is. */
function operandOf({ node, graph, index }: Value): Value | null {
  if (node !== null || graph.owner === null) return null;
  const body = hopCall(graph.owner)?.bodies.find((one) => one.graph === graph);
  return body?.inputs[index]?.operand ?? null;
}

/** Draw only when they are told to drop something. */
const MAY_DRAW =
  /\.aten\.(_?\w*dropout\w*|\w*scaled_dot_product\w*|\w*attention\w*|rrelu\w*|lstm|gru|rnn_\w+)\./;

function draws(node: Node): boolean {
  const [dropped, training] = [
    node.arg("dropout_p") ?? node.arg("p") ?? node.arg("dropout"),
    node.arg("train") ?? node.arg("training"),
  ];
  if (training !== undefined) return !("as_bool" in training && !training.as_bool);
  return dropped !== undefined && !("as_float" in dropped && dropped.as_float === 0);
}

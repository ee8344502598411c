import {
  aliasing,
  alwaysFresh,
  type Call,
  type CallAliasing,
  FRESH,
  neverWrites,
  type TensorSource,
} from "../ops/aliasing.ts";
import type { Operator } from "../ops/operator.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Node, Value } from "../program/program.ts";
import type { Argument, SymInt, TensorMeta } from "../schema/types.generated.ts";
import type { LazyBits } from "./lazy-bits.ts";

/** Where one output of a call lies. */
export interface OutputStorage {
  /** The arguments whose storage it shares; empty when it lies in new memory. */
  readonly aliases: readonly Value[];
  /** Outputs in new memory with the same number share it. */
  readonly group: number;
}

/** What a call does to memory. */
export interface CallEffects {
  /** By the outputs' positions; one that is not there lies in new memory of its own. */
  readonly outputs: readonly OutputStorage[];
  readonly writes: readonly Value[];
  /** Whether the writes change no element, but how the tensors lie in memory (`t_`), or in which (`set_`). */
  readonly reshapes: boolean;
  /** False when it depends on sizes that are not known whether an output lies in new memory. */
  readonly certain: boolean;
}

/** The effects of a call, or undefined when all its outputs are new memory and it writes nothing. */
export function callEffects(node: Node, registry: OperatorRegistry, bits: LazyBits): CallEffects | undefined {
  const operator = registry.find(node.target);
  if (operator === undefined) return BATCH_DIM.test(node.target) ? viewOfFirst(node) : undefined;
  const result = aliasing(operator, new NodeCall(node, operator, bits));
  return result === FRESH ? undefined : resolve(node, operator, result);
}

/** Whether no call of the operator has effects: nearly every operator of a program is one of these. */
export function isFresh(target: string, registry: OperatorRegistry): boolean {
  const operator = registry.find(target);
  return operator === undefined ? !BATCH_DIM.test(target) : alwaysFresh(operator);
}

/** False when no call of the operator writes. */
export function mayWrite(target: string, registry: OperatorRegistry): boolean {
  const operator = registry.find(target);
  return operator !== undefined && !neverWrites(operator);
}

function resolve(node: Node, operator: Operator, { outputs, writes, certain }: CallAliasing): CallEffects {
  const values = (sources: readonly TensorSource[]): Value[] => {
    const found: Value[] = [];
    for (const source of sources) {
      const value = sourceValue(node, operator, source);
      // A program that uses a name before its definition is broken; following it might lead in a circle.
      if (value && (value.node === null || value.node.index < node.index)) found.push(value);
    }
    return found;
  };
  return {
    outputs: outputs.map(({ sources, group }) => ({ aliases: values(sources), group })),
    writes: values(writes),
    reshapes: writes.every(({ kind }) => kind === "metadata" || kind === "rebind"),
    certain,
  };
}

function sourceValue(node: Node, operator: Operator, { argument, index }: TensorSource): Value | null {
  const known = node.tensorOf(argument);
  if (known !== undefined) return known;
  const arg = argumentOf(node, operator, argument);
  if (arg === undefined) return null;
  if ("as_tensor" in arg) return node.graph.value(arg.as_tensor.name) ?? null;
  if ("as_tensors" in arg) return node.valuesOf(arg)[Math.max(index, 0)] ?? null;
  if (!("as_optional_tensors" in arg)) return node.valuesOf(arg)[0] ?? null;
  const element = arg.as_optional_tensors[index];
  return element && "as_tensor" in element ? (node.graph.value(element.as_tensor.name) ?? null) : null;
}

/** By its name in the schema; a document whose arguments have no names is read by position, as torch does. */
function argumentOf(node: Node, operator: Operator, name: string): Argument | undefined {
  const named = node.arg(name);
  if (named !== undefined || node.source.inputs[0]?.name !== "") return named;
  return node.source.inputs[operator.schema.args.findIndex((arg) => arg.name === name)]?.arg;
}

/** A node as the operator table asks for it. */
class NodeCall implements Call {
  readonly #node: Node;
  readonly #operator: Operator;
  readonly #bits: LazyBits;

  constructor(node: Node, operator: Operator, bits: LazyBits) {
    this.#node = node;
    this.#operator = operator;
    this.#bits = bits;
  }

  argument(name: string): Argument | undefined {
    return argumentOf(this.#node, this.#operator, name);
  }

  tensor(value: string): TensorMeta | undefined {
    return this.#node.graph.source.tensor_values.get(value);
  }

  symInt(value: string): SymInt | undefined {
    return this.#node.graph.source.sym_int_values.get(value);
  }

  outputs(): readonly (TensorMeta | undefined)[] {
    const { outputs } = this.#node;
    const metas: (TensorMeta | undefined)[] = new Array((outputs.at(-1)?.index ?? -1) + 1).fill(undefined);
    for (const output of outputs) metas[output.index] = output.meta;
    return metas;
  }

  conjugated(value: string): boolean {
    const found = this.#node.graph.value(value);
    return found !== undefined && this.#bits.isConjugated(found);
  }

  negated(value: string): boolean {
    const found = this.#node.graph.value(value);
    return found !== undefined && this.#bits.isNegated(found);
  }
}

/** vmap's bookkeeping, which export leaves in the graph: a view that has one dimension more or less. */
const BATCH_DIM = /^torch\._functorch\.predispatch\._(add|remove)_batch_dim$/;

function viewOfFirst(node: Node): CallEffects {
  const aliases = node.operands.slice(0, 1).filter((v) => v !== null);
  return {
    outputs: node.outputs.map(() => ({ aliases, group: -1 })),
    writes: [],
    reshapes: false,
    certain: true,
  };
}

import type { OperatorRegistry } from "../ops/registry.ts";
import type { Node, Value } from "../program/program.ts";

/** Where one output of a call lies. */
export interface OutputStorage {
  /** The arguments whose storage it shares, or may share. */
  readonly aliases: readonly Value[];
  /** True when it may lie in memory of its own instead. */
  readonly mayBeFresh: boolean;
  /** Outputs in new memory with the same number share it. */
  readonly group?: number;
}

/** What a call does to memory. */
export interface CallEffects {
  readonly outputs: readonly (OutputStorage | undefined)[];
  readonly writes: readonly Value[];
}

/** The effects of a call, or undefined when all its outputs are new memory and it writes nothing. */
export function callEffects(node: Node, registry: OperatorRegistry): CallEffects | undefined {
  const operator = registry.find(node.target);
  if (operator === undefined) return BATCH_DIM.test(node.target) ? viewOfFirst(node) : undefined;
  const { args, returns } = operator.schema;
  const values = (name: string): Value[] => {
    const arg = node.arg(name);
    return arg ? node.valuesOf(arg).filter((v) => v !== null) : [];
  };
  const writes = args.filter((a) => a.alias?.write).flatMap((a) => values(a.name));
  const outputs = node.outputs.map((output): OutputStorage | undefined => {
    const alias = returns[returns.length === 1 ? 0 : output.index]?.alias;
    if (!alias) return undefined;
    const sources = args
      .filter((a) => a.alias?.before.some((s) => alias.before.includes(s)))
      .flatMap((a) => values(a.name));
    return { aliases: sources, mayBeFresh: false };
  });
  if (writes.length === 0 && outputs.every((o) => o === undefined)) return undefined;
  return { outputs, writes };
}

/** vmap's bookkeeping, which export leaves in the graph: a view that has one dimension more or less. */
const BATCH_DIM = /^torch\._functorch\.predispatch\._(add|remove)_batch_dim$/;

function viewOfFirst(node: Node): CallEffects {
  const aliases = node.operands.slice(0, 1).filter((v) => v !== null);
  return { outputs: node.outputs.map(() => ({ aliases, mayBeFresh: false })), writes: [] };
}

/** The higher-order operators that run. */
import type { Node } from "../../program/program.ts";
import type { Execution } from "../execution.ts";
import type { RuntimeValue } from "../value.ts";
import { vmapFunction } from "../vmap.ts";
import { autoFunctionalized, autoFunctionalizedV2, outDtype, withEffects } from "./calls.ts";
import { cond } from "./cond.ts";
import { associativeScan, map, scan, whileLoop } from "./loops.ts";
import { invokeSubgraph, wrap, wrapWithAutocast } from "./wraps.ts";

/** A call of a higher-order operator: a graph among its arguments is ready to run. */
export interface HopArguments {
  readonly execution: Execution;
  readonly node: Node;
  /** The arguments without a name. */
  readonly args: readonly unknown[];
  readonly keywords: Readonly<Record<string, unknown>>;
}

/** Runs a call; its results in the order of the node's outputs. */
export type HopHandler = (call: HopArguments) => RuntimeValue;

const PREFIX = "torch.ops.higher_order.";

const HANDLERS: Readonly<Record<string, HopHandler>> = {
  cond,
  while_loop: whileLoop,
  scan,
  map,
  map_impl: map,
  associative_scan: associativeScan,
  wrap_with_set_grad_enabled: wrap,
  wrap_with_autocast: wrapWithAutocast,
  invoke_subgraph: invokeSubgraph,
  wrap,
  strict_mode: wrap,
  hints_wrapper: wrap,
  tag_activation_checkpoint: wrap,
  auto_functionalized: autoFunctionalized,
  auto_functionalized_v2: autoFunctionalizedV2,
  with_effects: withEffects,
  out_dtype: outDtype,
};

/** The higher-order operators that can be run, by target. */
export const hopTargets: readonly string[] = Object.keys(HANDLERS).map((name) => `${PREFIX}${name}`);

/** What runs a higher-order operator's target; undefined for any other target and for one that cannot be run. */
export function hopHandler(target: string): HopHandler | undefined {
  if (target.startsWith(PREFIX)) return HANDLERS[target.slice(PREFIX.length)];
  const vmap = vmapFunction(target);
  return vmap && (({ execution, args }) => vmap(execution, args));
}

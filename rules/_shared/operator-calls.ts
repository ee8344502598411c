import type { Listeners, RuleContext } from "../../src/lint/rule.ts";
import { type CallPlan, callPlan } from "../../src/ops/call-check.ts";
import type { Node } from "../../src/program/program.ts";
import { changedOperators } from "./changed-operators.ts";
import { isNewerTorch } from "./torch-version.ts";

/** Rules of the cache family check these, and say more. */
const CHECKED_ELSEWHERE = [
  "torch.ops.executorch.alias.default",
  "torch.ops.executorch.update_cross_attn_cache.default",
];

/**
 * Calls `check` with the nodes that call an operator whose schema is known; of those that have the same operator,
 * arguments and metadata, with the first only if nothing is found in it. Nodes of the operators `elsewhere` are left out.
 */
export function onOperatorCalls(
  { registry, program }: Pick<RuleContext, "registry" | "program">,
  check: (node: Node, plan: CallPlan) => void,
  elsewhere: readonly string[] = CHECKED_ELSEWHERE,
): Listeners {
  const plans = new Map<string, CallPlan | null>(
    [...elsewhere, ...changedOperators(program)].map((target) => [target, null]),
  );
  return {
    form: (node) => {
      const { target } = node;
      let plan = plans.get(target);
      if (plan === undefined) {
        const operator = registry.find(target);
        plan = operator === undefined ? null : callPlan(operator);
        plans.set(target, plan);
      }
      if (plan !== null) check(node, plan);
    },
  };
}

/** A later torch may have given the operator other arguments: then nothing is certain. */
export function certainty({ program }: Pick<RuleContext, "program">): { readonly severity?: "warning" } {
  return isNewerTorch(program) ? { severity: "warning" } : {};
}

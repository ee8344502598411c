import type { Listeners, RuleContext } from "../../src/lint/rule.ts";
import { shortTarget } from "../../src/program/describe.ts";

/**
 * Listeners that report each operand that a branch of a cond writes, when torch counts the write (`counted`) or when
 * it does not. `t_` of a view of an operand raises the counter and changes the view alone: such a program lowers.
 */
export function reportWrittenOperands(ctx: RuleContext<"writes">, counted: boolean, help: string): Listeners {
  return {
    hop: ({ kind, bodies }) => {
      if (kind !== "cond") return;
      for (const { graph, role } of bodies) {
        for (const { input, write, counted: isCounted, untouched } of ctx.storage.effects(graph).writes) {
          if (isCounted !== counted) continue;
          const operand = graph.inputs[input]!;
          ctx.report({
            at: write.node,
            message: "writes",
            data: { branch: graph.name, operand: input },
            words: { role, name: ctx.nameOf(operand) },
            ...(untouched ? { severity: "warning" as const } : {}),
            help,
            detail: [
              `${shortTarget(write.node.target)} ${untouched ? "changes a view of" : "writes to"} operand ${input} ${operand.name}`,
            ],
          });
        }
      }
    },
  };
}

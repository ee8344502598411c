import { type OperatorUse, operatorUses } from "../interpreter/operator-uses.ts";
import { shortPath } from "../report/locate.ts";
import type { Paint } from "../report/options.ts";
import { count, pad, safeJson, sanitize } from "../report/text.ts";
import type { Invocation } from "./arguments.ts";
import { writeResult } from "./output.ts";
import { withProgram } from "./program-file.ts";
import { paintFor } from "./terminal.ts";

/** `pt2lint ops PATH`: 1 when an operator cannot be run. */
export async function opsCommand({ operands, options }: Invocation<"ops">): Promise<number> {
  return withProgram(operands[0] ?? "", options, async ({ path, program, registry }) => {
    const uses = operatorUses(program, registry);
    const missing = uses.filter(({ runs }) => !runs).length;
    if (options.format === "json") {
      writeResult(
        safeJson({ schemaVersion: 1, path, model: program.name, operators: uses.map(useJson) }),
        undefined,
      );
    } else writeResult(usesText(uses, missing, await paintFor(options.color, undefined)), undefined);
    return missing === 0 ? 0 : 1;
  });
}

function useJson({ target, count: nodes, runs, first }: OperatorUse): unknown {
  return { target, nodes, runs, first: { graph: first.graph.path, node: first.name, source: first.frame() } };
}

function usesText(uses: readonly OperatorUse[], missing: number, paint: Paint): string {
  if (uses.length === 0) return "the program calls no operator\n";
  const widest = uses.reduce((most, { target }) => Math.max(most, target.length), 0);
  const lines = uses.map(({ target, count: nodes, runs, first }) => {
    const frame = first.frame();
    const where =
      runs || frame === null ? "" : `   first at ${shortPath(frame.file, process.cwd())}:${frame.line}`;
    const verdict = runs ? paint.good("runs   ") : paint.error("missing");
    return `${verdict}  ${pad(sanitize(target), widest)}   ${paint.dim(where === "" ? count(nodes, "node") : pad(count(nodes, "node"), 9))}${sanitize(where)}\n`;
  });
  const total = count(uses.length, "operator");
  const summary =
    missing === 0
      ? paint.good(`${total}, all of which run`)
      : paint.error(`${missing} of ${total} cannot be run`);
  return `${lines.join("")}\n${summary}\n`;
}

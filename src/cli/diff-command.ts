import { diffProgram } from "../interpreter/diff.ts";
import { Session } from "../interpreter/session.ts";
import type { ResolvedConfig } from "../lint/config.ts";
import { type ActiveRule, activeRules, runRules } from "../lint/engine.ts";
import { mode } from "../ops/kernel.ts";
import { diffJson, diffText } from "../report/diff-text.ts";
import { safeJson } from "../report/text.ts";
import type { Invocation } from "./arguments.ts";
import { callInputs, tolerances } from "./call-inputs.ts";
import { writeNote, writeResult } from "./output.ts";
import { withProgram } from "./program-file.ts";
import { withProgress } from "./progress.ts";
import { paintFor } from "./terminal.ts";

/** `pt2lint diff PATH`: 1 when a lowered execution differs from eager. */
export async function diffCommand({ operands, options }: Invocation<"diff">): Promise<number> {
  mode.precise = options.precise === true;
  return withProgram(operands[0] ?? "", options, async ({ path, model, program, registry, config }) => {
    const tolerance = tolerances(options);
    const session = await Session.open(model, program, registry);
    const { calls, origin } = await callInputs(model, program, options);
    if (origin !== null) writeNote(`pt2lint: running on ${origin}; give others with --inputs`);
    const result = await withProgress((progress) =>
      diffProgram(session, calls, {
        tolerance,
        onRun: (done, total, what) => progress.update(() => `${done} of ${total} runs: ${what}`),
      }),
    );
    const refusals = runRules(program, loweringRules(config), registry);
    const text =
      options.format === "json"
        ? safeJson(diffJson(path, model.name, result, refusals))
        : diffText(path, result, refusals, { paint: await paintFor(options.color, undefined) });
    writeResult(text, undefined);
    return result.divergences.length + refusals.length === 0 ? 0 : 1;
  });
}

/** The rules whose errors are programs that torch refuses to lower. */
function loweringRules(config: ResolvedConfig): ActiveRule[] {
  return activeRules(config).filter(
    ({ rule, severity }) => severity === "error" && /^(cond|loop)\//.test(rule.id),
  );
}

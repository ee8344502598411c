/** Random programs with caches: what the analysis or the rules call safe gives eager's results in whatever way a compiler runs it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divergenceAnalysis } from "../analysis/divergence.ts";
import { StorageAnalysis } from "../analysis/storage.ts";
import { lintProgram } from "../index.ts";
import { programFromText } from "../lint/program-text.ts";
import type { Program } from "../program/program.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { storeReals } from "../tensor/elements.ts";
import { Tensor } from "../tensor/tensor.ts";
import { cacheProgram } from "../testing/random-cache-programs.ts";
import { diffProgram } from "./diff.ts";
import { prepareProgram } from "./prepare.ts";
import { type Inputs, Session } from "./session.ts";
import type { RuntimeValue } from "./value.ts";

/** One seed, so that a failure comes from a change; another is tried with SEED=n. */
const SEED = Number(process.env.SEED ?? 4);
const RUNS = Number(process.env.RUNS ?? 200);

/** Warnings that say nothing of the order in which a compiler runs the program. */
const APART = new Set([
  "cache/undeclared-mutation",
  "cache/alias-eager-abort",
  "cache/constant-foldable-read",
  "cache/partial-fill",
]);

/** The rules that call the program unsafe. */
function objections(program: Program): string[] {
  const found = lintProgram(program).filter(
    ({ rule, severity }) => severity === "error" || (severity === "warning" && !APART.has(rule)),
  );
  return found.map(({ rule }) => rule);
}

/** Whether the analysis, without any rule, finds no way in which the program parts from eager. */
function isCalledSafe({ program, registry }: Session): boolean {
  const storage = new StorageAnalysis(program, registry);
  const analysis = divergenceAnalysis({ program, registry, storage });
  return analysis.inductor.length === 0 && analysis.elsewhere === undefined;
}

/** Small whole numbers, other ones for each input. */
function filled(program: Program, index: number): Tensor | undefined {
  const value = program.main.inputs[index];
  if (!value?.meta) return undefined;
  const sizes = value.meta.sizes.map((size) => ("as_int" in size ? Number(size.as_int) : 1));
  const tensor = Tensor.zeros(sizes, dtypeOfCode(value.meta.dtype));
  const isFlag = sizes.length === 0;
  storeReals(
    tensor,
    Array.from({ length: tensor.numel }, (_, i) => (isFlag ? index % 2 : ((i * 7 + index * 5) % 9) - 4)),
  );
  return tensor;
}

function opened(text: string): { session: Session; inputs: Inputs } {
  const { program, registry } = programFromText(text);
  const state = new Map<number, RuntimeValue>();
  const inputs = new Map<string, RuntimeValue>();
  for (const [index, { kind }] of program.inputs.entries()) {
    const tensor = filled(program, index);
    if (tensor === undefined) continue;
    if (kind === "user_input") inputs.set(program.main.inputs[index]!.name, tensor);
    else state.set(index, tensor);
  }
  return { session: new Session(prepareProgram(program, registry), state, registry), inputs };
}

describe("random programs with caches", () => {
  const seen = { safe: 0, updated: 0, diverging: 0 };

  it("that are called safe differ under no schedule", () => {
    fc.assert(
      fc.property(cacheProgram, (text) => {
        const { session, inputs } = opened(text);
        const found = objections(session.program);
        expect(
          found.filter((rule) => !/^(cache|cond)\//.test(rule)),
          text,
        ).toEqual([]);
        const [first] = diffProgram(session, [inputs], { first: true }).divergences;
        if (first !== undefined) seen.diverging++;
        // Where torch refuses a branch, there is no lowered program.
        const isRefused = found.some((rule) => rule.startsWith("cond/"));
        if (isRefused || (found.length > 0 && !isCalledSafe(session))) return;
        seen.safe++;
        if (text.includes("update_cross_attn_cache")) seen.updated++;
        expect(first && `${first.name} with ${first.schedule.name}`, text).toBeUndefined();
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it("are of both kinds", () => {
    expect(seen.updated).toBeGreaterThan(RUNS / 10);
    expect(seen.diverging).toBeGreaterThan(RUNS / 4);
    if (process.env.SHOW) console.log(seen);
  });
});

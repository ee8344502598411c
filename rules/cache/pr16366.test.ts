import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runRules } from "../../src/lint/engine.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { open } from "../../src/open.ts";
import { OperatorRegistry } from "../../src/ops/registry.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const cacheRules: Rule[] = [];
for (const name of readdirSync(import.meta.dirname).filter((file) => !file.includes(".test."))) {
  cacheRules.push(...Object.values((await import(`./${name}`)) as Record<string, Rule>));
}

async function found(file: string): Promise<string[]> {
  const opened = await open(join(fixtures, file));
  const active = cacheRules.map((rule) => ({ rule, severity: rule.severity }));
  const diagnostics = runRules(await opened.program(), active, new OperatorRegistry());
  await opened.close();
  return diagnostics.map(({ severity, rule, data }) => [severity, rule, data.name].join(" ").trim()).sort();
}

const ABORTS = "warning cache/alias-eager-abort";
/** The predicate `(cache != 0).any()`, of which inductor makes a constant when it freezes buffers. */
const FOLDED = "warning cache/constant-foldable-read";
const UNDECLARED = "warning cache/undeclared-mutation";

describe("the programs of pytorch/executorch#16366, which lower and run right", () => {
  it.each([
    ["whisper_decoder_any.pt2", [ABORTS, FOLDED]],
    ["whisper_decoder_flag.pt2", [ABORTS]],
  ])("%s gets a warning for each cache, and one for each other thing", async (file, others) => {
    const caches = [0, 1].flatMap((layer) =>
      ["keys", "values"].map((what) => `${UNDECLARED} decoder.layers.${layer}.encoder_attn.cached_${what}`),
    );
    expect(await found(file)).toEqual([...others, ...caches]);
  });

  it("get no more in the PR's own tests", async () => {
    expect(await found("pr16366/alias_or_update.pt2")).toEqual([ABORTS, `${UNDECLARED} c`]);
    expect(await found("pr16366/update_in_cond.pt2")).toEqual([`${UNDECLARED} c`]);
    const plain = readdirSync(join(fixtures, "pr16366")).filter((file) => /^update_(b\d|full)/.test(file));
    for (const file of plain) expect(await found(`pr16366/${file}`)).toEqual([`${UNDECLARED} cache`]);
    expect(plain.length).toBeGreaterThan(0);
  });
});

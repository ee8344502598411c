import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesPath, matchesPattern } from "./pattern.ts";

describe("a pattern", () => {
  it.each([
    ["cond/arity", "cond/arity", true],
    ["cond/arity", "cond/arity2", false],
    ["cond/*", "cond/arity", true],
    ["cond/*", "loop/cond/arity", false],
    ["*-input", "branch-aliases-input", true],
    ["*-input", "branch-input-twice", false],
    ["decoder.*.attn", "decoder.layers.0.attn", true],
    ["a*a", "a", false],
    ["a*b*c", "acb", false],
    ["*", "", true],
    ["a.c", "abc", false],
  ])("%s on %s is %s", (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it("agrees with the regular expression that it stands for", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (each, word) => {
        const source = each.replaceAll(".", "\\.").replaceAll("*", ".*");
        expect(matchesPattern(each, word)).toBe(new RegExp(`^${source}$`).test(word));
      }),
      { numRuns: 2000 },
    );
  });

  it("made to harm takes no time", () => {
    const start = performance.now();
    expect(matchesPattern(`${"*a".repeat(5000)}b`, "a".repeat(100_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("a pattern of paths", () => {
  it.each([
    ["attention.py", "/home/ann/models/attention.py", true],
    ["models/attention.py", "/home/ann/models/attention.py", true],
    ["attention.py", "/home/ann/models/my_attention.py", false],
    ["/models/attention.py", "/home/ann/models/attention.py", false],
    ["models/*.py", "C:\\repo\\models\\attention.py", true],
  ])("%s on %s is %s", (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluateExpr, formatExpr, parseExpr, symbolsOf } from "./symbolic.ts";

/** srepr, the text torch prints, values of the symbols, the value (fixtures/print/expressions.py). */
type Case = [string, string, Record<string, number>, number | boolean | null];

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/print/expressions.json", import.meta.url), "utf8"),
) as Case[];

const values = (symbols: Record<string, number>): Map<string, bigint> =>
  new Map(Object.entries(symbols).map(([name, value]) => [name, BigInt(value)]));
const show = (text: string): string | undefined => {
  const expr = parseExpr(text);
  return expr && formatExpr(expr);
};
const evaluate = (text: string, symbols: Record<string, number> = {}) => {
  const expr = parseExpr(text);
  return expr && evaluateExpr(expr, values(symbols));
};

describe("expressions measured with torch", () => {
  it("holds enough of them to mean something", () => {
    expect(cases.length).toBeGreaterThanOrEqual(400);
  });

  it("prints every one as torch does", () => {
    expect(cases.filter(([srepr, text]) => show(srepr) !== text)).toEqual([]);
  });

  it("reads what it prints, and gives it the same value", () => {
    for (const [srepr, text, symbols] of cases)
      expect(evaluate(text, symbols)).toBe(evaluate(srepr, symbols));
  });

  it("gives every one the value that sympy does", () => {
    for (const [srepr, , symbols, expected] of cases) {
      if (expected === null) continue;
      const value = evaluate(srepr, symbols);
      if (typeof expected === "boolean") expect(value, srepr).toBe(expected);
      else expect(Number(value) / expected || Number(value) - expected + 1, srepr).toBeCloseTo(1, 12);
    }
  });
});

describe("parseExpr", () => {
  it("gives equal texts one tree", () => {
    expect(parseExpr("Add(Symbol('a'), Integer(1))")).toBe(parseExpr("Add(Symbol('a'), Integer(1))"));
  });

  it.each([
    ["s0", "s0"],
    ["2*s0 + 1", "2*s0 + 1"],
    ["s0 - s1*3", "s0 - 3*s1"],
    ["-(s0 + 1)", "-(s0 + 1)"],
    ["((s0//2))", "(s0//2)"],
    ["s0**2 - 1", "s0**2 - 1"],
    ["Max(1, s0)", "Max(1, s0)"],
    ["Eq(u0, 1)", "Eq(u0, 1)"],
    ["u0 >= 0", "u0 >= 0"],
    ["s0/2", "s0/2"],
  ])("reads the formulas of old files: %s", (text, printed) => {
    expect(show(text)).toBe(printed);
  });

  it.each(["", "Add(", "Symbol('s0'", "1 +", "s0 s1", "Float('x')", ")", "'s0'", "Add(,)"])(
    "does not read %s",
    (text) => {
      expect(parseExpr(text)).toBeUndefined();
    },
  );

  it("does not overflow on hostile nesting", () => {
    expect(parseExpr("(".repeat(50_000))).toBeUndefined();
    expect(parseExpr(`${"Add(".repeat(20_000)}1${")".repeat(20_000)}`)).toBeUndefined();
    expect(parseExpr("-".repeat(50_000))).toBeUndefined();
    expect(parseExpr(`2${"**2".repeat(5_000)}`)).toBeUndefined();
  });

  it("reads, prints and orders a long sum in time", () => {
    const terms = Array.from({ length: 5000 }, (_, i) => `Symbol('s${i}')`);
    const expr = parseExpr(`Add(${terms.join(", ")})`)!;
    expect(formatExpr(expr)).toMatch(/^s0 \+ s1 \+ s10 \+ /);
    expect(symbolsOf(expr).size).toBe(5000);
  });
});

describe("evaluateExpr", () => {
  it("is exact where a double is not", () => {
    expect(evaluate("9007199254740993*s0 + 1", { s0: 3 })).toBe(27021597764222980n);
    expect(evaluate("Add(Mul(Rational(1, 2), Symbol('s0')), Rational(1, 2))", { s0: 7 })).toBe(4n);
  });

  it("rounds towards minus infinity as Python does", () => {
    expect(evaluate("FloorDiv(Integer(-7), Integer(2))")).toBe(-4n);
    expect(evaluate("PythonMod(Integer(-7), Integer(3))")).toBe(2n);
    expect(evaluate("CeilDiv(Integer(7), Integer(2))")).toBe(4n);
    expect(evaluate("RoundToInt(Float('2.5'))")).toBe(2n);
  });

  it("has no value without its symbols, by zero, or beyond reason", () => {
    expect(evaluate("s0 + 1")).toBeUndefined();
    expect(evaluate("s0//0", { s0: 1 })).toBeUndefined();
    expect(evaluate("1/s0", { s0: 0 })).toBeUndefined();
    expect(evaluate("9**9**9**9")).toBeUndefined();
    expect(evaluate("LShift(Integer(1), Integer(100000000))")).toBeUndefined();
    expect(evaluate("Nobody(s0)", { s0: 1 })).toBeUndefined();
  });
});

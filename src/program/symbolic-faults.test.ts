import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseExpr } from "./symbolic.ts";
import { declarations, exprFault } from "./symbolic-faults.ts";

const cases = JSON.parse(
  readFileSync(new URL("../../fixtures/print/expressions.json", import.meta.url), "utf8"),
) as [string, string, unknown, number | boolean | null][];

const fault = (text: string, wanted: "number" | "truth" = "number") => exprFault(parseExpr(text)!, wanted);

describe("exprFault", () => {
  it("finds nothing in what torch made", () => {
    const faults = cases.filter(([srepr, , , value]) => {
      const sort = typeof value === "boolean" ? "truth" : "number";
      return value !== null && fault(srepr, sort) !== undefined;
    });
    expect(faults).toEqual([]);
  });

  it.each([
    ["Foo(Symbol('s0', integer=True))", "number", "a function that torch does not know, Foo"],
    ["Add(Integer(1), Foo(Integer(2)))", "number", "a function that torch does not know, Foo"],
    [
      "Mul(Integer(2), LessThan(Symbol('u0', integer=True), Integer(4)))",
      "truth",
      "a truth value as an operand of Mul",
    ],
    ["And(Integer(1), true)", "truth", "a number as an operand of And"],
    ["Add(Symbol('s0', integer=True), Integer(1))", "truth", "a number where a truth value is due"],
    ["Equality(Symbol('s0', integer=True), Integer(1))", "number", "a truth value where a number is due"],
  ] as const)("of %s for a %s: %s", (text, wanted, problem) => {
    expect(fault(text, wanted)).toBe(problem);
  });
});

describe("declarations", () => {
  it("gives the assumptions of each symbol in one order", () => {
    const text =
      "Add(Symbol('s0', positive=True, integer=True), Mul(Integer(2), Symbol('u0', integer=True)))";
    expect(declarations(parseExpr(text)!)).toEqual([
      { name: "s0", assumptions: "integer=True, positive=True" },
      { name: "u0", assumptions: "integer=True" },
    ]);
  });

  it("gives none for a plain formula, and takes no broken declaration for one", () => {
    expect(declarations(parseExpr("s0 + 1")!)).toEqual([]);
    expect(parseExpr("Symbol('s50'l, positive=True)")).toBeUndefined();
    expect(parseExpr("Symbol('s50', positive)")).toBeUndefined();
    expect(parseExpr("Symbol(s50)")).toBeUndefined();
  });
});

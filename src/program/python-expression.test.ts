import { describe, expect, it } from "vitest";
import { readPythonExpression } from "./python-expression.ts";

// What `ast.parse(text, mode="eval")` of CPython 3.11 takes and refuses.
const EXPRESSIONS = [
  "1",
  "1 ",
  "\n1",
  "(1,\n2)",
  "'a' 'b'",
  "1 # c",
  "not not x",
  "- - 1",
  "f(a=1)",
  "f(*a)",
  "a[1:2]",
  "a[:, 1]",
  "a[::2]",
  "{1:2}",
  "()",
  "1,",
  "1.5.real",
  "0x1F + 1_000",
  "1e5",
  "00",
  "a is not b",
  "a not in b",
  "é == 1",
  "1if x else 2",
  "lambda: 0",
  "((L['a'][0].size()[0]*2) // 4) != 1 and L['n'] <= 3",
];
const OTHERS = [
  "",
  " 1",
  "1;",
  "1 2",
  "a b",
  "x = 3",
  "import os",
  "1 +",
  "not (",
  "f(a b)",
  "a not b",
  "'abc",
  "(]",
  "a..b",
  "x.1",
  "3x == 1",
  "1e",
  "01",
  "a $ b",
  "L['x'].size()[0] => 2",
  "L['x'].size()[0)",
];

describe("an expression of Python", () => {
  it.each(EXPRESSIONS)("is %j", (text) => expect(readPythonExpression(text).isExpression).not.toBe(false));

  it.each(OTHERS)("is not %j", (text) => expect(readPythonExpression(text).isExpression).toBe(false));

  it("reads names, not attributes or names of keyword arguments", () => {
    expect([...readPythonExpression("f(a.b, c=d) + L['x'].size()[0]").names]).toEqual(["f", "a", "d", "L"]);
  });
});

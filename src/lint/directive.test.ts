import { describe, expect, it } from "vitest";
import { directivesIn, parseDirective } from "./directive.ts";

const rules = ["cond/arity", "cond/predicate-type", "cache/update-unused"];

describe("a line of Python", () => {
  it.each([
    ["y = f(x)  # pt2lint: ignore[cond/arity] -- why", ["ignore[cond/arity] -- why"]],
    ["y = f(x)  #pt2lint:ignore[a]", ["ignore[a]"]],
    ["y = f(x)  # noqa: E501  # pt2lint: ignore[a] -- b  # type: ignore", ["ignore[a] -- b  "]],
    ["y = f(x)  # pt2lint: ignore[a]  # pt2lint: ignore[b]", ["ignore[a]  ", "ignore[b]"]],
    ['y = f("# pt2lint: ignore[a]")', []],
    ["y = f('it\\'s # pt2lint: ignore[a]')  # pt2lint: ignore[b]", ["ignore[b]"]],
    ["y = f(x)  # see pt2lint: it says so", []],
    ["y = pt2lint(x)", []],
  ])("%s", (code, expected) => {
    expect(directivesIn(code)).toEqual(expected);
  });
});

describe("a directive", () => {
  it("names rules and says why", () => {
    expect(parseDirective(" ignore[cond/arity, cache/*]  --  the backend copies ", rules)).toEqual({
      text: "ignore[cond/arity, cache/*]  --  the backend copies",
      rules: ["cond/arity", "cache/*"],
      reason: "the backend copies",
      problems: [],
    });
    expect(parseDirective("ignore[*]", rules)).toMatchObject({ rules: ["*"], reason: "", problems: [] });
  });

  it.each([
    ["ignore", "it names no rule; write ignore[RULE] -- why"],
    ["ignore -- later", "it names no rule; write ignore[RULE] -- why"],
    ["ignore[ , ]", "it names no rule; write ignore[RULE] -- why"],
    ["disable[cond/arity]", "'disable[cond/arity]' is not understood; write ignore[RULE] -- why"],
    ["ignore[cond/arity] why", "'ignore[cond/arity] why' is not understood; write ignore[RULE] -- why"],
  ])("%s hides nothing", (text, problem) => {
    expect(parseDirective(text, rules)).toMatchObject({ rules: [], problems: [problem] });
  });

  it("keeps the rules that there are beside one that there is not", () => {
    expect(parseDirective("ignore[cond/artiy, cond/predicate-type]", rules)).toMatchObject({
      rules: ["cond/predicate-type"],
      problems: ["cond/artiy: no such rule; did you mean \"cond/arity\"? 'pt2lint rules' lists them"],
    });
  });
});

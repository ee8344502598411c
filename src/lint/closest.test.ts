import { expect, it } from "vitest";
import { closest, didYouMean } from "./closest.ts";

const words = ["cond/arity", "cond/predicate-type", "cache/update-unused", "loop/arity"];

it.each([
  ["cond/artiy", "cond/arity"],
  ["cond/predicatetype", "cond/predicate-type"],
  ["COND/ARITY", "cond/arity"],
  ["cache/update_unused", "cache/update-unused"],
  ["nothing-like-it", null],
  ["cond/pred", "cond/predicate-type"],
  ["", null],
])("takes %j for %j", (typo, meant) => {
  expect(closest(typo, words)).toBe(meant);
});

it("says nothing when nothing is near", () => {
  expect(didYouMean("xyz", words)).toBe("");
  expect(didYouMean("shwo", ["show", "lint"])).toBe('; did you mean "show"?');
});

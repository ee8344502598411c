import { expect, it } from "vitest";
import { rules } from "../../rules/index.generated.ts";
import { mendedIds, mendingOf } from "./mending.ts";

it("says what to do of a rule, or of its family, and nothing where the description does", () => {
  expect(mendingOf("payload/unused")).toMatch(/^Remove the parameter/);
  expect(mendingOf("graph/interface")).not.toBe(mendingOf("graph/missing-metadata"));
  expect(mendingOf("graph/missing-metadata")).toBe(mendingOf("signature/inputs"));
  expect(mendingOf("cond/branch-aliases-input")).toBeUndefined();
});

it("has an entry for no rule that there is not", () => {
  const ids = new Set(rules.flatMap(({ id }) => [id, id.slice(0, id.indexOf("/"))]));
  expect(mendedIds.filter((id) => !ids.has(id))).toEqual([]);
});

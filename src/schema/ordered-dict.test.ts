import { expect, it } from "vitest";
import { OrderedDict } from "./ordered-dict.ts";

const made = () => new OrderedDict(["b", "a"], [1, 2]);

it("is a Map in all that can be asked", () => {
  const dict = made();
  expect([...dict]).toEqual([
    ["b", 1],
    ["a", 2],
  ]);
  expect([dict.size, dict.get("a"), dict.get("c"), dict.has("b"), dict.has("c")]).toEqual([
    2,
    2,
    undefined,
    true,
    false,
  ]);
});

it("can be changed as a Map", () => {
  const dict = made().set("c", 3).set("b", 4);
  expect(dict.delete("a")).toBe(true);
  expect(dict.delete("a")).toBe(false);
  const visited: [string, number][] = [];
  dict.forEach((value, key) => {
    visited.push([key, value]);
  });
  for (const entries of [[...dict], [...dict.entries()], visited]) {
    expect(entries).toEqual([
      ["b", 4],
      ["c", 3],
    ]);
  }
  expect([[...dict.keys()], [...dict.values()], dict.size]).toEqual([["b", "c"], [4, 3], 2]);
  expect([dict.get("b"), dict.get("a"), dict.has("a"), dict.has("c")]).toEqual([4, undefined, false, true]);
});

import { expect, it } from "vitest";
import { terminalPaint, wantsColor } from "./color.ts";
import { options, samples } from "./sample-report.ts";
import { stylish } from "./stylish.ts";

const none = { flag: undefined, env: {}, isTerminal: false };
const terminal = { ...none, isTerminal: true };

it.each([
  ["a pipe", none, false],
  ["a terminal", terminal, true],
  ["a dumb terminal", { ...terminal, env: { TERM: "dumb" } }, false],
  ["NO_COLOR", { ...terminal, env: { NO_COLOR: "1" } }, false],
  ["an empty NO_COLOR", { ...terminal, env: { NO_COLOR: "" } }, true],
  ["FORCE_COLOR in a pipe", { ...none, env: { FORCE_COLOR: "1" } }, true],
  ["an empty FORCE_COLOR", { ...none, env: { FORCE_COLOR: "" } }, true],
  ["FORCE_COLOR=0", { ...terminal, env: { FORCE_COLOR: "0" } }, false],
  ["NO_COLOR and FORCE_COLOR", { ...terminal, env: { NO_COLOR: "1", FORCE_COLOR: "1" } }, false],
  ["--color over NO_COLOR", { ...none, flag: true, env: { NO_COLOR: "1" } }, true],
  ["--no-color over FORCE_COLOR", { ...terminal, flag: false, env: { FORCE_COLOR: "1" } }, false],
])("decides on colour: %s", (_name, choice, expected) => {
  expect(wantsColor(choice)).toBe(expected);
});

it("adds nothing but colour", async () => {
  const painted = stylish(samples.several, { ...options, paint: await terminalPaint() });
  expect(painted).toContain("\u001b[31m");
  expect(painted.replaceAll(/\u001b\[\d+m/g, "")).toBe(stylish(samples.several, options));
});

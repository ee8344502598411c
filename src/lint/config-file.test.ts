import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConfigError } from "./config.ts";
import { configNames, findConfig, readConfig } from "./config-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pt2lint-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it("is found upward, the nearest first", () => {
  const deep = join(folder, "a", "b");
  mkdirSync(deep, { recursive: true });
  const far = write("pt2lint.json", "{}");
  expect(findConfig(deep)).toBe(far);
  const near = write("a/pt2lint.config.mjs", "export default {}");
  expect(findConfig(deep)).toBe(near);
});

it("is found by each of its names, in their order", () => {
  for (const name of [...configNames].reverse()) {
    const path = write(name, "{}");
    expect(findConfig(folder)).toBe(path);
  }
});

it("does not take a folder for a config", () => {
  mkdirSync(join(folder, "pt2lint.json"));
  expect(findConfig(folder)).not.toBe(join(folder, "pt2lint.json"));
});

it.each([
  ["pt2lint.json", '{ "preset": "strict" }'],
  ["pt2lint.config.mjs", 'export default { preset: "strict" };'],
  ["pt2lint.config.js", 'module.exports = { preset: "strict" };'],
  ["pt2lint.config.ts", 'const preset: string = "strict";\nexport default { preset } as { preset: string };'],
])("reads %s", async (name, text) => {
  expect(await readConfig(write(name, text))).toEqual({ preset: "strict" });
});

it.each([
  ["pt2lint.json", "{ preset: 1 }", /pt2lint\.json: is no JSON \(.+\)$/],
  ["pt2lint.config.mjs", "export const preset = 1;", /exports nothing by default; write 'export default/],
  ["pt2lint.config.ts", "export const preset = 1;", /exports nothing by default/],
  ["pt2lint.config.mjs", "throw new Error('no luck')", /pt2lint\.config\.mjs: no luck/],
  [
    "pt2lint.config.mjs",
    "import 'pt2lint'; export default {}",
    /; install pt2lint in the folder of the config, or/,
  ],
])("says why %s cannot be read: %s", async (name, text, message) => {
  const failure = readConfig(write(name, text));
  await expect(failure).rejects.toBeInstanceOf(ConfigError);
  await expect(failure).rejects.toThrow(message);
});

it.each(["here.ts", "here.mjs", "here.json"])("is read by a path that is relative: %s", async (name) => {
  const path = write(name, name.endsWith(".json") ? "{}" : "export default {};");
  expect(await readConfig(relative(process.cwd(), path))).toEqual({});
});

it("says that a named config is missing", async () => {
  await expect(readConfig(join(folder, "absent.json"))).rejects.toThrow(/absent\.json: no such file/);
  await expect(readConfig(folder)).rejects.toThrow(/: is no file$/);
});

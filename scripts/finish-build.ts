/**
 * After tsdown: `dist/pt2lint.cjs` is the whole package in one file, which loads fastest. This puts an ES module with
 * the API's names in front of it, and leaves beside it what V8 compiled of it for the Node that runs now.
 *
 *   tsx scripts/finish-build.ts [FOLDER of the package]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));
const FIXTURES = join(SOURCES, "fixtures");
const PACKAGE = resolve(process.argv[2] ?? SOURCES);
const dist = (name: string): string => join(PACKAGE, "dist", name);

/** ASCII takes half the memory of other text. Within strings, templates and patterns, escapes mean the same. */
function toAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `import()` in code that comes out of a cache makes Node 20 print a warning, so a file of its own does it. */
function importElsewhere(text: string): string {
  return text.replace(/\bawait import\(/g, 'await require("./import.cjs")(');
}

/** The licenses of the packages that are part of the file (`noExternal` in tsdown.config.ts). */
function licenses(): string {
  const text = (name: string) => readFileSync(join(SOURCES, "node_modules", name), "utf8");
  return ["unzipit/LICENSE.md", "@dagrejs/graphlib/LICENSE"]
    .map((name) => `${name}\n\n${text(name)}`)
    .join("\n");
}

/** By `require`, since an `import` of names would have Node search the whole file for them. */
function facade(names: readonly string[]): string {
  return [
    'import { createRequire } from "node:module";',
    'const api = createRequire(import.meta.url)("./pt2lint.cjs");',
    `export const { ${names.join(", ")} } = api;`,
    "",
  ].join("\n");
}

const bundle = dist("pt2lint.cjs");
writeFileSync(bundle, toAscii(importElsewhere(readFileSync(bundle, "utf8"))));
writeFileSync(dist("import.cjs"), "module.exports = (specifier) => import(specifier);\n");
writeFileSync(dist("licenses.txt"), licenses());

const { CACHE, load }: typeof import("../bin/load.js") = await import(
  pathToFileURL(join(PACKAGE, "bin/load.js")).href
);
setFlagsFromString("--no-flush-bytecode");
const { exports, script } = load();
const names = Object.keys(exports).filter((name) => name !== "main");
writeFileSync(dist("index.js"), facade(names.sort()));

// What has been compiled by then goes into the cache: lint once in each common way. V8 must not forget on the way what
// ran only once; and a cache made with other flags than its reader's is refused.
for (const format of ["stylish", "json"]) {
  await exports.main(["--preset", "all", "--color", "-f", format, "-o", devNull, FIXTURES]);
}
process.exitCode = 0;
setFlagsFromString("--flush-bytecode");
writeFileSync(CACHE, script.createCachedData());

#!/usr/bin/env node
const { existsSync, readFileSync } = require("node:fs");
const { CACHE, load } = require("./load.js");

/** The cache of the build, when this Node made it; else Node 22 and later keep one of their own. */
function loadMain() {
  if (existsSync(CACHE)) return load(readFileSync(CACHE)).exports.main;
  require("node:module").enableCompileCache?.();
  return require("../dist/pt2lint.cjs").main;
}

// When nothing is left to do, at once: Node would first take its heap apart piece by piece.
process.once("beforeExit", (code) => process.exit(code));
loadMain()(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

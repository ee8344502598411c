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
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  // Many systems bring an older one along; what it lacks would look like a bug.
  process.stderr.write(
    `pt2lint: needs Node 20.19 or newer, and this is ${process.version} (nodejs.org has newer ones)\n`,
  );
  process.exitCode = 2;
} else {
  loadMain()(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}

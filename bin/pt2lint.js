#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { CACHE, load } from "./load.js";

/** The cache of the build, when this Node made it; else Node 22 and later keep one of their own. */
async function main() {
  if (existsSync(CACHE)) return load(readFileSync(CACHE)).exports.main;
  module.enableCompileCache?.();
  return (await import("../dist/pt2lint.cjs")).main;
}

process.exitCode = await (await main())(process.argv.slice(2));

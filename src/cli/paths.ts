import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { didYouMean } from "../lint/closest.ts";
import { UsageError } from "./arguments.ts";
import { commands } from "./commands.ts";

/** What is searched for in folders; documents (.json) are read only when they are named. */
const PROGRAM = "*.pt2";
const IGNORED = ["**/node_modules/**", "**/.git/**"];

/**
 * The files that the user's paths stand for, as the user wrote them, each once, in the order given. A path
 * that stands for nothing is an error: a typo must not look like a clean result.
 */
export async function expandPaths(patterns: readonly string[], cwd: string): Promise<string[]> {
  const files = new Map<string, string>();
  for (const pattern of patterns) {
    for (const file of await filesOf(pattern, cwd)) {
      const key = resolve(cwd, file);
      if (!files.has(key)) files.set(key, file);
    }
  }
  return [...files.values()];
}

async function filesOf(pattern: string, cwd: string): Promise<readonly string[]> {
  // A name that exists is that name, also when it looks like a pattern.
  const stats = statSync(resolve(cwd, pattern), { throwIfNoEntry: false });
  if (stats === undefined) return isGlob(pattern) ? filesOfGlob(pattern, cwd) : fail(pattern);
  return stats.isDirectory() ? filesOfFolder(pattern, cwd) : [pattern];
}

function fail(path: string): never {
  if (Object.hasOwn(commands, path)) {
    const hint = `for the command, write it first: pt2lint ${path} ...`;
    throw new UsageError(`${path}: no such file or folder`, hint);
  }
  const near = path.includes(".") || path.includes("/") ? "" : didYouMean(path, Object.keys(commands));
  throw new UsageError(`${path}: no such file or folder${near.replace("mean", "mean the command")}`);
}

const isGlob = (pattern: string): boolean => /[*?{}[\]!()]/.test(pattern);

async function filesOfFolder(folder: string, cwd: string): Promise<readonly string[]> {
  const { glob, escapePath } = await import("tinyglobby");
  const start = resolve(cwd, folder);
  const own = relative(start, ownFolder()).split(sep).join("/");
  const ignore = own === "" || own.startsWith("..") ? IGNORED : [...IGNORED, `${escapePath(own)}/**`];
  const found = await glob(`**/${PROGRAM}`, { cwd: start, ignore });
  if (found.length === 0) throw new UsageError(`${folder}: no .pt2 file in this folder`);
  return found.sort(byName).map((file) => join(folder, file));
}

/** The clone that this runs from: within a repository that is linted, its fixtures are none of the user's programs. */
const ownFolder = (): string => dirname(createRequire(import.meta.url).resolve("pt2lint/package.json"));

async function filesOfGlob(pattern: string, cwd: string): Promise<readonly string[]> {
  const { glob } = await import("tinyglobby");
  const all = await glob(pattern, { cwd, ignore: IGNORED, expandDirectories: false });
  // `exports/*` means the programs in it; a pattern that ends in .json names documents.
  const wanted = extname(pattern);
  const found = all.filter((file) => file.endsWith(".pt2") || (wanted === ".json" && file.endsWith(".json")));
  if (found.length > 0) return found.sort(byName);
  const others = all.length === 0 ? "nothing matches" : "no .pt2 file matches";
  throw new UsageError(`${pattern}: ${others} this pattern`);
}

/** By code units, so that the order is the same everywhere. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

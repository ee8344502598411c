import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "./config.ts";

/** The names a config may have, the first that exists wins. */
export const configNames = ["pt2lint.config.ts", "pt2lint.config.mjs", "pt2lint.config.js", "pt2lint.json"];

/** The config that applies in `cwd`: in the nearest folder upward that has one; null when none has. */
export function findConfig(cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    for (const name of configNames) {
      const path = join(folder, name);
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
    }
    if (folder === dirname(folder)) return null;
  }
}

/** What a config file holds, unchecked: `resolveConfig` checks it. Throws a `ConfigError`. */
export async function readConfig(path: string): Promise<unknown> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw new ConfigError([`${path}: ${stats ? "is no file" : "no such file"}`]);
  try {
    switch (extname(path)) {
      case ".json":
        return parseJson(readFileSync(path, "utf8"));
      case ".ts":
      case ".mts":
        return await importTypeScript(path);
      default:
        return defaultOf(await import(pathToFileURL(path).href));
    }
  } catch (error) {
    throw new ConfigError([`${path}: ${messageOf(error)}`]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`is no JSON (${messageOf(error)})`);
  }
}

/** Node 20 strips no types; jiti does, and is loaded only for such a config. */
async function importTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(import.meta.url, { alias: ownName(), interopDefault: false });
  return defaultOf(await jiti.import(resolve(path)));
}

/** Lets a config import "pt2lint" when it runs through npx and is installed nowhere near the config. */
function ownName(): Record<string, string> {
  try {
    return { pt2lint: createRequire(import.meta.url).resolve("pt2lint") };
  } catch {
    return {};
  }
}

function defaultOf(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  if (exported === undefined) throw new Error("exports nothing by default; write 'export default { ... }'");
  return exported;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(Unexpected token 'export'|Cannot use import statement)/.test(message)) {
    return `${message}; a config with 'export default' is named pt2lint.config.mjs`;
  }
  if (!/Cannot find (package|module) '?"?pt2lint/.test(message)) return message;
  return `${message}; install pt2lint in the folder of the config, or export a plain object without importing it`;
}

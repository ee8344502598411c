import { rules } from "../../rules/index.generated.ts";
import { type PresetName, type ResolvedConfig, resolveConfig } from "../lint/config.ts";
import { findConfig, readConfig } from "../lint/config-file.ts";
import { shortPath } from "../report/locate.ts";
import { UsageError } from "./arguments.ts";

/** What the command line says of the config. */
export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly preset?: PresetName | undefined;
  /** Each `ID=LEVEL`. */
  readonly rule?: readonly string[];
}

/** The config that applies here, merged with the flags. */
export async function loadConfig(flags: ConfigFlags, cwd: string): Promise<ResolvedConfig> {
  const overrides = { preset: flags.preset, rules: (flags.rule ?? []).map(splitSetting) };
  const path = flags.config ?? findConfig(cwd);
  if (path === null) return resolveConfig({}, { rules, overrides });
  return resolveConfig(await readConfig(path), { rules, overrides, origin: shortPath(path, cwd) });
}

function splitSetting(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--rule takes ID=LEVEL, such as cond/arity=off, not ${JSON.stringify(text)}`);
}

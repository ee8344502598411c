/** The command line as a user has it, for tests: built, and run in a process of its own. */
import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsdown";
import { expect } from "vitest";
import config from "../../tsdown.config.ts";

export const root = join(import.meta.dirname, "../..");
/** A package of its own, inside node_modules so that it finds the packages it leaves outside. */
export const built = join(root, "node_modules", `.pt2lint-cli-test-${process.pid}`);
export const cliFile = join(built, "bin/pt2lint.js");

export async function buildCli(): Promise<void> {
  await build({ ...config[0], config: false, outDir: join(built, "dist"), logLevel: "silent" });
  for (const part of ["bin", "package.json"])
    cpSync(join(root, part), join(built, part), { recursive: true });
  const finish = ["--import", "tsx", join(root, "scripts/finish-build.ts"), built];
  const { status, stderr } = spawnSync(process.execPath, finish, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

export function removeBuild(): void {
  rmSync(built, { recursive: true, force: true });
}

/** The variables that would change the output are the developer's, not the test's. */
const { NO_COLOR: _no, FORCE_COLOR: _force, PT2LINT_DEBUG: _debug, ...inherited } = process.env;

/** Runs the command line in the folder `cwd`. */
export function runCli(cwd: string, argv: readonly string[]) {
  const options: SpawnSyncOptions = { cwd, env: inherited, encoding: "utf8" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cliFile, ...argv], options);
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

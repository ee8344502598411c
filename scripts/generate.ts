/** Runs every generator; CI fails when that changes a file. The facts they read are made by scripts/facts/*.py. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

for (const name of [
  "generate-schema",
  "generate-wasm",
  "generate-ops",
  "generate-calls",
  "generate-rules",
  "generate-coverage",
  "generate-command-line",
]) {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync("npx", ["tsx", script], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}

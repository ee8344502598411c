/** The scripts in the shells that are for them. Only bash is on every machine that tests. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCli, cliFile, removeBuild, root, runCli } from "./testing.ts";

beforeAll(buildCli);
afterAll(removeBuild);

it.each(["bash", "zsh", "fish"])("$SHELL chooses the script of %s", (shell) => {
  const argv = [cliFile, "completion"];
  const env = { ...process.env, SHELL: `/usr/bin/${shell}` };
  const { stdout } = spawnSync(process.execPath, argv, { env, encoding: "utf8" });
  expect(stdout).toBe(runCli(root, ["completion", shell]).stdout);
  expect(stdout).toContain(`# ${shell} completion for pt2lint`);
});

it("is refused where $SHELL names another", () => {
  const env = { ...process.env, SHELL: "/bin/dash" };
  const { status, stderr } = spawnSync(process.execPath, [cliFile, "completion"], { env, encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toBe(
    "pt2lint: $SHELL names no shell that there is a script for\n  name one of bash, zsh, fish\n",
  );
});

describe.skipIf(process.platform === "win32")("bash", () => {
  it.each([
    [["sh"], ["show"]],
    [["a.pt2", "--rule", "=", "cond/ari"], ["cond/arity="]],
    [["explain", "cond/ari"], ["cond/arity"]],
    [["absent.p"], []],
  ])("completes %j with the script", (words, expected) => {
    const script = `
      pt2lint() { "${process.execPath}" "${cliFile}" "$@"; }
      source <(pt2lint completion bash)
      COMP_WORDS=(pt2lint "$@") COMP_CWORD=$#
      _pt2lint pt2lint
      for word in "\${COMPREPLY[@]}"; do echo "$word"; done`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "bash", ...words], {
      encoding: "utf8",
    });
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual(expected);
    expect(stderr).toBe("");
  });
});

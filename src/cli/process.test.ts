/** What surrounds the command line: the Node that runs it, and where its output goes. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildCli, cliFile, removeBuild, root } from "./testing.ts";

const PROGRAM = join(root, "fixtures/whisper_decoder_aliasing.pt2");
let folder = "";

beforeAll(async () => {
  await buildCli();
  folder = mkdtempSync(join(tmpdir(), "pt2lint-process-"));
});

afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(!existsSync("/dev/full"))("a full disk behind standard output is told, and is no success", () => {
  const full = openSync("/dev/full", "w");
  for (const argv of [[PROGRAM], ["show", PROGRAM], ["--help"]]) {
    const { status, stderr } = spawnSync(process.execPath, [cliFile, ...argv], {
      cwd: folder,
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "pt2lint: cannot write to standard output: no space left on the device\n",
    });
  }
  closeSync(full);
});

it("an older Node is refused, and told which is needed", () => {
  const old = 'Object.defineProperty(process.versions, "node", { value: "18.19.1" });';
  writeFileSync(join(folder, "old.cjs"), old);
  const argv = ["--require", join(folder, "old.cjs"), cliFile, PROGRAM];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^pt2lint: needs Node 20\.19 or newer, and this is v\d/);
});

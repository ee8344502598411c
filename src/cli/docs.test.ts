/** What the docs show of the command line is what it prints. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programFromText, writeDocument } from "../index.ts";
import { buildCli, built, removeBuild, root, runCli } from "./testing.ts";

beforeAll(buildCli);
afterAll(removeBuild);

const pages = ["README.md", "docs/cross-attention-cache.md"];

/** The blocks of a page that begin with a command. */
function sessionsOf(page: string): { page: string; argv: string[]; shown: string }[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = text.matchAll(/^```\n\$ npx pt2lint (.*)\n((?:(?!```).*\n)*)```$/gm);
  return [...blocks].map(([, command = "", shown = ""]) => ({ page, argv: command.split(" "), shown }));
}

/** How many rules there are, and how long they took, changes. */
const steady = (text: string): string => text.replace(/\d+ rules, \d+ ms/g, "N rules, N ms");

describe("a session in the docs", () => {
  const sessions = pages.flatMap(sessionsOf);

  it("stands on each of the pages", () => {
    expect(new Set(sessions.map(({ page }) => page))).toEqual(new Set(pages));
  });

  it.each(sessions)("is what is printed: $page, $argv", ({ argv, shown }) => {
    expect(steady(runCli(root, argv).stdout)).toBe(steady(shown));
  });
});

describe("docs/writing-a-pass.md", () => {
  const blocks = [
    ...readFileSync(join(root, "docs/writing-a-pass.md"), "utf8").matchAll(/^```js\n([\s\S]*?)^```$/gm),
  ];
  const { program } = programFromText(`
def forward(p: "b8[]", x: "f32[2, 3]"):
    silu: "f32[2, 3]" = torch.ops.aten.silu.default(x)
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (silu,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    silu: "f32[2, 3]" = torch.ops.aten.silu.default(x)
    return (silu,)

def false_graph_0(x: "f32[2, 3]"):
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(x, 1)
    return (add,)
`);
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pt2lint-docs-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(built, join(folder, "node_modules/pt2lint"));
    writeFileSync(join(folder, "model.pt2"), writeDocument(program.document));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (code: string) => {
    writeFileSync(join(folder, "block.mjs"), code);
    const { stdout, stderr } = spawnSync(process.execPath, ["block.mjs"], { cwd: folder, encoding: "utf8" });
    return { stdout, stderr };
  };
  const targets = () =>
    JSON.parse(runCli(folder, ["ops", "model.json", "-f", "json"]).stdout).operators.map(
      ({ target, nodes }: { target: string; nodes: number }) => `${nodes} ${target}`,
    );

  it("has a pass that changes branches too, and leaves nothing to find", () => {
    expect(run(blocks[0]![1]!)).toEqual({ stdout: "", stderr: "" });
    expect(targets()).toEqual([
      "2 torch.ops.aten.mul.Tensor",
      "2 torch.ops.aten.sigmoid.default",
      "1 torch.ops.aten.add.Tensor",
      "1 torch.ops.higher_order.cond",
    ]);
  });

  it("tells what a pass finds that forgets the metadata", () => {
    const { stdout } = run(blocks[0]![1]!.replace(/^.*tensor_values\.set.*\n/m, ""));
    expect(stdout).toMatch(/^error graph\/missing-metadata .*silu_sigmoid/);
  });

  it("has a test that runs", () => {
    expect(run(blocks[1]![1]!)).toEqual({ stdout: "0\n", stderr: "" });
  });
});

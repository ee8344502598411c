/** What the docs show of the command line is what it prints. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCli, removeBuild, root, runCli } from "./testing.ts";

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

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OptionSpec } from "./command-spec.ts";
import { commands } from "./commands.ts";
import { readFully } from "./read-fully.ts";
import { readQuickly } from "./read-quickly.ts";

const ruleIds = async () => ["cond/arity", "cond/predicate-type", "cache/update-unused"];
const read = (...argv: string[]) => readFully(argv, 80, ruleIds);

async function textOf(...argv: string[]): Promise<string> {
  const reading = await read(...argv);
  if (!("text" in reading)) throw new Error("a command was read, not a text");
  return reading.text;
}

const every: readonly [string, OptionSpec][] = Object.values(commands).flatMap(({ options }) =>
  Object.entries(options as Record<string, OptionSpec>),
);

/** Words that command lines are made of, good and bad ones. */
const word = fc.oneof(
  fc.constantFrom(
    ...Object.keys(commands),
    "a.pt2",
    "b/c.pt2",
    "*.pt2",
    "12",
    "1e3",
    "0x1",
    "-",
    "--",
    "-1",
    "",
  ),
  fc.constantFrom("help", "zsh", "true", "false", "'q'", '"', "a=b", "--help", "--version", "-h", "--nope"),
  fc.constantFrom(...every.map(([name]) => `--${name}`), ...every.map(([name]) => `--no-${name}`)),
  fc.constantFrom(...every.map(([, { alias }]) => `-${alias ?? "z"}`), "-fjson", "-f=json", "--format.x"),
  fc.constantFrom(...every.flatMap(([, { choices }]) => choices ?? []), "cond/arity=off", "3", "007", "-3"),
  fc
    .tuple(fc.constantFrom(...every), fc.constantFrom("json", "all", "", "5", "x=y", "false", "true", "a\nb"))
    .map(([[name], value]) => `--${name}=${value}`),
);

describe("the two readers", () => {
  it("agree wherever the quick one answers", async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (argv) => {
        const quick = readQuickly(argv);
        fc.pre(quick !== null);
        answered++;
        expect(await read(...argv)).toEqual(quick);
      }),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(100);
  });

  it.each([
    ["a.pt2"],
    ["lint", "a.pt2", "b.pt2"],
    ["a.pt2", "--format", "json", "-o", "out.json", "--quiet", "--max-warnings=0"],
    ["a.pt2", "--rule", "cond/arity=off", "--rule=cache/*=error", "--no-color"],
    ["show", "a.pt2"],
    ["rules", "-f", "json"],
    ["completion"],
    ["completion", "fish"],
    ["explain", "cond/arity"],
  ])("read %s quickly", async (...argv) => {
    const quick = readQuickly(argv);
    expect(quick).not.toBeNull();
    expect(await read(...argv)).toEqual(quick);
  });
});

describe("yargs", () => {
  it("takes what the quick reader leaves", async () => {
    expect(await read("-f=json", "a.pt2")).toMatchObject({ command: "lint", options: { format: "json" } });
    expect(await read("--", "-odd.pt2")).toMatchObject({ command: "lint", operands: ["./-odd.pt2"] });
    expect(await read("--", "show", "a.pt2")).toMatchObject({
      command: "lint",
      operands: ["./show", "a.pt2"],
    });
    expect(await read("show", "--", "show")).toMatchObject({ command: "show", operands: ["show"] });
  });

  it.each([
    [["a.pt2", "--nope"], /unknown option --nope$/],
    [["a.pt2", "--formt=json"], /unknown option --formt; did you mean "--format"\?/],
    [["a.pt2", "--format", "xml"], /^--format xml: it must be one of stylish, json, sarif, github, junit$/],
    [["a.pt2", "--format", "json", "-f", "sarif"], /--format was given 2 times/],
    [["a.pt2", "--max-warnings", "few"], /--max-warnings takes a number from 0 up, not "few"/],
    [["a.pt2", "--max-warnings=-1"], /--max-warnings takes a number from 0 up, not "-1"/],
    [["a.pt2", "--output-file"], /^--output-file needs a value$/],
    [["a.pt2", "-o"], /^-o needs a value$/],
    [["-"], /^programs are not read from standard input$/],
    [["lint", "a.pt2", "-"], /^programs are not read from standard input$/],
    [[], /^a path is missing$/],
    [["show", "--no-color"], /^a path is missing$/],
    [["explain"], /^the id of a rule is missing$/],
    [["--versoin"], /^unknown option --versoin; did you mean "--version"\?$/],
    [["show", "--configs=a.json"], /^unknown option --configs; did you mean "--config"\?$/],
    [["show", "a.pt2", "b.pt2"], /^b\.pt2 is one path too many$/],
    [["rules", "x"], /^x is nothing that this command takes$/],
    [["a.pt2", "-z"], /^unknown option -z$/],
    [["explain", ""], /an empty rule was given/],
    [["completion", "zhs"], /^zhs: it must be one of bash, zsh, fish; did you mean "zsh"\?$/],
    [["completion", "zsh", "fish"], /^fish is one shell too many$/],
  ])("refuses %j", async (argv, message) => {
    await expect(read(...argv)).rejects.toThrow(message);
    await expect(read(...argv)).rejects.toHaveProperty("name", "UsageError");
  });

  it("writes the help that the repository shows", async () => {
    await expect(await textOf("--help")).toMatchFileSnapshot("./__golden__/help.txt");
    for (const name of Object.keys(commands)) {
      await expect(await textOf(name, "--help")).toMatchFileSnapshot(`./__golden__/help-${name}.txt`);
    }
  });

  it("says the version", async () => {
    expect(await textOf("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["li"], ["lint"]],
    [["--ba"], ["--baseline"]],
    [
      ["lint", "a.pt2", "--no-"],
      ["--no-inline", "--no-color"],
    ],
    [["lint", "--u"], ["--update-baseline"]],
    [
      ["a.pt2", "-f", "s"],
      ["stylish", "sarif"],
    ],
    [
      ["a.pt2", "--format", "j"],
      ["json", "junit"],
    ],
    [
      ["init", "--ci", ""],
      ["github", "none"],
    ],
    [
      ["init", "--"],
      ["--ci", "--paths", "--force", "--help", "--version"],
    ],
    [
      ["explain", "cond/"],
      ["cond/arity", "cond/predicate-type"],
    ],
    [["a.pt2", "--rule", "cond/ar"], ["cond/arity="]],
    [["a.pt2", "--rule", "cond/arity=o"], ["cond/arity=off"]],
    [["a.pt2", "--rule=cond/ar"], ["--rule=cond/arity="]],
    [["--format=j"], ["--format=json", "--format=junit"]],
    [["--quiet=j"], []],
    [["completion", "z"], ["zsh"]],
    [["a.pt2", "--baseline", "kn"], []],
    [["a.pt2", "b"], []],
  ])("completes %j", async (words, expected) => {
    const text = await textOf("--get-completions", "zsh", ...words);
    expect(text).toBe(expected.map((word) => `${word}\n`).join(""));
  });

  it.each([
    [["a.pt2", "-f", "sa"], "sarif"],
    [["a.pt2", "--format", "=", "sa"], "sarif"],
    [["a.pt2", "--rule", "=", "cond/ar"], "cond/arity="],
    [["a.pt2", "--rule", "cond/arity", "=", "o"], "off"],
    [["a.pt2", "--rule", "=", "cond/arity", "=", "o"], "off"],
    [["a.pt2", "--rule=cond/ar"], "--rule=cond/arity="],
  ])("completes %j for bash, which splits at =", async (words, expected) => {
    expect(await textOf("--get-completions", "bash", ...words)).toBe(`${expected}\n`);
  });
  it("offers all that stands behind = for bash", async () => {
    expect(await textOf("--get-completions", "bash", "--format", "=")).toBe(
      "stylish\njson\nsarif\ngithub\njunit\n",
    );
  });
});

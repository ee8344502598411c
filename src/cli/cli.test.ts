import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildCli, built, cliFile, removeBuild, root, runCli } from "./testing.ts";

const fixtures = join(root, "fixtures");
let folder = "";

beforeAll(async () => {
  await buildCli();
  folder = mkdtempSync(join(tmpdir(), "pt2lint-cli-"));
  cpSync(join(fixtures, "whisper_decoder_aliasing.pt2"), join(folder, "aliasing.pt2"));
  mkdirSync(join(folder, "models/deep"), { recursive: true });
  cpSync(join(fixtures, "whisper_decoder_any.pt2"), join(folder, "models/clean.pt2"));
  cpSync(join(fixtures, "whisper_decoder_flag.pt2"), join(folder, "models/deep/[flag].pt2"));
  writeFileSync(join(folder, "models/notes.txt"), "not a program");
  writeFileSync(join(folder, "half.pt2"), readFileSync(join(folder, "aliasing.pt2")).subarray(0, 900));
});

afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => rmSync(join(folder, "pt2lint.json"), { force: true }));

const pt2lint = (...argv: string[]) => runCli(folder, argv);

const pathsIn = (json: string): string[] =>
  JSON.parse(json).results.map(({ path }: { path: string }) => path);

describe("exit codes", () => {
  it("is 0 when nothing is found", () => {
    const { status, stdout, stderr } = pt2lint("models/clean.pt2");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^models\/clean\.pt2 {3}torch 2\.13\S* · schema 8\.20 · TRAINING · \d+ nodes/);
  });

  it("is 1 for errors, with the line of Python", () => {
    const { status, stdout, stderr } = pt2lint("aliasing.pt2");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toMatch(/error .*cond\/branch-aliases-input\n(.*\n)? *┌─ .*whisper_attention\.py:\d+ in /);
  });

  it("is 1 for a file that is no program: that is a finding", () => {
    const { status, stdout } = pt2lint("half.pt2", "-f", "json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout).results[0].diagnostics[0].rule).toMatch(/^archive\//);
  });

  it("is 0 when the rules are off", () => {
    expect(pt2lint("aliasing.pt2", "--rule", "*=off").status).toBe(0);
  });

  it("is 1 for more warnings than are allowed, and says so", () => {
    const flags = ["aliasing.pt2", "--rule", "*=off", "--rule", "cond/branch-aliases-input=warning"];
    expect(pt2lint(...flags).status).toBe(0);
    expect(pt2lint(...flags, "--max-warnings", "100").status).toBe(0);
    const { status, stderr } = pt2lint(...flags, "--max-warnings", "1", "--quiet");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pt2lint: \d+ warnings, more than --max-warnings 1\n$/);
  });

  it.each([
    [["nowhere.pt2"], /^pt2lint: nowhere\.pt2: no such file or folder\n$/],
    [["*.nothing"], /^pt2lint: \*\.nothing: nothing matches this pattern\n$/],
    [["models/*.txt"], /no \.pt2 file matches this pattern/],
    [["shwo"], /did you mean the command "show"\?/],
    [["--quiet", "show", "aliasing.pt2"], /for the command, write it first: pt2lint show/],
    [
      ["--quiet=true", "show", "aliasing.pt2"],
      /--quiet is no option of this command, or stands before its name/,
    ],
    [["aliasing.pt2", "--nope"], /^pt2lint: unknown option --nope\n {2}run 'pt2lint --help'/],
    [["aliasing.pt2", "--rule", "cond/arity"], /--rule takes ID=LEVEL/],
    [["aliasing.pt2", "--rule", "cond/artiy=off"], /no such rule; did you mean "cond\/arity"\?/],
    [["aliasing.pt2", "-c", "absent.json"], /absent\.json: no such file/],
    [["explain", "cond/artiy"], /did you mean "cond\/arity"\?/],
    [["explain", "cond"], /^pt2lint: cond is a family; name one of its rules\n {2}cond\/arity\n/],
    [["show", "half.pt2"], /^pt2lint: half\.pt2: /],
    [["show", "nowhere.pt2"], /nowhere\.pt2: no such file or folder/],
  ])("is 2 for %j, with a clear line", (argv, message) => {
    const { status, stdout, stderr } = pt2lint(...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("bug of pt2lint");
  });

  it("is 2 without arguments, with the help on standard error", () => {
    const { status, stdout, stderr } = pt2lint();
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("Exit codes: 0 clean;");
  });
});

describe("paths", () => {
  it("are files, folders and globs, each file once, in the order given", () => {
    const { stdout } = pt2lint("-f", "json", "models/deep", "models", "**/clean.pt2", "aliasing.pt2");
    expect(pathsIn(stdout)).toEqual(["models/deep/[flag].pt2", "models/clean.pt2", "aliasing.pt2"]);
  });

  it("may look like patterns", () => {
    expect(pathsIn(pt2lint("-f", "json", "models/deep/[flag].pt2").stdout)).toEqual([
      "models/deep/[flag].pt2",
    ]);
  });
});

describe("output", () => {
  it("goes to a file that is replaced as a whole", () => {
    writeFileSync(join(folder, "out.json"), "old");
    expect(pt2lint("aliasing.pt2", "-f", "json", "-o", "out.json")).toEqual({
      status: 1,
      stdout: "",
      stderr: "",
    });
    expect(JSON.parse(readFileSync(join(folder, "out.json"), "utf8")).schemaVersion).toBe(1);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("leaves a link a link", () => {
    writeFileSync(join(folder, "target.json"), "old");
    symlinkSync("target.json", join(folder, "link.json"));
    expect(pt2lint("models/clean.pt2", "-f", "json", "-o", "link.json").status).toBe(0);
    expect(lstatSync(join(folder, "link.json")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, "target.json"), "utf8")).toContain('"schemaVersion"');
  });

  it.each([
    ["absent/out.json", /cannot write absent\/out\.json: no such folder/],
    ["models", /cannot write models: it is a folder/],
  ])("says why it cannot write %s", (file, message) => {
    const { status, stderr } = pt2lint("aliasing.pt2", "-o", file);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, "absent"))).toBe(false);
  });

  it("has colour only when asked for", () => {
    expect(pt2lint("aliasing.pt2").stdout).not.toContain("\u001b");
    expect(pt2lint("aliasing.pt2", "--color").stdout).toContain("\u001b[31m");
    expect(pt2lint("aliasing.pt2", "--color", "-f", "json").stdout).not.toContain("\u001b");
  });

  it("survives a reader that leaves", async () => {
    const child = spawn(process.execPath, [cliFile, "show", "aliasing.pt2"], {
      cwd: folder,
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("a config", () => {
  it("is found and named when it is wrong", () => {
    writeFileSync(join(folder, "pt2lint.json"), '{ "preset": "stric" }');
    const { status, stderr } = pt2lint("aliasing.pt2");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^pt2lint: pt2lint\.json: preset: .*did you mean "strict"\?/);
  });

  it("sets rules, and flags win", () => {
    writeFileSync(join(folder, "pt2lint.json"), '{ "rules": { "*": "off" } }');
    expect(pt2lint("aliasing.pt2").status).toBe(0);
    expect(pt2lint("aliasing.pt2", "--rule", "cond/branch-aliases-input=error").status).toBe(1);
  });

  it("brings a third party's rule", () => {
    const rule = `{ id: "house/no-cond", severity: "error", presets: ["recommended"], summary: "No cond",
      description: "None.", data: {}, messages: { found: "a cond" }, examples: { valid: [], invalid: [] },
      create: (ctx) => ({ targets: { "torch.ops.higher_order.cond": (at) => ctx.report({ at, message: "found" }) } }) }`;
    writeFileSync(join(folder, "house.mjs"), `export default { plugins: [{ rules: [${rule}] }] };`);
    const only = ["--rule", "*=off", "--rule", "house/*=error"];
    const { status, stdout } = pt2lint("models/clean.pt2", "-c", "house.mjs", "-f", "json", ...only);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).results[0].diagnostics[0]).toMatchObject({
      rule: "house/no-cond",
      message: "a cond",
    });
    expect(pt2lint("explain", "house/no-cond", "-c", "house.mjs").stdout).toContain("No cond");
  });

  it("has its crash reported as one, and the stack only for those who ask", () => {
    const rule = `{ id: "house/crash", severity: "error", presets: ["recommended"], summary: "", description: "",
      data: {}, messages: {}, create() { throw new TypeError("boom"); } }`;
    writeFileSync(join(folder, "crash.mjs"), `export default { plugins: [{ rules: [${rule}] }] };`);
    const { status, stdout, stderr } = pt2lint("aliasing.pt2", "-c", "crash.mjs");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/bug of pt2lint: .*boom\n.*PT2LINT_DEBUG=1/);
    expect(stderr).not.toContain("    at ");
  });
});

describe("the other commands", () => {
  it("show prints the program with its findings", () => {
    const { status, stdout } = pt2lint("show", "aliasing.pt2");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ExportedProgram:\n/);
    expect(stdout).toContain("# error cond/branch-aliases-input: ");
  });

  it("rules lists each rule once", () => {
    const rules: { id: string; level: string }[] = JSON.parse(pt2lint("rules", "-f", "json").stdout);
    expect(rules).toContainEqual(
      expect.objectContaining({ id: "cond/branch-aliases-input", level: "error" }),
    );
    const { status, stdout } = pt2lint("rules");
    expect(status).toBe(0);
    for (const { id } of rules) expect(stdout.split(`${id} `)).toHaveLength(2);
  });

  it("explain tells of a rule", () => {
    const { status, stdout } = pt2lint("explain", "cond/branch-aliases-input");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^cond\/branch-aliases-input\n/);
    expect(stdout).toContain("operand");
  });

  it("a config that is a module is told its name", () => {
    mkdirSync(join(folder, "commonjs"));
    writeFileSync(join(folder, "commonjs/package.json"), '{ "type": "commonjs" }');
    writeFileSync(join(folder, "commonjs/pt2lint.config.js"), "export default {};");
    const { status, stderr } = pt2lint("aliasing.pt2", "-c", "commonjs/pt2lint.config.js");
    expect(status).toBe(2);
    expect(stderr).toMatch(/; a config with 'export default' is named pt2lint\.config\.mjs\n$/);
  });

  it("show colours findings where it is asked to", () => {
    const { stdout } = pt2lint("show", "aliasing.pt2", "--no-color");
    const colored = pt2lint("show", "aliasing.pt2", "--color").stdout;
    expect(stdout).not.toContain("\u001b");
    expect(colored.match(/\u001b\[31m\u001b\[1m# error cond\/branch-aliases-input: /g)).toHaveLength(4);
    expect(colored.replace(/\u001b\[\d+m/g, "")).toBe(stdout);
  });

  it("completion and --version answer on standard output", () => {
    expect(pt2lint("completion", "fish").stdout).toMatch(/^# fish completion for pt2lint/);
    expect(pt2lint("--get-completions", "fish", "explain", "cond/ar").stdout).toBe("cond/arity\n");
    expect(pt2lint("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("the build's cache", () => {
  const dist = () => join(built, "dist");
  const cache = () => readdirSync(dist()).find((name) => name.endsWith(".cache"))!;

  it("is accepted by the Node that made it", () => {
    const check = `
      import { readFileSync } from "node:fs";
      import { CACHE, load } from ${JSON.stringify(pathToFileURL(join(built, "bin/load.js")).href)};
      console.log(load(readFileSync(CACHE)).script.cachedDataRejected);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", check], {
      encoding: "utf8",
    });
    expect(stdout).toBe("false\n");
  });

  it("changes nothing when it is damaged, empty or not there", () => {
    const file = join(dist(), cache());
    const whole = readFileSync(file);
    const clean = pt2lint("-f", "github", "aliasing.pt2");
    expect(clean.status).toBe(1);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 0, 64);
    for (const bytes of [damaged, whole.subarray(0, 100), Buffer.alloc(0), null]) {
      rmSync(file);
      if (bytes !== null) writeFileSync(file, bytes);
      expect(pt2lint("-f", "github", "aliasing.pt2")).toEqual(clean);
      writeFileSync(file, whole);
    }
  });

  it("leaves a rule in a config with the classes that the API exports", () => {
    const index = pathToFileURL(join(dist(), "index.js")).href;
    writeFileSync(
      join(folder, "pt2lint.config.mjs"),
      `import { defineRule, Node } from ${JSON.stringify(index)};
      const rule = defineRule({
        id: "own/class", severity: "error", presets: ["recommended"], summary: "s", description: "d", data: {},
        messages: { same: "the same class" }, examples: { valid: [], invalid: [] },
        create: (ctx) => ({ program: () => {
          if (ctx.program.main.nodes[0] instanceof Node) ctx.report({ at: null, message: "same" });
        } }),
      });
      export default { plugins: [{ rules: [rule] }] };`,
    );
    const { stdout, stderr } = pt2lint("-f", "github", "models/clean.pt2");
    rmSync(join(folder, "pt2lint.config.mjs"));
    expect(stderr).toBe("");
    expect(stdout).toContain("the same class");
  });
});

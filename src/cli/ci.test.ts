import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildCli, built, removeBuild, root, runCli } from "./testing.ts";

let folder = "";
const pt2lint = (...argv: string[]) => runCli(folder, argv);
const read = (path: string) => readFileSync(join(folder, path), "utf8");
const fixture = (name: string, to: string) => cpSync(join(root, "fixtures", name), join(folder, to));

beforeAll(buildCli);
afterAll(removeBuild);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pt2lint-ci-"));
  fixture("whisper_decoder_aliasing.pt2", "aliasing.pt2");
  return () => rmSync(folder, { recursive: true, force: true });
});

describe("--baseline", () => {
  it("is written, hides what it holds, and lets new findings through", () => {
    expect(pt2lint("aliasing.pt2", "--baseline", "known.json", "--update-baseline")).toMatchObject({
      status: 0,
      stderr: "pt2lint: wrote 4 findings to known.json\n",
    });
    const again = pt2lint("aliasing.pt2", "--baseline", "known.json");
    expect(again).toMatchObject({ status: 0, stderr: "pt2lint: known.json hides 4 findings\n" });
    expect(again.stdout).toMatch(/no findings but 4 suppressed\n\n0 errors, 0 warnings {3}4 in the baseline/);
    fixture("suppressed/annotation_not_kept.pt2", "new.pt2");
    expect(pt2lint(".", "--baseline", "known.json", "-f", "github")).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^::error file=suppressed\.py,line=\d+,title=cond\/branch-aliases-input/),
    });
  });

  it("names programs from its own folder", () => {
    mkdirSync(join(folder, "ci"));
    pt2lint("aliasing.pt2", "--baseline", "ci/known.json", "--update-baseline");
    expect(JSON.parse(read("ci/known.json")).findings[0].path).toBe("../aliasing.pt2");
    const { status } = runCli(join(folder, "ci"), ["../aliasing.pt2", "--baseline", "known.json"]);
    expect(status).toBe(0);
  });

  it("says which entries agree with nothing, in JSON too, and drops them when it is written again", () => {
    pt2lint("aliasing.pt2", "--baseline", "known.json", "--update-baseline");
    fixture("whisper_decoder_any.pt2", "aliasing.pt2");
    const { status, stdout, stderr } = pt2lint("aliasing.pt2", "--baseline", "known.json", "-f", "json");
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^pt2lint: known\.json hides 0 findings; 4 entries hide nothing any more, and --update-baseline takes them out:\n( {2}aliasing\.pt2: cond\/branch-aliases-input: .*\n){4}$/,
    );
    expect(JSON.parse(stdout).baseline).toMatchObject({
      file: "known.json",
      hidden: 0,
      stale: { length: 4 },
    });
    pt2lint("aliasing.pt2", "--baseline", "known.json", "--update-baseline");
    const rules = JSON.parse(read("known.json")).findings.map(({ rule }: { rule: string }) => rule);
    expect(rules).not.toContain("cond/branch-aliases-input");
  });

  it.each([
    [["--baseline", "absent.json"], /cannot read the baseline absent\.json: no such file\n {2}add --update/],
    [["--baseline", "aliasing.pt2"], /^pt2lint: aliasing\.pt2: is no JSON/],
    [["--update-baseline"], /--update-baseline needs --baseline FILE/],
    [["--baseline", "no/known.json", "--update-baseline"], /cannot write no\/known\.json: no such folder/],
  ])("is 2 for %j", (argv, message) => {
    const { status, stdout, stderr } = pt2lint("aliasing.pt2", ...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});

describe("--quiet", () => {
  const flags = ["aliasing.pt2", "--rule", "*=off", "--rule", "cond/branch-aliases-input=warning"];

  it("says how many findings it does not show", () => {
    const { status, stdout } = pt2lint(...flags, "--quiet");
    expect(status).toBe(0);
    expect(stdout).toMatch(/4 branches {3}no errors\n\n0 errors \(and 4 warnings not shown\) {3}\d+ rules?,/);
  });

  it("says nothing of what is not there", () => {
    expect(pt2lint("aliasing.pt2", "--rule", "*=off", "--quiet").stdout).toMatch(
      /\n0 errors, 0 warnings {3}/,
    );
  });
});

describe("suppressions", () => {
  it("in comments count, unless the archive is not trusted", () => {
    fixture("suppressed/branch.pt2", "branch.pt2");
    expect(pt2lint("branch.pt2").status).toBe(0);
    expect(pt2lint("branch.pt2", "--no-inline").status).toBe(1);
  });

  it("of the config that are unused are no program's", () => {
    writeFileSync(join(folder, "pt2lint.json"), '{ "suppressions": [{ "rule": "loop/*" }] }');
    const { stdout } = pt2lint("aliasing.pt2");
    expect(stdout).toMatch(/\npt2lint\.json\n\n {2}info {3}suppressions\[0\] hides no finding of loop/);
    expect(stdout).toMatch(/\n4 errors, 0 warnings, 1 info {3}\d+ rules/);
    expect(pt2lint("aliasing.pt2", "--quiet").stdout).not.toContain("pt2lint.json");
  });

  it("of the config count, and are reported at the config when they do not", () => {
    const suppressions = [{ rule: "cond/branch-aliases-input", reason: "known" }, { rule: "loop/*" }];
    writeFileSync(join(folder, "pt2lint.json"), JSON.stringify({ suppressions }));
    const { status, stdout } = pt2lint("aliasing.pt2", "-f", "github");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout:
        "::notice file=pt2lint.json,title=suppression/unused::suppressions[1] hides no finding of loop/*%0Ahelp: remove it, or name the rule and the place that it is meant for\n",
    });
  });
});

describe("the paths of findings", () => {
  const filesIn = (...argv: string[]) => {
    const { results } = JSON.parse(pt2lint("aliasing.pt2", "-f", "json", ...argv).stdout);
    return [...new Set(results[0].diagnostics.map((each: { source: { file: string } }) => each.source.file))];
  };

  it("are found below --source-root", () => {
    mkdirSync(join(folder, "models"));
    cpSync(join(root, "fixtures/python/whisper_attention.py"), join(folder, "models/whisper_attention.py"));
    expect(filesIn()).toEqual(["whisper_attention.py"]);
    expect(filesIn("--source-root", "models")).toEqual(["models/whisper_attention.py"]);
    expect(pt2lint("aliasing.pt2", "--source-root", "models").stderr).toBe("");
    expect(pt2lint("aliasing.pt2", "--path-map", "/build=.").stderr).toBe(
      "pt2lint: no recorded Python file was found by --source-root or --path-map, not whisper_attention.py nor any other\n",
    );
    expect(pt2lint("aliasing.pt2", "-f", "github", "--source-root", "models").stdout).toMatch(
      /^::error file=models\/whisper_attention\.py,line=\d+,/,
    );
  });

  it.each([
    [["--source-root", "absent"], /--source-root absent: no such folder/],
    [["--path-map", "nothing"], /--path-map takes FROM=TO/],
  ])("is 2 for %j", (argv, message) => {
    expect(pt2lint("aliasing.pt2", ...argv)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(message),
    });
  });
});

/** scripts/action.sh finds the built command line beside it, as in a clone. */
describe.skipIf(process.platform === "win32")("the GitHub action", () => {
  const script = join(built, "scripts/action.sh");
  const run = (inputs: Record<string, string>) =>
    spawnSync("bash", [script], { cwd: folder, encoding: "utf8", env: { ...process.env, ...inputs } });

  it("annotates, writes SARIF and passes the exit code on", () => {
    mkdirSync(join(built, "scripts"), { recursive: true });
    cpSync(join(root, "scripts/action.sh"), script);
    fixture("suppressed/branch.pt2", "a branch.pt2");
    const paths = { INPUT_PATHS: "a branch.pt2\naliasing.pt2\n" };
    const all = run({
      ...paths,
      INPUT_ARGS: "--preset=all\n--rule=cache/*=off",
      INPUT_SARIF_FILE: "out.sarif",
    });
    expect(all.status).toBe(1);
    expect(all.stdout).toMatch(/^(::\w+ file=.*\n)+$/);
    expect(JSON.parse(read("out.sarif")).runs[0].artifacts).toHaveLength(2);
    expect(run({ INPUT_PATHS: "a branch.pt2" }).status).toBe(0);
    expect(run({ INPUT_PATHS: "a branch.pt2", INPUT_INLINE: "false" }).status).toBe(1);
    expect(run({ INPUT_PATHS: "$(touch made)", INPUT_SARIF_FILE: "no.sarif" }).status).toBe(2);
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  it("says why SARIF is not written", () => {
    const { status, stdout, stderr } = run({ INPUT_PATHS: "aliasing.pt2", INPUT_SARIF_FILE: "no/out.sarif" });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "pt2lint: cannot write no/out.sarif: no such folder\n",
    });
    expect(stdout).toMatch(/^(::error file=.*\n){4}$/);
  });

  it("leaves out the programs of the clone that it runs from", () => {
    const clone = join(folder, "tools/pt2lint");
    cpSync(built, clone, { recursive: true });
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    cpSync(join(folder, "aliasing.pt2"), join(clone, "fixtures/aliasing.pt2"));
    const argv = [join(clone, "bin/pt2lint.js"), ".", "-f", "json"];
    const { stdout } = spawnSync(process.execPath, argv, { cwd: folder, encoding: "utf8" });
    const paths = JSON.parse(stdout).results.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(["aliasing.pt2"]);
  });

  it("gives the script every input", () => {
    const used = readFileSync(script, "utf8").match(/INPUT_\w+/g);
    const given = readFileSync(join(root, "action.yml"), "utf8").match(/INPUT_\w+/g);
    expect(new Set(used)).toEqual(new Set(given));
  });
});

describe("init", () => {
  it("writes a config that is used and a CI job, and says so", () => {
    const { status, stdout, stderr } = pt2lint("init", "--paths", "my exports");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^wrote pt2lint\.json\n {2}.*\nwrote \.github\/workflows\/pt2lint\.yml\n/);
    expect(pt2lint("aliasing.pt2").status).toBe(1);
    const workflow = read(".github/workflows/pt2lint.yml");
    expect(workflow).toMatch(/\n {6}- run: npm install --no-save \.\/tools\/pt2lint-\d+\.\d+\.\d+\.tgz\n/);
    expect(workflow).toMatch(
      / {6}- run: \|\n {10}npx pt2lint 'my exports' --format github --source-root \.\n$/,
    );
  });

  it("installs what package.json lists", () => {
    writeFileSync(join(folder, "package.json"), '{ "devDependencies": { "pt2lint": "^0.1.0" } }');
    expect(pt2lint("init").stdout).toContain("installs pt2lint as package.json lists it");
    expect(read(".github/workflows/pt2lint.yml")).toContain("- run: npm ci\n");
  });

  it("writes over nothing without --force", () => {
    writeFileSync(join(folder, "pt2lint.json"), "{}");
    const { status, stdout, stderr } = pt2lint("init", "--ci", "none");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^pt2lint: pt2lint\.json is there already; nothing was written\n {2}--force/);
    expect(existsSync(join(folder, ".github"))).toBe(false);
    expect(pt2lint("init").stdout).toMatch(/^kept pt2lint\.json\n {2}--force.*\nwrote \.github\/workflows/);
    expect(read("pt2lint.json")).toBe("{}");
    expect(pt2lint("init").stderr).toMatch(/^pt2lint: pt2lint\.json and \.github\/\S+ are there already;/);
    rmSync(join(folder, ".github"), { recursive: true });
    expect(pt2lint("init", "--force", "--ci", "none").status).toBe(0);
    expect(JSON.parse(read("pt2lint.json")).preset).toBe("recommended");
    expect(existsSync(join(folder, ".github"))).toBe(false);
  });

  it("never puts a config beside one of another name", () => {
    writeFileSync(join(folder, "pt2lint.config.mjs"), "export default {};");
    expect(pt2lint("init", "--force").stdout).toMatch(/^kept pt2lint\.config\.mjs\n/);
    expect(existsSync(join(folder, "pt2lint.json"))).toBe(false);
  });
});

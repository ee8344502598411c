import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensor, toTypedArray } from "../tensor/create.ts";
import { readSafetensors, writeSafetensors } from "../tensor/safetensors.ts";
import { buildCli, removeBuild, root, runCli } from "./testing.ts";

const fixtures = join(root, "fixtures");
let folder = "";

beforeAll(async () => {
  await buildCli();
  folder = mkdtempSync(join(tmpdir(), "pt2lint-run-"));
  for (const name of ["llama.training.pt2", "llama.inputs.safetensors", "llama.inputs.1.safetensors"]) {
    cpSync(join(fixtures, "run", name), join(folder, name));
  }
  for (const call of ["", ".1"]) {
    const name = `llama.training.expected${call}.safetensors`;
    cpSync(join(fixtures, "run", name), join(folder, name));
  }
  cpSync(join(fixtures, "whisper_decoder_flag.pt2"), join(folder, "decoder.pt2"));
  cpSync(join(fixtures, "whisper_decoder_aliasing.pt2"), join(folder, "aliasing.pt2"));
  cpSync(join(fixtures, "pr16366/update.pt2"), join(folder, "update.pt2"));
  cpSync(join(fixtures, "run/inputs_written.training.pt2"), join(folder, "written.pt2"));
  cpSync(join(fixtures, "run/inputs_written.inputs.safetensors"), join(folder, "written.safetensors"));
});

afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

const pt2lint = (...argv: string[]) => runCli(folder, argv);
const twoCalls = ["--inputs", "llama.inputs.safetensors", "--inputs", "llama.inputs.1.safetensors"];

describe("run", () => {
  it("agrees with torch over two calls on one state", () => {
    const expected = [
      "--expect",
      "llama.training.expected.safetensors",
      "--expect",
      "llama.training.expected.1.safetensors",
    ];
    const { status, stdout, stderr } = pt2lint("run", "llama.training.pt2", ...twoCalls, ...expected);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^call 0\nagrees /);
    expect(stdout).toMatch(/call 1\nagrees (.*\n)*\d+ tensors agree\n$/);
    expect(stdout).not.toContain("differs");
  });

  it("says by how much a tensor differs, and exits with 1", () => {
    const wrong = readSafetensors(readFileSync(join(folder, "llama.training.expected.safetensors")));
    const output = wrong.get("output.0")!;
    const values = toTypedArray(output) as Float32Array;
    values[1]! += 0.5;
    wrong.set("output.0", tensor(values, { sizes: output.sizes }));
    writeFileSync(join(folder, "wrong.safetensors"), writeSafetensors(wrong));
    const argv = [
      "run",
      "llama.training.pt2",
      "--inputs",
      "llama.inputs.safetensors",
      "--expect",
      "wrong.safetensors",
    ];
    const { status, stdout } = pt2lint(...argv);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /differs {2}output\.0 +1 of \d+ elements, by up to 0\.5 \(relative [\d.]+\) at \[0, 0, 1\]: /,
    );
    expect(stdout).toMatch(/1 of \d+ tensors differs\n$/);
    expect(pt2lint(...argv, "--atol", "0.6").status).toBe(0);
  });

  it("compares state and inputs that the program leaves alone, and says what it knows nothing of", () => {
    const inputs = readSafetensors(readFileSync(join(folder, "llama.inputs.safetensors")));
    const expected = new Map([...inputs].map(([name, value]) => [`input.${name}`, value]));
    writeFileSync(join(folder, "inputs-again.safetensors"), writeSafetensors(expected));
    const argv = ["run", "llama.training.pt2", "--inputs", "llama.inputs.safetensors", "--expect"];
    const same = pt2lint(...argv, "inputs-again.safetensors");
    expect(same.status).toBe(0);
    expect(same.stdout).toMatch(/^agrees {3}input\.\w+ /);
    expect(same.stdout).toMatch(/tensors? agrees? {3}not compared: output\.0, buffer\./);
    writeFileSync(join(folder, "odd.safetensors"), writeSafetensors(new Map([["logits", tensor([1])]])));
    const odd = pt2lint(...argv, "odd.safetensors");
    expect(odd.status).toBe(1);
    expect(odd.stdout).toContain("differs  logits   the program has no such output, buffer or input\n");
  });

  it("writes JSON", () => {
    const argv = [
      "run",
      "llama.training.pt2",
      ...twoCalls,
      "--expect",
      "llama.training.expected.safetensors",
    ];
    const { status, stdout, stderr } = pt2lint(
      ...argv,
      "--expect",
      "llama.training.expected.1.safetensors",
      "-f",
      "json",
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schemaVersion: 1, model: "model", inputs: "files", agrees: true });
    expect(report.calls).toHaveLength(2);
    expect(report.calls[1].comparisons[0]).toMatchObject({ name: "output.0", difference: null });
    expect(report.calls[0].tensors[0]).toMatchObject({ name: "output.0", dtype: "float32", notFinite: 0 });
  });

  it("writes a file for each call", () => {
    const { status, stdout } = pt2lint("run", "llama.training.pt2", ...twoCalls, "-o", "out.safetensors");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    for (const name of ["out.safetensors", "out.1.safetensors"]) {
      const names = [...readSafetensors(readFileSync(join(folder, name))).keys()];
      expect(names).toContain("output.0");
      expect(names.some((one) => one.startsWith("buffer."))).toBe(true);
    }
  });

  it("runs on the sample inputs of the archive, and says so", () => {
    const { status, stdout, stderr } = pt2lint("run", "decoder.pt2");
    expect(status).toBe(0);
    expect(stderr).toBe("pt2lint: running on the archive's sample inputs; give others with --inputs\n");
    expect(stdout).toMatch(/^output\.0 +float32\[1, 1, 64\] +min /);
  });

  it("prints the values of nodes", () => {
    const { stdout, stderr } = pt2lint("run", "decoder.pt2", "--probe", "cond/*/update*", "--probe", "zz*");
    expect(stdout).toMatch(/node\.cond\/false_graph_0\/update_cross_attn_cache +float32\[1, 2, 12, 8\]/);
    expect(stderr).toContain("pt2lint: no node that ran matches --probe zz*; 'pt2lint show' lists");
  });

  it.each([
    [["run", "decoder.pt2", "--set", "nothing=1"], "the program has no input 'nothing'"],
    [["run", "decoder.pt2", "--rtol", "x"], "--rtol x: expected a number from 0 up"],
    [["run", "missing.pt2"], "missing.pt2: no such file or folder"],
    [["run", "llama.training.pt2", "--inputs", "decoder.pt2"], "this is no safetensors file"],
    [["run", "llama.training.pt2", "--expect", "a", "--expect", "b"], "give one --expect for each --inputs"],
    [["run", "decoder.pt2", "--model", "x"], "decoder.pt2: there is no model 'x'"],
    [["run", "decoder.pt2", "-o", "absent/out.safetensors"], "absent/out.safetensors: no such folder"],
    [["run", "decoder.pt2", "--expect", "absent"], "pt2lint: absent: no such file or folder"],
    [["run", "."], "pt2lint: .: it is a folder"],
    [["diff", "."], "pt2lint: .: it is a folder"],
    [["show", "."], "pt2lint: .: it is a folder"],
  ])("%j is refused with a word of what is wrong", (argv, message) => {
    const { status, stdout, stderr } = pt2lint(...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("bug of pt2lint");
  });

  it("names the guard that a call breaks", () => {
    writeFileSync(
      join(folder, "long.safetensors"),
      writeSafetensors(new Map([["input_ids", tensor([[1, 2, 3, 4, 5, 6, 7, 8, 9]])]])),
    );
    const { status, stderr } = pt2lint("run", "llama.training.pt2", "--inputs", "long.safetensors");
    expect(status).toBe(2);
    expect(stderr).toMatch(/no input 'input_ids'|guard failed|has no value/);
  });
});

describe("diff", () => {
  it("calls the decoder with a flag safe", () => {
    const { status, stdout } = pt2lint("diff", "decoder.pt2");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /1 call · 8 schedules · 2 conds, as the predicates say and in 4 combinations of branches\n\n {2}safe {2}/,
    );
  });

  it("gives every run inputs of its own, also those of a file", () => {
    const { status, stdout } = pt2lint("diff", "written.pt2", "--inputs", "written.safetensors");
    expect(stdout).toContain("safe  every lowered execution");
    expect(status).toBe(0);
  });

  it("tells what torch does not lower", () => {
    const { status, stdout } = pt2lint("diff", "aliasing.pt2");
    expect(status).toBe(1);
    expect(stdout).toContain("refused  torch does not lower this program");
  });

  it("writes JSON", () => {
    const { stdout } = pt2lint("diff", "decoder.pt2", "-f", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      safe: true,
      refused: [],
      divergences: [],
      conds: 2,
    });
  });
});

describe("ops", () => {
  it("lists what a program uses", () => {
    const { status, stdout } = pt2lint("ops", "decoder.pt2");
    expect(status).toBe(0);
    expect(stdout).toMatch(/runs +torch\.ops\.higher_order\.cond +2 nodes\n/);
    expect(stdout).toMatch(/\d+ operators, all of which run\n$/);
  });
});

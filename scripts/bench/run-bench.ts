/**
 * The interpreter against torch eager on one thread, in turn, so that what else the machine does hits both; only ratios
 * count. The programs, and torch's times, come from programs.py.
 *
 *   npm run bench:run            python3 must have torch, transformers and safetensors; PYTHON names another
 *   npm run bench:run -- llama   only programs whose names begin so
 *
 * Without them it measures pt2lint alone, on programs of fixtures/run.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compareValues } from "../../src/interpreter/compare.ts";
import { type Inputs, Session } from "../../src/interpreter/session.ts";
import { open } from "../../src/open.ts";
import { readSafetensors } from "../../src/tensor/safetensors.ts";

const SCRIPT = fileURLToPath(new URL("programs.py", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../../fixtures/run", import.meta.url));
const ROUNDS = 7;
/** A round takes about so long. */
const ROUND_SECONDS = 0.4;
/** Linux tells the nanoseconds that a thread has run. */
const SCHEDSTAT = "/proc/self/schedstat";

/** Seconds that this thread has run, where the system tells; what others do with the machine matters little to it. */
function clock(): number {
  return existsSync(SCHEDSTAT)
    ? Number(readFileSync(SCHEDSTAT, "utf8").split(" ")[0]) / 1e9
    : performance.now() / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Torch's side: a process that makes the programs and then answers with its times. */
class Torch {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor(folder: string) {
    this.#process = spawn(process.env.PYTHON ?? "python3", [SCRIPT, folder]);
    this.#process.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#process.stderr.on("data", (text) => {
      this.#errors += String(text);
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** null when it has ended. */
  async answer(): Promise<string | null> {
    const { value, done } = await this.#lines.next();
    return done === true ? null : value;
  }

  /** Seconds that a number of calls take: of the module, and of the exported program's. */
  async seconds(name: string, count: number): Promise<readonly [module: number, exported: number]> {
    this.#process.stdin.write(`${name} ${count}\n`);
    return JSON.parse((await this.answer())!) as [number, number];
  }

  get lastError(): string {
    return this.#errors.trim().split("\n").at(-1) ?? "";
  }

  end(): void {
    this.#process.stdin.end();
  }
}

interface Program {
  readonly session: Session;
  readonly inputs: Inputs;
}

async function load(path: string, inputsPath: string): Promise<Program> {
  const file = await open(path);
  const session = await Session.open(file.archive.models[0]!, await file.program());
  await file.close();
  return { session, inputs: readSafetensors(readFileSync(inputsPath)) };
}

function seconds({ session, inputs }: Program, count: number): number {
  const start = clock();
  for (let i = 0; i < count; i++) session.call(inputs);
  return clock() - start;
}

/** So many calls take about a round's time; V8 has compiled what is hot by then. */
function warmUp(program: Program): number {
  let one = 0;
  for (let i = 0; i < 5; i++) one = seconds(program, 1);
  const count = Math.max(1, Math.round(ROUND_SECONDS / one));
  seconds(program, Math.min(count, 20));
  return count;
}

const milliseconds = (value: number): string => `${(value * 1000).toFixed(2)} ms`;

async function measure(name: string, folder: string, torch: Torch): Promise<string> {
  const program = await load(join(folder, `${name}.pt2`), join(folder, `${name}.safetensors`));
  const expected = readSafetensors(readFileSync(join(folder, `${name}.expected`))).get("output.0")!;
  const difference = compareValues(program.session.call(program.inputs).outputs[0], expected);
  const count = warmUp(program);
  await torch.seconds(name, Math.min(count, 5));
  const rounds: [own: number, module: number, exported: number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const own = seconds(program, count) / count;
    const [module, exported] = await torch.seconds(name, count);
    rounds.push([own, module / count, exported / count]);
  }
  const own = median(rounds.map(([time]) => time));
  const torchs = [1, 2].map((i) => median(rounds.map((round) => round[i]!)));
  const ratios = [1, 2].map((i) => median(rounds.map((round) => round[i]! / round[0])).toFixed(2));
  return [
    name.padEnd(22),
    String(program.session.program.nodeCount).padStart(6),
    milliseconds(own).padStart(12),
    ...torchs.map((time) => milliseconds(time).padStart(12)),
    ...ratios.map((ratio) => ratio.padStart(8)),
    difference === undefined
      ? "  agrees"
      : `  ${difference.kind || `${difference.count} of ${difference.total} differ by up to ${difference.maxAbs}`}`,
  ].join("");
}

async function measureAlone(name: string): Promise<string> {
  const program = await load(
    join(FIXTURES, `${name}.training.pt2`),
    join(FIXTURES, `${name}.inputs.safetensors`),
  );
  const count = warmUp(program);
  const times = Array.from({ length: ROUNDS }, () => seconds(program, count) / count);
  return `${name.padEnd(22)}${String(program.session.program.nodeCount).padStart(6)}${milliseconds(median(times)).padStart(12)}`;
}

async function main(prefix: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pt2lint-bench-"));
  const torch = new Torch(folder);
  try {
    const names = await torch.answer();
    if (names === null) {
      console.log(`torch cannot be measured (${torch.lastError}); pt2lint alone, on fixtures:`);
      for (const name of ["llama", "whisper_encoder", "resnet"]) console.log(await measureAlone(name));
      return;
    }
    console.log(
      "program                nodes     pt2lint       torch    exported   ratio   ratio (of torch's time to pt2lint's)",
    );
    for (const name of JSON.parse(names) as string[]) {
      if (name.startsWith(prefix)) console.log(await measure(name, folder, torch));
    }
  } finally {
    torch.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(process.argv[2] ?? "");

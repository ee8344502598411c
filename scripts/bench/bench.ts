/**
 * Lint (the whole process, with the rules that are on when nothing else is asked for) against the floor: a Node process that reads the JSON entry, parses it and
 * makes one pass for def-use. Both run in turn, so that what else the machine does hits both; only ratios count.
 *
 *   npm run bench              2,000, 10,000 and 100,000 nodes
 *   npm run bench -- 1000000   other sizes
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileSource } from "../../src/archive/source.ts";
import { openZip } from "../../src/archive/zip.ts";
import { makeProgram, type Template } from "./make-program.ts";

const LINT = fileURLToPath(new URL("../../bin/pt2lint.js", import.meta.url));
const BUILT = new URL("../../dist/index.js", import.meta.url).href;
const FLOOR = fileURLToPath(new URL("floor.mjs", import.meta.url));
/** V8 cannot hold a longer string, so neither can JSON.parse. */
const LONGEST_STRING = 0x1fffffe8;
const REPORT_MEMORY = `data:text/javascript,process.on("exit",()=>console.error("maxrss",process.resourceUsage().maxRSS))`;
/** Linux tells the nanoseconds that a thread has run. */
const SCHEDSTAT = "/proc/self/schedstat";
const REPORT_THREAD = `data:text/javascript,import{readFileSync}from"node:fs";process.on("exit",()=>console.error("thread",readFileSync("${SCHEDSTAT}","utf8")))`;

/** Node reads extra certificates when it starts, for longer than all the rest of its start takes. */
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

/** Runs Node; what it prints is dropped. */
function node(args: readonly string[]) {
  return spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], env });
}

/** Seconds that the process takes. */
function seconds(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = node(args);
  if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

/** Seconds that the main thread of the process runs: what others do with the machine matters little. */
function threadSeconds(args: readonly string[]): number {
  const { stderr } = node(["--import", REPORT_THREAD, ...args]);
  return Number(/thread (\d+)/.exec(stderr.toString())?.[1]) / 1e9;
}

/** The most memory that the process has at once, in MB. */
function megabytes(args: readonly string[]): number {
  const { stderr } = node(["--import", REPORT_MEMORY, ...args]);
  return Number(/maxrss (\d+)/.exec(stderr.toString())?.[1]) / 1024;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Microseconds a node that all rules take together, analyses included: the median of five programs in one process. */
async function rulesPerNode(path: string): Promise<number> {
  const { lintProgram, open }: typeof import("../../src/index.ts") = await import(BUILT);
  const file = await open(path);
  const times: number[] = [];
  let nodes = 0;
  for (let round = 0; round < 5; round++) {
    const program = await file.program();
    nodes = program.nodeCount;
    const start = performance.now();
    lintProgram(program, { preset: "all" });
    times.push(performance.now() - start);
  }
  await file.close();
  return (median(times) * 1000) / nodes;
}

async function measure(nodes: number, from: Template, folder: string): Promise<string> {
  const path = join(folder, `${from}-${nodes}.pt2`);
  const made = await makeProgram(nodes, path, from);
  const source = await fileSource(path);
  const zip = await openZip(source);
  const entry = zip.entries.find(({ name }) => name.endsWith("/models/model.json"))!;
  const header = await source.read(entry.offset, 30);
  const start = entry.offset + 30 + header[26]! + header[27]! * 256 + header[28]! + header[29]! * 256;
  await source.close();
  const lint = [LINT, path];
  const floor = entry.size < LONGEST_STRING ? [FLOOR, path, String(start), String(entry.size)] : null;
  const runs = nodes <= 10_000 ? 9 : nodes <= 100_000 ? 5 : 1;
  const times = { lint: [] as number[], floor: [] as number[] };
  const threads = { lint: [] as number[], floor: [] as number[] };
  const tellsThreads = floor !== null && existsSync(SCHEDSTAT);
  for (let run = 0; run < runs; run++) {
    times.lint.push(seconds(lint));
    if (floor) times.floor.push(seconds(floor));
    if (!tellsThreads) continue;
    threads.lint.push(threadSeconds(lint));
    threads.floor.push(threadSeconds(floor));
  }
  const ratio = (runs: readonly number[]) => (floor ? (median(runs) / median(times.floor)).toFixed(2) : "-");
  const cells = [
    from,
    made.toLocaleString("en"),
    `${Math.round(entry.size / 1e6)} MB`,
    `${Math.round(median(times.lint) * 1000)} ms`,
    floor ? `${Math.round(median(times.floor) * 1000)} ms` : "cannot",
    ratio(times.lint),
    tellsThreads ? (median(threads.lint) / median(threads.floor)).toFixed(2) : "-",
    `${Math.round(megabytes(lint))} MB`,
    floor ? `${Math.round(megabytes(floor))} MB` : "-",
    nodes <= 100_000 ? `${(await rulesPerNode(path)).toFixed(2)} µs` : "-",
  ];
  return `| ${cells.join(" | ")} |`;
}

const folder = mkdtempSync(join(tmpdir(), "pt2lint-bench-"));
try {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  console.log(`pt2lint ${version}, Node ${process.version}\n`);
  console.log(
    "| program | nodes | document | lint | floor | ratio | ratio, main thread | lint memory | floor memory | rules a node |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  const sizes = process.argv.slice(2).map(Number);
  for (const nodes of sizes.length > 0 ? sizes : [2_000, 10_000, 100_000])
    for (const from of ["plain", "cache"] as const) console.log(await measure(nodes, from, folder));
} finally {
  rmSync(folder, { recursive: true });
}

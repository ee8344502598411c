import { extname } from "node:path";
import { compareValues } from "../interpreter/compare.ts";
import type { Observer } from "../interpreter/execution.ts";
import { functionalized } from "../interpreter/lowered/functionalized.ts";
import { LoweredProgram, LoweredSemantics } from "../interpreter/lowered/semantics.ts";
import { type CallResult, type Inputs, Session } from "../interpreter/session.ts";
import { isTensor } from "../interpreter/value.ts";
import { mode } from "../ops/kernel.ts";
import type { Node } from "../program/program.ts";
import { comparisonLines, type TensorComparison } from "../report/comparison-text.ts";
import { tensorLines } from "../report/tensor-text.ts";
import { contiguousCopy } from "../tensor/copy.ts";
import { writeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { callInputs, dtypeNotes, readTensors, tolerances } from "./call-inputs.ts";
import { writeNote, writeResult } from "./output.ts";
import { type ProgramFile, withProgram } from "./program-file.ts";
import { Progress } from "./progress.ts";
import { paintFor } from "./terminal.ts";

type Options = Invocation<"run">["options"];

/** `pt2lint run PATH`: 1 when a tensor is not what is expected. */
export async function runCommand({ operands, options }: Invocation<"run">): Promise<number> {
  const given = Math.max(options.inputs.length, 1);
  if (options.expect.length > 0 && options.expect.length !== given) {
    throw new UsageError(
      `--expect is given ${times(options.expect.length)} and --inputs ${times(options.inputs.length)}`,
      "give one --expect for each --inputs, in the same order",
    );
  }
  mode.precise = options.precise === true;
  return withProgram(operands[0] ?? "", options, (opened) => runCalls(opened, options));
}

const times = (count: number): string =>
  count === 1 ? "once" : count === 0 ? "not at all" : `${count} times`;

async function runCalls({ model, program, registry }: ProgramFile, options: Options): Promise<number> {
  const tolerance = tolerances(options);
  const session = await Session.open(model, program, registry);
  const { calls, origin } = await callInputs(model, program, options);
  if (origin !== null) writeNote(`pt2lint: running on ${origin}; give others with --inputs`);
  const paint = await paintFor(options.color, undefined);
  const lowered = options.semantics === "lowered" ? new LoweredProgram(program, registry) : null;
  let exitCode = 0;
  for (const [call, inputs] of calls.entries()) {
    const head = calls.length > 1 ? `${paint.strong(`call ${call}`)}\n` : "";
    const probed = new Map<string, Tensor>();
    for (const note of dtypeNotes(program, inputs)) writeNote(`pt2lint: ${note}`);
    const result = callOnce(session, inputs, lowered, options, probed);
    if (options.probe.length > 0 && probed.size === 0) {
      writeNote(
        `pt2lint: no node that ran matches --probe ${options.probe.join(" ")}; 'pt2lint show' lists their names`,
      );
    }
    const tensors = new Map([...result.tensors, ...probed]);
    if (options.output !== undefined) writeTensors(tensors, numbered(options.output, call));
    const expect = options.expect[call];
    if (expect !== undefined) {
      const comparisons = compareWith(result, expect, tolerance);
      if (comparisons.some(({ difference }) => difference !== undefined)) exitCode = 1;
      writeResult(head + comparisonLines(comparisons, paint), undefined);
    } else if (options.output === undefined) writeResult(head + tensorLines(tensors, paint), undefined);
  }
  return exitCode;
}

function callOnce(
  session: Session,
  inputs: Inputs,
  lowered: LoweredProgram | null,
  options: Options,
  probed: Map<string, Tensor>,
): CallResult {
  const progress = new Progress();
  const total = session.program.nodeCount;
  let done = 0;
  const probe = probeOf(options.probe, probed);
  const observe: Observer = (node, values) => {
    progress.update(() => `${++done} of ${total} nodes: ${node.name}`);
    probe?.(node, values);
  };
  try {
    if (lowered === null) return session.call(inputs, { observe });
    const semantics = new LoweredSemantics(lowered);
    return session.call(inputs, { observe, semantics, around: functionalized });
  } finally {
    progress.clear();
  }
}

/** Keeps the values of nodes whose name, or path of graphs and name, matches; those of a loop's passes one by one. */
function probeOf(globs: readonly string[], probed: Map<string, Tensor>): Observer | null {
  if (globs.length === 0) return null;
  const patterns = globs.map((glob) => new RegExp(`^${glob.split("*").map(escapeRegExp).join(".*")}$`));
  return (node, values) => {
    const path = pathOf(node);
    if (!patterns.some((pattern) => pattern.test(node.name) || pattern.test(path))) return;
    for (const [i, value] of values.entries()) {
      if (!isTensor(value) || value.storage === null) continue;
      let name = `node.${path}${values.length > 1 ? `.${i}` : ""}`;
      for (let pass = 1; probed.has(name); pass++) name = `${name.replace(/#\d+$/, "")}#${pass}`;
      probed.set(name, contiguousCopy(value));
    }
  };
}

const escapeRegExp = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** `cond/true_graph_0/add`; a node of the main graph by its name alone. */
function pathOf(node: Node): string {
  return `${node.graph.path}/${node.name}`.replace(/^main\//, "");
}

function compareWith(
  result: CallResult,
  file: string,
  tolerance: ReturnType<typeof tolerances>,
): TensorComparison[] {
  return [...readTensors(file)].map(([name, expected]) => ({
    name,
    expected,
    difference: compareValues(result.tensors.get(name) ?? null, expected, tolerance),
  }));
}

/** `out.safetensors` for the first call, `out.1.safetensors` for the second. */
function numbered(file: string, call: number): string {
  if (call === 0) return file;
  const suffix = extname(file);
  return `${file.slice(0, file.length - suffix.length)}.${call}${suffix}`;
}

function writeTensors(tensors: ReadonlyMap<string, Tensor>, file: string): void {
  let bytes: Uint8Array;
  try {
    bytes = writeSafetensors(tensors);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`cannot write ${file}: ${error.message}`) : error;
  }
  writeResult(bytes, file);
}

import { extname } from "node:path";
import type { Observer } from "../interpreter/execution.ts";
import { functionalized } from "../interpreter/lowered/functionalized.ts";
import { LoweredProgram, LoweredSemantics } from "../interpreter/lowered/semantics.ts";
import { type CallResult, type Inputs, Session } from "../interpreter/session.ts";
import { mode } from "../ops/kernel.ts";
import { agrees, comparisonLines } from "../report/comparison-text.ts";
import { type RunCall, runJson } from "../report/run-json.ts";
import { tensorLines } from "../report/tensor-text.ts";
import { safeJson } from "../report/text.ts";
import { writeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Invocation, UsageError } from "./arguments.ts";
import { callInputs, dtypeNotes, readTensors, tolerances } from "./call-inputs.ts";
import { compareResults } from "./expectations.ts";
import { checkFolder, writeNote, writeResult } from "./output.ts";
import { Probe } from "./probe.ts";
import { asUsage, type ProgramFile, withProgram } from "./program-file.ts";
import { nodeProgress, withProgress } from "./progress.ts";
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
  if (options.output !== undefined) checkFolder(options.output);
  mode.precise = options.precise === true;
  return withProgram(operands[0] ?? "", options, (opened) => runCalls(opened, options));
}

const times = (count: number): string =>
  count === 1 ? "once" : count === 0 ? "not at all" : `${count} times`;

async function runCalls({ path, model, program, registry }: ProgramFile, options: Options): Promise<number> {
  const tolerance = tolerances(options);
  const { calls, origin } = await callInputs(model, program, options);
  const expectations = options.expect.map(readTensors);
  const session = await Session.open(model, program, registry);
  if (origin !== null) writeNote(`pt2lint: running on ${origin}; give others with --inputs`);
  const paint = await paintFor(options.color, undefined);
  const lowered = options.semantics === "lowered" ? new LoweredProgram(program, registry) : null;
  const json = options.format === "json";
  const done: RunCall[] = [];
  for (const [call, inputs] of calls.entries()) {
    for (const note of dtypeNotes(program, inputs)) writeNote(`pt2lint: ${note}`);
    const probe = new Probe(options.probe);
    const result = await callOnce(
      session,
      inputs,
      lowered,
      probe,
      calls.length > 1 ? `${path}: call ${call}` : path,
    );
    const missed = probe.missed();
    if (missed.length > 0) {
      writeNote(
        `pt2lint: no node that ran matches --probe ${missed.join(" ")}; 'pt2lint show' lists their names`,
      );
    }
    const tensors = new Map([...result.tensors, ...probe.values]);
    if (options.output !== undefined) writeTensors(tensors, numbered(options.output, call));
    const expected = expectations[call];
    const comparison = expected ? compareResults(session, inputs, result, expected, tolerance) : null;
    done.push({ tensors, comparison });
    if (json) continue;
    const head = calls.length > 1 ? `${paint.strong(`call ${call}`)}\n` : "";
    if (comparison !== null) writeResult(head + comparisonLines(comparison, paint), undefined);
    else if (options.output === undefined) writeResult(head + tensorLines(tensors, paint), undefined);
  }
  if (json) writeResult(safeJson(runJson(path, model.name, origin ?? "files", done)), undefined);
  return done.every(({ comparison }) => comparison === null || agrees(comparison)) ? 0 : 1;
}

function callOnce(
  session: Session,
  inputs: Inputs,
  lowered: LoweredProgram | null,
  probe: Probe,
  where: string,
): Promise<CallResult> {
  return withProgress((progress) => {
    const observers: Observer[] = [];
    if (progress.isShown) observers.push(nodeProgress(progress, session.program.nodeCount));
    if (probe.isWanted) observers.push(probe.observe);
    const observe: Observer = (node, values) => {
      for (const one of observers) one(node, values);
    };
    const watched = observers.length === 0 ? {} : { observe };
    try {
      if (lowered === null) return session.call(inputs, watched);
      const semantics = new LoweredSemantics(lowered);
      return session.call(inputs, { ...watched, semantics, around: functionalized });
    } catch (error) {
      throw asUsage(error, where);
    }
  });
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

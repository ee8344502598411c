/** What `pt2lint` exports of the interpreter. Loaded when it is first used: linting does not need it. */
import { readFileSync } from "node:fs";
import type { Model } from "../archive/archive.ts";
import { modelNamed, open } from "../open.ts";
import type { Kernel } from "../ops/kernel.ts";
import { registerKernels } from "../ops/kernels.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type DiffOptions, type DiffResult, diffProgram } from "./diff.ts";
import type { Observer } from "./execution.ts";
import { findInputs } from "./inputs.ts";
import { type CallResult, type Inputs, Session } from "./session.ts";
import type { RuntimeValue } from "./value.ts";

/** A value for an input: a whole number is an integer to the program, any other number a float. */
export type InputValue = Tensor | Scalar | number | bigint | boolean | string | null;

/** The inputs of a call: by placeholder, or the path of a safetensors file that has them. */
export type CallInputs = string | ReadonlyMap<string, InputValue> | Readonly<Record<string, InputValue>>;

/** What a program is opened with. */
export interface SessionOptions {
  /** Which model of an archive with several; the first when it is not given. */
  readonly model?: string;
  /** Schemas of custom operators. */
  readonly operators?: readonly string[];
  /** Operators that can be run besides torch's, made with `defineOp`. */
  readonly kernels?: readonly Kernel[];
  /** Only reference kernels, which accumulate in float64, instead of faster ones in float32. */
  readonly precise?: boolean;
}

/** How a call of a session is run. */
export interface SessionCallOptions {
  /**
   * Sees each node with the values that it made, in the order in which nodes run; once for each pass of a loop. The
   * tensors are good until it returns: `copy()` what is to be kept.
   */
  readonly observe?: Observer;
  /** Give all buffers, parameters, constants and inputs in the result, not just those that the program may write. */
  readonly all?: boolean;
}

/** A program with its state, open to be called any number of times. */
export interface OpenSession {
  readonly program: Program;
  /**
   * Calls the program as `ep.module()` is called. What it writes to buffers stays for the next call, and input tensors
   * that it writes to are written.
   *
   * @throws InputError when inputs are missing, unknown, or do not fit what the program was exported for; NodeError when
   *   a node fails.
   */
  call(inputs: CallInputs, options?: SessionCallOptions): CallResult;
}

/**
 * Opens a program to call it any number of times on the same state. Reads all weights.
 *
 * @throws InputError when the file or its weights cannot be used; MissingOperatorsError when it uses operators without
 *   a kernel.
 */
export async function openSession(
  source: string | Uint8Array,
  options: SessionOptions = {},
): Promise<OpenSession> {
  return withFile(source, options, async (_, session) => ({
    program: session.program,
    call: (inputs, how = {}) => session.call(callInputs(inputs), how),
  }));
}

/** Opens a program, makes use of it while the file is open, and closes it. */
async function withFile<T>(
  source: string | Uint8Array,
  { model: name, operators = [], kernels = [], precise = false }: SessionOptions,
  use: (model: Model, session: Session) => Promise<T>,
): Promise<T> {
  registerKernels(kernels);
  const registry = new OperatorRegistry();
  for (const schema of operators) registry.declare(schema);
  for (const { schemaText } of kernels) registry.declare(schemaText);
  const file = await open(source);
  try {
    const model = modelNamed(file.archive, name);
    // In memory, so that nodes know their lines of Python when the file is closed.
    const program = new Program(decodeDocument(await model.document()), model.name);
    const session = await Session.open(model, program, registry);
    session.precise = precise;
    return await use(model, session);
  } finally {
    await file.close();
  }
}

/** The inputs of a call as the session takes them. @throws an Error with a `code`, or InputError, for a file that cannot be read. */
export function callInputs(inputs: CallInputs): Inputs {
  if (typeof inputs === "string") return readSafetensors(readFileSync(inputs));
  const entries =
    inputs instanceof Map ? [...inputs] : Object.entries(inputs as Readonly<Record<string, InputValue>>);
  return new Map(entries.map(([name, value]) => [name, runtimeValue(value)]));
}

function runtimeValue(value: InputValue): RuntimeValue {
  if (typeof value === "boolean") return Scalar.bool(value);
  if (typeof value === "bigint") return Scalar.int(value);
  if (typeof value !== "number") return value;
  return Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
}

/**
 * Runs a program eagerly, once for each of the inputs, on the same state; on the archive's sample inputs, or on made-up
 * ones, when there are none.
 *
 * @throws InputError, MissingOperatorsError or NodeError when it cannot be run.
 */
export async function run(
  source: string | Uint8Array,
  calls: readonly CallInputs[] = [],
  options: SessionOptions = {},
): Promise<CallResult[]> {
  return withFile(source, options, async (model, session) =>
    (await inputsOf(model, session, calls)).map((inputs) => snapshot(session.call(inputs))),
  );
}

/**
 * Runs a program eagerly and in every admissible lowered execution and compares outputs and final state.
 *
 * @throws InputError, MissingOperatorsError or NodeError when it cannot be run eagerly.
 */
export async function diff(
  source: string | Uint8Array,
  calls: readonly CallInputs[] = [],
  options: SessionOptions & DiffOptions = {},
): Promise<DiffResult> {
  return withFile(source, options, async (model, session) =>
    diffProgram(session, await inputsOf(model, session, calls), options),
  );
}

async function inputsOf(
  model: Model,
  { program }: Session,
  calls: readonly CallInputs[],
): Promise<readonly Inputs[]> {
  return calls.length > 0 ? calls.map(callInputs) : [(await findInputs(model, program)).inputs];
}

/** Buffers and inputs as they are now: later calls write to them. */
function snapshot({ outputs, tensors }: CallResult): CallResult {
  const copy = <T>(value: T): T =>
    (value instanceof Tensor && value.storage !== null ? value.copy() : value) as T;
  return {
    outputs: outputs.map(copy),
    tensors: new Map([...tensors].map(([name, value]) => [name, copy(value)])),
  };
}

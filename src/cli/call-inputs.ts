/** The inputs of a program's calls, from files, from the command line, from the archive or from a seed. */
import { readFileSync } from "node:fs";
import type { Model } from "../archive/archive.ts";
import { InputError } from "../errors.ts";
import { checkNames } from "../interpreter/check-inputs.ts";
import type { Tolerance } from "../interpreter/compare.ts";
import { findInputs, userInputs } from "../interpreter/inputs.ts";
import type { Inputs } from "../interpreter/session.ts";
import { isTensor, type RuntimeValue } from "../interpreter/value.ts";
import type { Program } from "../program/program.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { UsageError } from "./arguments.ts";
import { reasonOf } from "./failure.ts";

/** The options that say what a program is called with. */
export interface CallOptions {
  readonly inputs: readonly string[];
  readonly set: readonly string[];
  readonly seed: number | undefined;
}

/** The inputs of each call, and where they come from when no file gives them. */
export interface Calls {
  readonly calls: readonly Inputs[];
  /** `the archive's sample inputs`, `inputs made up from seed 0`; null when files give them. */
  readonly origin: string | null;
}

export async function callInputs(model: Model, program: Program, options: CallOptions): Promise<Calls> {
  const numbers = new Map(options.set.map((text) => readSetting(text, program)));
  const names = userInputs(program);
  if (options.inputs.length > 0) {
    const calls = options.inputs.map((file) => {
      const tensors = readTensors(file);
      checkNamesOf(program, tensors.keys(), file);
      return new Map<string, RuntimeValue>([...tensors, ...numbers]);
    });
    return { calls, origin: null };
  }
  if (names.every((name) => numbers.has(name))) return { calls: [numbers], origin: null };
  const { inputs, origin } = await findInputs(model, program, options.seed);
  return { calls: [new Map([...inputs, ...numbers])], origin };
}

/** @throws UsageError when it cannot be read. */
export function readTensors(file: string): Map<string, Tensor> {
  try {
    return readSafetensors(readFileSync(file));
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(`${file}: ${error.message}`, error.help);
    throw new UsageError(`${file}: ${reasonOf(error)}`);
  }
}

/** Inputs of another dtype than the program was exported with: torch takes them, but what follows may not. */
export function dtypeNotes(program: Program, inputs: Inputs): string[] {
  return program.main.source.inputs.flatMap((arg) => {
    if (!("as_tensor" in arg)) return [];
    const { name } = arg.as_tensor;
    const [given, code] = [inputs.get(name), program.main.source.tensor_values.get(name)?.dtype];
    const wanted = code === undefined ? undefined : dtypeOfCode(code);
    if (!isTensor(given) || wanted === undefined || given.dtype === wanted) return [];
    return [`the input '${name}' is ${given.dtype.name}; the program was exported with ${wanted.name}`];
  });
}

function checkNamesOf(program: Program, names: Iterable<string>, where: string): void {
  try {
    checkNames(program, names);
  } catch (error) {
    throw error instanceof InputError ? new UsageError(`${where}: ${error.message}`, error.help) : error;
  }
}

function readSetting(text: string, program: Program): readonly [string, RuntimeValue] {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at <= 0) throw new UsageError(`--set ${text}: expected NAME=VALUE`);
  checkNamesOf(program, [name], `--set ${text}`);
  return [name, isText(program, name) ? value : readNumber(value, text)];
}

/** Whether an input is a text, which export makes a constant of. */
function isText(program: Program, name: string): boolean {
  return program.document.root.graph_module.signature.input_specs.some(
    (spec) =>
      "constant_input" in spec &&
      spec.constant_input.name === name &&
      "as_string" in spec.constant_input.value,
  );
}

function readNumber(value: string, text: string): RuntimeValue {
  if (/^(true|false)$/i.test(value)) return Scalar.bool(value.toLowerCase() === "true");
  if (value === "None") return null;
  if (/^[+-]?\d+$/.test(value)) return Scalar.int(BigInt(value));
  const number = /^[+-]?(inf|nan)$/i.test(value)
    ? Number(value.toLowerCase().replace("inf", "Infinity").replace("nan", "NaN"))
    : Number(value);
  if (value.trim() !== "" && (!Number.isNaN(number) || /nan/i.test(value))) return Scalar.float(number);
  throw new UsageError(`--set ${text}: '${value}' is no number, boolean or None`);
}

/** The tolerances that were given. @throws UsageError for what is no number from 0 up. */
export function tolerances({
  rtol,
  atol,
}: {
  rtol: string | undefined;
  atol: string | undefined;
}): Partial<Tolerance> {
  return { ...tolerance("rtol", rtol), ...tolerance("atol", atol) };
}

function tolerance(name: "rtol" | "atol", text: string | undefined): Partial<Tolerance> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0))
    throw new UsageError(`--${name} ${text}: expected a number from 0 up`);
  return { [name]: value };
}

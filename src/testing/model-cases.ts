/** Recorded models: programs with inputs and what torch computed, over several calls on one state. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { compareValues } from "../interpreter/compare.ts";
import { NodeError } from "../interpreter/node-error.ts";
import { type CallResult, type Inputs, Session } from "../interpreter/session.ts";
import type { RuntimeValue } from "../interpreter/value.ts";
import { open } from "../open.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { Scalar } from "../tensor/scalar.ts";

/** One program of an index.json. */
export interface ModelCase {
  readonly program: string;
  /** A file for each call. */
  readonly inputs: readonly string[];
  /** null for a call that torch refuses. */
  readonly expected: readonly (string | null)[];
  /** Inputs that are numbers or booleans, for each call. */
  readonly set?: readonly Readonly<Record<string, number | boolean>>[];
  /** Outputs that are no tensors, for each call. */
  readonly values?: readonly Readonly<Record<string, number | boolean | string | null>>[];
  readonly tolerance?: { readonly rtol?: number; readonly atol?: number };
}

export function modelCases(folder: string): readonly ModelCase[] {
  return JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as ModelCase[];
}

/** What differs from torch, as phrases; empty when all calls agree. */
export async function checkModel(
  folder: string,
  one: ModelCase,
  registry = new OperatorRegistry(),
): Promise<string[]> {
  const file = await open(join(folder, one.program));
  try {
    const session = await Session.open(file.archive.models[0]!, await file.program(), registry);
    const problems: string[] = [];
    for (const [call, expected] of one.expected.entries()) {
      const inputs = inputsOf(folder, one, call);
      if (expected === null) problems.push(...checkRefusal(session, inputs, call));
      else problems.push(...checkCall(session.call(inputs), join(folder, expected), one, call));
    }
    return problems;
  } finally {
    await file.close();
  }
}

function checkRefusal(session: Session, inputs: Inputs, call: number): string[] {
  try {
    session.call(inputs);
  } catch (error) {
    if (error instanceof InputError || error instanceof NodeError) return [];
    throw error;
  }
  return [`call ${call} should be refused`];
}

function checkCall(
  { tensors, outputs }: CallResult,
  expected: string,
  one: ModelCase,
  call: number,
): string[] {
  const problems: string[] = [];
  for (const [name, tensor] of readSafetensors(readFileSync(expected))) {
    const difference = compareValues(tensors.get(name), tensor, one.tolerance);
    if (difference === undefined) continue;
    const { kind, count, total, maxAbs, actual, expected: wanted } = difference;
    problems.push(
      `call ${call} ${name}: ${kind || `${count} of ${total} differ by up to ${maxAbs} (${actual}, should be ${wanted})`}`,
    );
  }
  for (const [name, wanted] of Object.entries(one.values?.[call] ?? {})) {
    const output = outputs[Number(name.slice("output.".length))];
    const actual =
      output instanceof Scalar ? (output.category === "bool" ? output.re !== 0 : output.re) : output;
    if (actual !== wanted) problems.push(`call ${call} ${name}: it is ${actual}, should be ${wanted}`);
  }
  return problems;
}

function inputsOf(folder: string, one: ModelCase, call: number): Inputs {
  const inputs = new Map<string, RuntimeValue>();
  const file = one.inputs[call];
  if (file !== undefined) {
    for (const [name, tensor] of readSafetensors(readFileSync(join(folder, file)))) inputs.set(name, tensor);
  }
  for (const [name, value] of Object.entries(one.set?.[call] ?? {})) {
    inputs.set(name, numberOf(value));
  }
  return inputs;
}

function numberOf(value: number | boolean): Scalar {
  if (typeof value === "boolean") return Scalar.bool(value);
  return Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
}

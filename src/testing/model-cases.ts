/** Recorded models: programs with inputs and what torch computed, over several calls on one state. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compareValues } from "../interpreter/compare.ts";
import { type Inputs, Session } from "../interpreter/session.ts";
import type { RuntimeValue } from "../interpreter/value.ts";
import { open } from "../open.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { Scalar } from "../tensor/scalar.ts";

/** One program of an index.json. */
export interface ModelCase {
  readonly program: string;
  /** A file for each call. */
  readonly inputs: readonly string[];
  readonly expected: readonly string[];
  /** Numbers and booleans among the inputs, for every call or a list with one for each. */
  readonly set?:
    | Readonly<Record<string, number | boolean>>
    | readonly Readonly<Record<string, number | boolean>>[];
  /** torch's message, for a call that must fail. */
  readonly fails?: string;
  readonly tolerance?: { readonly rtol?: number; readonly atol?: number };
}

export function modelCases(folder: string): readonly ModelCase[] {
  return JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as ModelCase[];
}

/** What differs from torch, as phrases; empty when all calls agree. */
export async function checkModel(folder: string, one: ModelCase): Promise<string[]> {
  const file = await open(join(folder, one.program));
  try {
    const session = await Session.open(file.archive.models[0]!, await file.program());
    const problems: string[] = [];
    for (const [call, expected] of one.expected.entries()) {
      const result = session.call(inputsOf(folder, one, call));
      for (const [name, tensor] of readSafetensors(readFileSync(join(folder, expected)))) {
        const difference = compareValues(result.tensors.get(name), tensor, one.tolerance);
        if (difference === undefined) continue;
        const { kind, count, total, maxAbs, actual, expected: wanted } = difference;
        problems.push(
          `call ${call} ${name}: ${kind || `${count} of ${total} differ by up to ${maxAbs} (${actual}, should be ${wanted})`}`,
        );
      }
    }
    return problems;
  } finally {
    await file.close();
  }
}

function inputsOf(folder: string, one: ModelCase, call: number): Inputs {
  const inputs = new Map<string, RuntimeValue>();
  const file = one.inputs[call];
  if (file !== undefined) {
    for (const [name, tensor] of readSafetensors(readFileSync(join(folder, file)))) inputs.set(name, tensor);
  }
  const set = Array.isArray(one.set) ? one.set[call] : one.set;
  for (const [name, value] of Object.entries((set ?? {}) as Record<string, number | boolean>)) {
    inputs.set(name, numberOf(value));
  }
  return inputs;
}

function numberOf(value: number | boolean): Scalar {
  if (typeof value === "boolean") return Scalar.bool(value);
  return Number.isInteger(value) ? Scalar.int(value) : Scalar.float(value);
}

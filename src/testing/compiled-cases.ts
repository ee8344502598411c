/** Programs with the cache operators that torch ran eagerly and compiled (fixtures/compiled, made by fixtures/python/compiled.py). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { prepareProgram } from "../interpreter/prepare.ts";
import { type Inputs, Session } from "../interpreter/session.ts";
import type { RuntimeValue } from "../interpreter/value.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { dtypeOfName } from "../tensor/dtype.ts";
import { storeReals } from "../tensor/elements.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A tensor of a recipe: an input has its values for each call, a buffer those at first. */
interface RecipeTensor {
  readonly kind: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[] | readonly (readonly number[])[];
}

interface RecordedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What a call gave and what it left. */
export interface RecordedCall {
  readonly outputs: readonly RecordedTensor[];
  readonly state: Readonly<Record<string, RecordedTensor>>;
}

/** One program. */
export interface CompiledCase {
  readonly name: string;
  /** `equal`, `differs` or `refused`: what inductor does with it. */
  readonly verdict: string;
  readonly recipe: { readonly tensors: Readonly<Record<string, RecipeTensor>> };
  /** Tensors that are written in the Python, by the names that export gave them. */
  readonly constants?: Readonly<Record<string, RecordedTensor>>;
  readonly source: string;
  readonly eager: readonly RecordedCall[];
  readonly inductor: Readonly<
    Record<string, { readonly verdict: string; readonly calls?: readonly RecordedCall[] }>
  >;
  /** The serialized program. */
  readonly document: string;
}

/** The cases of a file, one a line, compressed or not. */
export function compiledCases(file: string): CompiledCase[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as CompiledCase);
}

function tensorOf(dtype: string, shape: readonly number[], data: readonly number[]): Tensor {
  const result = Tensor.zeros(shape, dtypeOfName(dtype));
  storeReals(result, data.map(Number));
  return result;
}

/** The program of a case, and its inputs for each call. */
export function openCase({ recipe, constants, document, eager }: CompiledCase): {
  session: Session;
  calls: Inputs[];
} {
  const program = new Program(decodeDocument(new TextEncoder().encode(document)));
  const registry = new OperatorRegistry();
  const state = new Map<number, RuntimeValue>();
  for (const [index, { kind, name }] of program.inputs.entries()) {
    const tensor = recipe.tensors[name] ?? constants?.[name];
    if (kind === "user_input" || tensor === undefined) continue;
    state.set(index, tensorOf(tensor.dtype, tensor.shape, tensor.data as readonly number[]));
  }
  const session = new Session(prepareProgram(program, registry), state, registry);
  const calls = eager.map((_, call) => {
    const inputs = new Map<string, RuntimeValue>();
    for (const [name, { kind, dtype, shape, data }] of Object.entries(recipe.tensors)) {
      const list = (Array.isArray(data[0]) ? data[call] : data) as readonly number[];
      if (kind === "input") inputs.set(name, tensorOf(dtype, shape, list));
    }
    return inputs;
  });
  return { session, calls };
}

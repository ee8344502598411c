import { CacheAnalysis } from "../analysis/cache.ts";
import { StorageAnalysis } from "../analysis/storage.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import type { Storage } from "../tensor/storage.ts";
import { isTensor, type RuntimeValue } from "./value.ts";

/**
 * The positions among the program's inputs of what a call may write: what the signature lists, what is written in
 * place, what a cache update writes although its schema does not say so, and all that shares their memory.
 */
export function writableInputs(
  program: Program,
  registry: OperatorRegistry,
  state: ReadonlyMap<number, RuntimeValue>,
): ReadonlySet<number> {
  const storage = new StorageAnalysis(program, registry);
  const written = new Set(storage.effects(program.main).writes.map(({ input }) => input));
  const cache = new CacheAnalysis(program, storage, registry);
  const positions = new Map(program.main.inputs.map((value, index) => [value?.id ?? -1, index]));
  for (const update of cache.updates) {
    for (const root of cache.eagerRoots(update)) {
      const index = positions.get(root);
      if (index !== undefined) written.add(index);
    }
  }
  for (const index of signatureWrites(program)) written.add(index);
  const memories = new Set<Storage | null>();
  for (const index of written) {
    const value = state.get(index);
    if (isTensor(value)) memories.add(value.storage);
  }
  for (const [index, value] of state) if (isTensor(value) && memories.has(value.storage)) written.add(index);
  return written;
}

function signatureWrites(program: Program): number[] {
  const { output_specs } = program.document.root.graph_module.signature;
  const find = (kind: string, name: string): number =>
    program.inputs.findIndex((input) => input.kind === kind && input.name === name);
  return output_specs.flatMap((spec) => {
    if ("buffer_mutation" in spec) return find("buffer", spec.buffer_mutation.buffer_name);
    if ("parameter_mutation" in spec) return find("parameter", spec.parameter_mutation.parameter_name);
    if ("user_input_mutation" in spec) return find("user_input", spec.user_input_mutation.user_input_name);
    return [];
  });
}

/** `input.NAME` of a user's input, `buffer.FQN` of a buffer, a parameter or a constant. */
export function inputLabel(program: Program, index: number): string {
  const { kind, name } = program.inputs[index]!;
  return `${kind === "user_input" ? "input" : "buffer"}.${name}`;
}

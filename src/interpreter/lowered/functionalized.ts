import type { Memory, Storage } from "../../tensor/storage.ts";
import { isTensor, type RuntimeValue } from "../value.ts";

/**
 * Runs a call on inputs whose memory ATen's writes do not touch: every write makes a new value, and what an input ends
 * as is copied back into its memory at the end, once (functionalization and its epilogue).
 */
export function functionalized<T>(inputs: readonly RuntimeValue[], run: () => T): T {
  const originals = new Map<Storage, Memory>();
  for (const input of inputs) {
    if (!isTensor(input) || input.storage === null) continue;
    originals.set(input.storage, input.storage.memory);
    input.storage.copyOnWrite = true;
  }
  const result = run();
  for (const [storage, memory] of originals) {
    if (storage.memory !== memory) {
      memory.bytes.set(storage.memory.bytes);
      storage.memory = memory;
    }
    storage.copyOnWrite = false;
  }
  return result;
}

/** Copies of values that keep which of them share storage. */
export function copyState(values: readonly RuntimeValue[]): RuntimeValue[] {
  const copies = new Map<Storage, Storage>();
  return values.map((value) => {
    if (!isTensor(value) || value.storage === null) return value;
    let storage = copies.get(value.storage);
    if (storage === undefined) {
      storage = value.storage.copy();
      copies.set(value.storage, storage);
    }
    return value.inStorage(storage);
  });
}

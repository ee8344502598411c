/** The measured cases as calls; for the test and for whoever looks into a difference. */
import type { Argument, SymInt, TensorMeta } from "../../schema/types.generated.ts";
import type { Call, CallAliasing } from "./call.ts";

/** dtype, sizes, strides, offset, device type, bits (1 conjugated, 2 negated). */
export type CompactMeta = readonly [number, number[], number[], number, string?, number?];

/** What scripts/facts/aliasing.py writes of one call. */
export type RecordedCase = readonly [
  target: string,
  args: Readonly<Record<string, Argument>>,
  /** The argument and the place in its list (or -1) of each tensor t0, t1, ... */
  where: readonly (readonly [string, number])[],
  inputs: readonly CompactMeta[],
  outputs: readonly (CompactMeta | null)[],
  /** For each output: the tensors whose storage it shares, or -1 - n for the n-th new storage, or null for None. */
  sharing: readonly (readonly number[] | number | null)[],
  /** The tensor, and: v the version went up, b the bytes changed, s it has another storage. */
  writes: readonly (readonly [number, string])[],
];

export function callOf([, args, , inputs, outputs]: RecordedCase): Call {
  const index = (value: string) => Number(value.slice(1));
  const bit = (value: string, mask: number) =>
    value !== "" && ((inputs[index(value)]?.[5] ?? 0) & mask) !== 0;
  const metas = outputs.map((meta) => (meta === null ? undefined : metaOf(meta)));
  return {
    argument: (name) => args[name],
    tensor: (value) => inputs[index(value)] && metaOf(inputs[index(value)]!),
    symInt: () => undefined,
    outputs: () => metas,
    conjugated: (value) => bit(value, 1),
    negated: (value) => bit(value, 2),
  };
}

function metaOf([dtype, sizes, strides, offset, device]: CompactMeta): TensorMeta {
  const int = (value: number): SymInt => ({ as_int: value });
  return {
    dtype: dtype as TensorMeta["dtype"],
    sizes: sizes.map(int),
    strides: strides.map(int),
    storage_offset: int(offset),
    requires_grad: false,
    device: { type: device ?? "cpu", index: null },
    layout: 7,
  };
}

/** The outputs of a case in one form for both sides: what each shares, and new storages numbered as they come. */
export function measuredOutputs([, , where, , , sharing]: RecordedCase): string[] {
  const named = ([argument, index]: readonly [string, number]) => `${argument}#${index}`;
  return sharing.map((share) => {
    if (share === null) return "none";
    return typeof share === "number" ? `new ${-1 - share}` : share.map((i) => named(where[i]!)).join("+");
  });
}

/** What `aliasing` answered, in the form of measuredOutputs. */
export function answeredOutputs([, , , , outputs]: RecordedCase, answer: CallAliasing): string[] {
  const groups = new Map<unknown, number>();
  return outputs.map((meta, i) => {
    if (meta === null) return "none";
    const own = answer.outputs[i];
    if (own !== undefined && own.sources.length > 0) {
      return own.sources.map(({ argument, index }) => `${argument}#${index}`).join("+");
    }
    const key = own === undefined ? `own ${i}` : own.group;
    if (!groups.has(key)) groups.set(key, groups.size);
    return `new ${groups.get(key)}`;
  });
}

/** The version counters that went up, and the silent writes that were seen. */
export function measuredWrites([, , where, , , , writes]: RecordedCase): {
  bumped: string[];
  silent: string[];
} {
  const named = ([i]: readonly [number, string]) => `${where[i]![0]}#${where[i]![1]}`;
  return {
    bumped: writes.filter(([, how]) => how.includes("v")).map(named),
    silent: writes.filter(([, how]) => !how.includes("v")).map(named),
  };
}

export function answeredWrites(answer: CallAliasing): { bumped: string[]; silent: string[] } {
  const named = ({ argument, index }: { argument: string; index: number }) => `${argument}#${index}`;
  return {
    bumped: answer.writes.filter(({ kind }) => kind !== "silent").map(named),
    silent: answer.writes.filter(({ kind }) => kind === "silent").map(named),
  };
}

/** Calls with what torch's own inference says of their results (fixtures/strides.ndjson.gz). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { callAny } from "../ops/dispatch.ts";
import { mode } from "../ops/kernel.ts";
import { findKernel } from "../ops/kernels.ts";
import type { OpSchema } from "../ops/schema-string.ts";
import { dtypeOfName } from "../tensor/dtype.ts";
import { contiguousStrides } from "../tensor/geometry.ts";
import { Tensor } from "../tensor/tensor.ts";
import { decode, type RecordedValue } from "./operator-cases.ts";

/** One call. Its tensors have no `data`. */
export interface StrideCase {
  readonly op: string;
  readonly args: readonly RecordedValue[];
  readonly kwargs: Readonly<Record<string, RecordedValue>>;
  readonly outputs: readonly RecordedValue[];
}

export function readStrideCases(): StrideCase[] {
  const text = gunzipSync(readFileSync(new URL("../../fixtures/strides.ndjson.gz", import.meta.url)));
  return text
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as StrideCase);
}

/** Whether all operands lie as a new tensor does. */
export function hasContiguousOperands({ args, kwargs }: StrideCase): boolean {
  const tensors = [...args, ...Object.values(kwargs)].flatMap((value) =>
    (value.l ?? [value]).map(({ t }) => t),
  );
  return tensors.every(
    (t) => !t || (t.offset === 0 && contiguousStrides(t.sizes).every((stride, d) => stride === t.strides[d])),
  );
}

/** How a result that pt2lint infers lies differently; undefined when none does, null when nothing is inferred. */
export function strideDifference(one: StrideCase, name: string): string | undefined | null {
  const results = infer(one, name);
  if (results === undefined) return null;
  for (const [i, { t }] of one.outputs.flatMap((value) => value.l ?? [value]).entries()) {
    const ours = results[i];
    if (t === undefined || !(ours instanceof Tensor)) continue;
    const lie = ({ strides, offset }: { strides: readonly number[]; offset: number }): string =>
      `[${strides.map((stride, d) => (t.sizes[d] === 1 ? "-" : stride)).join()}] from ${offset} on`;
    if (ours.numel > 0 && ours.rank === t.sizes.length && lie(ours) !== lie(t)) {
      return `result ${i}: ${lie(ours)}, torch has ${lie(t)}`;
    }
  }
  return undefined;
}

function infer({ args, kwargs }: StrideCase, name: string): readonly unknown[] | undefined {
  const schema = findKernel(name)?.schema;
  if (schema === undefined) return undefined;
  mode.meta = true;
  try {
    const result = callAny(name, ...argumentsOf(schema, args, kwargs));
    return Array.isArray(result) ? (result as unknown[]).flat() : [result];
  } catch {
    return undefined;
  } finally {
    mode.meta = false;
  }
}

function argumentsOf(schema: OpSchema, args: StrideCase["args"], kwargs: StrideCase["kwargs"]): unknown[] {
  const given = schema.args.map(({ name, type }, i) => {
    const value = args[i] ?? kwargs[name];
    if (value === undefined) return undefined;
    return decode(value, type, [], ({ dtype, sizes, strides, offset }) => {
      return new Tensor(null, dtypeOfName(dtype), sizes, strides, offset);
    });
  });
  while (given.length > 0 && given.at(-1) === undefined) given.pop();
  return given;
}

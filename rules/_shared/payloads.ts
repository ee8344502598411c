import type { PayloadMeta } from "../../src/archive/payload.ts";
import { scalarTypeName } from "../../src/archive/payload.ts";
import type { Payloads } from "../../src/lint/payloads.ts";
import type { Program } from "../../src/program/program.ts";
import type { TensorMeta } from "../../src/schema/types.generated.ts";
import { formatSizes } from "./sizes.ts";
import { specsOf } from "./specs.ts";
import type { Difference } from "./tensor-difference.ts";

/** Where torch looks for the values of each kind of input (torch/_export/verifier.py). */
export const LISTS: Readonly<Record<string, readonly (keyof Payloads)[]>> = {
  parameter: ["weights"],
  buffer: ["weights", "constants"],
  tensor_constant: ["constants"],
  custom_obj: ["constants"],
};

/** An input whose value the archive stores. */
export interface StoredInput {
  readonly kind: string;
  /** The qualified name. */
  readonly name: string;
  /** The placeholder. */
  readonly value: string;
  readonly persistent: boolean;
  /** Its position among the inputs. */
  readonly position: number;
}

const stored = new WeakMap<Program, readonly StoredInput[]>();

export function storedInputs(program: Program): readonly StoredInput[] {
  let inputs = stored.get(program);
  if (inputs === undefined) stored.set(program, (inputs = findStored(program)));
  return inputs;
}

function findStored(program: Program): StoredInput[] {
  const { input_specs } = program.document.root.graph_module.signature;
  const found: StoredInput[] = [];
  for (const [position, { kind, name: value, target: name }] of specsOf(program, "input").entries()) {
    if (LISTS[kind] === undefined || name === null) continue;
    const source = input_specs[position]!;
    const persistent = !("buffer" in source) || source.buffer.persistent;
    found.push({ kind, name, value, persistent, position });
  }
  return found;
}

/** What the archive stores under a qualified name, as a weight or a constant. */
export function payloadOf(payloads: Payloads | null, name: string) {
  return payloads?.weights?.get(name) ?? payloads?.constants?.get(name);
}

/** How a stored tensor certainly differs from what the graph was traced with. */
export function storedDifference(
  stored: NonNullable<PayloadMeta["tensor_meta"]>,
  traced: TensorMeta,
): Difference | undefined {
  if (stored.dtype !== traced.dtype) {
    const name = (dtype: number) => scalarTypeName(dtype) ?? "unknown";
    return { property: "dtype", left: name(stored.dtype), right: name(traced.dtype) };
  }
  const [left, right] = [stored.sizes.map(({ as_int }) => as_int), traced.sizes];
  if (left.length !== right.length) {
    return { property: "rank", left: String(left.length), right: String(right.length) };
  }
  const differs = right.some((size, i) => {
    const known = left[i];
    return known !== undefined && "as_int" in size && Number(size.as_int) !== known;
  });
  return differs ? { property: "shape", left: `[${left.join(", ")}]`, right: formatSizes(right) } : undefined;
}

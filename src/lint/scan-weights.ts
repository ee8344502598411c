import type { Archive, Model, Payload } from "../archive/archive.ts";
import { canBeNonFinite, countNonFinite } from "../archive/payload-scan.ts";
import { InputError } from "../errors.ts";
import type { Severity } from "./diagnostic.ts";
import { readPayloads } from "./payloads.ts";

/** What is done with weights, which are not read unless this says so. */
export type WeightCheck = "none" | "crc" | "scan";

/** Called with the bytes that have been read of all that have to be. */
export type WeightProgress = (done: number, total: number) => void;

/** A finding about the bytes of a weight, with the severity that it has where its rule is on. */
export interface WeightFault {
  readonly fault: InputError;
  readonly severity?: Severity;
}

/** Reads every weight and constant of the models and counts what is not finite; what cannot be read is a finding too. */
export async function scanWeights(archive: Archive, progress?: WeightProgress): Promise<WeightFault[]> {
  const tensors = new Map<string, [name: string, payload: Payload][]>();
  for (const model of archive.models) await collect(archive, model, tensors);
  const sizes = [...tensors.values()].map(([first]) => first?.[1].size ?? 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const faults: WeightFault[] = [];
  let done = 0;
  for (const shared of tensors.values()) {
    progress?.(done, total);
    const before = done;
    faults.push(...(await scanEntry(shared, (read) => progress?.(before + read, total))));
    done += shared[0]?.[1].size ?? 0;
  }
  progress?.(total, total);
  return faults;
}

async function collect(
  archive: Archive,
  model: Model,
  into: Map<string, [string, Payload][]>,
): Promise<void> {
  const payloads = await readPayloads(archive, model);
  for (const list of [payloads?.weights, payloads?.constants]) {
    for (const [name, payload] of list ?? []) {
      if (!payload.size || !canBeNonFinite(payload)) continue;
      const known = into.get(payload.entry);
      if (known) known.push([name, payload]);
      else into.set(payload.entry, [[name, payload]]);
    }
  }
}

/** All tensors of one storage, which is gone through once. */
async function scanEntry(
  shared: readonly (readonly [name: string, payload: Payload])[],
  progress: (done: number) => void,
): Promise<WeightFault[]> {
  const counts = shared.map(() => ({ nan: 0, infinite: 0 }));
  try {
    await shared[0]![1].eachChunk((bytes, offset) => {
      for (const [i, [, { config }]] of shared.entries()) {
        const found = countNonFinite(bytes, offset, config.tensor_meta!);
        counts[i]!.nan += found.nan;
        counts[i]!.infinite += found.infinite;
      }
      progress(offset + bytes.length);
    });
  } catch (error) {
    if (error instanceof InputError) return [{ fault: error }];
    throw error;
  }
  return shared.flatMap(([name, { entry }], i): WeightFault[] => {
    const { nan, infinite } = counts[i]!;
    if (nan + infinite === 0) return [];
    const parts = [nan > 0 ? `${nan} NaN` : "", infinite > 0 ? `${infinite} infinite` : ""].filter(Boolean);
    const fault = new InputError(
      "payload/non-finite",
      `'${name}' has elements that are not finite: ${parts.join(", ")}`,
      {
        help: nan > 0 ? "look for where the weights went wrong: no result that uses them is a number" : "",
        data: { name, entry, nan, infinite },
      },
    );
    return [nan > 0 ? { fault } : { fault, severity: "info" }];
  });
}

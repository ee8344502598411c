/** What `run` computed and compared, for programs. */
import type { Tensor } from "../tensor/tensor.ts";
import { agrees, type Comparison } from "./comparison-text.ts";
import { statistics } from "./tensor-text.ts";

/** One call of a program. */
export interface RunCall {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Null when nothing was expected. */
  readonly comparison: Comparison | null;
}

/** @param inputs where the inputs come from: `files`, `the archive's sample inputs`. */
export function runJson(path: string, model: string, inputs: string, calls: readonly RunCall[]): unknown {
  return {
    schemaVersion: 1,
    path,
    model,
    inputs,
    agrees: calls.every(({ comparison }) => comparison === null || agrees(comparison)),
    calls: calls.map(({ tensors, comparison }) => ({
      tensors: [...tensors].map(([name, tensor]) => ({
        name,
        dtype: tensor.dtype.name,
        sizes: tensor.sizes,
        ...statistics(tensor),
      })),
      comparisons:
        comparison?.tensors.map(({ name, expected, difference }) => ({
          name,
          dtype: expected.dtype.name,
          sizes: expected.sizes,
          difference: difference ?? null,
        })) ?? [],
      notCompared: comparison?.others ?? [],
    })),
  };
}

/**
 * vmap regions of pre-dispatch exports: between `_vmap_increment_nesting` and `_vmap_decrement_nesting` every value is
 * an example of a batch (torch/_functorch/predispatch.py). The region is run once for each example, and what
 * `_remove_batch_dim` hands out is stacked.
 */
import { call } from "../ops/dispatch.ts";
import type { TensorMeta } from "../schema/types.generated.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Execution } from "./execution.ts";
import type { PreparedGraph } from "./prepare.ts";
import type { RuntimeValue } from "./value.ts";

const PREFIX = "torch._functorch.predispatch.";

export interface VmapRegion {
  /** The place behind the region's last step. */
  readonly end: number;
  run(execution: Execution, runSteps: (first: number, end: number) => void): void;
}

/** The regions of a graph by the place of their first step; those within others too. */
export function vmapRegions(prepared: PreparedGraph, order: Int32Array): ReadonlyMap<number, VmapRegion> {
  const regions = new Map<number, VmapRegion>();
  const open: number[] = [];
  for (let place = 0; place < order.length; place++) {
    const { target } = prepared.steps[order[place]!]!.node;
    if (!target.startsWith(PREFIX)) continue;
    if (target.endsWith("_vmap_increment_nesting")) open.push(place);
    else if (target.endsWith("_vmap_decrement_nesting")) {
      const start = open.pop();
      if (start !== undefined) regions.set(start, region(prepared, order, start, place));
    }
  }
  return regions;
}

function region(prepared: PreparedGraph, order: Int32Array, start: number, end: number): VmapRegion {
  // The values handed out at this level, not at one of a region within.
  const results: number[] = [];
  let depth = 0;
  for (let place = start + 1; place < end; place++) {
    const { node } = prepared.steps[order[place]!]!;
    if (node.target === `${PREFIX}_vmap_increment_nesting`) depth++;
    else if (node.target === `${PREFIX}_vmap_decrement_nesting`) depth--;
    else if (depth === 0 && node.target === `${PREFIX}_remove_batch_dim`) results.push(node.outputs[0]!.id);
  }
  const first = prepared.steps[order[start]!]!.node;
  const size = first.source.inputs[0]?.arg;
  return {
    end: end + 1,
    run: (execution, runSteps) => {
      const { frame, vmapIndex } = execution;
      const count =
        size !== undefined && "as_int" in size
          ? Number(size.as_int)
          : (frame[first.operands[0]!.id] as Scalar).re;
      const before = [...frame];
      const collected = results.map((): Tensor[] => []);
      for (let index = 0; index < count; index++) {
        // Every example starts from the same values: their last uses lie within the region.
        for (let id = 0; id < before.length; id++) frame[id] = before[id];
        vmapIndex.push(index);
        runSteps(start + 1, end);
        vmapIndex.pop();
        for (const [i, id] of results.entries()) collected[i]!.push(frame[id] as Tensor);
      }
      for (const [i, id] of results.entries()) frame[id] = stackResult(prepared, id, collected[i]!);
    },
  };
}

function stackResult(prepared: PreparedGraph, id: number, examples: readonly Tensor[]): RuntimeValue {
  const { node, meta } = prepared.graph.program.values[id]!;
  if (examples.length === 0) return emptyResult(meta);
  const arg = node!.source.inputs[3]?.arg;
  const dim = arg !== undefined && "as_int" in arg ? Number(arg.as_int) : 0;
  return call("aten::stack", examples, dim);
}

/** No example has run: the metadata says of what size each would have been. */
function emptyResult(meta: TensorMeta | undefined): RuntimeValue {
  const sizes = (meta?.sizes ?? []).map((size) => ("as_int" in size ? Number(size.as_int) : 0));
  return meta === undefined ? null : Tensor.zeros(sizes, dtypeOfCode(meta.dtype));
}

/** The functions of `torch._functorch.predispatch`, as far as real exports use them. */
export function vmapFunction(
  target: string,
): ((execution: Execution, args: readonly unknown[]) => RuntimeValue) | undefined {
  return target.startsWith(PREFIX) ? FUNCTIONS[target.slice(PREFIX.length)] : undefined;
}

const FUNCTIONS: Readonly<Record<string, (execution: Execution, args: readonly unknown[]) => RuntimeValue>> =
  {
    lazy_load_decompositions: () => null,
    _vmap_increment_nesting: ({ vmapIndex }) => Scalar.int(vmapIndex.length + 1),
    _vmap_decrement_nesting: ({ vmapIndex }) => Scalar.int(vmapIndex.length),
    _add_batch_dim: ({ vmapIndex }, [input, dim, level]) =>
      call(
        "aten::select.int",
        input,
        (dim as Scalar).re,
        vmapIndex[(level as Scalar).re - 1] ?? vmapIndex.at(-1),
      ),
    _remove_batch_dim: (_, [input]) => input as Tensor,
  };

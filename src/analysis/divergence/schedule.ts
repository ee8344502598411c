/** In which order, and in whose memory, the operations of a lowered graph run (torch/_inductor/scheduler.py, codegen/wrapper.py). */
import { fuse } from "./fusion.ts";
import { MemoryPlan } from "./memory-plan.ts";
import { MemoryUse } from "./memory-use.ts";
import { type Buffer, type LoweredGraph, type Operation, readsOf } from "./operations.ts";
import { reorderForPeakMemory } from "./peak-memory.ts";
import { schedulerNodes } from "./scheduler-nodes.ts";

export interface Scheduled {
  readonly operation: Operation;
  /** The buffers in whose memory its results lie. */
  readonly reuses: ReadonlyMap<Buffer, Buffer>;
}

/** Orders the operations of a graph, and gives what they make memory: fused and pooled as inductor does, or as they stand. */
export function schedule(graph: LoweredGraph, reuse: "none" | "inductor" | "always"): Scheduled[] {
  const live = dropDead(graph);
  if (reuse === "none") return live.map((operation) => ({ operation, reuses: NONE }));
  if (reuse === "always") {
    const single = live.map((operation, index) => ({ nodes: [{ operation, index }] }));
    return new MemoryPlan(single, graph, null).result();
  }
  const { nodes, weakUsers } = schedulerNodes(live);
  const kernels = reorderForPeakMemory(fuse(nodes), graph);
  return new MemoryPlan(kernels, graph, { weakUsers, memory: new MemoryUse(kernels, graph) }).result();
}

const NONE: ReadonlyMap<Buffer, Buffer> = new Map();

/** Scheduler.dead_node_elimination */
function dropDead({ operations, outputs }: LoweredGraph): Operation[] {
  const needed = new Set<Buffer>();
  for (const output of outputs) if (output && "buffer" in output.data) needed.add(output.data.buffer);
  const live: Operation[] = [];
  for (let i = operations.length - 1; i >= 0; i--) {
    const operation = operations[i]!;
    const { target, makes, fx } = operation;
    const keep = target
      ? target.buffer.kind === "input" || needed.has(target.buffer)
      : fx.writes === true || makes.some((buffer) => needed.has(buffer));
    if (!keep) continue;
    live.push(operation);
    if (target) needed.add(target.buffer);
    for (const buffer of readsOf(operation.expression)) needed.add(buffer);
  }
  return live.reverse();
}

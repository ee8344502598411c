import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Graph } from "../../program/program.ts";
import type { StorageAnalysis } from "../storage.ts";
import { functionalize } from "./functional.ts";
import { lowerGraph } from "./lowering.ts";
import type { Load } from "./operations.ts";
import { runPasses } from "./passes.ts";
import { type Scheduled, schedule } from "./schedule.ts";
import type { Schedule } from "./schedules.ts";

/** A graph ready to run. */
export interface ScheduledGraph {
  readonly scheduled: readonly Scheduled[];
  readonly outputs: readonly (Load | null)[];
}

/** A program as one schedule lowers it, each graph when it is first run. */
export class LoweredProgram {
  readonly #storage: StorageAnalysis;
  readonly #registry: OperatorRegistry;
  readonly schedule: Schedule;
  readonly #graphs = new Map<Graph, ScheduledGraph>();

  constructor(storage: StorageAnalysis, registry: OperatorRegistry, by: Schedule) {
    this.schedule = by;
    this.#storage = storage;
    this.#registry = registry;
  }

  graph(graph: Graph): ScheduledGraph {
    let found = this.#graphs.get(graph);
    if (found === undefined) {
      const functional = functionalize(graph, this.#storage);
      runPasses(functional, this.#registry, this.schedule.order, this.schedule.copies);
      const lowered = lowerGraph(functional, this.#registry, this.schedule);
      found = { scheduled: schedule(lowered, this.schedule.reuse), outputs: lowered.outputs };
      this.#graphs.set(graph, found);
    }
    return found;
  }
}

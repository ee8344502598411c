/** A program run lowered in its own order: DESIGN's rules, and no more than those. */

import { isUpdate } from "../../analysis/cache/buffers.ts";
import { CacheAnalysis } from "../../analysis/cache.ts";
import { LoweredProgram as ScheduledProgram } from "../../analysis/divergence/program.ts";
import type { Schedule } from "../../analysis/divergence/schedules.ts";
import { StorageAnalysis } from "../../analysis/storage.ts";
import { updateCache } from "../../ops/executorch-kernels.ts";
import type { Arguments, Kernel } from "../../ops/kernel.ts";
import type { OperatorRegistry } from "../../ops/registry.ts";
import type { Node, Program } from "../../program/program.ts";
import { type Memory, Storage } from "../../tensor/storage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Execution, programOrder, type Semantics } from "../execution.ts";
import type { Step } from "../prepare.ts";
import type { RuntimeValue } from "../value.ts";

/** A write that no schema declares: who wrote which memory. */
export interface UndeclaredWrite {
  readonly node: Node;
  readonly memory: Memory;
}

/** What a program's lowered executions have in common. */
export class LoweredProgram {
  readonly storage: StorageAnalysis;
  readonly cache: CacheAnalysis;
  readonly #registry: OperatorRegistry;
  readonly #scheduled = new Map<Schedule, ScheduledProgram>();

  constructor(program: Program, registry: OperatorRegistry) {
    this.#registry = registry;
    this.storage = new StorageAnalysis(program, registry);
    this.cache = new CacheAnalysis(program, this.storage, registry);
  }

  /** Whether the program calls a cache operator: all schedules of one that does not are alike. */
  get usesCaches(): boolean {
    return this.cache.updates.length + this.cache.aliases.length > 0;
  }

  by(schedule: Schedule): ScheduledProgram {
    let scheduled = this.#scheduled.get(schedule);
    if (scheduled === undefined) {
      scheduled = new ScheduledProgram(this.storage, this.#registry, schedule);
      this.#scheduled.set(schedule, scheduled);
    }
    return scheduled;
  }
}

/** Runs a program in its own order: updates write the cache and return it, and those that nothing needs are left out. */
export class LoweredSemantics implements Semantics {
  readonly #lowered: LoweredProgram;
  readonly #decide: ((node: Node, predicate: boolean) => boolean) | undefined;
  readonly order = programOrder;
  #dropping = 0;

  constructor(lowered: LoweredProgram, decide?: (node: Node, predicate: boolean) => boolean) {
    this.#lowered = lowered;
    this.#decide = decide;
  }

  decide(node: Node, predicate: boolean): boolean {
    return this.#decide?.(node, predicate) ?? predicate;
  }

  call(kernel: Kernel, args: Arguments): RuntimeValue {
    if (kernel.name === "executorch::update_cross_attn_cache") {
      return this.#update(args.value as Tensor, args.cache as Tensor);
    }
    if (kernel.name === "executorch::alias") return [share(args.x as Tensor), share(args.y as Tensor)];
    return kernel.call(args) as RuntimeValue;
  }

  /** Writes the cache's memory, whoever else holds it; the result is that memory. */
  #update(value: Tensor, cache: Tensor): Tensor {
    const result = share(cache);
    // Of one that is dropped as dead, only the shape is asked for.
    if (this.#dropping === 0) updateCache(value, cache);
    return result;
  }

  runStep(step: Step, execution: Execution): void {
    const drop = isUpdate(step.node) && !this.#lowered.cache.isLive(step.node);
    if (drop) this.#dropping++;
    step.execute(execution);
    if (drop) this.#dropping--;
  }
}

/** Another value in the same memory: a write to either goes to a copy. */
function share(t: Tensor): Tensor {
  const storage = new Storage(t.memory);
  storage.copyOnWrite = true;
  t.storage!.copyOnWrite = true;
  return t.inStorage(storage);
}

/** How much memory is held while kernels run in an order (torch/_inductor/codegen/wrapper.py EfficientPeakEstimate). */
import type { Kernel } from "./fusion.ts";
import type { LoweredGraph } from "./operations.ts";
import { MOST_KERNELS, Plan } from "./peak-memory.ts";

export class MemoryUse {
  readonly #kernels: readonly Kernel[];
  readonly #graph: LoweredGraph;
  /** At each step, and at the worst of them; worked out when it is first asked for. */
  #held: number[] | undefined;
  #most = 0;

  constructor(kernels: readonly Kernel[], graph: LoweredGraph) {
    this.#kernels = kernels;
    this.#graph = graph;
  }

  /** Whether memory that is free behind a step may be kept for a later one: not where the peak would rise by that. */
  mayHold(from: number, to: number, size: number): boolean {
    if (from + 1 === to || this.#kernels.length > MOST_KERNELS) return true;
    const held = this.#heldAt();
    let most = 0;
    for (let step = from + 1; step < to; step++) most = Math.max(most, held[step]!);
    if (most + size > this.#most) return false;
    for (let step = from + 1; step < to; step++) held[step]! += size;
    return true;
  }

  #heldAt(): number[] {
    if (this.#held === undefined) {
      const plan = new Plan(this.#kernels, this.#graph);
      this.#held = [];
      let step = 0;
      for (const [i, now] of plan.held(plan.kernels).entries()) {
        step = Math.max(step, now);
        if (plan.kernels[i]!.isStep) continue;
        this.#held.push(step);
        step = 0;
      }
      this.#most = this.#held.reduce((a, b) => Math.max(a, b), 0);
    }
    return this.#held;
  }
}

import type { Arguments, Kernel } from "../ops/kernel.ts";
import type { Node } from "../program/program.ts";
import { type Memory, stepMemory } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Frame, resolve } from "./arguments.ts";
import type { Autocast } from "./autocast.ts";
import { nodeError } from "./node-error.ts";
import type { PreparedGraph, PreparedProgram, Step } from "./prepare.ts";
import type { RuntimeValue } from "./value.ts";
import { type VmapRegion, vmapRegions } from "./vmap.ts";

/** In what way a program is run: in its own order as torch's eager does, or in one of the ways a compiler may. */
export interface Semantics {
  /** The order of a graph's steps, as positions; what is left out does not run. */
  order(graph: PreparedGraph): Int32Array;
  /** Runs an operator's kernel, or does what a compiler does in its place. */
  call(kernel: Kernel, args: Arguments): RuntimeValue;
  /** Runs a step, now or later, and may change what it made. */
  runStep?(step: Step, execution: Execution): void;
  /** Before a graph's outputs are read. */
  beforeOutputs?(graph: PreparedGraph, execution: Execution): void;
  /** Whether memory is given back for other values behind a value's last use. */
  readonly givesBack?: boolean;
  /** Which branch of a cond runs, when that is not for the predicate to say. */
  decide?(node: Node, predicate: boolean): boolean;
}

/** ATen views share storage and in-place operators write through: what `ep.module()` does. */
export const eager: Semantics = {
  order: programOrder,
  call: (kernel, args) => kernel.call(args),
  givesBack: true,
};

const orders = new WeakMap<PreparedGraph, Int32Array>();

/** Every step as it stands. */
export function programOrder(graph: PreparedGraph): Int32Array {
  let order = orders.get(graph);
  if (order === undefined) {
    order = Int32Array.from(graph.steps.keys());
    orders.set(graph, order);
  }
  return order;
}

/** Called after each node with the values it made, which are good until it returns. */
export type Observer = (node: Node, values: readonly RuntimeValue[]) => void;

interface Plan {
  readonly order: Int32Array;
  /** For each place in the order, the values whose last use it is. */
  readonly dying: readonly (readonly number[])[];
  readonly vmaps: ReadonlyMap<number, VmapRegion>;
}

/** One run of a program: its values, and the way it is run. */
export class Execution {
  readonly prepared: PreparedProgram;
  readonly semantics: Semantics;
  /** Values by `Value.id`; a value is dropped after its last use. */
  readonly frame: Frame;
  /** The autocast region that is being run. */
  autocast: Autocast | null = null;
  /** The batch index of each vmap region that is being run, outermost first. */
  readonly vmapIndex: number[] = [];
  readonly #observe: Observer | undefined;
  readonly #plans = new Map<PreparedGraph, Plan>();

  constructor(prepared: PreparedProgram, semantics: Semantics = eager, observe?: Observer) {
    this.prepared = prepared;
    this.semantics = semantics;
    this.frame = new Array(prepared.program.values.length);
    this.#observe = observe;
  }

  call(kernel: Kernel, args: Arguments): RuntimeValue {
    return this.semantics.call(kernel, args);
  }

  /**
   * Runs a graph on values for its inputs; its outputs, one for each in the document.
   *
   * @throws NodeError for what goes wrong in a node.
   */
  runGraph(prepared: PreparedGraph, inputs: readonly RuntimeValue[]): RuntimeValue[] {
    for (const input of inputs) leaveHeap(input);
    const outputs = this.runGraphBetween(prepared, inputs);
    for (const output of outputs) leaveHeap(output);
    return outputs;
  }

  /**
   * `runGraph` for a caller that has the inputs from values of the frame, and whose outputs become such values: their
   * memory may be given back when these have had their last use.
   */
  runGraphBetween(prepared: PreparedGraph, inputs: readonly RuntimeValue[]): RuntimeValue[] {
    const { frame, semantics } = this;
    for (const [i, input] of prepared.graph.inputs.entries()) {
      if (input === null) continue;
      frame[input.id] = inputs[i];
      use(inputs[i], 1);
    }
    const plan = this.#planOf(prepared);
    this.#runSteps(prepared, plan, 0, plan.order.length);
    semantics.beforeOutputs?.(prepared, this);
    const outputs = prepared.outputs.map((output) => resolve(output, frame) as RuntimeValue);
    for (const output of prepared.graph.outputs) {
      if (output === null) continue;
      use(frame[output.id], -1);
      frame[output.id] = undefined;
    }
    if (semantics.givesBack === true) this.#forgetInputs(prepared);
    return outputs;
  }

  /** Those that no step has used are still there. */
  #forgetInputs({ graph }: PreparedGraph): void {
    for (const input of graph.inputs) {
      if (input === null) continue;
      use(this.frame[input.id], -1);
      this.frame[input.id] = undefined;
    }
  }

  /** Give all memory back, where a run has failed. */
  abandon(): void {
    for (const value of this.frame) leaveHeap(value);
    this.frame.length = 0;
  }

  #runSteps({ steps }: PreparedGraph, plan: Plan, from: number, to: number): void {
    const { frame, semantics } = this;
    const { order, dying, vmaps } = plan;
    const observe = this.#observe;
    // A region that is run for each example goes back to values that have had their last use.
    const givesBack = semantics.givesBack === true && vmaps.size === 0;
    for (let place = from; place < to; place++) {
      const step = steps[order[place]!]!;
      const region = vmaps.size === 0 ? undefined : vmaps.get(place);
      try {
        if (givesBack) runAndRelease(step, this);
        else if (semantics.runStep === undefined) step.execute(this);
        else semantics.runStep(step, this);
      } catch (error) {
        throw nodeError(error, step.node, frame);
      }
      observe?.(
        step.node,
        step.node.outputs.map(({ id }) => frame[id]),
      );
      if (region !== undefined) {
        region.run(this, (first, end) => this.#runSteps(this.#graphOf(step), plan, first, end));
        place = region.end - 1;
        continue;
      }
      const dead = dying[place]!;
      for (let i = 0; i < dead.length; i++) {
        const id = dead[i]!;
        if (givesBack) release(frame[id]);
        frame[id] = undefined;
      }
    }
  }

  #graphOf(step: Step): PreparedGraph {
    return this.prepared.graphs[step.node.graph.id]!;
  }

  #planOf(prepared: PreparedGraph): Plan {
    let plan = this.#plans.get(prepared);
    if (plan === undefined) {
      const order = this.semantics.order(prepared);
      plan = order === programOrder(prepared) ? ownPlan(prepared) : planIn(prepared, order);
      this.#plans.set(prepared, plan);
    }
    return plan;
  }
}

/**
 * Runs a step. What it makes lies in the heap, and what of that is no value of the frame is released right behind it.
 * Operators of other people may keep what they make, and higher-order ones are made of steps of their own.
 */
function runAndRelease(step: Step, execution: Execution): void {
  const { frame } = execution;
  const { outputs } = step.node;
  const made: Memory[] | null = step.kernel?.name.startsWith("aten::") ? [] : null;
  stepMemory.made = made;
  try {
    step.execute(execution);
  } finally {
    stepMemory.made = null;
    for (let i = 0; i < outputs.length; i++) use(frame[outputs[i]!.id], 1);
    if (made !== null) {
      for (let i = 0; i < made.length; i++) if (made[i]!.uses === 0) made[i]!.release();
    }
  }
}

/** Note that a value is one of the frame, or that it is none any more. */
function use(value: RuntimeValue, count: 1 | -1): void {
  if (value instanceof Tensor) {
    if (value.storage !== null) value.storage.memory.uses += count;
  } else if (Array.isArray(value)) for (const one of value as readonly RuntimeValue[]) use(one, count);
}

/** A value has had its last use: nobody needs its memory when no other value lies in it. */
function release(value: RuntimeValue): void {
  if (value instanceof Tensor) {
    const memory = value.storage?.memory;
    if (memory !== undefined && --memory.uses === 0) memory.release();
  } else if (Array.isArray(value)) for (const one of value as readonly RuntimeValue[]) release(one);
}

/** What somebody else than the frame has is the garbage collector's. */
export function leaveHeap(value: RuntimeValue): void {
  if (Array.isArray(value)) for (const one of value as readonly RuntimeValue[]) leaveHeap(one);
  else if (value instanceof Tensor && value.storage !== null) {
    const { memory } = value.storage;
    if (memory.uses !== Number.POSITIVE_INFINITY) memory.leaveHeap();
  }
}

/** Of values that no frame has, those in the heap are given back. */
export function discard(values: readonly RuntimeValue[]): void {
  for (const value of values) {
    if (Array.isArray(value)) discard(value as readonly RuntimeValue[]);
    else if (value instanceof Tensor && value.storage?.memory.uses === 0) value.storage.memory.release();
  }
}

const ownPlans = new WeakMap<PreparedGraph, Plan>();

/** The plan of a graph's own order, which all calls share. */
function ownPlan(prepared: PreparedGraph): Plan {
  let plan = ownPlans.get(prepared);
  if (plan === undefined) {
    plan = planIn(prepared, programOrder(prepared));
    ownPlans.set(prepared, plan);
  }
  return plan;
}

function planIn(prepared: PreparedGraph, order: Int32Array): Plan {
  return { order, dying: lastUses(prepared, order), vmaps: vmapRegions(prepared, order) };
}

const NOTHING: readonly number[] = [];

/** A value that nothing uses dies where it is made; a graph's outputs never do. */
function lastUses({ graph, steps }: PreparedGraph, order: Int32Array): readonly (readonly number[])[] {
  const kept = new Set(graph.outputs.map((output) => output?.id));
  const seen = new Set<number>();
  const result = new Array<readonly number[]>(order.length);
  for (let place = order.length - 1; place >= 0; place--) {
    const { node } = steps[order[place]!]!;
    let dying: number[] | undefined;
    for (const values of [node.operands, node.outputs]) {
      for (const value of values) {
        if (value === null || kept.has(value.id) || seen.has(value.id)) continue;
        seen.add(value.id);
        (dying ??= []).push(value.id);
      }
    }
    result[place] = dying ?? NOTHING;
  }
  return result;
}

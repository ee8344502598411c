/** A lowered program run on numbers. */

import type { Fx } from "../../analysis/divergence/functional.ts";
import type { Layout } from "../../analysis/divergence/layout.ts";
import { type Domain, Machine, type Place, type Writer } from "../../analysis/divergence/machine.ts";
import { sourcesOf } from "../../analysis/divergence/operators.ts";
import type { Schedule } from "../../analysis/divergence/schedules.ts";
import type { Node, Value } from "../../program/program.ts";
import { contiguous, contiguousCopy, copyInto } from "../../tensor/copy.ts";
import { dtypeOfCode } from "../../tensor/dtype.ts";
import { Memory, Storage } from "../../tensor/storage.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Execution, type Observer } from "../execution.ts";
import { truth } from "../hop/cond.ts";
import type { PreparedProgram } from "../prepare.ts";
import { isTensor, type RuntimeValue } from "../value.ts";
import type { Reference } from "./reference.ts";
import type { LoweredProgram, UndeclaredWrite } from "./semantics.ts";

/** Memory as the whole tensor that it was made for; a number has none. */
type Whole = Tensor | { readonly value: RuntimeValue };

interface NumericOptions {
  readonly prepared: PreparedProgram;
  readonly lowered: LoweredProgram;
  readonly schedule: Schedule;
  readonly reference: Reference;
  readonly decide: (node: Node, predicate: boolean) => boolean;
  readonly observe?: Observer | undefined;
}

/** Runs a program as a schedule lowers it, on values for its inputs, which are written; its outputs, and the writes. */
export function runNumeric(
  options: NumericOptions,
  inputs: readonly RuntimeValue[],
): { outputs: RuntimeValue[]; writes: readonly UndeclaredWrite[] } {
  const { main } = options.prepared.program;
  const domain = new Numeric(options);
  const places = inputs.map((input): Place<Whole> | null =>
    isTensor(input)
      ? { memory: input, at: input }
      : input === undefined
        ? null
        : { memory: { value: input }, at: SCALAR },
  );
  const results = new Machine(options.lowered.by(options.schedule), domain).run(main, places);
  const outputs = main.outputs.map((value, i) => {
    const place = results[i];
    if (value === null || value.kind !== "tensor") return value && options.reference.value(value);
    return place ? domain.read(place.memory, place.at) : null;
  });
  return { outputs, writes: domain.writes };
}

const SCALAR: Layout = { sizes: [], strides: [], offset: 0 };

class Numeric implements Domain<RuntimeValue, Whole> {
  readonly writes: UndeclaredWrite[] = [];
  readonly #options: NumericOptions;
  readonly #execution: Execution;
  readonly #written = new Map<Node, Value>();

  constructor(options: NumericOptions) {
    this.#options = options;
    this.#execution = new Execution(options.prepared);
    for (const graph of options.prepared.program.graphs) {
      for (const { node, value } of options.lowered.storage.writes(graph)) this.#written.set(node, value);
    }
  }

  layoutOf(value: Value): Layout {
    return this.#options.reference.layoutOf(value);
  }

  memory(value: Value, content: RuntimeValue): Whole {
    if (!isTensor(content)) return { value: content };
    const { sizes, strides, offset } = this.layoutOf(value);
    const end = sizes.reduce((sum, size, i) => sum + Math.max(size - 1, 0) * strides[i]!, offset) + 1;
    const storage = new Storage(Memory.zeros(end * content.dtype.itemsize));
    const whole = new Tensor(storage, content.dtype, sizes, strides, offset);
    copyInto(whole, shaped(content, sizes));
    return whole;
  }

  read(memory: Whole, { sizes, strides, offset }: Layout): RuntimeValue {
    return memory instanceof Tensor ? memory.view(sizes, strides, offset) : memory.value;
  }

  write(
    memory: Whole,
    { sizes, strides, offset }: Layout,
    content: RuntimeValue,
    { kind, node }: Writer,
  ): void {
    if (!(memory instanceof Tensor) || !isTensor(content)) return;
    copyInto(memory.view(sizes, strides, offset), shaped(content, sizes));
    if (kind !== "write" && node !== null) this.writes.push({ node, memory: memory.memory });
  }

  /** Memory that is read before anything is in it has what happens to be there: nothing, here. */
  unknown(value: Value): RuntimeValue {
    const known = this.#options.reference.value(value);
    return known === undefined && value.meta ? this.#blank(value) : known;
  }

  decide(node: Node, predicate: RuntimeValue): boolean {
    return this.#options.decide(node, truth(predicate));
  }

  observe({ node, value }: Fx, content: RuntimeValue): void {
    const at = node?.outputs.indexOf(value) ?? -1;
    if (node === null || at < 0) return;
    const values: RuntimeValue[] = [];
    values[at] = content;
    this.#options.observe?.(node, values);
  }

  /** The node's kernel on what it reads; what it would write is a copy. */
  compute(node: Node, value: Value, parts: readonly RuntimeValue[]): RuntimeValue {
    const { reference, prepared } = this.#options;
    if (reference.isRandom(node)) return reference.value(value);
    const { frame } = this.#execution;
    const target = this.#written.get(node);
    for (const operand of node.operands) if (operand) frame[operand.id] = reference.value(operand);
    const sources = sourcesOf(node);
    for (const [i, source] of sources.entries()) {
      const part = parts[i];
      frame[source.id] = target !== undefined && isTensor(part) ? contiguousCopy(part) : part;
    }
    // What eager had there may have been given back.
    if (target !== undefined && !sources.includes(target)) frame[target.id] = this.#blank(target);
    const step = prepared.graphs[node.graph.id]!.steps[node.index]!;
    step.execute(this.#execution);
    return frame[value.node === node ? value.id : target!.id];
  }

  /** For what is written without being read. */
  #blank(value: Value): Tensor {
    const { dtype } = value.meta!;
    return Tensor.zeros(this.layoutOf(value).sizes, dtypeOfCode(dtype));
  }
}

/** The same elements under other sizes. */
function shaped(content: Tensor, sizes: readonly number[]): Tensor {
  const count = sizes.reduce((product, size) => product * size, 1);
  const same = content.sizes.length === sizes.length && content.sizes.every((size, i) => size === sizes[i]);
  if (same || content.numel !== count) return content;
  const { storage, dtype, offset } = contiguous(content);
  return new Tensor(storage, dtype, sizes, undefined, offset);
}

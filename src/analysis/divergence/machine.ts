/** Runs a lowered program: on numbers in the interpreter, and without any in the analysis. */
import { hopCall } from "../../ops/hop/hop.ts";
import type { Graph, Node, Value } from "../../program/program.ts";
import type { Fx } from "./functional.ts";
import { head, type Layout, moved } from "./layout.ts";
import type { Buffer, Expression, Load, Step } from "./operations.ts";
import type { LoweredProgram } from "./program.ts";
import type { Scheduled } from "./schedule.ts";

/** Who wrote a memory: an update, an operator that says so, or what a compiler put there because it held the memory for free. */
export interface Writer {
  readonly kind: "update" | "write" | "reuse";
  readonly node: Node | null;
}

/** What a run computes with: contents of tensors, and memories that hold them. */
export interface Domain<Content, Memory> {
  layoutOf(value: Value): Layout;
  /** New memory, laid out as the value is. */
  memory(value: Value, content: Content): Memory;
  read(memory: Memory, at: Layout): Content;
  /** `from`: the memories that the content was read from, for a copy. */
  write(memory: Memory, at: Layout, content: Content, writer: Writer, from?: readonly Memory[]): void;
  /** What a node makes of what it reads. */
  compute(node: Node, value: Value, parts: readonly Content[]): Content;
  /** For a name that nothing defines. */
  unknown(value: Value): Content;
  /** Which branch a cond takes. */
  decide(node: Node, predicate: Content): boolean;
  /** Sees what a node made, where it is computed. */
  observe?(fx: Fx, content: Content, reads: () => readonly Memory[]): void;
}

/** A tensor: memory, and where it lies there. */
export interface Place<Memory> {
  readonly memory: Memory;
  readonly at: Layout;
}

/** One run of a graph, and of the branches that it takes. */
export class Machine<Content, Memory> {
  readonly #program: LoweredProgram;
  readonly #domain: Domain<Content, Memory>;

  constructor(program: LoweredProgram, domain: Domain<Content, Memory>) {
    this.#program = program;
    this.#domain = domain;
  }

  /** Recursion goes one level for each cond within another. */
  run(graph: Graph, inputs: readonly (Place<Memory> | null)[]): (Place<Memory> | null)[] {
    const { scheduled, outputs } = this.#program.graph(graph);
    const run = new GraphRun(this.#domain, inputs);
    for (const one of scheduled) {
      if (one.operation.kind === "cond") this.#cond(run, one);
      else run.operation(one);
    }
    return outputs.map((output) => output && run.located(output));
  }

  #cond(run: GraphRun<Content, Memory>, { operation }: Scheduled): void {
    const { expression, makes, fx } = operation;
    const node = fx.node!;
    const [predicate, ...operands] = expression.loads;
    const taken = this.#domain.decide(node, run.read(predicate!)) ? 0 : 1;
    const body = hopCall(node)?.bodies[taken];
    if (body === undefined) return;
    let next = 0;
    const given = body.inputs.map(({ operand }) => {
      const load = operand ? operands[next++] : undefined;
      return load ? run.located(load) : null;
    });
    const results = this.run(body.graph, given);
    for (const buffer of makes) run.place(buffer, results[buffer.value.index] ?? null);
  }
}

class GraphRun<Content, Memory> {
  readonly #domain: Domain<Content, Memory>;
  readonly #inputs: readonly (Place<Memory> | null)[];
  readonly #places = new Map<Buffer, Place<Memory>>();

  constructor(domain: Domain<Content, Memory>, inputs: readonly (Place<Memory> | null)[]) {
    this.#domain = domain;
    this.#inputs = inputs;
  }

  place(buffer: Buffer, place: Place<Memory> | null): void {
    if (place) this.#places.set(buffer, place);
  }

  operation({ operation, reuses }: Scheduled): void {
    const { expression, makes, target, fx } = operation;
    if (target !== null) {
      const content = this.#evaluate(expression);
      const writer: Writer = { kind: fx.op === "update" ? "update" : "write", node: fx.node };
      const from = expression.fx === null ? this.#memoriesOf(expression) : [];
      this.#write(this.#placeOf(target.buffer), target.steps, content, writer, from);
      return;
    }
    const [first] = makes;
    if (makes.length > 1 || first?.value !== fx.value) {
      const parts = expression.loads.map((load) => this.read(load));
      for (const made of makes)
        this.#store(made, this.#domain.compute(fx.node!, made.value, parts), reuses.get(made), fx);
    } else if (first) this.#store(first, this.#evaluate(expression), reuses.get(first), fx);
  }

  #store(made: Buffer, content: Content, used: Buffer | undefined, fx: Fx): void {
    if (used === undefined) {
      this.#places.set(made, this.#fresh(made.value, content));
      return;
    }
    const place = this.#placeOf(used);
    const own = this.#domain.layoutOf(made.value);
    const same = own.sizes.join() === place.at.sizes.join();
    const at = same ? place.at : { ...own, offset: own.offset + place.at.offset };
    this.#domain.write(place.memory, at, content, { kind: "reuse", node: fx.node });
    this.#places.set(made, { memory: place.memory, at });
  }

  #fresh(value: Value, content: Content): Place<Memory> {
    return { memory: this.#domain.memory(value, content), at: this.#domain.layoutOf(value) };
  }

  #placeOf(buffer: Buffer): Place<Memory> {
    let place = buffer.kind === "input" ? this.#inputs[buffer.index] : this.#places.get(buffer);
    if (!place) {
      place = this.#fresh(buffer.value, this.#domain.unknown(buffer.value));
      this.#places.set(buffer, place);
    }
    return place;
  }

  #memoriesOf({ loads }: Expression): Memory[] {
    return loads.flatMap(({ data }) => ("buffer" in data ? [this.#placeOf(data.buffer).memory] : []));
  }

  /** Where a load of memory lies. */
  located({ data, steps }: Load): Place<Memory> {
    if ("expression" in data)
      return this.#walk(this.#fresh(data.expression.fx!.value, this.#evaluate(data.expression)), steps);
    return this.#walk(this.#placeOf(data.buffer), steps);
  }

  /** A view that cannot be told by strides where the memory lies otherwise than eager's is one of a copy. */
  #walk(from: Place<Memory>, steps: readonly Step[]): Place<Memory> {
    const { layoutOf, read } = bound(this.#domain);
    let place = from;
    for (const { view, base, head: part } of steps) {
      let at = moved(layoutOf(view), layoutOf(base), place.at);
      if (at === undefined) {
        place = this.#fresh(base, read(place.memory, place.at));
        at = layoutOf(view);
      }
      place = { memory: place.memory, at: part ? head(at, layoutOf(part).sizes[2] ?? 0) : at };
    }
    return place;
  }

  #write(
    to: Place<Memory>,
    steps: readonly Step[],
    content: Content,
    writer: Writer,
    from: readonly Memory[],
  ): void {
    const { memory, at } = this.#walk(to, steps);
    this.#domain.write(memory, at, content, writer, from);
    if (memory === to.memory) return;
    const whole = { memory, at: this.#domain.layoutOf(steps[0]!.base) };
    this.#domain.write(to.memory, to.at, this.#domain.read(whole.memory, whole.at), writer, from);
  }

  read(load: Load): Content {
    const { memory, at } = this.located(load);
    return this.#domain.read(memory, at);
  }

  /** Expressions within are computed first, with a stack instead of recursion. */
  #evaluate(root: Expression): Content {
    const done = new Map<Expression, Content>();
    const stack = [root];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const open: Expression[] = [];
      if (!done.has(at)) {
        for (const { data } of at.loads)
          if ("expression" in data && !done.has(data.expression)) open.push(data.expression);
      }
      if (open.length > 0) stack.push(...open);
      else {
        stack.pop();
        if (!done.has(at)) done.set(at, this.#compute(at, done));
      }
    }
    return done.get(root)!;
  }

  #compute({ fx, loads }: Expression, done: ReadonlyMap<Expression, Content>): Content {
    const parts = loads.map((load) => this.#part(load, done));
    if (fx === null) return parts[0]!;
    if (fx.op === "scatter") {
      const memory = this.#domain.memory(fx.value, parts[0]!);
      this.#domain.write(memory, this.#domain.layoutOf(fx.base), parts[1]!, { kind: "write", node: fx.node });
      return this.#domain.read(memory, this.#domain.layoutOf(fx.value));
    }
    if (fx.node === null) return this.#domain.unknown(fx.value);
    const content = this.#domain.compute(fx.node, fx.value, parts);
    this.#domain.observe?.(fx, content, () => this.#memoriesOf({ fx, loads }));
    return content;
  }

  #part(load: Load, done: ReadonlyMap<Expression, Content>): Content {
    const { data, steps } = load;
    if ("buffer" in data) return this.read(load);
    const content = done.get(data.expression)!;
    const value = data.expression.fx?.value ?? steps[0]?.base;
    if (steps.length === 0 || value === undefined) return content;
    const { memory, at } = this.#walk(this.#fresh(value, content), steps);
    return this.#domain.read(memory, at);
  }
}

function bound<C, M>(domain: Domain<C, M>) {
  return {
    layoutOf: (value: Value) => domain.layoutOf(value),
    read: (memory: M, at: Layout) => domain.read(memory, at),
  };
}

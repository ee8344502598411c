/** A program made ready to run: every node is one closure, and every operator is known to have a kernel. */

import { InputError } from "../errors.ts";
import { type Kernel, mode } from "../ops/kernel.ts";
import { findKernel } from "../ops/kernels.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Graph, Node, Program } from "../program/program.ts";
import type { Argument } from "../schema/types.generated.ts";
import { stepMemory } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Frame, namedArguments, type Resolver, resolve, resolver } from "./arguments.ts";
import { autocastCall } from "./autocast.ts";
import { CallMemo } from "./call-memo.ts";
import type { Execution } from "./execution.ts";
import { type HopHandler, hopHandler } from "./hop/index.ts";
import { type MissingOperator, MissingOperatorsError } from "./missing-operators.ts";
import { pythonFunction } from "./symbols.ts";
import { flatten, type RuntimeValue } from "./value.ts";

/** A node ready to run. */
export interface Step {
  readonly node: Node;
  /** Null for higher-order operators and Python's functions. */
  readonly kernel: Kernel | null;
  /** Reads its operands from the frame, computes, and puts its results there. */
  readonly execute: (execution: Execution) => void;
}

/** A graph ready to run. */
export interface PreparedGraph {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  /** Its outputs as the document lists them; a `Tensor[]` is a list. */
  readonly outputs: readonly Resolver[];
}

/** A program ready to run. */
export interface PreparedProgram {
  readonly program: Program;
  /** By `Graph.id`. */
  readonly graphs: readonly PreparedGraph[];
}

/** What a target is run by; undefined when it cannot be. */
export function runnable(
  target: string,
  registry: OperatorRegistry,
): Kernel | HopHandler | "python" | undefined {
  if (pythonFunction(target) !== undefined) return "python";
  const hop = hopHandler(target);
  if (hop !== undefined) return hop;
  return findKernel(registry.find(target)?.qualifiedName ?? nameOf(target));
}

/** What a node calls: its target, and the operator that a higher-order one is given. */
export function targetsOf({ target, source }: Node): string[] {
  return [target, ...source.inputs.flatMap(({ arg }) => ("as_operator" in arg ? [arg.as_operator] : []))];
}

/** `mylib::op` of `torch.ops.mylib.op.default`, for an operator that nobody declared. */
function nameOf(target: string): string {
  return target
    .replace(/^torch\.ops\./, "")
    .replace(".", "::")
    .replace(/\.default$/, "");
}

/** Every operator of the program that cannot be run, in order of first use. */
function missingOperators(program: Program, registry: OperatorRegistry): MissingOperator[] {
  const missing = new Map<string, Node[]>();
  for (const graph of program.graphs) {
    for (const node of graph.nodes) {
      for (const target of targetsOf(node)) {
        const known = missing.get(target);
        if (known !== undefined) known.push(node);
        else if (runnable(target, registry) === undefined) missing.set(target, [node]);
      }
    }
  }
  return [...missing].map(([target, nodes]) => ({ target, nodes }));
}

/**
 * Makes a program ready to run.
 *
 * @throws MissingOperatorsError when it uses operators that have no kernel; InputError when it is broken.
 */
export function prepareProgram(program: Program, registry: OperatorRegistry): PreparedProgram {
  const missing = missingOperators(program, registry);
  if (missing.length > 0) throw new MissingOperatorsError(missing);
  const [specs, inputs] = [program.inputs.length, program.main.source.inputs.length];
  wellFormed("the signature", () => {
    if (specs !== inputs) throw new RangeError(`it has ${specs} inputs, and the graph ${inputs}`);
  });
  return { program, graphs: program.graphs.map((graph) => prepareGraph(graph, registry)) };
}

function prepareGraph(graph: Graph, registry: OperatorRegistry): PreparedGraph {
  return {
    graph,
    steps: graph.nodes.map((node) => prepareStep(node, registry)),
    outputs: wellFormed(`the outputs of ${graph.path}`, () =>
      graph.source.outputs.map((arg) => resolver(graph, arg)),
    ),
  };
}

/** @throws InputError, with the place, for what no program of torch's has: names that nobody defines, missing arguments. */
export function wellFormed<T>(place: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError("run/malformed-program", `${place}: ${error.message}`, {
      help: "the program is broken: 'pt2lint lint' says how",
      cause: error,
    });
  }
}

function prepareStep(node: Node, registry: OperatorRegistry): Step {
  const by = runnable(node.target, registry)!;
  return wellFormed(`${node.target} in ${node.graph.path} / ${node.name}`, () => {
    if (by === "python") return pythonStep(node);
    return typeof by === "function" ? hopStep(node, by) : kernelStep(node, by);
  });
}

function pythonStep(node: Node): Step {
  const compute = pythonFunction(node.target)!;
  const args = node.source.inputs.map(({ arg }) => resolver(node.graph, arg));
  const bind = binder(node);
  return {
    node,
    kernel: null,
    execute: ({ frame }) => bind(frame, compute(args.map((arg) => resolve(arg, frame)))),
  };
}

function kernelStep(node: Node, kernel: Kernel): Step {
  const { values, names, read } = namedArguments(node, kernel.schema);
  const bind = binder(node);
  const memo = new CallMemo(kernel, values, names);
  return {
    node,
    kernel,
    execute: (execution) => {
      const { frame, autocast } = execution;
      read(frame);
      // The quickest way where nothing else is asked for: in a step whose memory is given back.
      if (stepMemory.made !== null && autocast === null && !mode.precise) bind(frame, memo.call());
      else if (autocast === null) bind(frame, execution.call(kernel, values));
      else bind(frame, autocastCall(autocast, kernel, values));
    },
  };
}

function hopStep(node: Node, handle: HopHandler): Step {
  let graphs = 0;
  const args = node.source.inputs.map(({ name, arg }) => ({
    name,
    read: hopArgument(node, arg, () => graphs++),
  }));
  const bind = binder(node);
  return {
    node,
    kernel: null,
    execute: (execution) => {
      const positional: unknown[] = [];
      const keywords: Record<string, unknown> = {};
      for (const { name, read } of args) {
        if (name === "") positional.push(read(execution));
        else keywords[name] = read(execution);
      }
      bind(execution.frame, handle({ execution, node, args: positional, keywords }));
    },
  };
}

function hopArgument(node: Node, arg: Argument, nextGraph: () => number): (execution: Execution) => unknown {
  if ("as_graph" in arg) {
    const { id } = node.subgraphs[nextGraph()]!;
    return (execution) => execution.prepared.graphs[id]!;
  }
  const one = resolver(node.graph, arg);
  return ({ frame }) => resolve(one, frame);
}

/** Puts results where their names say. */
function binder(node: Node): (frame: Frame, result: RuntimeValue) => void {
  const { outputs } = node;
  if (outputs.length === 0) return () => {};
  const single = node.source.outputs.length === 1 && "as_tensor" in node.source.outputs[0]!;
  if (single) {
    const { id } = outputs[0]!;
    return (frame, result) => {
      frame[id] = Array.isArray(result) ? (result as readonly Tensor[])[0] : result;
    };
  }
  return (frame, result) => {
    const results = flatten(result);
    for (const { id, index } of outputs) frame[id] = results[index];
  };
}

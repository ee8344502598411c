import { type Position, ProgramTextError } from "./scanner.ts";
import type { Annotation, CallSyntax, FunctionSyntax, OutputNameSyntax } from "./syntax.ts";

/** One output of a node, or the elements of its `Tensor[]` result. */
export type OutputPlan =
  | { readonly kind: "value"; readonly name: string; readonly annotation: ValueAnnotation }
  | { readonly kind: "list"; readonly items: readonly (OutputPlan & { readonly kind: "value" })[] }
  | { readonly kind: "none" };

export type ValueAnnotation = Annotation & { readonly kind: "value" };

/** A call with its name and outputs as torch would name them. */
export interface CallPlan {
  readonly call: CallSyntax;
  readonly name: string;
  readonly outputs: readonly OutputPlan[];
  /** One annotation, not in parentheses: `x: "f32[2]" = ...`. */
  readonly single: boolean;
}

/** The calls of one graph, and what `cond[0]` stands for. */
export interface GraphPlan {
  readonly calls: readonly CallPlan[];
  /** `cond[0]` -> `getitem`. */
  readonly outputNames: ReadonlyMap<string, string>;
}

/**
 * Names every output as torch does (GraphModuleSerializer.serialize_outputs): by its getitem node where it is
 * used, by `{node}_unused_{i}` where it is not.
 */
export function planOutputs(
  graph: FunctionSyntax,
  used: ReadonlySet<string>,
  returnsList: (operator: string) => boolean,
): GraphPlan {
  const names = new NameSource(graph);
  const named = new Map<string, OutputNameSyntax>();
  for (const s of graph.statements) if (s.kind === "output-name") named.set(`${s.node}[${s.index}]`, s);
  const outputNames = new Map<string, string>();
  const calls = graph.statements.flatMap((call): CallPlan[] => {
    if (call.kind !== "call") return [];
    const name = call.targets.length === 1 ? call.targets[0]!.name : names.free(lastWord(call.operator));
    const nameOutput = (index: number): string => {
      const key = `${name}[${index}]`;
      const output =
        named.get(key)?.target.name ?? (used.has(key) ? names.free("getitem") : `${name}_unused_${index}`);
      outputNames.set(key, output);
      return output;
    };
    return [
      { call, name, single: isSingle(call), outputs: outputsOf(call, name, nameOutput, named, returnsList) },
    ];
  });
  for (const { node, index, line, column } of named.values()) {
    if (!outputNames.has(`${node}[${index}]`)) throw noSuchOutput({ line, column }, node, index);
  }
  return { calls, outputNames };
}

export function noSuchOutput(at: Position, node: string, index: number): ProgramTextError {
  return new ProgramTextError(at, `no node '${node}' has an output ${index}`);
}

function isSingle({ targets }: CallSyntax): boolean {
  return targets.length === 1 && targets[0]!.annotation?.kind === "value";
}

function outputsOf(
  call: CallSyntax,
  name: string,
  nameOutput: (index: number) => string,
  named: ReadonlyMap<string, OutputNameSyntax>,
  returnsList: (operator: string) => boolean,
): OutputPlan[] {
  if (call.targets.length !== 1) {
    return call.targets.map((target) => plan(target.annotation, target, () => target.name));
  }
  const [target] = call.targets;
  const annotation = target!.annotation;
  if (annotation !== null) {
    if (annotation.kind === "tuple") {
      let index = 0;
      return annotation.items.map((item) =>
        plan(
          item,
          item,
          () => nameOutput(index++),
          () => index++,
        ),
      );
    }
    let index = 0;
    return [plan(annotation, annotation, () => (annotation.kind === "list" ? nameOutput(index++) : name))];
  }
  const results: OutputPlan[] = [];
  for (let at = named.get(`${name}[0]`); at !== undefined; at = named.get(`${name}[${results.length}]`)) {
    results.push(plan(at.target.annotation, at, () => nameOutput(results.length)));
  }
  if (results.length === 0 || !returnsList(call.operator)) return results;
  return [{ kind: "list", items: results.filter((result) => result.kind === "value") }];
}

function plan(
  annotation: Annotation | null,
  at: Position,
  name: () => string,
  skip?: () => void,
): OutputPlan {
  if (annotation === null) {
    throw new ProgramTextError(at, 'an output needs its metadata: name: "f32[2, 3]" = ...');
  }
  if (annotation.kind === "none") {
    skip?.();
    return { kind: "none" };
  }
  if (annotation.kind === "value") return { kind: "value", name: name(), annotation };
  if (annotation.kind === "tuple") throw new ProgramTextError(annotation, "a tuple cannot stand in another");
  const items = annotation.items.map((item) => plan(item, item, name));
  return { kind: "list", items: items.filter((item) => item.kind === "value") };
}

/** `cond` of `torch.ops.higher_order.cond`, `add` of `torch.ops.aten.add.Tensor`. */
function lastWord(operator: string): string {
  const words = operator.split(/[.:#]/).filter((word) => word !== "");
  const overloaded = operator.startsWith("torch.ops.") && words.length > 4;
  return words.at(overloaded ? -2 : -1) ?? "node";
}

/** Hands out names as torch.fx does: the first is plain, the next end in `_1`, `_2`, ... */
class NameSource {
  readonly #taken = new Set<string>();

  constructor(graph: FunctionSyntax) {
    for (const input of graph.inputs) this.#taken.add(input.name);
    for (const statement of graph.statements) {
      if (statement.kind === "call") for (const target of statement.targets) this.#taken.add(target.name);
      if (statement.kind === "output-name") this.#taken.add(statement.target.name);
    }
  }

  free(base: string): string {
    let name = base;
    for (let i = 1; this.#taken.has(name); i++) name = `${base}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

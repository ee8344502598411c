import type { StorageAnalysis } from "../../src/analysis/storage.ts";
import { type Body, hopCall } from "../../src/ops/hop/hop.ts";
import type { Graph, Value } from "../../src/program/program.ts";

/**
 * How two values share storage. `certain`: in every run, and torch's check finds it. `possible`: it depends on a
 * branch or on a size that is not known. `copied`: in eager only, since lowering makes a copy on the way.
 */
export type Sharing = "certain" | "possible" | "copied";

export interface ReturnedInput {
  readonly output: number;
  readonly input: number;
  readonly returned: Value;
  readonly placeholder: Value;
  readonly sharing: Sharing;
}

/** The pairs of an output and an input of a body that share storage. */
export function returnedInputs(storage: StorageAnalysis, graph: Graph): ReturnedInput[] {
  return storage.effects(graph).outputInput.map(({ output, input }) => {
    const returned = graph.outputs[output]!;
    const placeholder = graph.inputs[input]!;
    return { output, input, returned, placeholder, sharing: sharingOf(storage, returned, placeholder) };
  });
}

export interface SharedOutputs {
  readonly output: number;
  readonly other: number;
  readonly first: Value;
  readonly second: Value;
  readonly sharing: Sharing;
}

/** The pairs of a body's outputs that share storage, the lower position first. */
export function sharedOutputs(storage: StorageAnalysis, graph: Graph): SharedOutputs[] {
  return storage.effects(graph).outputOutput.map(({ output, other }) => {
    const first = graph.outputs[output]!;
    const second = graph.outputs[other]!;
    return { output, other, first, second, sharing: sharingOf(storage, first, second) };
  });
}

export interface SharedOperands {
  readonly operand: number;
  readonly other: number;
  readonly first: Value;
  readonly second: Value;
  readonly sharing: Sharing;
}

/** The pairs of a body's inputs that are handed over as they are and share storage, the lower position first. */
export function sharedOperands(storage: StorageAnalysis, { inputs }: Body): SharedOperands[] {
  const passed = inputs.flatMap(({ operand, passes }, position) =>
    operand?.kind === "tensor" && passes === "itself" ? [{ value: operand, position }] : [],
  );
  return passed.flatMap(({ value: first, position: operand }, i) =>
    passed.slice(i + 1).flatMap(({ value: second, position: other }) => {
      if (!storage.shareStorage(first, second)) return [];
      return [{ operand, other, first, second, sharing: sharingOf(storage, first, second) }];
    }),
  );
}

/** The severity of a finding that stands on two values sharing storage: the rule's own when that is certain. */
export function severityOf(sharing: Sharing): "warning" | undefined {
  return sharing === "certain" ? undefined : "warning";
}

/** What to say below a finding that is not certain. */
export function doubtOf(sharing: Sharing): readonly string[] {
  if (sharing === "certain") return [];
  return [
    sharing === "copied"
      ? "lowering copies it on the way"
      : "it depends on a branch or a size that is not known",
  ];
}

/** How two values that the analysis puts in one storage share it. */
function sharingOf(storage: StorageAnalysis, a: Value, b: Value): Sharing {
  if (a === b) return "certain";
  if (!linked(storage, a, b, copiesWhenLowered)) return "copied";
  const [few, many] = [storage.storages(a), storage.storages(b)];
  const same = few.length === many.length && few.every((root) => many.includes(root));
  const derived = ancestors(storage, a).has(b) || ancestors(storage, b).has(a);
  return (storage.isCertain(a) && storage.isCertain(b)) || (same && derived) ? "certain" : "possible";
}

/**
 * `dropout` in eval mode returns its input in eager, but the lowering of torch 2.13 replaces it by a clone before it
 * looks for aliases, so run_decompositions takes such a branch and the results are right.
 */
function copiesWhenLowered(target: string): boolean {
  return target === "torch.ops.aten.dropout.default";
}

function linked(storage: StorageAnalysis, a: Value, b: Value, cuts: (target: string) => boolean): boolean {
  const mine = ancestors(storage, a, cuts);
  for (const value of ancestors(storage, b, cuts)) if (mine.has(value)) return true;
  return false;
}

/** A value and those it has its memory from, up through the operators whose bodies it stands in. */
function ancestors(
  storage: StorageAnalysis,
  value: Value,
  cuts: (target: string) => boolean = () => false,
): Set<Value> {
  const seen = new Set([value]);
  for (const at of seen) {
    for (const source of sourcesOf(at, cuts)) if (storage.shareStorage(source, at)) seen.add(source);
  }
  return seen;
}

function sourcesOf(value: Value, cuts: (target: string) => boolean): readonly Value[] {
  const { node, graph } = value;
  if (node !== null) {
    if (cuts(node.target)) return [];
    return [...node.operands.filter((operand) => operand !== null), ...node.outputs];
  }
  const call = graph.owner && hopCall(graph.owner);
  const passed = call?.bodies.find((body) => body.graph === graph)?.inputs[value.index];
  return passed?.operand && passed.passes === "itself" ? [passed.operand] : [];
}

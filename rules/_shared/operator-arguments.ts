import type { Node, Program, Value } from "../../src/program/program.ts";
import type { SymInt, TensorMeta } from "../../src/schema/types.generated.ts";
import { formatSize, formatSizes } from "./sizes.ts";
import { type Difference, kindDifferences } from "./tensor-difference.ts";

/** What is wrong with the arguments of an operator that takes tensors of those names and nothing else. */
export function argumentFaults(node: Node, names: readonly string[]): string[] {
  const { inputs } = node.source;
  const unnamed = inputs.length > 0 && inputs.every(({ name }) => name === "");
  const given = inputs.map(({ name, arg }, i) => ({ name: unnamed ? (names[i] ?? "") : name, arg }));
  const faults: string[] = [];
  for (const name of names) {
    const found = given.filter((input) => input.name === name);
    if (found.length === 0) faults.push(`'${name}' is missing`);
    if (found.length > 1) faults.push(`'${name}' is given ${found.length} times`);
    for (const { arg } of found.slice(0, 1)) {
      const [kind = "nothing"] = Object.keys(arg);
      if (kind !== "as_tensor")
        faults.push(`'${name}' is ${KINDS[kind] ?? kind.replace("as_", "")}, not a tensor`);
    }
  }
  for (const { name } of given.filter((input) => !names.includes(input.name))) {
    faults.push(name === "" ? "there is an argument too many" : `there is no argument '${name}'`);
  }
  return faults;
}

const KINDS: Readonly<Record<string, string>> = {
  as_none: "None",
  as_int: "a number",
  as_float: "a number",
  as_bool: "a number",
  as_sym_int: "a number",
  as_tensors: "a list of tensors",
  as_string: "a text",
};

/** How two tensors certainly differ in kind or shape, whatever the symbols in their sizes stand for. */
function certainDifferences(program: Program, a: TensorMeta, b: TensorMeta): Difference[] {
  const found = kindDifferences(a, b);
  if (found.some(({ property }) => property === "rank")) return found;
  if (a.sizes.some((size, i) => mustDiffer(program, size, b.sizes[i]!))) {
    found.push({ property: "shape", left: formatSizes(a.sizes), right: formatSizes(b.sizes) });
  }
  return found;
}

/** How the results of a node certainly differ from the tensors whose metadata they must have. */
export function resultDifference(result: Value | undefined, model: Value | null): Difference | undefined {
  if (!result?.meta || !model?.meta) return undefined;
  return certainDifferences(result.graph.program, result.meta, model.meta)[0];
}

/** True when no values that the program's range constraints allow make the two equal. */
export function mustDiffer(program: Program, a: SymInt, b: SymInt): boolean {
  return mustExceed(program, a, b) || mustExceed(program, b, a);
}

/** True when the first is larger than the second for all values that the range constraints allow. */
export function mustExceed(program: Program, a: SymInt, b: SymInt): boolean {
  return range(program, a)[0] > range(program, b)[1];
}

function range({ document }: Program, size: SymInt): readonly [number, number] {
  if ("as_int" in size) return [Number(size.as_int), Number(size.as_int)];
  const known = document.root.range_constraints.get(formatSize(size));
  return [Number(known?.min_val ?? 0), Number(known?.max_val ?? Number.POSITIVE_INFINITY)];
}

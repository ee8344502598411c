import { describe, expect, it } from "vitest";
import { OperatorRegistry } from "../ops/registry.ts";
import { contiguousStrides } from "../tensor/geometry.ts";
import {
  hasContiguousOperands,
  readStrideCases,
  type StrideCase,
  strideDifference,
} from "../testing/stride-cases.ts";
import { stridesByName } from "./fixed-strides.ts";

const registry = new OperatorRegistry();

interface Seen {
  readonly differences: string[];
  contiguous: number;
  compared: number;
}

/** What each operator's calls came to. */
const seen = new Map<string, Seen>();
for (const one of readStrideCases()) {
  const name = registry.find(`torch.ops.${one.op}`)!.qualifiedName;
  const found = seen.get(name) ?? { differences: [], contiguous: 0, compared: 0 };
  seen.set(name, found);
  const way = stridesByName(name);
  const difference =
    way === "anew" || way === "strides of first" ? layoutFault(one, way) : strideDifference(one, name);
  if (difference === null) continue;
  found.compared++;
  if (difference === undefined) continue;
  const isContiguous = hasContiguousOperands(one);
  if (isContiguous) found.contiguous++;
  if (isContiguous || way !== "contiguous") found.differences.push(difference);
}

/** The first result of a call that lies contiguous, or as the first operand does. */
function layoutFault({ args, outputs }: StrideCase, way: "anew" | "strides of first"): string | undefined {
  const [result, first] = [outputs[0]!.t!, args[0]!.t!];
  const wanted = way === "anew" ? contiguousStrides(result.sizes) : first.strides;
  const lies = result.sizes.every((size, d) => size === 1 || result.strides[d] === wanted[d]);
  return lies || result.sizes.includes(0) ? undefined : `[${result.strides}] instead of [${wanted}]`;
}

describe("what torch infers of strides", () => {
  it("is known of most operators", () => {
    const compared = [...seen.values()].filter((one) => one.compared > 0);
    expect(compared.length).toBeGreaterThan(1100);
    const always = [...seen.keys()].filter((name) => stridesByName(name) === "always");
    expect(always.length).toBeGreaterThan(900);
  });

  it("is what pt2lint infers, where it says that it knows", () => {
    const wrong = [...seen]
      .filter(([name, { differences }]) => stridesByName(name) !== "never" && differences.length > 0)
      .map(([name, { differences }]) => `${name}: ${differences[0]}`);
    expect(wrong).toEqual([]);
  });
});

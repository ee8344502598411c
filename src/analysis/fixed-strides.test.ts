import { describe, expect, it } from "vitest";
import { OperatorRegistry } from "../ops/registry.ts";
import { hasContiguousOperands, readStrideCases, strideDifference } from "../testing/stride-cases.ts";
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
  const difference = strideDifference(one, name);
  if (difference === null) continue;
  found.compared++;
  if (difference === undefined) continue;
  const isContiguous = hasContiguousOperands(one);
  if (isContiguous) found.contiguous++;
  if (isContiguous || stridesByName(name) === "always") found.differences.push(difference);
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

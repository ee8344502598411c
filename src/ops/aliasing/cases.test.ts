import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { aliasing } from "../aliasing.ts";
import { OperatorRegistry } from "../registry.ts";
import {
  answeredOutputs,
  answeredWrites,
  callOf,
  measuredOutputs,
  measuredWrites,
  type RecordedCase,
} from "./recorded-case.ts";

const file = new URL("../facts/aliasing-cases.json.gz", import.meta.url);
const cases = gunzipSync(readFileSync(file))
  .toString("utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedCase);

/** The differences of one case, in words that find it again. */
function differences(recorded: RecordedCase, registry: OperatorRegistry): string[] {
  const [target, args, , inputs] = recorded;
  const operator = registry.find(target);
  if (operator === undefined) return [`${target} is not in the table`];
  const answer = aliasing(operator, callOf(recorded));
  const found: string[] = [];
  const compare = (what: string, measured: readonly string[], answered: readonly string[]) => {
    if (measured.join() === answered.join()) return;
    const call = `${target} ${JSON.stringify(args)} of ${JSON.stringify(inputs)}`;
    found.push(`${call}: ${what}: torch ${measured.join() || "none"}, here ${answered.join() || "none"}`);
  };
  compare("outputs", measuredOutputs(recorded), answeredOutputs(recorded, answer));
  const measured = measuredWrites(recorded);
  const answered = answeredWrites(answer);
  compare("writes", measured.bumped.sort(), answered.bumped.sort());
  // Random values may happen to be what was there before, so not every silent write is seen.
  const unseen = measured.silent.filter((name) => !answered.silent.includes(name));
  compare("silent writes", unseen, []);
  if (!answer.certain) found.push(`${target}: not certain: ${answer.reason}`);
  return found;
}

describe("aliasing of measured calls", () => {
  const registry = new OperatorRegistry();

  it("has a few thousand of them", () => {
    expect(cases.length).toBeGreaterThan(3000);
    expect(new Set(cases.map(([target]) => target)).size).toBeGreaterThan(1000);
  });

  it("equals what torch did, in every one", () => {
    expect(cases.flatMap((recorded) => differences(recorded, registry))).toEqual([]);
  });

  it("notices a wrong answer", () => {
    const view = cases.find(
      ([target, , , , , sharing]) => target.endsWith("reshape.default") && sharing[0] !== -1,
    )!;
    const lie = [...view] as unknown as [...RecordedCase];
    lie[5] = [-1];
    expect(differences(lie as unknown as RecordedCase, registry)).toHaveLength(1);
  });
});

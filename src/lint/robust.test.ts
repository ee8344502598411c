import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError, lintProgram, open, Program } from "../index.ts";
import { decodeDocument } from "../schema/decoder.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every place in the JSON, as the container and the key. */
function places(
  json: Json, // biome-ignore lint/suspicious/noExplicitAny: JSON of any form is taken apart
  found: [container: any, key: string | number][] = [],
): typeof found {
  if (Array.isArray(json)) {
    for (const [i, item] of json.entries()) {
      found.push([json, i]);
      places(item, found);
    }
  } else if (typeof json === "object" && json !== null) {
    for (const [key, item] of Object.entries(json)) {
      found.push([json, key]);
      if (key !== "metadata") places(item, found);
    }
  }
  return found;
}

/** Breaks a document as an edit or another tool might: something is gone, doubled, moved, or of another value. */
function damage(json: Json, choices: readonly (readonly [at: number, how: number, other: number])[]): void {
  for (const [at, how, other] of choices) {
    const all = places(json);
    const [container, key] = all[at % all.length]!;
    const [otherContainer, otherKey] = all[other % all.length]!;
    if (how === 0 && Array.isArray(container)) container.splice(key as number, 1);
    else if (how === 0) delete container[key];
    else if (how === 1 && Array.isArray(container)) container.push(structuredClone(container[key as number]));
    else if (how === 2) container[key] = structuredClone(otherContainer[otherKey]);
    else if (how === 3 && Array.isArray(container)) container.reverse();
    else if (typeof container[key] === "string") container[key] = String(otherKey);
    else if (typeof container[key] === "number") container[key] = other % 7;
    else container[key] = null;
  }
}

const programs = [
  "whisper_decoder_any.pt2",
  "pr16366/alias_or_update.pt2",
  "refused/alias_split.pt2",
  "refused/mutate_foreach.pt2",
  "loops/functional_while.pt2",
  "loops/functional_scan.pt2",
  "loops/functional_map.pt2",
];

describe("a damaged document", () => {
  it.each(programs)("of %s is linted, or is an InputError", async (name) => {
    const file = await open(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));
    const text = Buffer.from(await file.archive.models[0]!.document()).toString();
    const choice = fc.tuple(fc.nat(), fc.nat(4), fc.nat());
    fc.assert(
      fc.property(fc.array(choice, { minLength: 1, maxLength: 4 }), (choices) => {
        const json = JSON.parse(text) as Json;
        damage(json, choices);
        try {
          lintProgram(new Program(decodeDocument(Buffer.from(JSON.stringify(json)))), { preset: "all" });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      // One seed, so that a failure comes from a change and not from the day; another is tried with SEED=...
      { numRuns: text.length > 100_000 ? 60 : 400, seed: Number(process.env.SEED ?? 2026) },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Checker } from "./utf8.ts";

/** What the checker says of bytes that are cut at the places. */
function check(bytes: Uint8Array, cuts: readonly number[]): boolean {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const isText = utf8Checker();
  let result = true;
  for (const [i, end] of [...places, bytes.length].entries()) {
    result = isText(bytes.subarray(places[i - 1] ?? 0, end), i === places.length);
  }
  return result;
}

const isText = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

describe("utf8Checker", () => {
  const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 5 });

  it("knows text, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), cuts, (text, at) => {
        const bytes = Buffer.from(text.toWellFormed());
        expect(check(bytes, at)).toBe(true);
      }),
    );
  });

  it("says of all bytes what a decoder does, wherever they are cut", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.array(fc.constantFrom(0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80), { maxLength: 8 }),
    );
    fc.assert(
      fc.property(bytes, cuts, (list, at) => {
        const array = Uint8Array.from(list);
        expect(check(array, at)).toBe(isText(array));
      }),
      { numRuns: 2000 },
    );
  });
});

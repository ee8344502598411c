import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { introsort, nthElement, partialSort } from "./introsort.ts";

const places = (length: number): Uint32Array => Uint32Array.from({ length }, (_, i) => i);
const rows = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 200 });

describe("introsort", () => {
  it("leaves equal elements where torch 2.13 leaves them", () => {
    const x = [1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0];
    const order = places(x.length);
    introsort(order, 0, x.length, (a, b) => x[a]! < x[b]!);
    expect([...order]).toEqual([
      15, 29, 28, 27, 18, 17, 16, 14, 13, 10, 6, 5, 4, 9, 20, 1, 2, 3, 26, 25, 24, 23, 22, 21, 19, 0, 7, 8,
      12, 11,
    ]);
  });

  it("sorts", () => {
    fc.assert(
      fc.property(rows, fc.nat(), (x, seed) => {
        const sorted = [...x].sort((a, b) => a - b);
        const k = (seed % x.length) + 1;
        const before = (a: number, b: number): boolean => x[a]! < x[b]!;
        const [whole, part, nth] = [places(x.length), places(x.length), places(x.length)];
        introsort(whole, 0, x.length, before);
        partialSort(part, 0, k, x.length, before);
        nthElement(nth, 0, k - 1, x.length, before);
        const values = (order: Uint32Array): number[] => Array.from(order, (i) => x[i]!);
        expect(values(whole)).toEqual(sorted);
        expect(values(part).slice(0, k)).toEqual(sorted.slice(0, k));
        expect(values(nth)[k - 1]).toBe(sorted[k - 1]);
        for (const order of [whole, part, nth])
          expect([...order].sort((a, b) => a - b)).toEqual([...places(x.length)]);
      }),
    );
  });
});

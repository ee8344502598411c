import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areDisjoint, type Region } from "./region.ts";

const region = (sizes: number[], strides: number[], offset = 0): Region => ({ sizes, strides, offset });

function* elements({ sizes: [a, b, c, d], strides, offset }: Region): Generator<number> {
  for (let i = 0; i < a!; i++)
    for (let j = 0; j < b!; j++)
      for (let k = 0; k < c!; k++)
        for (let l = 0; l < d!; l++)
          yield offset + i * strides[0]! + j * strides[1]! + k * strides[2]! + l * strides[3]!;
}

function missByElements(a: Region, b: Region): boolean {
  const covered = new Set(elements(a));
  for (const at of elements(b)) if (covered.has(at)) return false;
  return true;
}

/** Boxes in one tensor of 3 x 4 x 40 x 32 elements, too large to go through one by one. */
const box = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 39 }))
  .chain(([i, j, k]) =>
    fc
      .tuple(
        fc.integer({ min: 1, max: 3 - i }),
        fc.integer({ min: 1, max: 4 - j }),
        fc.integer({ min: 1, max: 40 - k }),
      )
      .map(([a, b, c]) => region([a, b, c, 32], [5120, 1280, 32, 1], i * 5120 + j * 1280 + k * 32)),
  );

describe("areDisjoint", () => {
  it("tells the halves of a cache apart, also where they interleave", () => {
    expect(
      areDisjoint(
        region([2, 4, 64, 64], [65536, 8192, 64, 1]),
        region([2, 4, 64, 64], [65536, 8192, 64, 1], 4096),
      ),
    ).toBe(true);
    expect(
      areDisjoint(
        region([2, 4, 65, 64], [65536, 8192, 64, 1]),
        region([2, 4, 64, 64], [65536, 8192, 64, 1], 4096),
      ),
    ).toBe(false);
    expect(areDisjoint(region([1, 1, 4, 2], [8, 8, 2, 1]), region([1, 1, 4, 2], [8, 8, 2, 1], 8))).toBe(true);
  });

  it("is true of a region without elements", () => {
    expect(areDisjoint(region([1, 1, 0, 2], [8, 8, 2, 1]), region([1, 1, 4, 2], [8, 8, 2, 1]))).toBe(true);
  });

  it("says what the elements say, for boxes in one tensor", () => {
    fc.assert(
      fc.property(box, box, (a, b) => areDisjoint(a, b) === missByElements(a, b)),
      { numRuns: 300 },
    );
  });

  it("never says that regions of other strides miss each other when they do not", () => {
    const any = fc
      .tuple(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 200 }),
      )
      .map(([sizes, strides, offset]) => region(sizes, strides, offset));
    fc.assert(
      fc.property(any, any, (a, b) => !areDisjoint(a, b) || missByElements(a, b)),
      { numRuns: 300 },
    );
  });
});

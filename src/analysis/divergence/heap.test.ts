import fc from "fast-check";
import { expect, it } from "vitest";
import { Heap } from "./heap.ts";

it("gives back the least first, whatever is put in between", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer()), { maxLength: 60 }), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const held: number[] = [];
      for (const step of steps) {
        if (step === null) {
          held.sort((a, b) => a - b);
          expect(heap.first()).toBe(held[0]);
          expect(heap.pop()).toBe(held.shift());
        } else {
          heap.push(step);
          held.push(step);
        }
      }
    }),
    { seed: Number(process.env.SEED ?? 1) },
  );
});

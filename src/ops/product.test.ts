import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { multiplyInto } from "./product.ts";

describe("the product in WebAssembly", () => {
  it("is the plain loop's", () => {
    const size = fc.integer({ min: 1, max: 13 });
    fc.assert(
      fc.property(size, size, size, fc.integer(), (m, k, n, seed) => {
        const value = (i: number): number => ((seed + i * 7919) % 97) - 48;
        const a = Float32Array.from({ length: m * k + 2 }, (_, i) => value(i));
        const b = Float32Array.from({ length: k * n + 3 }, (_, i) => value(i + 31));
        const y = new Float64Array(m * n);
        multiplyInto(y, { a, aStart: 2, b, bStart: 3, m, k, n });
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let p = 0; p < k; p++) sum += a[2 + i * k + p]! * b[3 + p * n + j]!;
            expect(y[i * n + j]).toBe(sum);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("goes through blocks of rows", () => {
    const [m, k, n] = [600, 5, 7];
    const a = Float64Array.from({ length: m * k }, (_, i) => i % 11);
    const b = Float64Array.from({ length: k * n }, (_, i) => i % 5);
    const y = new Float64Array(m * n);
    multiplyInto(y, { a, aStart: 0, b, bStart: 0, m, k, n });
    const row = 599;
    expect(y[row * n + 6]).toBe([0, 1, 2, 3, 4].reduce((sum, p) => sum + a[row * k + p]! * b[p * n + 6]!, 0));
  });
});

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { cast } from "../../tensor/copy.ts";
import { tensor } from "../../tensor/create.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { reals } from "../../tensor/elements.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { mode } from "../kernel.ts";
import "../kernels.ts";

/** See fixtures/python/low_products.py. */
interface Measured {
  readonly dtype: "float16" | "bfloat16";
  readonly a: string;
  readonly b: string;
  readonly sizes: readonly [number, number, number];
  readonly differ: Readonly<Record<string, number>>;
}

const file = new URL("../../../fixtures/low_products.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as Measured[];
const SEED = 18;

function matrix(rows: number, columns: number, seed: number, dtype: DType): Tensor {
  const value = (_: unknown, i: number): number => (((i + seed) * 2654435761) % 2 ** 32) / 2 ** 31 - 1;
  return cast(
    tensor(Float64Array.from({ length: rows * columns }, value), { sizes: [rows, columns] }),
    dtype,
  );
}

const turned = (t: Tensor): Tensor => call("aten::transpose.int", t, 0, 1);
const laid = (t: Tensor, how: string): Tensor =>
  how === "row" ? t : turned(call("aten::contiguous", turned(t)));

afterEach(() => {
  mode.precise = false;
});

describe("products in low precision", () => {
  it.each(cases)("$dtype, a by $a, b by $b, $sizes", ({ dtype, a, b, sizes: [m, k, n], differ }) => {
    const [x, y] = [matrix(m, k, SEED, dtypes[dtype]), matrix(k, n, SEED + 500, dtypes[dtype])];
    const exact = cast(
      call("aten::mm", cast(x, dtypes.float64), cast(y, dtypes.float64)) as Tensor,
      dtypes[dtype],
    );
    const wanted = Float64Array.from(reals(exact));
    mode.precise = true;
    expect(Float64Array.from(reals(call("aten::mm", x, y)))).toEqual(wanted);
    mode.precise = false;
    for (const [at, value] of Object.entries(differ)) wanted[Number(at)] = value;
    expect(Float64Array.from(reals(call("aten::mm", laid(x, a), laid(y, b))))).toEqual(wanted);
  });
});

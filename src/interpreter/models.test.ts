import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineOp, mode } from "../ops/kernel.ts";
import { call, registerKernels } from "../ops/kernels.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { Scalar } from "../tensor/scalar.ts";
import { checkModel, modelCases } from "../testing/model-cases.ts";

const folder = fileURLToPath(new URL("../../fixtures/run", import.meta.url));

/** The custom operator of fixtures/python/run, as a user would bring it along. */
const scaleInto = defineOp("fixture::scale_into(Tensor x, Tensor(a1!) into, float factor) -> ()", {
  composite: ({ x, into, factor }) => {
    const columns = call("aten::slice.Tensor", into, 1, 0, x.size(1));
    call("aten::copy_", columns, call("aten::mul.Scalar", x, Scalar.float(factor)));
    return [];
  },
});

describe("real models run as torch runs them", () => {
  const registry = new OperatorRegistry();
  beforeAll(() => {
    registerKernels([scaleInto]);
    registry.declare(scaleInto.schemaText);
  });

  for (const one of modelCases(folder)) {
    it.each([false, true])(`${one.program}, precise: %s`, async (precise) => {
      mode.precise = precise;
      expect(await checkModel(folder, one, registry)).toEqual([]);
    });
  }

  afterEach(() => {
    mode.precise = false;
  });

  it("has programs", () => {
    expect(existsSync(folder)).toBe(true);
    expect(modelCases(folder).length).toBeGreaterThan(100);
  });
});

import { describe, expect, it } from "vitest";
import type { Model } from "../archive/archive.ts";
import { InputError } from "../errors.ts";
import { programFromText } from "../lint/program-text.ts";
import { toTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { findInputs } from "./inputs.ts";

const { program } = programFromText(`
range s0 [4, 9]
def forward(x: "f32[s0, 2]", z: "c64[3]", ids: "i64[5]", n: "Sym(s0)", mask: "b8[2]", flag = True):
    return (x,)
`);

const modelWith = (sampleInputs: Model["sampleInputs"]): Model => ({ sampleInputs }) as Model;
const without = modelWith(async () => undefined);

describe("inputs that nobody gave", () => {
  it("are made up from the seed, of the dtypes and sizes that the program takes", async () => {
    const { inputs, origin } = await findInputs(without, program, 7);
    expect(origin).toBe("inputs made up from seed 7");
    expect(Object.fromEntries([...inputs].map(([name, value]) => [name, String(value)]))).toEqual({
      x: "float32[4, 2]",
      z: "complex64[3]",
      ids: "int64[5]",
      n: "4",
      mask: "bool[2]",
    });
    const parts = [...toTypedArray(inputs.get("z") as Tensor)].map(Number);
    expect(parts.filter((part) => part !== 0)).toHaveLength(6);
    const z = async (seed: number) => {
      const made = await findInputs(without, program, seed);
      return [...toTypedArray(made.inputs.get("z") as Tensor)].map(Number);
    };
    expect(await z(7)).toEqual(parts);
    expect(await z(8)).not.toEqual(parts);
  });

  it("are made up when the samples are objects of a class that no pickle gets built here", async () => {
    const refused = modelWith(async () => {
      throw new InputError("archive/pickle", "the pickle asks for my.Cache, which pt2lint does not execute");
    });
    const { origin, isSample } = await findInputs(refused, program);
    expect({ origin, isSample }).toEqual({
      origin:
        "inputs made up from seed 0, as the archive's sample inputs cannot be read (the pickle asks for my.Cache, which pt2lint does not execute)",
      isSample: false,
    });
  });
});

import { describe, expect, it } from "vitest";
import type { Model, Payload } from "../archive/archive.ts";
import { parsePayloadConfig } from "../archive/payload.ts";
import { makeConfig, ruleOf } from "../archive/testing.ts";
import { programFromText } from "../lint/program-text.ts";
import { reals } from "../tensor/elements.ts";
import { Tensor } from "../tensor/tensor.ts";
import { StateReader } from "./state.ts";

const { program } = programFromText(`
def forward(w: "f32[2, 3]" = parameter("w"), v: "f32[3]" = parameter("v")):
    return (w, v)
`);

/** Two weights that lie in one entry with these bytes. */
function modelWith(bytes: Uint8Array, rows = 2): Model {
  const text = makeConfig({ w: ["weight_0", [rows, 3]], v: ["weight_0", [3]] });
  const { payloads } = parsePayloadConfig(Buffer.from(text), "weights_config.json");
  const weights = [...payloads].map(([name, config]): [string, Payload] => [
    name,
    { config, entry: "weight_0", size: bytes.length, read: async () => bytes, eachChunk: async () => {} },
  ]);
  const nothing = (): never => {
    throw new Error("only weights are read");
  };
  return {
    name: "m",
    entry: "m.json",
    weights: async () => new Map(weights),
    constants: async () => new Map(),
    document: nothing,
    documentSource: nothing,
    sampleInputs: nothing,
  };
}

async function valuesOf(model: Model): Promise<number[][]> {
  const state = await new StateReader(model).read(program);
  return [...state.values()].map((value) => (value instanceof Tensor ? [...reals(value)] : []));
}

describe("StateReader", () => {
  it("gives tensors of one entry one storage", async () => {
    const bytes = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
    expect(await valuesOf(modelWith(bytes))).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3],
    ]);
    const [w, v] = [...(await new StateReader(modelWith(bytes)).read(program)).values()];
    expect((w as Tensor).storage).toBe((v as Tensor).storage);
  });

  // torch.export.load does (pt2_archive/_package.py _build_file_map): a program may be saved with fake weights.
  it("makes zeros of an entry without bytes", async () => {
    expect(await valuesOf(modelWith(new Uint8Array(0)))).toEqual([
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("says so when these would not fit into memory", async () => {
    const huge = modelWith(new Uint8Array(0), 2 ** 40);
    expect(await ruleOf(() => valuesOf(huge))).toBe("archive/too-large");
  });
});

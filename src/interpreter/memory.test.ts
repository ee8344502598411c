import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { open } from "../open.ts";
import { tensor, toTypedArray } from "../tensor/create.ts";
import { heap } from "../tensor/heap.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sampleInputs } from "./inputs.ts";
import { Session } from "./session.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

async function openFixture(name: string) {
  const file = await open(fixture(name));
  const [model, program] = [file.archive.models[0]!, await file.program()];
  const session = await Session.open(model, program);
  const inputs = await sampleInputs(model, program);
  await file.close();
  return { session, inputs: inputs! };
}

describe("memory", () => {
  const programs = [
    "whisper_decoder_flag.pt2",
    "whisper_decoder_aliasing.pt2",
    "run/llama.training.pt2",
    "run/llama.aten.pt2",
    "run/whisper_encoder.training.pt2",
    "run/resnet.core.pt2",
    "run/lstm.training.pt2",
    "loops/functional_while.pt2",
    "loops/functional_map.pt2",
  ];
  it.each(programs)("is given back after each call of %s", async (name) => {
    const { session, inputs } = await openFixture(name);
    session.call(inputs);
    const used = heap.used;
    for (let i = 0; i < 3; i++) session.call(inputs);
    expect(heap.used).toBe(used);
  });

  it("holds the outputs of a call whatever later calls do", async () => {
    const { session, inputs } = await openFixture("run/whisper_encoder.training.pt2");
    const first = session.call(inputs).outputs[0] as Tensor;
    const before = toTypedArray(first);
    const [name, input] = [...inputs][0] as [string, Tensor];
    const other = (toTypedArray(input) as Float32Array).map((value) => value / 2 + 1);
    session.call(new Map([[name, tensor(other, { sizes: input.sizes })]]));
    expect(toTypedArray(first)).toEqual(before);
  });

  it("is given back when a call fails", async () => {
    const { session, inputs } = await openFixture("run/llama.training.pt2");
    session.call(inputs);
    const used = heap.used;
    let nodes = 0;
    const observe = (): void => {
      if (++nodes === 40) throw new Error("enough");
    };
    expect(() => session.call(inputs, { observe })).toThrow("enough");
    expect(heap.used).toBe(used);
  });
});

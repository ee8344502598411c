/** The package as its users import it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diff, NodeError, openSession, readSafetensors, run, tensor } from "./index.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

describe("what is left when the file is closed", () => {
  it("are the lines of Python of a difference", async () => {
    const { divergences } = await diff(fixture("cache/scaled.pt2"));
    expect(divergences[0]?.write?.frame()).toMatchObject({ file: "scaled.py", line: 4 });
  });

  it("are those of what goes wrong in a later call", async () => {
    const session = await openSession(fixture("run/llama.training.pt2"));
    const inputs = readSafetensors(readFileSync(fixture("run/llama.inputs.safetensors")));
    const { sizes } = inputs.get("input_ids")!;
    const ids = new Array<number>(sizes[0]! * sizes[1]!).fill(1e6);
    inputs.set("input_ids", tensor(ids, { dtype: "int64", sizes }));
    let error: unknown;
    try {
      session.call(inputs);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(NodeError);
    const { node, message } = error as NodeError;
    expect(node.frame()?.function).toBe("forward");
    expect(message).toContain(`:${node.frame()?.line} in forward: `);
  });
});

describe("run", () => {
  it("refuses a name that is no input's", async () => {
    await expect(run(fixture("cache/scaled.pt2"), [{ nothing: 1 }])).rejects.toMatchObject({
      name: "InputError",
      rule: "run/unknown-input",
    });
  });
});

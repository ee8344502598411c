import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Archive, Model, Payload } from "./archive.ts";
import { archiveFaults } from "./faults.ts";
import { openArchive } from "./open.ts";
import { requiredBytes, scalarTypeName } from "./payload.ts";
import { isTensor, type PickleTuple } from "./pickle-values.ts";
import { fixture, ruleOf } from "./testing.ts";

interface Truth {
  readonly dtype: string;
  readonly sizes: number[];
  readonly strides: number[];
  readonly offset: number;
  readonly isParameter: boolean;
  readonly values: number[];
}

type Program = Record<"weights" | "constants", Record<string, Truth>>;

const expected = JSON.parse(new TextDecoder().decode(fixture("expected.json"))) as {
  archives: Record<string, Record<string, Program>>;
};

const folder = mkdtempSync(join(tmpdir(), "pt2lint-open-"));
afterAll(() => rmSync(folder, { recursive: true }));

function element(view: DataView, dtype: string, index: number): number {
  if (dtype === "float32") return view.getFloat32(index * 4, true);
  if (dtype === "int64") return Number(view.getBigInt64(index * 8, true));
  if (dtype === "bool") return view.getUint8(index);
  const bits = new DataView(new ArrayBuffer(4));
  bits.setUint16(0, view.getUint16(index * 2, true));
  return bits.getFloat32(0);
}

/** The values of a tensor in logical order, through its strides. */
function valuesOf(view: DataView, dtype: string, sizes: number[], strides: number[], at: number): number[] {
  const [size, ...rest] = sizes;
  if (size === undefined) return [element(view, dtype, at)];
  return Array.from({ length: size }, (_, i) =>
    valuesOf(view, dtype, rest, strides.slice(1), at + i * strides[0]!),
  ).flat();
}

async function describePayload(payload: Payload): Promise<Truth> {
  const meta = payload.config.tensor_meta!;
  const bytes = await payload.read();
  expect(bytes.length).toBe(payload.size);
  expect(requiredBytes(meta)).toBeLessThanOrEqual(bytes.length);
  const dtype = scalarTypeName(meta.dtype)!;
  const [sizes, strides] = [meta.sizes.map((s) => s.as_int!), meta.strides.map((s) => s.as_int!)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = meta.storage_offset.as_int!;
  const values = valuesOf(view, dtype, sizes, strides, offset);
  return { dtype, sizes, strides, offset, isParameter: payload.config.is_param, values };
}

async function describeModel(model: Model): Promise<Program> {
  const result: Program = { weights: {}, constants: {} };
  for (const kind of ["weights", "constants"] as const) {
    for (const [name, payload] of await model[kind]()) result[kind][name] = await describePayload(payload);
  }
  return result;
}

async function describeArchive(archive: Archive): Promise<Record<string, Program>> {
  const result: Record<string, Program> = {};
  for (const model of archive.models) result[model.name] = await describeModel(model);
  return result;
}

const text = async (bytes: Promise<Uint8Array>) => new TextDecoder().decode(await bytes);

describe.each(Object.keys(expected.archives))("%s", (name) => {
  it("holds the weights and constants that torch reads, from bytes and from a path", async () => {
    const path = fileURLToPath(new URL(`../../fixtures/archives/${name}`, import.meta.url));
    for (const source of [fixture(name), path]) {
      const archive = await openArchive(source);
      expect(await describeArchive(archive)).toEqual(expected.archives[name]);
      await archive.close();
    }
  });

  it("holds a document for each model and has no faults", async () => {
    const archive = await openArchive(fixture(name));
    for (const model of archive.models) {
      expect(JSON.parse(await text(model.document()))).toHaveProperty("graph_module.graph.nodes");
    }
    expect(await archive.faults()).toEqual([]);
  });

  it("holds the inputs it was exported with", async () => {
    const { models } = await openArchive(fixture(name));
    const sample = await models.at(-1)!.sampleInputs();
    const [args] = (sample!.value as PickleTuple).items;
    const [x] = (args as PickleTuple).items;
    expect(isTensor(x) && sample!.storages.get(x.storageKey!)!.size).toBe(3 * 6 * 4);
  });
});

describe("the forms", () => {
  it("are told apart", async () => {
    const format = async (name: string) => (await openArchive(fixture(name))).format;
    expect(await format("shared.pt2")).toBe("pt2");
    expect(await format("repacked.pt2")).toBe("pt2");
    expect(await format("legacy.pt2")).toBe("legacy");
    expect(await format("document.json")).toBe("json");
  });

  it("keep what was saved beside the program", async () => {
    for (const [name, note] of [
      ["shared.pt2", "hello"],
      ["repacked.pt2", "hello"],
      ["legacy.pt2", "legacy"],
    ] as const) {
      const files = (await openArchive(fixture(name))).extraFiles();
      expect(await text(files.get("note.txt")!.read())).toBe(note);
    }
    expect([...(await openArchive(fixture("shared.pt2"))).extraFiles().keys()]).toEqual([
      "note.txt",
      "deep/er.json",
    ]);
  });

  it("list models in the archive's order", async () => {
    const { models } = await openArchive(fixture("two-models.pt2"));
    expect(models.map((m) => m.name)).toEqual(["encoder", "decoder"]);
    expect(models.map((m) => m.entry)).toEqual([
      "two-models/models/encoder.json",
      "two-models/models/decoder.json",
    ]);
  });

  it("keep sharing visible", async () => {
    for (const name of ["shared.pt2", "legacy.pt2", "pickled-weights.pt2"]) {
      const weights = await (await openArchive(fixture(name))).models[0]!.weights();
      const entries = new Set(["whole", "tied", "rows", "transposed"].map((key) => weights.get(key)!.entry));
      expect(entries.size, name).toBe(1);
      expect(entries.has(weights.get("low")!.entry)).toBe(false);
    }
  });

  it("read a bare document, which has neither weights nor entries", async () => {
    const archive = await openArchive(fixture("document.json"));
    const [model] = archive.models;
    expect(await model!.document()).toEqual(new Uint8Array(fixture("document.json")));
    expect((await model!.weights()).size + (await model!.constants()).size + archive.extraFiles().size).toBe(
      0,
    );
    expect(await model!.sampleInputs()).toBeUndefined();
    expect([archive.entries, await archive.faults()]).toEqual([[], []]);
  });

  it("take a program with fake weights, as torch does", async () => {
    const archive = await openArchive(fixture("fake-weights.pt2"));
    const weights = await archive.models[0]!.weights();
    expect([...weights.values()].map((w) => w.size)).toEqual([0, 0]);
    expect(await archive.faults()).toEqual([]);
    const sample = await archive.models[0]!.sampleInputs();
    expect(JSON.stringify(sample!.value, (_, v) => (v instanceof Map ? [...v] : v))).toContain(
      '"storageKey":null',
    );
  });

  it("say of a compiled package that it has no graph", async () => {
    const opening = openArchive(fixture("compiled.pt2"));
    await expect(opening).rejects.toThrow(/compiled AOTInductor package \(model\)/);
    expect(await ruleOf(() => opening)).toBe("archive/compiled-package");
    expect(archiveFaults["archive/compiled-package"].severity).toBe("info");
  });

  it("hand out views of bytes that are in memory, and no copy", async () => {
    const bytes = fixture("shared.pt2");
    const [model] = (await openArchive(bytes)).models;
    expect((await model!.document()).buffer).toBe(bytes.buffer);
    expect((await (await model!.weights()).get("whole")!.read()).buffer).toBe(bytes.buffer);
  });
});

describe("a path that cannot be read", () => {
  it("is an ordinary error with a code", async () => {
    await expect(openArchive(join(folder, "nowhere.pt2"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(openArchive(folder)).rejects.toMatchObject({ code: "EISDIR" });
    if (process.platform !== "win32")
      await expect(openArchive("/dev/null")).rejects.toMatchObject({ code: "EINVAL" });
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("says EACCES", async () => {
    const path = join(folder, "secret.pt2");
    writeFileSync(path, fixture("shared.pt2"));
    chmodSync(path, 0);
    await expect(openArchive(path)).rejects.toMatchObject({ code: "EACCES" });
  });
});

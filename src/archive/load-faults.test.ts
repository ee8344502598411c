/** What torch.export.load refuses in an archive whose zip is in order: each was measured with torch 2.13. */
import { describe, expect, it } from "vitest";
import type { InputError } from "../errors.ts";
import { openArchive } from "./open.ts";
import { bytesSource } from "./source.ts";
import { changedEntries, type EntrySpec, fixture, makeConfig, makeZip, pt2Entries } from "./testing.ts";
import { openZip } from "./zip.ts";

/** The faults of an archive whose document has been read, as lint reads it. */
async function faultsOf(bytes: Uint8Array): Promise<readonly InputError[]> {
  const archive = await openArchive(bytes);
  for (const model of archive.models) {
    const source = await model.documentSource();
    for (let at = 0; at < source.size; at += 7) source.read(at, 7);
  }
  return archive.faults();
}

const texts = async (entries: readonly EntrySpec[]) =>
  (await faultsOf(makeZip(entries))).map(({ rule, message }) => `${rule} ${message}`);

type Json = Record<string, unknown>;

/** The list of weights with the one weight's entry changed. */
function changedWeight(change: (payload: Json, meta: Json) => void): EntrySpec[] {
  const list = JSON.parse(makeConfig({ w: ["weight_0", [4]] })) as { config: { w: Json } };
  change(list.config.w, list.config.w.tensor_meta as Json);
  return changedEntries("weights_config.json", { data: JSON.stringify(list) });
}

describe("a list of weights", () => {
  it("has a size that is a float, which JSON.parse makes an integer of", async () => {
    const list = makeConfig({ w: ["weight_0", [4]] })
      .toString()
      .replace('"as_int":4', '"as_int":4.0');
    const found = await texts(changedEntries("weights_config.json", { data: list }));
    expect(found).toEqual([expect.stringContaining("tensor_meta.sizes")]);
  });

  it.each<[string, (payload: Json, meta: Json) => void, string]>([
    ["a dtype that is none", (_, meta) => (meta.dtype = 0), "tensor_meta.dtype 0 is no dtype"],
    ["a dtype that is a name", (_, meta) => (meta.dtype = "FLOAT"), "tensor_meta.dtype is not an integer"],
    [
      "a size that is a symbol",
      (_, meta) => (meta.sizes = [{ as_expr: {} }]),
      "tensor_meta.sizes is not a list of sizes",
    ],
    [
      "a size that is negative",
      (_, meta) => (meta.sizes = [{ as_int: -4 }]),
      "tensor_meta.sizes is not a list of sizes",
    ],
    [
      "a size that is two things",
      (_, meta) => (meta.sizes = [{ as_int: 4, as_expr: {} }]),
      "tensor_meta.sizes is not a list of sizes",
    ],
    [
      "a stride too many",
      (_, meta) => (meta.strides = [{ as_int: 1 }, { as_int: 1 }]),
      "tensor_meta has not one stride for each size",
    ],
    [
      "an offset that is none",
      (_, meta) => (meta.storage_offset = null),
      "tensor_meta.storage_offset is not a non-negative integer",
    ],
    [
      "a device that torch does not know",
      (_, meta) => (meta.device = { type: "gpu", index: null }),
      "tensor_meta.device is not a device",
    ],
    [
      "a device whose index is a text",
      (_, meta) => (meta.device = { type: "cpu", index: "0" }),
      "tensor_meta.device is not a device",
    ],
    ["a layout that is none", (_, meta) => (meta.layout = "strided"), "tensor_meta.layout is not an integer"],
    [
      "requires_grad that is none",
      (_, meta) => (meta.requires_grad = 1),
      "tensor_meta.requires_grad is not a boolean",
    ],
    [
      "requires_grad of integers",
      (_, meta) => Object.assign(meta, { dtype: 5, requires_grad: true }),
      "tensor_meta.requires_grad is true of what is not float",
    ],
    ["is_param that is none", (payload) => (payload.is_param = "yes"), "is_param is not a boolean"],
    ["a path that is none", (payload) => (payload.path_name = 5), "path_name is not a string"],
    [
      "no tensor_meta",
      (payload) => (payload.tensor_meta = null),
      "it is neither pickled nor has a tensor_meta",
    ],
    [
      "nothing",
      (payload) => {
        for (const key of Object.keys(payload)) delete payload[key];
      },
      "path_name is not a string",
    ],
  ])("has %s", async (_, change, problem) => {
    const found = await texts(changedWeight(change));
    expect(found).toEqual([expect.stringMatching(/^archive\/invalid-config .*weights_config\.json: in w, /)]);
    expect(found[0]).toContain(problem);
  });

  it.each(["[]", '{"config": []}', "{", '{"confi": {}}', "\xff"])("is %j", async (text) => {
    const entries = changedEntries("weights_config.json", { data: Buffer.from(text, "latin1") });
    expect(await texts(entries)).toEqual([expect.stringMatching(/^archive\/invalid-config /)]);
  });

  it("is gone", async () => {
    expect(await texts(changedEntries("weights_config.json", null))).toEqual([
      "archive/missing-entry the entry m/data/weights/model_weights_config.json is missing",
    ]);
  });
});

describe("a pickled payload", () => {
  const pickled = (data: Uint8Array) => [
    ...changedWeight((payload) => {
      payload.use_pickle = true;
      payload.tensor_meta = null;
    }).filter(({ name }) => name !== "m/data/weights/weight_0"),
    { name: "m/data/weights/weight_0", data },
  ];

  it("may be a pickle, and what torch.save writes", async () => {
    expect(await texts(pickled(Buffer.from("\x80\x02N.", "latin1")))).toEqual([]);
    expect(await texts(pickled(makeZip([{ name: "archive/data.pkl", data: "\x80\x02N." }])))).toEqual([]);
  });

  it.each(["", "a text", "\x00\x00\x80\x3f"])("is no %j", async (data) => {
    expect(await texts(pickled(Buffer.from(data, "latin1")))).toEqual([
      expect.stringMatching(/^archive\/invalid-config .* in w, m\/data\/weights\/weight_0 is no pickle/),
    ]);
  });
});

it("a constant of a kind that torch does not know is said to be one", async () => {
  const entries = [
    ...changedEntries("constants_config.json", { data: makeConfig({ c: ["weight_1", [1]] }) }),
    { name: "m/data/constants/weight_1", data: new Uint8Array(4) },
  ];
  expect(await texts(entries)).toEqual([
    expect.stringContaining("in c, weight_1 is a kind of constant that torch does not know"),
  ]);
});

describe("sample inputs", () => {
  const inner = (change: Readonly<Record<string, Partial<EntrySpec> | null>> = {}): Uint8Array => {
    const parts: Record<string, EntrySpec> = {
      pickle: { name: "archive/data.pkl", data: Buffer.from("\x80\x02N.", "latin1") },
      order: { name: "archive/byteorder", data: "little" },
      version: { name: "archive/version", data: "3" },
    };
    return makeZip(
      Object.entries(parts).flatMap(([key, part]) =>
        change[key] === null ? [] : [{ ...part, ...change[key] }],
      ),
    );
  };
  const withSample = (data: Uint8Array) => changedEntries("sample_inputs/model.pt", { data });

  it("are in order", async () => {
    expect(await texts(withSample(inner()))).toEqual([]);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["is no zip", Buffer.from("sample"), /^archive\/unsupported .*model\.pt: it should be what torch\.save/],
    ["has no pickle", inner({ pickle: null }), /^archive\/missing-entry .*it has no data\.pkl/],
    [
      "has a pickle in another folder",
      inner({ pickle: { name: "arc(ive/data.pkl" } }),
      /^archive\/(layout|missing-entry) /,
    ],
    [
      "has an entry outside of its folder",
      inner({ order: { name: "archkve/byteorder" } }),
      /^archive\/layout .*outside the root folder archive\//,
    ],
    ["has no version", inner({ version: null }), /^archive\/missing-entry .*it has no version/],
    ["has a version that is nowhere", inner({ version: { offset: 7 } }), /^archive\/corrupt /],
    [
      "has a pickle that is broken",
      inner({ pickle: { data: Buffer.from("\x80\x02(", "latin1") } }),
      /^archive\/corrupt /,
    ],
    [
      "comes from a big-endian machine",
      inner({ order: { data: "big" } }),
      /^archive\/unsupported .*big-endian/,
    ],
  ])("whose file %s", async (_, data, fault) => {
    expect(await texts(withSample(data))).toEqual([expect.stringMatching(fault)]);
  });
});

describe("what torch reads as UTF-8", () => {
  const damaged = Buffer.from('{"graph_module": {"a": "s\xe5lf"}}', "latin1");

  it.each([0, 8])("is the document (method %i)", async (method) => {
    const text = '{"graph_module": {"a": "så, €, 😀"}}';
    expect(await texts(changedEntries("models/model.json", { data: text, method }))).toEqual([]);
    expect(await texts(changedEntries("models/model.json", { data: damaged, method }))).toEqual([
      "archive/corrupt the entry m/models/model.json is no UTF-8, which torch reads it as",
    ]);
  });

  it("are the user's own files", async () => {
    const file = (data: Uint8Array) => [...pt2Entries(), { name: "m/extra/deep/note.txt", data }];
    expect(await texts(file(Buffer.from("så")))).toEqual([]);
    expect(await texts(file(damaged))).toEqual([
      "archive/corrupt the entry m/extra/deep/note.txt is no UTF-8, which torch reads it as",
    ]);
  });

  it("are the names of entries", async () => {
    const bytes = Buffer.from(makeZip(pt2Entries()));
    for (let at = bytes.indexOf("weight_0"); at >= 0; at = bytes.indexOf("weight_0", at + 1)) {
      if (bytes[at - 1] === "/".charCodeAt(0)) bytes[at] = 0xf0;
    }
    const rules = (await faultsOf(bytes)).map(({ rule, message }) => `${rule} ${message}`);
    expect(rules).toContainEqual(
      expect.stringMatching(/^archive\/corrupt the name of the entry .* is no UTF-8/),
    );
  });
});

describe("a legacy archive", () => {
  const whole = fixture("legacy.pt2");

  it("is in order", async () => {
    expect(await faultsOf(whole)).toEqual([]);
  });

  it.each([
    "version",
    "serialized_exported_program.json",
    "serialized_example_inputs.pt",
    "serialized_constants.pt",
    "extra_files/note.txt",
  ])("is refused when a byte of %s is another", async (name) => {
    const bytes = Buffer.from(whole);
    const entry = (await openZip(bytesSource(bytes))).find(name)!;
    const header = entry.offset + 30;
    const start = header + bytes.readUInt16LE(entry.offset + 26) + bytes.readUInt16LE(entry.offset + 28);
    bytes[start + entry.size - 1]! ^= 1;
    const found = (await faultsOf(bytes)).map(({ rule, message }) => `${rule} ${message}`);
    expect(found).toContain(
      `archive/corrupt the checksum of the entry ${name} does not match its bytes: torch refuses to read it`,
    );
  });

  it.each([
    ["version", "archive/missing-entry"],
    ["serialized_state_dict.pt", "archive/missing-entry"],
    ["serialized_constants.pt", "archive/missing-entry"],
    ["serialized_example_inputs.pt", "archive/missing-entry"],
  ])("lacks %s", async (name, rule) => {
    const zip = await openZip(bytesSource(whole));
    const entries = await Promise.all(
      zip.entries
        .filter((entry) => entry.name !== name)
        .map(async (entry) => ({ name: entry.name, data: await zip.read(entry) })),
    );
    expect((await faultsOf(makeZip(entries))).map((fault) => fault.rule)).toContain(rule);
  });
});

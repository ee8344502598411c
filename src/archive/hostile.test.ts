import { describe, expect, it } from "vitest";
import type { InputError } from "../errors.ts";
import { MAX_FAULTS_OF_A_KIND } from "./faults.ts";
import { openArchive } from "./open.ts";
import {
  changedEntries,
  type EntrySpec,
  fixture,
  makeConfig,
  makeZip,
  pt2Entries,
  ruleOf,
} from "./testing.ts";
import { isUnsafePath } from "./zip-faults.ts";

const opening = (bytes: Uint8Array) => ruleOf(() => openArchive(bytes));
const faultsOf = async (entries: readonly EntrySpec[]): Promise<readonly InputError[]> =>
  (await openArchive(makeZip(entries))).faults();
const rulesOf = async (entries: readonly EntrySpec[]) => (await faultsOf(entries)).map((fault) => fault.rule);

async function readDocument(bytes: Uint8Array): Promise<Uint8Array> {
  return (await openArchive(bytes)).models[0]!.document();
}

it("finds nothing wrong with an archive that is right", async () => {
  expect(await faultsOf(pt2Entries())).toEqual([]);
  expect(await faultsOf(pt2Entries().map((entry) => ({ ...entry, method: 8 })))).toEqual([]);
});

describe("a file that is cut", () => {
  it.each(["shared.pt2", "legacy.pt2", "repacked.pt2"])("is said to be: %s", async (name) => {
    const whole = fixture(name);
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      expect(await opening(whole.subarray(0, whole.length * part)), `${part}`).toBe("archive/truncated");
    }
    expect(await opening(whole.subarray(0, whole.length - 1))).toBe("archive/truncated");
  });

  it("is told from one that is whole although it ends with a stored zip", async () => {
    const whole = fixture("shared.pt2");
    const sample = (await openArchive(whole)).entries.find((entry) => entry.name.endsWith("/model.pt"))!;
    const end = Buffer.from(whole).indexOf("PK\x05\x06") + 22;
    expect(end).toBeGreaterThan(sample.size);
    expect(end).toBeLessThan(whole.length);
    expect(await opening(whole.subarray(0, end))).toBe("archive/truncated");
  });

  it("may have bytes behind its end, as for torch", async () => {
    const archive = await openArchive(Buffer.concat([fixture("shared.pt2"), Buffer.from("behind the end")]));
    expect(await archive.faults()).toEqual([]);
    const commented = await openArchive(makeZip(pt2Entries(), { comment: "a comment" }));
    expect(await commented.faults()).toEqual([]);
  });

  it("may not have bytes in front of its beginning, as for torch", async () => {
    const bytes = Buffer.concat([Buffer.from("in front"), fixture("shared.pt2")]);
    expect(await opening(bytes)).toBe("archive/corrupt");
  });
});

describe("a directory that lies", () => {
  it.each([
    ["about where it is", { directoryOffset: 5 }, "archive/truncated"],
    ["about its size", { directorySize: 1 }, "archive/truncated"],
    ["about how many entries it has", { count: 50 }, "archive/corrupt"],
    ["about being small", { count: 0xffff, directorySize: 2 ** 30 }, "archive/truncated"],
  ])("%s", async (_, end, rule) => {
    expect(await opening(makeZip(pt2Entries(), end))).toBe(rule);
  });

  it("about its size, by gigabytes that a sparse file may have", async () => {
    const bytes = Buffer.from(makeZip(pt2Entries(), { count: 0xffff }));
    const record = bytes.lastIndexOf("PK\x06\x06");
    bytes.writeBigUInt64LE(2n ** 30n, record + 40);
    expect(await opening(bytes)).toBe("archive/too-large");
  });

  it("about where an entry is", async () => {
    const entries = changedEntries("models/model.json", { offset: 3 });
    expect(await ruleOf(() => readDocument(makeZip(entries)))).toBe("archive/corrupt");
    const outside = changedEntries("models/model.json", { offset: 10_000_000 });
    expect(await ruleOf(() => readDocument(makeZip(outside)))).toBe("archive/truncated");
    expect(await rulesOf(outside)).toContain("archive/truncated");
    const far = changedEntries("models/model.json", { offset: 2 ** 52 });
    expect(await ruleOf(() => readDocument(makeZip(far)))).toBe("archive/truncated");
  });

  it("about the size of an entry", async () => {
    for (const size of [10_000_000, 2 ** 31, 2 ** 40]) {
      const entries = changedEntries("models/model.json", { size });
      expect(await ruleOf(() => readDocument(makeZip(entries))), `${size}`).toMatch(
        /archive\/(truncated|too-large)/,
      );
      expect(await rulesOf(entries)).toContain("archive/truncated");
    }
    expect(await opening(makeZip(changedEntries("weight_0", { size: 16, compressedSize: 4 })))).toBe(
      "archive/corrupt",
    );
  });

  it("about entries that overlap", async () => {
    const [first, ...rest] = pt2Entries();
    const bomb = [first!, ...rest, { name: "m/extra/again", data: "", size: 16, offset: 0 }];
    const faults = await faultsOf(bomb);
    expect(faults.map((fault) => fault.rule)).toEqual(["archive/corrupt"]);
    expect(faults[0]!.message).toMatch(/again.* overlap|overlap/);
  });

  it("about the checksum, which torch does not check either", async () => {
    const archive = await openArchive(makeZip(changedEntries("models/model.json", { crc: 1 })));
    expect(await archive.faults()).toEqual([]);
    await archive.models[0]!.document();
    expect((await archive.faults()).map((fault) => fault.rule)).toEqual(["archive/checksum"]);
    // PyTorchFileWriter writes 0 where it was told not to compute it.
    const without = await openArchive(makeZip(changedEntries("models/model.json", { crc: 0 })));
    await without.models[0]!.document();
    expect(await without.faults()).toEqual([]);
  });
});

describe("compressed entries", () => {
  it("that inflate to more or less than they say", async () => {
    for (const size of [1, 19, 21, 1000]) {
      const entries = changedEntries("models/model.json", { method: 8, size });
      expect(await ruleOf(() => readDocument(makeZip(entries))), `${size}`).toBe("archive/corrupt");
    }
  });

  it("that are no deflate data, or cut", async () => {
    const junk = makeZip(changedEntries("models/model.json", { method: 8 }));
    const at = Buffer.from(junk).indexOf("m/models/model.json") + "m/models/model.json".length;
    junk.fill(0xff, at, at + 8);
    expect(await ruleOf(() => readDocument(junk))).toBe("archive/corrupt");
    const cut = makeZip(changedEntries("models/model.json", { method: 8, compressedSize: 3 }));
    expect(await ruleOf(() => readDocument(cut))).toBe("archive/corrupt");
  });

  it("that are bombs, declared or not, cost no memory", async () => {
    const zeros = new Uint8Array(2 ** 28);
    const declared = makeZip(changedEntries("models/model.json", { method: 8, data: zeros }));
    const hidden = makeZip(changedEntries("models/model.json", { method: 8, data: zeros, size: 1000 }));
    const before = process.memoryUsage().arrayBuffers;
    expect(await ruleOf(() => readDocument(declared))).toBe("archive/too-large");
    expect(await ruleOf(() => readDocument(hidden))).toBe("archive/corrupt");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
  });

  it("of a method that torch does not read, and encrypted ones", async () => {
    for (const change of [{ method: 12 }, { method: 93 }, { flags: 1 }, { flags: 0x809 }]) {
      const entries = changedEntries("models/model.json", change);
      const size = "flags" in change ? { compressedSize: 20 + 12, data: "x".repeat(32), size: 20 } : {};
      const bytes = makeZip(entries.map((e) => (e.name.endsWith("model.json") ? { ...e, ...size } : e)));
      expect(await ruleOf(() => readDocument(bytes))).toBe("archive/unsupported");
    }
    expect(await rulesOf(changedEntries("weight_0", { method: 93 }))).toEqual(["archive/unsupported"]);
    expect(await opening(makeZip(changedEntries("weight_0", { flags: 0x40 })))).toBe("archive/unsupported");
  });
});

describe("names", () => {
  it.each([
    "../x",
    "a/../../x",
    "/etc/passwd",
    "C:\\x",
    "c:x",
    "a\\..\\x",
    "\\\\host\\x",
    "a/..",
    "..",
    "a\0b",
  ])("that lead out: %j", (name) => expect(isUnsafePath(name)).toBe(true));

  it.each(["a", "a/b", "a/..b/c..", "...", "a/.data/version", "a\\b", "a/b:c", "m/"])(
    "that do not: %j",
    (name) => {
      expect(isUnsafePath(name)).toBe(false);
    },
  );

  it("that lead out are faults, as many as a reader wants to see", async () => {
    const evil = Array.from({ length: 100 }, (_, i) => ({ name: `m/../../${i}` }));
    const faults = await faultsOf([...pt2Entries(), ...evil]);
    expect(faults.length).toBe(MAX_FAULTS_OF_A_KIND + 1);
    expect(new Set(faults.map((fault) => fault.rule))).toEqual(new Set(["archive/unsafe-path"]));
    expect(faults.at(-1)!.message).toBe("80 more faults of this kind");
  });

  it("that torch cannot tell apart, of which it reads the last", async () => {
    const twice = [...pt2Entries(), { name: "m/models/model.json", data: "{}" }];
    expect(await rulesOf(twice)).toEqual(["archive/duplicate-entry"]);
    const archive = await openArchive(makeZip(twice));
    expect(archive.models.length).toBe(1);
    expect(new TextDecoder().decode(await archive.models[0]!.document())).toBe("{}");
    const folded = [...pt2Entries(), { name: "m/data/weights/WEIGHT_0", data: "1234" }];
    expect(await rulesOf(folded)).toEqual(["archive/duplicate-entry", "archive/short-payload"]);
  });
});

describe("entries that torch needs", () => {
  it.each([
    ["archive_format", ["archive/missing-entry"]],
    ["archive_version", ["archive/missing-entry"]],
    [".data/version", ["archive/missing-entry"]],
    ["byteorder", []],
    ["weight_0", ["archive/missing-entry"]],
    ["weights_config.json", ["archive/missing-entry"]],
    ["constants_config.json", ["archive/missing-entry"]],
    ["sample_inputs/model.pt", ["archive/missing-entry"]],
  ])("without %s", async (name, rules) => {
    expect(await rulesOf(changedEntries(name, null))).toEqual(rules);
    // The document is read all the same.
    expect((await readDocument(makeZip(changedEntries(name, null)))).length).toBe(20);
  });

  it.each([
    ["archive_format", "ptx", "archive/unsupported"],
    ["archive_version", "1", "archive/unsupported"],
    ["archive_version", "0\n", "archive/unsupported"],
    ["byteorder", "big", "archive/unsupported"],
    ["weight_0", "x".repeat(12), "archive/short-payload"],
    ["weight_0", "x".repeat(17), "archive/short-payload"],
    ["weights_config.json", "{", "archive/invalid-config"],
    ["constants_config.json", makeConfig({ c: ["strange_0", [1]] }), "archive/invalid-config"],
    ["constants_config.json", makeConfig({ c: ["../weights/weight_0", [1]] }), "archive/invalid-config"],
  ])("with a wrong %s: %j", async (name, data, rule) => {
    expect(await rulesOf(changedEntries(name, { data }))).toContain(rule);
  });

  it("without a document", async () => {
    const opened = await opening(makeZip(changedEntries("models/model.json", null)));
    expect(opened).toBe("archive/no-model");
  });

  it("reports a small entry that cannot be read, and goes on", async () => {
    for (const name of ["archive_format", "archive_version", "byteorder"]) {
      expect(await rulesOf(changedEntries(name, { offset: 3 })), name).toContain("archive/corrupt");
    }
  });

  // A long list is decoded by the schema, and as any JSON when it is not as torch writes it.
  it.each([
    ["as torch writes it", (config: string) => config, [], 5001],
    ["with a key of its own", (config: string) => config.replace('"config"', '"own": 1, "config"'), [], 5001],
    [
      "with a size that is none",
      (config: string) => config.replace('"as_int":77', '"as_int":-7'),
      ["archive/invalid-config"],
      5000,
    ],
    [
      "with a dtype that is none",
      (config: string) => config.replace('"dtype":7', '"dtype":99'),
      ["archive/invalid-config"],
      5000,
    ],
    ["cut off", (config: string) => config.slice(0, -9), ["archive/invalid-config"], 0],
  ])("a long list of payloads, %s", async (_, change, rules, count) => {
    const names = Array.from({ length: 5000 }, (_, i) => [`w${i}`, ["weight_0", [4]]] as const);
    const config = makeConfig(
      Object.fromEntries(
        [["w", ["weight_0", [1, 4]]], ["odd", ["weight_0", [77, 0]]], ...names].slice(0, 5001),
      ),
    );
    const entries = changedEntries("weights_config.json", { data: change(config) });
    expect(await rulesOf(entries)).toEqual(rules);
    const weights = openArchive(makeZip(entries)).then(({ models }) => models[0]!.weights());
    expect(
      await weights.then(
        ({ size }) => size,
        () => 0,
      ),
    ).toBe(count);
  });

  it("reads a payload that is missing as an error, and not before it is read", async () => {
    const archive = await openArchive(makeZip(changedEntries("weight_0", null)));
    const weight = (await archive.models[0]!.weights()).get("w")!;
    expect(weight.size).toBeNull();
    expect(await ruleOf(() => weight.read())).toBe("archive/missing-entry");
  });
});

describe("the layout", () => {
  const outside = { name: "__MACOSX/x", data: "" };
  it.each([
    ["no root folder", pt2Entries("")],
    ["an entry outside", [...pt2Entries(), outside]],
    ["an entry outside, first", [outside, ...pt2Entries()]],
    ["a stranger in models/", [...pt2Entries(), { name: "m/models/readme.txt" }]],
  ])("%s", async (_, entries) => {
    expect(await rulesOf(entries)).toEqual(["archive/layout"]);
    expect((await readDocument(makeZip(entries))).length).toBe(20);
  });

  it("takes folders as entries, which zip -r writes", async () => {
    expect(await faultsOf([{ name: "m/" }, { name: "m/data/" }, ...pt2Entries()])).toEqual([]);
  });
});

describe("a legacy archive", () => {
  const legacy = (change: Record<string, string | null>) => {
    const entries = { version: "8.3", "serialized_exported_program.json": "{}", ...change };
    return Object.entries(entries).flatMap(([name, data]) => (data === null ? [] : [{ name, data }]));
  };
  const parts = {
    "serialized_state_dict.pt": "",
    "serialized_constants.pt": "",
    "serialized_example_inputs.pt": "",
  };

  it("may have empty parts, as torch writes them for nothing", async () => {
    const archive = await openArchive(makeZip(legacy(parts)));
    expect(await archive.faults()).toEqual([]);
    expect((await archive.models[0]!.weights()).size).toBe(0);
    expect(await archive.models[0]!.sampleInputs()).toBeUndefined();
  });

  it.each([
    [{ version: null }, "archive/missing-entry"],
    [{ version: "5.1" }, "archive/unsupported"],
    [{ version: "8" }, "archive/unsupported"],
    [{ "serialized_state_dict.pt": null }, "archive/missing-entry"],
    [{ "serialized_example_inputs.pt": null }, "archive/missing-entry"],
    [{ "serialized_state_dict.pt": "{}" }, "archive/unsupported"],
    [{ "serialized_state_dict.pt": "\x80\x02}." }, "archive/unsupported"],
    [{ "serialized_state_dict.pt": "PK\x03\x04" }, "archive/truncated"],
  ])("%j", async (change, rule) => {
    expect(await rulesOf(legacy({ ...parts, ...change }))).toEqual([rule]);
  });

  it.each([
    ["cos\nsystem\n.", "archive/pickle"],
    ["N.", "archive/corrupt"],
    ["}X\x01\x00\x00\x00aNs.", "archive/pickle"],
    ["}", "archive/corrupt"],
  ])("whose state dict is %j", async (pickle, rule) => {
    const inner = makeZip([
      { name: "archive/data.pkl", data: Buffer.from(pickle, "latin1") },
      { name: "archive/version", data: "3" },
    ]);
    const entries = [
      ...legacy({ ...parts, "serialized_state_dict.pt": null }),
      { name: "serialized_state_dict.pt", data: inner },
    ];
    const faults = await faultsOf(entries);
    expect(faults.map((fault) => fault.rule)).toEqual([rule]);
    expect(faults[0]!.message).toMatch(/^serialized_state_dict\.pt: /);
  });
});

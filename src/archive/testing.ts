import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { InputError } from "../errors.ts";
import { crc32 } from "./crc32.ts";

/** An entry for `makeZip`; whatever is given besides `data` is written as it is, true or not. */
export interface EntrySpec {
  readonly name: string;
  readonly data?: string | Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly compressedSize?: number;
  readonly offset?: number;
}

/** What the end of a zip may lie about. */
export interface EndSpec {
  readonly comment?: string;
  readonly count?: number;
  readonly directoryOffset?: number;
  readonly directorySize?: number;
}

interface Placed {
  readonly spec: EntrySpec;
  readonly name: Buffer;
  readonly stored: Uint8Array;
  readonly crc: number;
  readonly size: number;
  readonly compressedSize: number;
  readonly offset: number;
}

const encode = (data: string | Uint8Array): Uint8Array =>
  typeof data === "string" ? Buffer.from(data) : data;

function place(spec: EntrySpec, offset: number): Placed {
  const data = encode(spec.data ?? "");
  const stored = spec.method === 8 ? deflateRawSync(data) : data;
  return {
    spec,
    name: Buffer.from(spec.name),
    stored,
    crc: spec.crc ?? crc32(data),
    size: spec.size ?? data.length,
    compressedSize: spec.compressedSize ?? (spec.method === 8 ? stored.length : (spec.size ?? stored.length)),
    offset: spec.offset ?? offset,
  };
}

/** A local header as torch writes it: checksum and sizes are zero and follow the data, which readers ignore. */
export function localHeader(name: string, method = 0): Buffer {
  const bytes = Buffer.from(name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(0x808, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(bytes.length, 26);
  return Buffer.concat([header, bytes]);
}

function zip64Extra({ size, compressedSize, offset }: Placed): Buffer {
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  [size, compressedSize, offset].forEach((value, i) => {
    extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  });
  return extra;
}

function directoryEntry(placed: Placed): Buffer {
  const { spec, name, crc, size, compressedSize, offset } = placed;
  const large = [size, compressedSize, offset].some((value) => value > 0xfffffffe);
  const extra = large ? zip64Extra(placed) : Buffer.alloc(0);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(spec.flags ?? 0x808, 8);
  header.writeUInt16LE(spec.method ?? 0, 10);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(large ? 0xffffffff : compressedSize, 20);
  header.writeUInt32LE(large ? 0xffffffff : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(large ? 0xffffffff : offset, 42);
  return Buffer.concat([header, name, extra]);
}

/** ZIP64 end record and locator, then the end record: torch writes all three at any size. */
function endRecords(count: number, size: number, offset: number, comment = ""): Buffer {
  const record = Buffer.alloc(76);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(offset + size), 64);
  record.writeUInt32LE(1, 72);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(Math.min(size, 0xffffffff), 12);
  end.writeUInt32LE(Math.min(offset, 0xffffffff), 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([record, end, Buffer.from(comment)]);
}

/** The central directory and what follows it, for entries that stand at the given offsets. */
export function zipTail(entries: readonly EntrySpec[], offset: number, end: EndSpec = {}): Buffer {
  const directory = Buffer.concat(entries.map((spec) => directoryEntry(place(spec, 0))));
  const count = end.count ?? entries.length;
  const records = endRecords(
    count,
    end.directorySize ?? directory.length,
    end.directoryOffset ?? offset,
    end.comment,
  );
  return Buffer.concat([directory, records]);
}

/** A zip, as wrong as it is asked to be. */
export function makeZip(entries: readonly EntrySpec[], end: EndSpec = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const placed: EntrySpec[] = [];
  let at = 0;
  for (const spec of entries) {
    const { name, stored, crc, size, compressedSize, offset } = place(spec, at);
    const header = localHeader(String(name), spec.method);
    parts.push(header, stored);
    placed.push({ ...spec, data: undefined, crc, size, compressedSize, offset });
    at += header.length + stored.length;
  }
  return Buffer.concat([...parts, zipTail(placed, at, end)]);
}

const tensorMeta = (sizes: readonly number[]) => ({
  dtype: 7,
  sizes: sizes.map((size) => ({ as_int: size })),
  requires_grad: false,
  device: { type: "cpu", index: null },
  strides: sizes.map((_, i) => ({ as_int: sizes.slice(i + 1).reduce((a, b) => a * b, 1) })),
  storage_offset: { as_int: 0 },
  layout: 7,
});

/** A weights or constants config: float32 tensors by name, each with its file and its sizes. */
export function makeConfig(
  tensors: Readonly<Record<string, readonly [path: string, sizes: readonly number[]]>>,
): string {
  const config = Object.entries(tensors).map(([name, [path, sizes]]) => [
    name,
    { path_name: path, is_param: false, use_pickle: false, tensor_meta: tensorMeta(sizes) },
  ]);
  return JSON.stringify({ config: Object.fromEntries(config) });
}

/** The entries of a .pt2 that is right: one model `model` with one float32 weight of four elements. */
export function pt2Entries(root = "m/"): EntrySpec[] {
  return [
    { name: `${root}data/weights/weight_0`, data: new Uint8Array(16) },
    { name: `${root}data/weights/model_weights_config.json`, data: makeConfig({ w: ["weight_0", [4]] }) },
    { name: `${root}data/constants/model_constants_config.json`, data: makeConfig({}) },
    { name: `${root}models/model.json`, data: '{"graph_module": {}}' },
    { name: `${root}data/sample_inputs/model.pt`, data: "" },
    { name: `${root}archive_format`, data: "pt2" },
    { name: `${root}archive_version`, data: "0" },
    { name: `${root}.data/version`, data: "3" },
    { name: `${root}byteorder`, data: "little" },
  ];
}

/** `pt2Entries` with the entry that ends in `suffix` changed, or gone when `change` is null. */
export function changedEntries(suffix: string, change: Partial<EntrySpec> | null): EntrySpec[] {
  return pt2Entries().flatMap((entry) => {
    if (!entry.name.endsWith(suffix)) return [entry];
    return change === null ? [] : [{ ...entry, ...change }];
  });
}

/** A file of fixtures/archives/: not a Buffer, whose slices are views. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../fixtures/archives/${name}`, import.meta.url)));
}

/** The rule of the `InputError` that `run` throws; anything else fails the test. */
export async function ruleOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof InputError) return error.rule;
    throw error;
  }
  return "nothing was thrown";
}

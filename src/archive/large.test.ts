import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { InputError } from "../errors.ts";
import { openArchive, openSource } from "./open.ts";
import { type ByteSource, fileSource } from "./source.ts";
import { type EntrySpec, localHeader, makeConfig, makeZip, pt2Entries, zipTail } from "./testing.ts";
import { MAX_DIRECTORY_BYTES } from "./zip.ts";

const folder = mkdtempSync(join(tmpdir(), "pt2lint-large-"));
afterAll(() => rmSync(folder, { recursive: true }));

const GIB = 2 ** 30;
const document = `{"graph_module": "${"x".repeat(100_000)}"}`;

/** A .pt2 of six GiB of weights, which are a hole in the file: the entries behind them need ZIP64. */
function writeLarge(path: string): void {
  const file = openSync(path, "w");
  const specs: EntrySpec[] = [];
  let at = 0;
  const put = (name: string, size: number, data?: string) => {
    specs.push({ name, size, offset: at, crc: 0 });
    at += writeSync(file, localHeader(name), 0, undefined, at);
    if (data !== undefined) writeSync(file, data, at);
    at += size;
  };
  const config = { a: ["weight_0", [2 ** 29]], b: ["weight_1", [2 ** 30]] } as const;
  const text: Record<string, string> = {
    "models/model.json": document,
    "weights_config.json": makeConfig(config),
  };
  put("m/data/weights/weight_0", 2 * GIB);
  put("m/data/weights/weight_1", 4 * GIB);
  for (const { name, data } of pt2Entries().slice(1)) {
    const key = Object.keys(text).find((suffix) => name.endsWith(suffix));
    const content = key === undefined ? String(data) : text[key]!;
    put(name, content.length, content);
  }
  writeSync(file, zipTail(specs, at), 0, undefined, at);
  closeSync(file);
}

/** Counts what is read, and the largest piece. */
function counting(source: ByteSource): ByteSource & { total: number; largest: number } {
  const counter = { ...source, total: 0, largest: 0 };
  counter.read = (offset, length) => {
    counter.total += length;
    counter.largest = Math.max(counter.largest, length);
    return source.read(offset, length);
  };
  return counter;
}

it("reads of six gigabytes the document and the lists, and sees what is wrong with the rest", async () => {
  const path = join(folder, "large.pt2");
  writeLarge(path);
  const source = counting(await fileSource(path));
  expect(source.size).toBeGreaterThan(6 * GIB);
  const archive = await openSource(source);
  const bytes = await archive.models[0]!.document();
  expect(new TextDecoder().decode(bytes)).toBe(document);
  expect(await archive.faults()).toEqual([]);
  expect(source.largest).toBe(document.length);
  expect(source.total).toBeLessThan(document.length + 300_000);
  expect((await archive.models[0]!.weights()).get("b")!.size).toBe(4 * GIB);
  await archive.close();
});

it("reads a document of a bare file with one copy of its bytes", async () => {
  const path = join(folder, "document.json");
  const file = openSync(path, "w");
  const size = 2 ** 28;
  writeSync(file, '{"graph_module": 0}');
  ftruncateSync(file, size);
  closeSync(file);
  const archive = await openArchive(path);
  const before = process.memoryUsage().arrayBuffers;
  const bytes = await archive.models[0]!.document();
  expect(bytes.length).toBe(size);
  expect(bytes.buffer.byteLength).toBe(size);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.1 * size);
  await archive.close();
});

it("takes an archive of many entries, and refuses one of a directory beyond reason", async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => ({ name: `m/extra/${i}` }));
  const archive = await openArchive(makeZip([...pt2Entries(), ...many]));
  expect(archive.extraFiles().size).toBe(20_000);
  expect(await archive.faults()).toEqual([]);
  const long = Array.from({ length: 300 }, (_, i) => ({ name: `m/${i}${"x".repeat(60_000)}` }));
  expect(300 * 60_000).toBeGreaterThan(MAX_DIRECTORY_BYTES);
  const refused = await openArchive(makeZip(long)).catch((error: InputError) => error.rule);
  expect(refused).toBe("archive/too-large");
});

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { crc32, crc32InScript } from "./crc32.ts";
import { bytesSource, fileSource, sliceSource } from "./source.ts";
import { ruleOf } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "pt2lint-source-"));
afterAll(() => rmSync(folder, { recursive: true }));

const contents = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const path = join(folder, "file");
writeFileSync(path, contents);

describe.each([
  ["bytes", async () => bytesSource(contents)],
  ["a file", () => fileSource(path)],
  [
    "a part",
    async () =>
      sliceSource(bytesSource(Buffer.concat([Buffer.alloc(7), contents, Buffer.alloc(9)])), 7, 1000),
  ],
])("%s", (_, open) => {
  it("reads ranges, and none that is not there", async () => {
    const source = await open();
    expect(source.size).toBe(1000);
    expect(await source.read(0, 1000)).toEqual(contents);
    expect(await source.read(990, 10)).toEqual(contents.slice(990));
    expect(await source.read(1000, 0)).toEqual(new Uint8Array(0));
    for (const [offset, length] of [
      [990, 11],
      [1001, 0],
      [0, 2 ** 40],
      [2 ** 50, 1],
    ] as const) {
      expect(await ruleOf(() => source.read(offset, length))).toBe("archive/truncated");
    }
    for (const [offset, length] of [
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
      [2 ** 60, 1],
    ] as const) {
      expect(await ruleOf(() => source.read(offset, length))).toBe("archive/corrupt");
    }
    await source.close();
  });
});

it("notices that a file becomes shorter while it is open", async () => {
  const shrinking = join(folder, "shrinking");
  writeFileSync(shrinking, contents);
  const source = await fileSource(shrinking);
  truncateSync(shrinking, 500);
  expect(await ruleOf(() => source.read(400, 200))).toBe("archive/truncated");
  await source.close();
});

it("keeps a part within its whole", async () => {
  expect(await ruleOf(() => sliceSource(bytesSource(contents), 500, 501))).toBe("archive/truncated");
  expect(await ruleOf(() => sliceSource(bytesSource(contents), 0, 2 ** 45))).toBe("archive/truncated");
});

it("computes the checksum of ZIP, with and without native help", () => {
  for (const crc of [crc32, crc32InScript]) {
    expect(crc(Buffer.from("123456789"))).toBe(0xcbf43926);
    expect(crc(new Uint8Array(0))).toBe(0);
  }
  expect(crc32InScript(contents)).toBe(crc32(contents));
});

it("reads nothing from a file that is closed, whose number may be another's by then", async () => {
  const source = await fileSource(path);
  await source.close();
  const other = await fileSource(path);
  expect(() => source.readNow(0, 10)).toThrow(/is closed/);
  await expect(source.read(0, 10)).rejects.toThrow(/is closed/);
  await other.close();
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { archiveFaults } from "./faults.ts";
import { openArchive } from "./open.ts";
import { readPickle } from "./pickle.ts";
import { fixture } from "./testing.ts";

const names = [
  "shared.pt2",
  "repacked.pt2",
  "legacy.pt2",
  "pickled-weights.pt2",
  "two-models.pt2",
  "document.json",
];
const archives = names.map(fixture);
const pickles = Object.values(
  JSON.parse(new TextDecoder().decode(fixture("pickles.json"))) as Record<string, string>,
).map((text) => new Uint8Array(Buffer.from(text, "base64")));

/** A fault must be one of ours; whatever else is thrown fails the test. */
async function faultOf(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(Object.keys(archiveFaults)).toContain(error.rule);
    expect(error.message).not.toBe("");
  }
}

/** Reads everything that there is to read, each thing by itself. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const archive = await openArchive(bytes);
  for (const model of archive.models) {
    await faultOf(() => model.document());
    for (const kind of ["weights", "constants"] as const) {
      await faultOf(async () => {
        for (const payload of (await model[kind]()).values()) await faultOf(() => payload.read());
      });
    }
    await faultOf(async () => {
      const sample = await model.sampleInputs();
      for (const storage of sample?.storages.values() ?? []) await faultOf(() => storage.read());
    });
  }
  for (const file of archive.extraFiles().values()) await faultOf(() => file.read());
  // Not in faultOf: this may not throw at all.
  const faults = await archive.faults().catch((error: Error) => expect.unreachable(String(error.stack)));
  for (const fault of faults) expect(Object.keys(archiveFaults)).toContain(fault.rule);
  await archive.close();
}

type Edit = (bytes: Uint8Array) => Uint8Array;

const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length);
const where = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** Most of an archive is payload; its directory, which is where it can lie, is at the end. */
const somewhere = fc.oneof(
  where,
  where.map((w) => 0.9 + w / 10),
);
const integers = [0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x80000000];

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(somewhere, fc.nat(7)).map(([w, bit]) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    if (copy.length > 0) copy[at(copy, w)]! ^= 1 << bit;
    return copy;
  }),
  fc
    .tuple(somewhere, fc.constantFrom(...integers), fc.constantFrom(1, 2, 4, 8))
    .map(([w, value, width]) => (bytes: Uint8Array) => {
      const copy = bytes.slice();
      for (let i = 0; i < width && at(copy, w) + i < copy.length; i++)
        copy[at(copy, w) + i] = i < 4 ? value >>> (8 * i) : 0;
      return copy;
    }),
  somewhere.map((w) => (bytes: Uint8Array) => bytes.slice(0, at(bytes, w))),
  where.map((w) => (bytes: Uint8Array) => bytes.slice(at(bytes, w))),
  fc.tuple(somewhere, where, fc.nat(200)).map(([to, from, length]) => (bytes: Uint8Array) => {
    const piece = bytes.slice(at(bytes, from), at(bytes, from) + length);
    return new Uint8Array(Buffer.concat([bytes.slice(0, at(bytes, to)), piece, bytes.slice(at(bytes, to))]));
  }),
  fc.tuple(somewhere, fc.uint8Array({ maxLength: 64 })).map(([w, junk]) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    copy.set(junk.subarray(0, copy.length - at(copy, w)), at(copy, w));
    return copy;
  }),
);

const mutated = (from: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...from), fc.array(edits, { minLength: 1, maxLength: 4 }))
    .map(([bytes, list]) => list.reduce<Uint8Array>((all, edit) => edit(all), new Uint8Array(bytes)));

describe("whatever is done to an archive", () => {
  it("it is read, or is an InputError, in little memory and time", async () => {
    let slowest = 0;
    await fc.assert(
      fc.asyncProperty(mutated(archives), async (bytes) => {
        const started = performance.now();
        await faultOf(() => readAll(bytes));
        slowest = Math.max(slowest, performance.now() - started);
      }),
      { numRuns: 1500 },
    );
    expect(slowest).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(2 ** 29);
  });

  it("a directory that is written anew is no worse", async () => {
    const bytes = fixture("shared.pt2");
    const directory = Buffer.from(bytes).indexOf("PK\x01\x02");
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - directory - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (offset, junk) => {
          const copy = bytes.slice();
          copy.set(junk.subarray(0, copy.length - directory - offset), directory + offset);
          await faultOf(() => readAll(copy));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("whatever is done to a pickle", () => {
  it("it is read, or is an InputError", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated(pickles), fc.uint8Array({ maxLength: 100 })), (bytes) =>
        faultOf(() => readPickle(bytes)),
      ),
      { numRuns: 5000 },
    );
  });
});

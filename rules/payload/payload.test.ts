import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Payload } from "../../src/archive/archive.ts";
import { openArchive } from "../../src/archive/open.ts";
import { countNonFinite } from "../../src/archive/payload-scan.ts";
import { resolveConfig } from "../../src/lint/config.ts";
import { runRules } from "../../src/lint/engine.ts";
import { lintFiles } from "../../src/lint/lint.ts";
import { type Payloads, readPayloads } from "../../src/lint/payloads.ts";
import { readProgram } from "../../src/open.ts";
import { OperatorRegistry } from "../../src/ops/registry.ts";
import { rules } from "../index.generated.ts";

const FILE = new URL("../../fixtures/run/resnet_train.aten.pt2", import.meta.url);
const archive = await openArchive(readFileSync(FILE));
const model = archive.models[0]!;
const program = await readProgram(model);
const stored = (await readPayloads(archive, model))!;
const active = rules
  .filter(({ id }) => id.startsWith("payload/"))
  .map((rule) => ({ rule, severity: rule.severity }));

type Lists = { weights: Map<string, Payload>; constants: Map<string, Payload> };

/** What the payload rules find after the archive's lists have been changed. */
function found(change: (lists: Lists) => void) {
  const lists: Lists = { weights: new Map(stored.weights), constants: new Map(stored.constants) };
  change(lists);
  return runRules(program, active, new OperatorRegistry(), lists as Payloads).map(
    ({ rule, severity, data }) => [rule, severity, data.name],
  );
}

const nameOf = (kind: string): string => program.inputs.find((input) => input.kind === kind)!.name;
const [parameter, buffer] = [nameOf("parameter"), nameOf("buffer")];

function edit(lists: Lists, name: string, change: (config: Payload["config"]) => Payload["config"]): void {
  const payload = lists.weights.get(name)!;
  lists.weights.set(name, { ...payload, config: change(payload.config) });
}

describe("the payload rules", () => {
  it("say nothing of what torch saved", () => expect(found(() => {})).toEqual([]));

  it.each([parameter, buffer])("find that %s is not stored", (name) => {
    expect(found(({ weights }) => weights.delete(name))).toEqual([["payload/missing", "error", name]]);
  });

  it("find a persistent buffer among the constants alone, which ep.module() does not", () => {
    const move = ({ weights, constants }: Lists) => {
      constants.set(buffer, weights.get(buffer)!);
      weights.delete(buffer);
    };
    expect(found(move)).toEqual([["payload/persistence", "error", buffer]]);
  });

  it("find that what shares an entry is loaded in the dtype of the first", () => {
    const names = [...stored.weights!.keys()];
    const other = names.findLast((name) => stored.weights!.get(name)!.config.tensor_meta!.dtype === 5)!;
    const { path_name } = stored.weights!.get(names[0]!)!.config;
    const share = (lists: Lists) => edit(lists, other, (config) => ({ ...config, path_name }));
    expect(found(share)).toContainEqual(["payload/metadata", "error", other]);
  });

  it("find a parameter that is stored as a plain tensor", () => {
    const change = (lists: Lists) => edit(lists, parameter, (config) => ({ ...config, is_param: false }));
    expect(found(change)).toEqual([["payload/not-a-parameter", "error", parameter]]);
  });

  it.each(["dtype", "sizes"])("find another %s", (key) => {
    const other = key === "dtype" ? 8 : [{ as_int: 77 }];
    const change = (lists: Lists) =>
      edit(lists, parameter, (config) => ({
        ...config,
        tensor_meta: { ...config.tensor_meta!, [key]: other },
      }));
    expect(found(change)).toEqual([["payload/metadata", "error", parameter]]);
  });

  it("find a pickled tensor", () => {
    const change = (lists: Lists) => edit(lists, parameter, (config) => ({ ...config, use_pickle: true }));
    expect(found(change)).toEqual([["payload/pickled", "warning", parameter]]);
  });

  it("find a tensor that nothing uses", () => {
    const change = ({ weights }: Lists) => weights.set("nobody", weights.get(parameter)!);
    expect(found(change)).toEqual([["payload/unused", "info", "nobody"]]);
  });

  it("find a written buffer whose bytes another tensor shares", () => {
    const change = ({ weights }: Lists) => {
      const { entry, size } = weights.get(buffer)!;
      weights.set(parameter, { ...weights.get(parameter)!, entry, size });
    };
    expect(found(change)).toContainEqual(["payload/shared-mutation", "warning", buffer]);
  });
});

describe("--weights", () => {
  const config = resolveConfig({}, { rules });

  it("finds nothing in what torch saved", async () => {
    for (const weights of ["crc", "scan"] as const) {
      const report = await lintFiles([{ path: "m.pt2", bytes: readFileSync(FILE) }], { config, weights });
      expect(report.results.flatMap(({ diagnostics }) => diagnostics)).toEqual([]);
    }
  });

  it("finds a NaN in a weight by scan, and the changed bytes by crc", async () => {
    const bytes = readFileSync(FILE);
    const weight = Buffer.from(await stored.weights!.get(parameter)!.read());
    const at = bytes.indexOf(weight);
    bytes.writeFloatLE(Number.NaN, at);
    bytes.writeFloatLE(Number.NEGATIVE_INFINITY, at + 4);
    const rulesFound = async (weights: "none" | "crc" | "scan") => {
      const report = await lintFiles([{ path: "m.pt2", bytes }], { config, weights });
      return report.results.flatMap(({ diagnostics }) =>
        diagnostics.map(({ rule, data }) => [rule, data.nan ?? null]),
      );
    };
    expect(await rulesFound("none")).toEqual([]);
    expect(await rulesFound("scan")).toEqual([["payload/non-finite", 1]]);
    expect(await rulesFound("crc")).toEqual([["archive/checksum", null]]);
  });

  it.each([
    ["float16", 6, [0x00, 0x7c, 0x01, 0x7c, 0x00, 0x3c], { nan: 1, infinite: 1 }],
    ["bfloat16", 13, [0x80, 0x7f, 0xc0, 0xff, 0x80, 0x3f], { nan: 1, infinite: 1 }],
    ["float8_e4m3fn", 29, [0x7f, 0xff, 0x7e], { nan: 2, infinite: 0 }],
    ["float8_e5m2", 30, [0x7c, 0x7d, 0x3c], { nan: 1, infinite: 1 }],
  ] as const)("tells NaN and infinity of %s", (_, dtype, bytes, expected) => {
    const size = { as_int: 3 };
    const meta = { dtype, sizes: [size], strides: [{ as_int: 1 }], storage_offset: { as_int: 0 } };
    const rest = { requires_grad: false, device: { type: "cpu" }, layout: 7 };
    expect(countNonFinite(Uint8Array.from(bytes), 0, { ...meta, ...rest })).toEqual(expected);
  });

  it("tells a double's NaN by its lower half too", () => {
    const meta = {
      ...{ dtype: 8, sizes: [{ as_int: 2 }], strides: [{ as_int: 1 }], storage_offset: { as_int: 0 } },
      ...{ requires_grad: false, device: { type: "cpu" }, layout: 7 },
    };
    const bytes = new Uint8Array(16);
    bytes.set([1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0, 0, 0, 0, 0, 0, 0xf0, 0xff]);
    expect(countNonFinite(bytes, 0, meta)).toEqual({ nan: 1, infinite: 1 });
  });

  it("counts in the stretch that it is given, and only in the tensor's part of it", () => {
    const meta = {
      ...{ dtype: 7, sizes: [{ as_int: 2 }], strides: [{ as_int: 1 }], storage_offset: { as_int: 1 } },
      ...{ requires_grad: false, device: { type: "cpu" }, layout: 7 },
    };
    const nans = new Uint8Array(new Float32Array(4).fill(Number.NaN).buffer);
    expect(countNonFinite(nans, 0, meta).nan).toBe(2);
    expect(countNonFinite(nans.subarray(0, 8), 0, meta).nan).toBe(1);
    expect(countNonFinite(nans.subarray(8), 8, meta).nan).toBe(1);
    expect(countNonFinite(nans.subarray(0, 4), 12, meta).nan).toBe(0);
  });
});

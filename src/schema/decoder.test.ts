import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DocumentSource, memorySource } from "../archive/document-source.ts";
import { InputError } from "../errors.ts";
import { decodeDocument } from "./decoder.ts";
import type { Document } from "./document.ts";
import { dialectOf, torchVersionOf } from "./drift.ts";
import { writeDocument } from "./writer.ts";

const encode = (text: string): Uint8Array => Buffer.from(text);
const text = (document: Document): string => Buffer.from(writeDocument(document)).toString();

/** A document with one node whose only argument is `arg`, as torch 2.13 writes it. */
function documentWith(arg: string, rest = ""): string {
  return (
    '{"graph_module": {"graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [], "nodes": [{"target": ' +
    `"torch.ops.aten.relu.default", "inputs": [{"name": "self", "arg": ${arg}, "kind": 1}], "outputs": [], ` +
    '"metadata": {"stack_trace": "a \\"quoted\\" \\\\ line"}, "is_hop_single_tensor_return": null, "name": "relu"}], ' +
    '"tensor_values": {}, "sym_int_values": {}, "sym_bool_values": {}, "is_single_tensor_return": false, ' +
    '"custom_obj_values": {}, "sym_float_values": {}}, "signature": {"input_specs": [], "output_specs": []}, ' +
    '"module_call_graph": [], "metadata": {}, "treespec_namedtuple_fields": {}}, "opset_version": {"aten": 10}, ' +
    '"range_constraints": {"s0": {"min_val": -9223372036854775808, "max_val": 9223372036854775806}}, ' +
    `"schema_version": {"major": 8, "minor": 20}, "verifiers": ["TRAINING"], "torch_version": "2.13.0", "guards_code": []${rest}}`
  );
}

const argumentOf = (json: string) =>
  decodeDocument(encode(json)).root.graph_module.graph.nodes[0]!.inputs[0]!.arg as Record<string, unknown>;

function faultOf(json: string): string {
  try {
    decodeDocument(encode(json));
  } catch (error) {
    if (error instanceof InputError) return `${error.rule} ${error.message}`;
    throw error;
  }
  return "no fault";
}

/** A source that hands out a few bytes at a time, so that every token straddles a read. */
function drip(bytes: Uint8Array, size: number): DocumentSource {
  return {
    size: bytes.length,
    resident: false,
    read: (offset, length) => bytes.slice(offset, offset + Math.min(length, size)),
  };
}

describe("decodeDocument", () => {
  it("keeps integers that a double cannot hold", () => {
    expect(argumentOf(documentWith('{"as_int": 9223372036854775807}')).as_int).toBe(9223372036854775807n);
    expect(argumentOf(documentWith('{"as_ints": [1, -2, 9007199254740993]}')).as_ints).toEqual([
      1,
      -2,
      9007199254740993n,
    ]);
  });

  it("reads the bare words of files before torch 2.7 and the strings after", () => {
    expect(argumentOf(documentWith('{"as_float": NaN}')).as_float).toBeNaN();
    expect(argumentOf(documentWith('{"as_float": -Infinity}')).as_float).toBe(Number.NEGATIVE_INFINITY);
    expect(argumentOf(documentWith('{"as_float": "Infinity"}')).as_float).toBe(Number.POSITIVE_INFINITY);
    expect(argumentOf(documentWith('{"as_string": "NaN"}')).as_string).toBe("NaN");
  });

  it("decodes metadata on demand", () => {
    const document = decodeDocument(encode(documentWith('{"as_none": true}')));
    const [node] = document.root.graph_module.graph.nodes;
    expect(document.metadata(node!)).toEqual(new Map([["stack_trace", 'a "quoted" \\ line']]));
  });

  it("reads what older versions left out or wrote otherwise", () => {
    const old = documentWith('{"as_none": []}')
      .replace(', "kind": 1', "")
      .replace(', "name": "relu"', "")
      .replace(
        '"verifiers": ["TRAINING"], "torch_version": "2.13.0", "guards_code": []',
        '"dialect": "ATEN"',
      );
    const document = decodeDocument(encode(old));
    expect(document.root.graph_module.graph.nodes[0]!.inputs[0]!.arg).toEqual({ as_none: true });
    expect(dialectOf(document)).toBe("ATEN");
    expect(torchVersionOf(document)).toBe("<=2.4");
    expect(text(document)).toBe(old);
  });

  it.each([
    ['{"as_tensr": {"name": "x"}}', "nodes[0].inputs[0].arg: unknown alternative 'as_tensr' of Argument"],
    ['{"as_tensor": {"nam": "x"}}', "nodes[0].inputs[0].arg.as_tensor: TensorArgument lacks 'name'"],
    ['{"as_int": "3"}', "nodes[0].inputs[0].arg.as_int: expected an integer, found a string"],
    ['{"as_int": 1.5}', "nodes[0].inputs[0].arg.as_int: expected an integer, found 1.5"],
    ['{"as_scalar_type": 40}', "nodes[0].inputs[0].arg.as_scalar_type: 40 is not a ScalarType"],
    ['{"as_bool": 1}', "nodes[0].inputs[0].arg.as_bool: expected true or false, found 1"],
    [
      '{"as_int": 1, "as_bool": true}',
      "nodes[0].inputs[0].arg.as_int: Argument has more than one key; it needs exactly one",
    ],
    ["{}", "nodes[0].inputs[0].arg: Argument is empty"],
    ['{"as_ints": [1, [2]]}', "nodes[0].inputs[0].arg.as_ints[1]: expected an integer, found a list"],
    ['{"as_string": "\\q"}', "nodes[0].inputs[0].arg.as_string: not a valid JSON string"],
  ])("says where and what is wrong with %s", (arg, message) => {
    expect(faultOf(documentWith(arg))).toContain(`schema/invalid-document graph_module.graph.${message}`);
  });

  it("says so when the text ends early, goes on, or is no object", () => {
    const whole = documentWith('{"as_none": true}');
    expect(faultOf(whole.slice(0, -1))).toContain("found the end of the document");
    expect(faultOf(`${whole} {}`)).toContain("unexpected data after the document");
    expect(faultOf("[1]")).toBe(
      "schema/invalid-document document: expected an object (ExportedProgram), found a list",
    );
    expect(faultOf("")).toContain("found the end of the document");
  });

  it("refuses another major version by its number, whatever the rest looks like", () => {
    const other = documentWith('{"as_new": 1}').replace('"major": 8', '"major": 9');
    expect(faultOf(other)).toContain("schema/unsupported-version schema version 9 is not supported");
  });

  it("reads strings and metadata that are longer than what is read at once", () => {
    const long = "x".repeat(700_000);
    const json = documentWith(`{"as_strings": ["${long}", "${long}\\\\", "\\u00e9${long}"]}`)
      .replace('"a \\"quoted\\" \\\\ line"', `"${long}"`)
      .replace(
        '"tensor_values": {}',
        `"tensor_values": {"metadata": {"dtype": 7, "sizes": [], ${" ".repeat(9000)}` +
          '"requires_grad": false, "device": {"type": "a}b", "index": null}, "strides": [], ' +
          '"storage_offset": {"as_int": 0}, "layout": 7}}',
      );
    for (const document of [decodeDocument(encode(json)), decodeDocument(drip(encode(json), 100_000))]) {
      const [node] = document.root.graph_module.graph.nodes;
      expect(node!.inputs[0]!.arg).toEqual({ as_strings: [long, `${long}\\`, `\u00e9${long}`] });
      expect(document.metadata(node!)).toEqual(new Map([["stack_trace", long]]));
      const meta = document.root.graph_module.graph.tensor_values.get("metadata");
      expect(meta).toMatchObject({ dtype: 7, device: { type: "a}b" }, layout: 7 });
    }
  });

  // The scanner looks at sixteen bytes at once: braces, quotes and escapes shall stand at each place among them.
  it.each(["{", "}", "{}{", '\\"', '}\\"}', "\\\\", "é", ""])(
    "finds where metadata ends with %j in it",
    (odd) => {
      for (let length = 0; length < 40; length++) {
        const meta = (type: string, size: number) =>
          `{"dtype": 7, "sizes": [{"as_int": ${size}}], "requires_grad": false, "device": {"type": "${type}", "index": null}, ` +
          '"strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}';
        const type = `${"c".repeat(length)}${odd}pu`;
        const values = `"tensor_values": {"x": ${meta(type, 2)}, "y": ${meta(type, 3)}, "z": ${meta(type, 2)}}`;
        const json = documentWith('{"as_none": true}').replace('"tensor_values": {}', () => values);
        const { tensor_values } = decodeDocument(encode(json)).root.graph_module.graph;
        const sizes = [...tensor_values].map(([name, { sizes, device }]) => [name, sizes, device.type]);
        const [two, three, parsed] = [[{ as_int: 2 }], [{ as_int: 3 }], JSON.parse(`"${type}"`)];
        expect(sizes).toEqual([
          ["x", two, parsed],
          ["y", three, parsed],
          ["z", two, parsed],
        ]);
      }
    },
  );

  it("tells whether the tool is named, also where two reads meet in the word", () => {
    const json = documentWith('{"as_none": true}');
    const named = encode(json.replace('"stack_trace": "', '"stack_trace": "# pt2lint: off '));
    for (const size of [5, 64, 1000]) expect(decodeDocument(drip(named, size)).namesTool).toBe(true);
    expect(decodeDocument(encode(json)).namesTool).toBe(false);
  });

  it("neither overflows nor hangs on deep nesting", () => {
    const depth = 100_000;
    const nested = '{"as_string_to_argument": {"a": '.repeat(depth);
    expect(faultOf(documentWith(nested))).toContain("nested too deep");
    expect(faultOf(documentWith('{"as_none": true}', `, "x": ${"[".repeat(depth)}`))).toMatch(
      /^.{0,500}expected a value, found/,
    );
  });

  it("notes unknown and repeated keys, and keeps the unknown ones", () => {
    const odd = documentWith('{"as_none": true}', ', "zebra": {"a": [1, "}"]}');
    const document = decodeDocument(encode(odd));
    expect(document.oddities.map(({ kind, key, within }) => [kind, key, within])).toEqual([
      ["unknown-key", "zebra", "ExportedProgram"],
    ]);
    expect(text(document)).toBe(odd);
    const twice = decodeDocument(encode(documentWith('{"as_tensor": {"name": "x", "name": "y"}}')));
    expect(twice.oddities.map(({ kind, key }) => [kind, key])).toEqual([["duplicate-key", "name"]]);
  });
});

describe("writeDocument", () => {
  it.each([
    '{"as_floats": [1.0, 1, -0.0, 1e-05, 1e+16, 0.1, NaN, "NaN", 1E3, 123456789012345.0]}',
    '{"as_ints": [-0, 0, 9223372036854775807]}',
    '{"as_string": "\\u00e9\\ud83d\\ude00 \\" \\\\ \\n\\u0001"}',
    '{"as_complex": {"real": 1.5, "imag": -0.0}}',
    '{"as_optional_tensors": [{"as_none": true}, {"as_tensor": {"name": "x"}}]}',
    '{"as_string_to_argument": {"__proto__": {"as_none": true}, "1": {"as_bool": false}}}',
    '{"as_device": {"type": "cuda", "index": 0}}',
  ])("gives back %s", (arg) => {
    expect(text(decodeDocument(encode(documentWith(arg))))).toBe(documentWith(arg));
  });

  const bundles = readdirSync(new URL("../../fixtures/branches/", import.meta.url)).filter((f) =>
    f.endsWith(".ndjson.gz"),
  );
  it.each(bundles)("gives back every document of %s, and reads them in pieces too", (bundle) => {
    const lines = gunzipSync(readFileSync(new URL(`../../fixtures/branches/${bundle}`, import.meta.url)))
      .toString()
      .trim();
    for (const [i, line] of lines.split("\n").slice(0, 200).entries()) {
      const { document } = JSON.parse(line) as { document: unknown };
      const bytes = encode(typeof document === "string" ? document : JSON.stringify(document));
      const written = writeDocument(decodeDocument(bytes));
      expect(JSON.parse(Buffer.from(written).toString())).toEqual(JSON.parse(Buffer.from(bytes).toString()));
      expect(Buffer.from(writeDocument(decodeDocument(written))).equals(written)).toBe(true);
      if (i < 5)
        expect(Buffer.from(writeDocument(decodeDocument(drip(bytes, 7 + i)))).equals(written)).toBe(true);
    }
  });

  it("meets every damage with an InputError or a document", () => {
    const whole = encode(documentWith('{"as_tensors": [{"name": "x"}, {"name": "y"}]}'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(40), (at, byte, cut) => {
        const bytes = Buffer.concat([whole.subarray(0, at), Buffer.from([byte]), whole.subarray(at + cut)]);
        try {
          writeDocument(decodeDocument(memorySource(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("reads a node as torch spaces it and one with other spaces alike, damaged or not", () => {
    const arg = '{"as_tensor": {"name": "x"}}, "kind": 2}, {"name": "dim", "arg": {"as_ints": [1, -0]}';
    const whole = documentWith(arg).replace('"outputs": []', '"outputs": [{"as_tensor": {"name": "relu"}}]');
    const from = whole.indexOf('{"target"');
    const outcome = (text: string): string => {
      try {
        return Buffer.from(writeDocument(decodeDocument(encode(text)))).toString();
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return (error as InputError).message;
      }
    };
    const alike = (text: string): void => {
      expect(outcome(text)).toBe(outcome(text.replaceAll('{"target"', '{ "target"')));
    };
    alike(whole);
    const place = fc.integer({ min: from, max: whole.indexOf('"tensor_values"') });
    const byte = fc.oneof(
      fc.constantFrom(...'{}[]",:0123 \\'),
      fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
    );
    fc.assert(
      fc.property(place, byte, fc.nat(12), (at, put, cut) => {
        alike(whole.slice(0, at) + put + whole.slice(at + cut));
      }),
      { numRuns: 500 },
    );
  });
});

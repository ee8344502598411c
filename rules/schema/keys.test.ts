import { describe, expect, it } from "vitest";
import { runRules } from "../../src/lint/engine.ts";
import { programTextToDocument } from "../../src/lint/program-text.ts";
import type { Rule } from "../../src/lint/rule.ts";
import { OperatorRegistry } from "../../src/ops/registry.ts";
import { Program } from "../../src/program/program.ts";
import { decodeDocument } from "../../src/schema/decoder.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { unknownKey } from "./unknown-key.ts";

const TEXT = `
def forward(x: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(x)
    cos: "f32[2]" = torch.ops.aten.cos.default(sin)
    return (cos,)
`;

function findings(rule: Rule, edit: (json: string) => string) {
  const json = Buffer.from(programTextToDocument(TEXT)).toString();
  const edited = edit(json);
  const program = new Program(decodeDocument(Buffer.from(edited)));
  return runRules(program, [{ rule, severity: rule.severity }], new OperatorRegistry());
}

const withKey = (key: string) => (json: string) => json.replace("{", `{"${key}":{"a":[1]},`);
const minor = (json: string) => json.replace(/"minor":\s*\d+/, '"minor":999');

describe("schema/unknown-key", () => {
  it("is quiet on what torch writes, and on the dialect of old files", () => {
    expect(findings(unknownKey, (json) => json)).toEqual([]);
    expect(findings(unknownKey, (json) => json.replace("{", '{"dialect":"ATEN",'))).toEqual([]);
  });

  it("names the key, its type and its path", () => {
    const [found, ...more] = findings(unknownKey, withKey("opset_versions"));
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      severity: "warning",
      message: "torch's schema has no key 'opset_versions' in ExportedProgram, and ignores it",
      data: { key: "opset_versions", within: "ExportedProgram", count: 1, path: "opset_versions" },
    });
  });

  it("takes equal keys together", () => {
    const found = findings(unknownKey, (json) => json.replaceAll('"target"', '"shade":1,"target"'));
    expect(found.map(({ data }) => data)).toEqual([
      { key: "shade", within: "Node", count: 2, path: "graph_module.graph.nodes[0].shade" },
    ]);
  });

  it("is an info in a document of a newer schema", () => {
    const found = findings(unknownKey, (json) => minor(withKey("brand_new")(json)));
    expect(found.map(({ severity }) => severity)).toEqual(["info"]);
  });
});

describe("schema/duplicate-key", () => {
  it("is quiet on what torch writes", () => {
    expect(findings(duplicateKey, (json) => json)).toEqual([]);
  });

  it("names the key and its path", () => {
    const found = findings(duplicateKey, (json) => json.replace('"target"', '"target":"x","target"'));
    expect(found).toMatchObject([
      {
        message: "the document gives the key 'target' twice in one object; torch reads the last",
        data: { key: "target", within: "Node", count: 1, path: "graph_module.graph.nodes[0].target" },
      },
    ]);
  });
});

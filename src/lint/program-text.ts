/**
 * Programs as text, close to what torch prints, for the examples of rules, for tests and docs:
 *
 *     def forward(p: "b8[]", x: "f32[2, 3]", cache: "f32[2, 3]" = buffer("cache")):
 *         cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, cache))
 *         return (cond[0],)
 *     def true_graph_0(x: "f32[2, 3]", cache: "f32[2, 3]"):
 *         add: "f32[2, 3]" = torch.ops.aten.add.Tensor(x, 1)  # model.py:12 in forward: y = x + 1
 *         return (add,)
 *
 * docs/program-text.md describes it.
 */
import type { OperatorRegistry } from "../ops/registry.ts";
import { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import { encodeProgram } from "./program-text/encode-program.ts";
import { parseProgramText } from "./program-text/parser.ts";

export { ProgramTextError } from "./program-text/scanner.ts";

/** A program made from its text, and the registry with the operators that the text declares. */
export interface TextProgram {
  readonly program: Program;
  readonly registry: OperatorRegistry;
}

/** The bare JSON document of a program. Throws a `ProgramTextError` with line and column. */
export function programTextToDocument(text: string): Uint8Array {
  return encodeProgram(parseProgramText(text)).bytes;
}

/** The program of a text. It goes through the document's bytes, so rules see exactly what a file gives. */
export function programFromText(text: string, name = "model"): TextProgram {
  const { bytes, registry } = encodeProgram(parseProgramText(text));
  return { program: new Program(decodeDocument(bytes), name), registry };
}

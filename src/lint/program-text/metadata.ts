import { dtypeAbbreviation, dtypeName } from "../../program/print-literals.ts";
import { layoutsByName } from "../../schema/enum-names.ts";
import { Layout, ScalarType } from "../../schema/types.generated.ts";
import type { JsonTree } from "./json-text.ts";
import { type Position, ProgramTextError } from "./scanner.ts";
import { isNumber, number, parseSymbolic, product, type SymbolicValue, srepr } from "./symbolic-text.ts";

/** What an annotation says of one value. */
export interface Metadata {
  readonly kind: "tensor" | "sym_int" | "sym_float" | "sym_bool" | "custom_obj";
  /** The entry in the graph's table of values; null for a tensor without metadata. */
  readonly entry: JsonTree;
}

const KNOWN_DTYPES = Object.values(ScalarType).filter((dtype) => dtype !== ScalarType.UNKNOWN);

/** By the short names that torch prints: `f32`. */
const DTYPES: Readonly<Record<string, ScalarType>> = Object.fromEntries(
  KNOWN_DTYPES.map((dtype) => [dtypeAbbreviation(dtype), dtype]),
);

/** By the names of torch's attributes, `torch.float32`, and the other names that it has for some of them. */
export const TORCH_DTYPES: Readonly<Record<string, ScalarType>> = {
  ...Object.fromEntries(KNOWN_DTYPES.map((dtype) => [dtypeName(dtype).slice("torch.".length), dtype])),
  int: ScalarType.INT,
  long: ScalarType.LONG,
  half: ScalarType.HALF,
  float: ScalarType.FLOAT,
  double: ScalarType.DOUBLE,
};

/**
 * Reads an annotation: `f32[2, 3]`, with strides `f32[2, 3][1, 2]`, an offset `+4`, a device `cuda:0`, a layout
 * `sparse_coo`, `grad` for requires_grad; `Sym(s0 + 1)`, `SymBool(u0)`, `SymFloat(zuf0)`; `CustomObj(class)`;
 * `?` for a tensor without metadata.
 */
export function parseMetadata(text: string, at: Position, requiresGrad = false): Metadata {
  if (text.trim() === "?") return { kind: "tensor", entry: null };
  const wrapped = /^(Sym|SymInt|SymFloat|SymBool|CustomObj)\((.*)\)$/.exec(text.trim());
  if (wrapped !== null) return symbolicMetadata(wrapped[1]!, wrapped[2]!, at);
  return { kind: "tensor", entry: tensorMeta(text.trim(), at, requiresGrad) };
}

function symbolicMetadata(what: string, text: string, at: Position): Metadata {
  if (what === "CustomObj") return { kind: "custom_obj", entry: { name: "", class_fqn: text } };
  if (what !== "SymBool" && (text === "True" || text === "False"))
    return symbolicMetadata("SymBool", text, at);
  if (what === "SymBool" && /^(True|False)$/.test(text)) {
    return { kind: "sym_bool", entry: { as_bool: text === "True" } };
  }
  const value = parseSymbolic(text, at);
  const isRelation = /^(Equality|Unequality|\w+Than)\(/.test(value.factors[0] ?? "");
  if (what === "SymBool" || (what === "Sym" && isRelation)) {
    return { kind: "sym_bool", entry: { as_expr: { expr_str: srepr(value), hint: null } } };
  }
  if (what === "SymFloat") {
    return { kind: "sym_float", entry: { as_expr: { expr_str: srepr(value), hint: null } } };
  }
  return { kind: "sym_int", entry: symInt(value) };
}

function symInt(value: SymbolicValue): JsonTree {
  if (isNumber(value)) return { as_int: value.coefficient };
  return { as_expr: { expr_str: srepr(value), hint: null } };
}

const TENSOR = /^(\w+)\[([^\]]*)\](?:\[([^\]]*)\])?((?:\s*[\w:+]+)*)$/;

function tensorMeta(text: string, at: Position, requiresGrad: boolean): JsonTree {
  const match = TENSOR.exec(text);
  if (match === null) {
    throw new ProgramTextError(at, `'${text}' is no metadata; write "f32[2, 3]" or "Sym(s0)"`);
  }
  const [, dtypeName, sizeText, strideText, tail] = match;
  const dtype = DTYPES[dtypeName!];
  if (dtype === undefined) {
    throw new ProgramTextError(at, `'${dtypeName}' is no dtype; known: ${Object.keys(DTYPES).join(", ")}`);
  }
  const sizes = symbolicList(sizeText!, at);
  const strides = strideText === undefined ? contiguousStrides(sizes) : symbolicList(strideText, at);
  return {
    dtype: BigInt(dtype),
    sizes: sizes.map(symInt),
    requires_grad: requiresGrad,
    device: { type: "cpu", index: null },
    strides: strides.map(symInt),
    storage_offset: { as_int: 0n },
    layout: BigInt(Layout.Strided),
    ...tailFields(tail!, at),
  };
}

/** `+4 cuda:0 sparse_coo grad`, in any order. */
function tailFields(tail: string, at: Position): { [key: string]: JsonTree } {
  const fields: { [key: string]: JsonTree } = {};
  for (const word of tail.split(/\s+/)) {
    if (word === "") continue;
    const device = /^([a-z]+)(?::(\d+))?$/.exec(word);
    if (word.startsWith("+")) fields.storage_offset = symInt(parseSymbolic(word.slice(1), at));
    else if (word === "grad" || word === "nograd") fields.requires_grad = word === "grad";
    else if (Object.hasOwn(layoutsByName, word)) fields.layout = BigInt(layoutsByName[word]!);
    else if (device === null)
      throw new ProgramTextError(at, `'${word}' is neither an offset, device nor layout`);
    else fields.device = { type: device[1]!, index: device[2] === undefined ? null : BigInt(device[2]) };
  }
  return fields;
}

/** The comma-separated expressions of a shape; commas within a call do not separate. */
function symbolicList(text: string, at: Position): SymbolicValue[] {
  if (text.trim() === "") return [];
  const items: string[] = [""];
  let depth = 0;
  for (const c of text) {
    depth += c === "(" ? 1 : c === ")" ? -1 : 0;
    if (c === "," && depth === 0) items.push("");
    else items[items.length - 1] += c;
  }
  return items.map((item) => parseSymbolic(item, at));
}

/** Mirrors torch/_prims_common make_contiguous_strides_for: a dimension of size 0 counts as 1. */
function contiguousStrides(sizes: readonly SymbolicValue[]): SymbolicValue[] {
  const strides: SymbolicValue[] = [];
  let stride = number(1n);
  for (const size of sizes.toReversed()) {
    strides.unshift(stride);
    if (size.coefficient !== 0n) stride = product(stride, size);
  }
  return strides;
}

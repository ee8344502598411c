import type { Graph } from "../../src/program/program.ts";
import { symbolsIn as readSymbols } from "../../src/program/symbolic.ts";
import type { SymBool, SymFloat, SymInt, TensorMeta } from "../../src/schema/types.generated.ts";

/** The symbols of one symbolic number; none for a plain one, and for an expression that cannot be read. */
export function symbolsIn(value: SymInt | SymFloat | SymBool): ReadonlySet<string> {
  return readSymbols(value) ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();

/** The symbols of a tensor's sizes, strides and offset. */
export function symbolsOfTensor({ sizes, strides, storage_offset }: TensorMeta): ReadonlySet<string> {
  let found: Set<string> | undefined;
  for (const list of [sizes, strides, [storage_offset]]) {
    for (const item of list) {
      if (!("as_expr" in item)) continue;
      found ??= new Set();
      for (const name of symbolsIn(item)) found.add(name);
    }
  }
  return found ?? NONE;
}

/** Every place in a graph's metadata that names symbols: `tensor_values.x`, with the symbols. */
export function* symbolUses({
  source,
  tensorMetas,
}: Graph): Generator<readonly [place: string, symbols: ReadonlySet<string>]> {
  for (const [meta, name] of tensorMetas) {
    const symbols = symbolsOfTensor(meta);
    if (symbols.size > 0) yield [`tensor_values.${name}`, symbols];
  }
  for (const table of ["sym_int_values", "sym_float_values", "sym_bool_values"] as const) {
    for (const [name, value] of source[table]) yield [`${table}.${name}`, symbolsIn(value)];
  }
}

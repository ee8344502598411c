/** Inputs for a program when none are given: the sample inputs of its archive, or seeded ones. */
import type { Model } from "../archive/archive.ts";
import type { PickleTensor, PickleValue } from "../archive/pickle-values.ts";
import type { TorchSave } from "../archive/torch-save.ts";
import type { Program } from "../program/program.ts";
import { evaluateExpr, parseExpr } from "../program/symbolic.ts";
import type { SymInt, TensorMeta } from "../schema/types.generated.ts";
import { cast } from "../tensor/copy.ts";
import { dtypeOfCode, dtypeOfName, dtypes, isFloating } from "../tensor/dtype.ts";
import { fill } from "../tensor/elements.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Memory, Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { RuntimeValue } from "./value.ts";

const names = (program: Program): string[] =>
  program.inputs
    .filter(({ kind }) => kind === "user_input" || kind === "constant_input")
    .map(({ name }) => name);

/**
 * The inputs that the program was exported with, by placeholder; undefined when the archive has none, or others than
 * the program takes.
 */
export async function sampleInputs(
  model: Model,
  program: Program,
): Promise<Map<string, RuntimeValue> | undefined> {
  const saved = await model.sampleInputs();
  if (saved === undefined) return undefined;
  const storages = new Map<string, Storage>();
  const leaves: RuntimeValue[] = [];
  await visitLeaves(saved.value, async (leaf) => {
    leaves.push(await runtimeValue(leaf, saved, storages));
  });
  const placeholders = names(program);
  if (leaves.length !== placeholders.length) return undefined;
  return new Map(placeholders.map((name, i) => [name, leaves[i]]));
}

/** The leaves in the order of torch's pytree: a dict's in the order of its keys, None is a leaf of export. */
async function visitLeaves(value: PickleValue, visit: (leaf: PickleValue) => Promise<void>): Promise<void> {
  if (Array.isArray(value)) for (const item of value) await visitLeaves(item, visit);
  else if (value instanceof Map) for (const item of value.values()) await visitLeaves(item, visit);
  else if (typeof value === "object" && value !== null && "kind" in value && value.kind === "tuple") {
    for (const item of value.items) await visitLeaves(item, visit);
  } else await visit(value);
}

async function runtimeValue(
  leaf: PickleValue,
  saved: TorchSave,
  storages: Map<string, Storage>,
): Promise<RuntimeValue> {
  if (typeof leaf === "boolean") return Scalar.bool(leaf);
  if (typeof leaf === "bigint") return Scalar.int(leaf);
  if (typeof leaf === "number") return Scalar.float(leaf);
  if (typeof leaf === "string" || leaf === null) return leaf;
  if ("kind" in leaf && leaf.kind === "tensor") return tensorOf(leaf, saved, storages);
  if ("kind" in leaf && leaf.kind === "complex") return Scalar.complex(leaf.re, leaf.im);
  return null;
}

async function tensorOf(
  tensor: PickleTensor,
  saved: TorchSave,
  storages: Map<string, Storage>,
): Promise<Tensor> {
  const dtype = dtypeOfName(tensor.dtype);
  const file = tensor.storageKey === null ? undefined : saved.storages.get(tensor.storageKey);
  if (file === undefined) return Tensor.ofSpec({ sizes: tensor.sizes, dtype, strides: tensor.strides });
  let storage = storages.get(tensor.storageKey!);
  if (storage === undefined) {
    storage = new Storage(new Memory((await file.read()).slice()));
    storages.set(tensor.storageKey!, storage);
  }
  return new Tensor(storage, dtype, tensor.sizes, tensor.strides, tensor.offset);
}

/**
 * Inputs of the sizes that the program was exported with: floats from a normal distribution, integers 0 and 1 (which
 * are indices into anything), booleans at random.
 */
export function seededInputs(program: Program, seed: number): Map<string, RuntimeValue> {
  const random = generator(seed);
  const result = new Map<string, RuntimeValue>();
  for (const [index, { kind, name }] of program.inputs.entries()) {
    if (kind !== "user_input") continue;
    const arg = program.main.source.inputs[index]!;
    const meta = "as_tensor" in arg ? program.main.source.tensor_values.get(arg.as_tensor.name) : undefined;
    if (meta !== undefined) result.set(name, seededTensor(program, meta, random));
    else if ("as_sym_int" in arg) {
      const value =
        "as_name" in arg.as_sym_int
          ? program.main.source.sym_int_values.get(arg.as_sym_int.as_name)
          : undefined;
      result.set(name, Scalar.int(value === undefined ? 1 : sizeOf(program, value)));
    } else if ("as_sym_float" in arg) result.set(name, Scalar.float(random()));
    else if ("as_sym_bool" in arg) result.set(name, Scalar.bool(random() < 0.5));
    else result.set(name, null);
  }
  return result;
}

function seededTensor(program: Program, meta: TensorMeta, random: () => number): Tensor {
  const dtype = dtypeOfCode(meta.dtype);
  const sizes = meta.sizes.map((size) => sizeOf(program, size));
  const result = Tensor.zeros(
    sizes,
    isFloating(dtype) || dtype.category === "complex" ? dtypes.float32 : dtype,
  );
  const draw = isFloating(result.dtype)
    ? () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    : () => Math.floor(random() * 2);
  fill(result, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = draw();
  });
  return cast(result, dtype);
}

/** A size: what it is, what it was when the program was exported, or the least that its range allows. */
function sizeOf(program: Program, size: SymInt): number {
  if ("as_int" in size) return Number(size.as_int);
  const { hint, expr_str } = size.as_expr;
  if (hint !== null && hint !== undefined && "as_int" in hint) return Number(hint.as_int);
  const expr = parseExpr(expr_str);
  const symbols = new Map(
    [...program.document.root.range_constraints].map(([name, range]) => [name, BigInt(range.min_val ?? 2)]),
  );
  const value = expr && evaluateExpr(expr, symbols);
  return typeof value === "bigint" ? Number(value) : 2;
}

/** mulberry32: numbers from 0 to 1 that depend on the seed alone. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

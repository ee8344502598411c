/** Inputs for a program when none are given: the sample inputs of its archive, or seeded ones. */
import type { Model } from "../archive/archive.ts";
import type { PickleTensor, PickleValue } from "../archive/pickle-values.ts";
import type { TorchSave } from "../archive/torch-save.ts";
import { InputError } from "../errors.ts";
import type { Program } from "../program/program.ts";
import { evaluateExpr, parseExpr } from "../program/symbolic.ts";
import type { SymInt, TensorMeta } from "../schema/types.generated.ts";
import { cast } from "../tensor/copy.ts";
import { type DType, dtypeOfCode, dtypeOfName, dtypes, isFloating } from "../tensor/dtype.ts";
import { fill, fillComplexes } from "../tensor/elements.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Memory, Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { RuntimeValue } from "./value.ts";

/** The placeholders of what the user passes, constants included, in order. */
export const userInputs = (program: Program): string[] =>
  program.inputs
    .filter(({ kind }) => kind === "user_input" || kind === "constant_input")
    .map(({ name }) => name);

/** Inputs for a call that nobody gave inputs for. */
export interface FoundInputs {
  readonly inputs: Map<string, RuntimeValue>;
  /** `the archive's sample inputs`, `inputs made up from seed 0`, and why, when samples were there. */
  readonly origin: string;
  readonly isSample: boolean;
}

/** The archive's sample inputs; made-up ones when a seed is given, and where there are none or they cannot be read. */
export async function findInputs(model: Model, program: Program, seed?: number): Promise<FoundInputs> {
  let why = "";
  try {
    const samples = seed === undefined ? await sampleInputs(model, program) : undefined;
    if (samples !== undefined) {
      return { inputs: samples, origin: "the archive's sample inputs", isSample: true };
    }
  } catch (error) {
    // An object of a class of the user's, which no pickle gets built here.
    if (!(error instanceof InputError)) throw error;
    why = `, as the archive's sample inputs cannot be read (${error.message})`;
  }
  const origin = `inputs made up from seed ${seed ?? 0}${why}`;
  return { inputs: seededInputs(program, seed ?? 0), origin, isSample: false };
}

/**
 * The inputs that the program was exported with, by placeholder; undefined when the archive has none, or others than
 * the program takes, or tensors without bytes.
 *
 * @throws InputError when they cannot be read.
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
  const placeholders = userInputs(program);
  const isFake = (leaf: RuntimeValue) => leaf instanceof Tensor && leaf.storage === null;
  if (leaves.length !== placeholders.length || leaves.some(isFake)) return undefined;
  return new Map(placeholders.map((name, i) => [name, leaves[i]]));
}

/** The leaves in the order of torch's pytree: a dict's in the order in which it was filled, None is a leaf of export. */
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
function seededInputs(program: Program, seed: number): Map<string, RuntimeValue> {
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
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  if (dtype.category === "complex") {
    const result = Tensor.zeros(sizes, dtype);
    fillComplexes(result, (parts) => {
      for (let i = 0; i < parts.length; i++) parts[i] = normal();
    });
    return result;
  }
  if (isFloating(dtype)) return cast(drawn(sizes, dtypes.float32, normal), dtype);
  return drawn(sizes, dtype, () => Math.floor(random() * 2));
}

function drawn(sizes: readonly number[], dtype: DType, draw: () => number): Tensor {
  const result = Tensor.zeros(sizes, dtype);
  fill(result, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = draw();
  });
  return result;
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

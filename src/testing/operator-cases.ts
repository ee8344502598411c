/** The operator suite: calls that torch recorded (fixtures/ops, made by fixtures/python/operators), and their check. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { defaultTolerance } from "../interpreter/compare.ts";
import type { Result } from "../ops/kernel.ts";
import { callAny, findKernel } from "../ops/kernels.ts";
import type { OpSchema } from "../ops/schema-string.ts";
import { dtypeOfName } from "../tensor/dtype.ts";
import { complexes, integers, reals } from "../tensor/elements.ts";
import { numberTensor } from "../tensor/number.ts";
import { Scalar } from "../tensor/scalar.ts";
import { Memory, Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

interface RecordedTensor {
  readonly dtype: string;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly data?: string;
  readonly storage?: number;
}

/** A value as the recorder writes it. */
export interface RecordedValue {
  readonly t?: RecordedTensor;
  readonly i?: string | number;
  readonly f?: number | string;
  readonly b?: boolean;
  readonly s?: string;
  readonly n?: null;
  readonly c?: readonly [number | string, number | string];
  readonly l?: readonly RecordedValue[];
  readonly dtype?: string;
  readonly layout?: string;
  readonly device?: string;
  readonly memory_format?: string;
}

/** One recorded call. */
export interface OperatorCase {
  readonly op: string;
  readonly args: readonly RecordedValue[];
  readonly kwargs: Readonly<Record<string, RecordedValue>>;
  readonly outputs: readonly RecordedValue[];
  readonly mutated?: Readonly<Record<string, RecordedValue>>;
  readonly through?: {
    readonly op: string;
    readonly base: number;
    readonly data: string;
    readonly aliases: boolean;
  };
  readonly storages?: readonly string[];
  readonly tol?: readonly [number, number];
  /** false where results are right in more than one way, as eigenvectors are. */
  readonly unique?: boolean;
  /** false for what is random or not initialized: only sizes and dtypes count. */
  readonly values?: boolean;
  /** Results that torch gives differently from run to run. */
  readonly unstable?: boolean;
  readonly from: string;
}

/** All cases of a compressed file, one a line. */
export function* operatorCases(file: string): Generator<OperatorCase> {
  const text = gunzipSync(readFileSync(file));
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(10, start);
    const line = text.subarray(start, end < 0 ? text.length : end).toString();
    if (line !== "") yield JSON.parse(line) as OperatorCase;
    start = end < 0 ? text.length : end + 1;
  }
}

/** `aten::add.Tensor` of a case's `aten.add.Tensor`. */
function kernelName(op: string): string {
  return op
    .replace(/^torch\.ops\./, "")
    .replace(".", "::")
    .replace(/\.default$/, "");
}

/** What is wrong with our result, as a phrase; undefined when it agrees with torch's. */
export function checkCase(one: OperatorCase): string | undefined {
  const name = kernelName(one.op);
  const kernel = findKernel(name);
  if (kernel === undefined) return "no kernel";
  const storages = (one.storages ?? []).map(storageOf);
  const args = one.args.map((value, i) => decode(value, kernel.schema.args[i]?.type, storages));
  for (const [i, { name: arg, type }] of kernel.schema.args.entries()) {
    const value = one.kwargs[arg];
    if (value !== undefined) args[i] = decode(value, type, storages);
  }
  try {
    return checkResult(one, callAny(name, ...args), args, storages, kernel.schema);
  } catch (error) {
    return `threw ${String(error).slice(0, 200)}`;
  }
}

function checkResult(
  one: OperatorCase,
  result: Result,
  args: readonly unknown[],
  storages: readonly Storage[],
  schema: OpSchema,
): string | undefined {
  if (one.unique === false || one.unstable === true || one.values === false) {
    return compareSizes(result, one.outputs);
  }
  const outputs = schema.returns.length === 1 ? [result] : ((result ?? []) as readonly Result[]);
  for (const [i, expected] of one.outputs.entries()) {
    const problem = compare(outputs[i], expected, one.tol, storages);
    if (problem !== undefined) return `output ${i}: ${problem}`;
  }
  for (const [key, expected] of Object.entries(one.mutated ?? {})) {
    const at = /^\d+$/.test(key) ? Number(key) : schema.args.findIndex((arg) => arg.name === key);
    const problem = compare(args[at] as Result, expected, one.tol, storages);
    if (problem !== undefined) return `argument ${key} afterwards: ${problem}`;
  }
  return one.through && checkThrough(one, outputs, args);
}

/** Write through a view's result and compare the whole storage of its base. */
function checkThrough(
  { through, outputs: expected }: OperatorCase,
  outputs: readonly Result[],
  args: readonly unknown[],
) {
  const base = args[through!.base] as Tensor | readonly Tensor[];
  const tensor = base instanceof Tensor ? base : base[0]!;
  let target = outputs[0] as Tensor | readonly Tensor[];
  if (!(target instanceof Tensor)) target = target[0]!;
  const strides = (expected[0]!.t ?? expected[0]!.l?.[0]?.t)?.strides;
  const shares = target.storage === tensor.storage;
  if (shares !== through!.aliases)
    return shares ? "shares the storage of its operand" : "is a copy of its operand";
  if (strides !== undefined && target.numel > 1 && through!.aliases) {
    const differ = target.sizes.some((size, d) => size > 1 && strides[d] !== (target as Tensor).strides[d]);
    if (differ) return `strides are [${target.strides.join()}], should be [${strides.join()}]`;
  }
  if (through!.op === "add_") callAny("aten::add_.Scalar", target, Scalar.int(1));
  else callAny(`aten::${through!.op}`, target);
  const bytes = Buffer.from(through!.data, "base64");
  return Buffer.compare(bytes, tensor.storage!.memory.bytes.subarray(0, bytes.length)) === 0
    ? undefined
    : "writing through the result leaves another base";
}

function storageOf(data: string): Storage {
  return new Storage(new Memory(new Uint8Array(Buffer.from(data, "base64"))));
}

function tensorOf(t: RecordedTensor, storages: readonly Storage[]): Tensor {
  const storage = t.storage === undefined ? storageOf(t.data ?? "") : storages[t.storage]!;
  return new Tensor(storage, dtypeOfName(t.dtype), t.sizes, t.strides, t.offset);
}

const number = (value: number | string): number =>
  typeof value === "number"
    ? value
    : value.endsWith("inf")
      ? value.startsWith("-")
        ? -Infinity
        : Infinity
      : Number(value);

type Type = Parameters<typeof isScalarType>[0];

function isScalarType(type: { kind: string; name?: string; element?: unknown } | undefined): boolean {
  if (type === undefined) return false;
  return type.kind === "base"
    ? type.name === "Scalar" || type.name === "number"
    : isScalarType(type.element as Type);
}

function isTensorType(type: Type): boolean {
  if (type === undefined) return false;
  return type.kind === "base" ? type.name === "Tensor" : isTensorType(type.element as Type);
}

function compareSizes(result: Result, expected: readonly RecordedValue[]): string | undefined {
  const ours = Array.isArray(result) ? (result as readonly Result[]).flat() : [result];
  const wanted = expected.flatMap((value) => value.l ?? [value]);
  for (const [i, { t }] of wanted.entries()) {
    const should = t && `${t.dtype}[${t.sizes.join(", ")}]`;
    if (should !== undefined && String(ours[i]) !== should)
      return `output ${i}: is ${String(ours[i])}, should be ${should}`;
  }
  return undefined;
}

export function decode(
  value: RecordedValue,
  type: Type,
  storages: readonly Storage[],
  make: (tensor: RecordedTensor) => Tensor = (tensor) => tensorOf(tensor, storages),
): unknown {
  if (value.t !== undefined) return make(value.t);
  if (value.l !== undefined) return value.l.map((one) => decode(one, type, storages, make));
  const scalar = isScalarType(type);
  if (isTensorType(type)) {
    const wrapped = decode(value, { kind: "base", name: "Scalar" }, storages, make);
    return wrapped instanceof Scalar ? numberTensor(wrapped) : wrapped;
  }
  if (value.i !== undefined) return scalar ? Scalar.int(BigInt(value.i)) : Number(value.i);
  if (value.f !== undefined) return scalar ? Scalar.float(number(value.f)) : number(value.f);
  if (value.b !== undefined) return scalar ? Scalar.bool(value.b) : value.b;
  if (value.c !== undefined) return Scalar.complex(number(value.c[0]), number(value.c[1]));
  if (value.dtype !== undefined) return dtypeOfName(value.dtype);
  return value.s ?? value.memory_format ?? value.layout ?? value.device ?? null;
}

function compare(
  ours: Result,
  expected: RecordedValue,
  tol: readonly [number, number] | undefined,
  storages: readonly Storage[],
): string | undefined {
  if (expected.n === null) return ours === null || ours === undefined ? undefined : "should be None";
  if (expected.l !== undefined) {
    const list = ours as readonly Result[];
    if (!Array.isArray(list) || list.length !== expected.l.length)
      return `should be a list of ${expected.l.length}`;
    for (const [i, one] of expected.l.entries()) {
      const problem = compare(list[i], one, tol, storages);
      if (problem !== undefined) return `element ${i}: ${problem}`;
    }
    return undefined;
  }
  if (expected.t !== undefined) {
    if (!(ours instanceof Tensor)) return `should be a tensor, is ${String(ours)}`;
    return compareTensors(ours, tensorOf(expected.t, storages), tol);
  }
  return compareNumbers(ours, expected);
}

function compareNumbers(
  ours: Result | string | boolean | number,
  expected: RecordedValue,
): string | undefined {
  const wanted = decode(expected, { kind: "base", name: "Scalar" }, []);
  if (!(wanted instanceof Scalar)) {
    return ours === wanted ? undefined : `should be ${String(wanted)}, is ${String(ours)}`;
  }
  const got =
    ours instanceof Scalar ? ours : typeof ours === "bigint" ? Scalar.int(ours) : Scalar.float(Number(ours));
  const close = (a: number, b: number): boolean => Object.is(a, b) || Math.abs(a - b) <= 1e-6 * Math.abs(b);
  const same =
    wanted.category === "int"
      ? got.integer === wanted.integer
      : close(got.re, wanted.re) && close(got.im, wanted.im);
  return same ? undefined : `should be ${wanted}, is ${got}`;
}

function compareTensors(
  ours: Tensor,
  expected: Tensor,
  tol: readonly [number, number] | undefined,
): string | undefined {
  if (ours.toString() !== expected.toString()) return `is ${ours}, should be ${expected}`;
  if (ours.dtype.form === "wide") {
    const [a, b] = [integers(ours), integers(expected)];
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return `[${i}] is ${a[i]}, should be ${b[i]}`;
    return undefined;
  }
  const complex = ours.dtype.category === "complex";
  const [a, b] = complex ? [complexes(ours), complexes(expected)] : [reals(ours), reals(expected)];
  const { rtol, atol } = tol === undefined ? defaultTolerance(ours.dtype) : { rtol: tol[0], atol: tol[1] };
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const allowed = complex ? Math.hypot(b[i - (i % 2)]!, b[i - (i % 2) + 1]!) : Math.abs(y);
    if (!(Math.abs(x - y) <= atol + rtol * allowed)) return `[${i}] is ${x}, should be ${y}`;
  }
  return undefined;
}

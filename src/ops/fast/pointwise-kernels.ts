/** The WebAssembly kernels of src/ops/fast/pointwise.as, over the heap. */
import { overHeap } from "./over-heap.ts";
import { WASM } from "./pointwise.generated.ts";

type Unary = (to: number, x: number, n: number) => void;
type Binary = (
  to: number,
  x: number,
  y: number,
  rows: number,
  n: number,
  next: number,
  nextX: number,
  nextY: number,
  stepX: number,
  stepY: number,
) => void;

export type UnaryName =
  | "exp"
  | "sigmoid"
  | "silu"
  | "tanh"
  | "gelu"
  | "geluTanh"
  | "relu"
  | "neg"
  | "abs"
  | "root"
  | "rsqrt"
  | "reciprocal"
  | "square"
  | "cube";
export type NumberedName = "clip" | "hardswish" | "hardsigmoid" | "leakyRelu";
export type BinaryName = "add" | "sub" | "mul" | "div" | "maximum" | "minimum";

export type CompareName = "equal" | "differ" | "less" | "lessEqual" | "greater" | "greaterEqual";

type Numbered = (to: number, x: number, n: number, a: number, b: number) => void;

interface Exports
  extends Readonly<Record<UnaryName, Unary>>,
    Readonly<Record<NumberedName, Numbered>>,
    Readonly<Record<BinaryName, Binary>>,
    Readonly<Record<CompareName, Binary>> {
  where(
    to: number,
    c: number,
    x: number,
    y: number,
    rows: number,
    n: number,
    next: number,
    nextC: number,
    nextX: number,
    nextY: number,
    stepC: number,
    stepX: number,
    stepY: number,
  ): void;
  affineRows(
    to: number,
    x: number,
    rows: number,
    n: number,
    channels: number,
    scales: number,
    shifts: number,
  ): void;
  softmax(to: number, x: number, rows: number, n: number, scale: number, safe: number): void;
  addMask(
    x: number,
    rows: number,
    n: number,
    scale: number,
    mask: number,
    next: number,
    step: number,
    flags: number,
  ): void;
  maskCausal(x: number, rows: number, n: number, first: number): void;
  sumRows(to: number, x: number, rows: number, n: number, divisor: number): void;
  maxRows(to: number, x: number, rows: number, n: number): void;
  normalizeRows(
    to: number,
    x: number,
    rows: number,
    n: number,
    weight: number,
    bias: number,
    eps: number,
    centered: number,
    means: number,
    factors: number,
  ): void;
}

/** The kernels; made when they are first asked for. */
export const pointwiseKernels = overHeap<Exports>(WASM);

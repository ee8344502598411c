/** Type promotion: torch.result_type, for tensors and Python numbers. */
import { type Category, complexDtype, type DType, dtypes } from "./dtype.ts";
import { Scalar } from "./scalar.ts";
import type { Tensor } from "./tensor.ts";

/** What takes part: a tensor, or a Python number, which counts by its category only. */
export type Operand = Tensor | Scalar;

const RANK: Readonly<Record<Category, number>> = { bool: 0, int: 1, float: 2, complex: 3 };

/** The dtype of `a op b` for tensors that count alike (c10::promoteTypes). */
export function promoteDtypes(a: DType, b: DType): DType {
  if (a === b) return a;
  if (RANK[a.category] > RANK[b.category]) return promoteUp(a, b);
  if (RANK[b.category] > RANK[a.category]) return promoteUp(b, a);
  if (a.category === "int") return promoteIntegers(a, b);
  if (a.itemsize !== b.itemsize) return a.itemsize > b.itemsize ? a : b;
  // float16 with bfloat16.
  return dtypes.float32;
}

function promoteUp(higher: DType, lower: DType): DType {
  if (higher.category !== "complex" || lower.category !== "float") return higher;
  // bfloat16 has no complex dtype of its own: complex64.
  return promoteDtypes(higher, complexDtype(lower));
}

function promoteIntegers(a: DType, b: DType): DType {
  const [narrow, wide] = a.itemsize <= b.itemsize ? [a, b] : [b, a];
  if (narrow.signed === wide.signed || (wide.signed && narrow.itemsize < wide.itemsize)) return wide;
  // uint8 with int8; the wider unsigned types have no common type with signed ones in torch.
  if (narrow.itemsize === 1 && wide.itemsize === 1) return dtypes.int16;
  throw new RangeError(`promotion of ${a.name} and ${b.name} is not defined`);
}

/**
 * The dtype that an operation on the operands computes in (at::native::result_type): tensors with dimensions decide;
 * 0-dimensional tensors, and numbers after them, only where they are of a higher category.
 */
export function resultType(operands: readonly (Operand | null | undefined)[]): DType {
  let dims: DType | undefined;
  let zeros: DType | undefined;
  let numbers: DType | undefined;
  for (const operand of operands) {
    if (operand === null || operand === undefined) continue;
    const number = operand instanceof Scalar ? operand : operand.number;
    if (number !== null) numbers = join(numbers, defaultDtype(number.category));
    else if ((operand as Tensor).sizes.length > 0) dims = join(dims, (operand as Tensor).dtype);
    else zeros = join(zeros, (operand as Tensor).dtype);
  }
  return combine(dims, combine(zeros, numbers))!;
}

/** The dtype that a Python number gets when it meets no tensor. */
export function defaultDtype(category: Category): DType {
  if (category === "bool") return dtypes.bool;
  if (category === "int") return dtypes.int64;
  return category === "float" ? dtypes.float32 : dtypes.complex64;
}

/** Whether results of one dtype may be written to another (c10::canCast): never to a lower category. */
export function canCast(from: DType, to: DType): boolean {
  return RANK[from.category] <= RANK[to.category];
}

/** @throws RangeError when results of one dtype may not be written to another. */
export function requireCastable(result: DType, target: DType): void {
  if (canCast(result, target)) return;
  throw new RangeError(`result type ${result.name} can't be cast to the desired output type ${target.name}`);
}

function join(a: DType | undefined, b: DType): DType {
  return a === undefined ? b : promoteDtypes(a, b);
}

/** The second counts only where it is of a higher category. */
function combine(higher: DType | undefined, lower: DType | undefined): DType | undefined {
  if (higher === undefined) return lower;
  if (lower === undefined || RANK[higher.category] >= RANK[lower.category]) return higher;
  // Floats keep their width: float16 with 1j is complex32.
  return higher.category === "float" ? complexDtype(higher) : lower;
}

/** The dtype of what integers become in an operation that has results between them, sin or true division. */
export function floatDtype(dtype: DType): DType {
  return RANK[dtype.category] < RANK.float ? dtypes.float32 : dtype;
}

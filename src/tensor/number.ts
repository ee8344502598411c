import { dtypes } from "./dtype.ts";
import { fill, fillComplexes, fillIntegers } from "./elements.ts";
import type { Scalar } from "./scalar.ts";
import { Tensor } from "./tensor.ts";

/**
 * The 0-dimensional tensor that torch makes of a Python number where an operator wants a tensor
 * (c10::scalar_to_tensor with wrapped_number set): it takes part in promotion as the number.
 */
export function numberTensor(number: Scalar): Tensor {
  const dtype = { bool: dtypes.bool, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128 }[
    number.category
  ];
  const result = Tensor.zeros([], dtype);
  if (number.category === "complex") fillComplexes(result, (y) => y.set([number.re, number.im]));
  else if (number.category === "int") fillIntegers(result, (y) => void (y[0] = number.integer));
  else fill(result, (y) => void (y[0] = number.re));
  result.number = number;
  return result;
}

/** The exponential of a matrix. */
import { addRow, copyOf, identity, largestColumnSum, type Matrix, multiply, scaleRow } from "./matrix.ts";

/** Terms of the series that are enough for doubles when no column's sum exceeds 1/2. */
const TERMS = 16;

/** Its series, of a matrix halved until it is small; squared as often as it was halved. */
export function exponential(a: Matrix): Matrix {
  const size = largestColumnSum(a);
  const halvings = size > 0.5 && Number.isFinite(size) ? Math.ceil(Math.log2(size)) + 1 : 0;
  const small = copyOf(a);
  for (let i = 0; i < a.rows; i++) scaleRow(small, i, 2 ** -halvings, 0);
  let result = identity(a.rows);
  let term = result;
  result = copyOf(result);
  for (let k = 1; k <= TERMS; k++) {
    term = multiply(term, small);
    for (let i = 0; i < a.rows; i++) {
      scaleRow(term, i, 1 / k, 0);
      addRow(result, i, term, i, 1, 0);
    }
  }
  for (let k = 0; k < halvings; k++) result = multiply(result, result);
  return result;
}

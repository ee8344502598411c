import type { Node, Value } from "../program/program.ts";

const CONJUGATED = 1;
const NEGATED = 2;

/** What the views that only set a bit do to it. */
const TOGGLES: Readonly<Record<string, number>> = {
  "torch.ops.aten.conj.default": CONJUGATED,
  "torch.ops.aten._conj.default": CONJUGATED,
  "torch.ops.aten.adjoint.default": CONJUGATED,
  "torch.ops.aten.mH.default": CONJUGATED,
  "torch.ops.aten.matrix_H.default": CONJUGATED,
  "torch.ops.aten._neg_view.default": NEGATED,
};

/**
 * The conjugation and negation bits that torch keeps on a tensor instead of computing (Tensor.is_conj, is_neg).
 * FakeTensor metadata does not tell them, but what set them stands in the graph.
 */
export class LazyBits {
  readonly #bits = new Map<number, number>();

  isConjugated(value: Value): boolean {
    return (this.#of(value) & CONJUGATED) !== 0;
  }

  isNegated(value: Value): boolean {
    return (this.#of(value) & NEGATED) !== 0;
  }

  #of(value: Value): number {
    return this.#bits.get(value.id) ?? 0;
  }

  /** A body's placeholder is the operand itself. */
  pass(from: Value, to: Value): void {
    this.#set(to, this.#of(from));
  }

  /** A result that shares the memory of `source`. */
  view(node: Node, source: Value, output: Value): void {
    const bits = this.#of(source);
    const toggled = isComplex(source) || TOGGLES[node.target] === NEGATED ? (TOGGLES[node.target] ?? 0) : 0;
    // The imaginary part of a conjugated tensor is real, and lies there with the other sign.
    if (node.target === "torch.ops.aten.imag.default" && bits & CONJUGATED) this.#set(output, NEGATED);
    else this.#set(output, isComplex(output) ? bits ^ toggled : (bits ^ toggled) & NEGATED);
  }

  #set(value: Value, bits: number): void {
    if (bits !== 0) this.#bits.set(value.id, bits);
  }
}

/** complex32, complex64 and complex128 are ScalarType 9, 10 and 11. */
function isComplex(value: Value): boolean {
  const dtype = value.meta?.dtype ?? 0;
  return dtype >= 9 && dtype <= 11;
}

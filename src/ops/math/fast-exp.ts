/** exp as torch's flash attention computes it for low precision: quicker, and off by up to 1 in 10,000. */

const bits = new Int32Array(1);
const value = new Float32Array(bits.buffer);
const { fround } = Math;
/** What 2^f exceeds 1 + f by, for f from 0 to 1, as a cubic (Malossi et al., Fast Exponential Computation on SIMD). */
const [C0, C1, C2, C3] = [
  0.00010703434948458272, 0.30354260500649682, -0.22433836478672356, -0.079204240219773236,
].map(fround) as [number, number, number, number];
const LOG2_E = fround(Math.LOG2E);
/** Below it the result is no normal number, and 0. */
const LEAST = fround(Math.log(2 ** -126));

/** at::vec::Vectorized<float>::fexp_u20 with AVX-512: writes the exponent's and the fraction's bits in one. */
export function fastExp(x: number): number {
  if (!(x >= LEAST)) return Number.isNaN(x) ? x : 0;
  const power = fround(x * LOG2_E);
  const part = fround(power - Math.floor(power));
  const bend = fround(part * fround(part * fround(part * C3 + C2) + C1) + C0);
  bits[0] = fround(fround(power - bend) * 2 ** 23 + 127 * 2 ** 23);
  return value[0]!;
}

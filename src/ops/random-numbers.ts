/** The random numbers of programs: one stream, which starts anew from a seed. */

const state = new Uint32Array(4);

/** Starts the stream; the same seed gives the same numbers (not torch's). */
export function seedRandomNumbers(seed: number): void {
  // splitmix32 spreads the seed over the state.
  let x = seed >>> 0;
  for (let i = 0; i < 4; i++) {
    x = (x + 0x9e3779b9) >>> 0;
    let z = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    state[i] = z ^ (z >>> 16);
  }
}
seedRandomNumbers(0);

/** 32 random bits (xoshiro128**). */
function nextBits(): number {
  const scrambled = Math.imul(state[1]!, 5);
  const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
  const shifted = state[1]! << 9;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = (state[3]! << 11) | (state[3]! >>> 21);
  return result;
}

/** Uniform in [0, 1), a multiple of 2^-24, so that a float32 holds it and stays below 1. */
export function randomUniform(): number {
  return (nextBits() >>> 8) / 2 ** 24;
}

/** Uniform in [0, 1) with 53 bits. */
export function randomDouble(): number {
  return ((nextBits() >>> 5) * 2 ** 26 + (nextBits() >>> 6)) / 2 ** 53;
}

/** Normally distributed around 0 with deviation 1 (Box and Muller). */
export function randomNormal(): number {
  return Math.sqrt(-2 * Math.log(1 - randomDouble())) * Math.cos(2 * Math.PI * randomDouble());
}

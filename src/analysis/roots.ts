const UNKNOWN = -0x80000000;
const NOT_A_TENSOR = -1;

/** Sets of storages by number, for values by number. Nearly every set has one member, so those cost one integer. */
export class RootTable {
  readonly #single: Int32Array;
  readonly #sets: (readonly number[])[] = [];

  constructor(values: number) {
    this.#single = new Int32Array(values).fill(UNKNOWN);
  }

  isKnown(value: number): boolean {
    return this.#single[value] !== UNKNOWN;
  }

  set(value: number, roots: readonly number[]): void {
    if (roots.length <= 1) this.#single[value] = roots[0] ?? NOT_A_TENSOR;
    else {
      this.#single[value] = -2 - this.#sets.length;
      this.#sets.push(roots);
    }
  }

  setOne(value: number, root: number): void {
    this.#single[value] = root;
  }

  /** Empty for what is no tensor. The value must be known. */
  get(value: number): readonly number[] {
    const single = this.#single[value]!;
    if (single >= 0) return [single];
    return single === NOT_A_TENSOR ? NONE : this.#sets[-2 - single]!;
  }

  /** Puts the value's storages into a set that has a byte for each number. */
  mark(value: number, marks: Uint8Array): void {
    const single = this.#single[value]!;
    if (single >= 0) marks[single] = 1;
    else for (const root of this.get(value)) marks[root] = 1;
  }

  /** True when one of the value's storages is in such a set. */
  isMarked(value: number, marks: Uint8Array): boolean {
    const single = this.#single[value]!;
    if (single >= 0) return marks[single] === 1;
    return this.get(value).some((root) => marks[root] === 1);
  }

  /** True when the two may be the same storage. */
  meet(a: number, b: number): boolean {
    const one = this.#single[a]!;
    const other = this.#single[b]!;
    if (one >= 0 && other >= 0) return one === other;
    return this.get(a).some((root) => this.get(b).includes(root));
  }
}

const NONE: readonly number[] = [];

/** The union, sorted; the first set itself when the second adds nothing. */
export function union(a: readonly number[], b: readonly number[]): readonly number[] {
  if (b.every((root) => a.includes(root))) return a;
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

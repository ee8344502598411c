/** Integers by number, 0 where none has been set. */
export class IntTable {
  #items = new Int32Array(1 << 10);

  get(number: number): number {
    return number < this.#items.length ? this.#items[number]! : 0;
  }

  set(number: number, item: number): void {
    if (number >= this.#items.length) {
      const grown = new Int32Array(Math.max(number + 1, this.#items.length * 2));
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[number] = item;
  }
}

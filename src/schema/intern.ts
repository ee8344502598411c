/** Strings by their bytes, so that each distinct one is made once. */
export class InternTable {
  #slots = new Int32Array(1 << 10);
  #hashes: number[] = [0];
  #strings: string[] = [""];

  /** The string of the ASCII bytes from `start` to `end`, whose hash the caller has computed on its way. */
  get(bytes: Buffer, start: number, end: number, hash: number): string {
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry === 0) break;
      const known = this.#strings[entry]!;
      if (this.#hashes[entry] === hash && equals(bytes, start, end, known)) return known;
      slot = (slot + 1) & mask;
    }
    const text = bytes.toString("latin1", start, end);
    this.#slots[slot] = this.#strings.length;
    this.#strings.push(text);
    this.#hashes.push(hash);
    if (this.#strings.length * 2 > this.#slots.length) this.#rehash();
    return text;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let entry = 1; entry < this.#strings.length; entry++) {
      const hash = this.#hashes[entry]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

function equals(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

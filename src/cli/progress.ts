/** A line on standard error that says how far long work has come, when a person may be looking. */
export class Progress {
  readonly #active = process.stderr.isTTY === true;
  #shown = 0;
  #next = performance.now() + 500;

  /** Show a text, at most ten times a second and not in the first half second. */
  update(text: () => string): void {
    if (!this.#active) return;
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + 100;
    const line = text().slice(0, (process.stderr.columns ?? 80) - 1);
    process.stderr.write(`\r${line.padEnd(this.#shown)}`);
    this.#shown = line.length;
  }

  /** Take the line away. */
  clear(): void {
    if (this.#shown > 0) process.stderr.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}

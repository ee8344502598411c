import { terminalOf } from "./terminal.ts";

/** A line on standard error that says how far long work has come, when a person may be looking. */
export class Progress {
  readonly #terminal = terminalOf(2);
  #shown = 0;
  #next = Date.now() + 500;

  /** Show a text, at most ten times a second and not in the first half second. */
  update(text: () => string): void {
    if (this.#terminal === undefined) return;
    const now = Date.now();
    if (now < this.#next) return;
    this.#next = now + 100;
    const line = text().slice(0, (this.#terminal.columns ?? 80) - 1);
    this.#terminal.write(`\r${line.padEnd(this.#shown)}`);
    this.#shown = line.length;
  }

  /** Take the line away. */
  clear(): void {
    if (this.#shown > 0) this.#terminal?.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}

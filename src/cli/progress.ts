import type { Node } from "../program/program.ts";
import { terminalOf } from "./terminal.ts";

/** A line on standard error that says how far long work has come, when a person may be looking. */
class Progress {
  readonly #terminal = terminalOf(2);
  #shown = 0;
  #next = Date.now() + 500;

  /** Whether anybody sees it. */
  get isShown(): boolean {
    return this.#terminal !== undefined;
  }

  /** Show a text, at most ten times a second and not in the first half second. */
  update(text: () => string): void {
    if (this.#terminal === undefined) return;
    const now = Date.now();
    if (now < this.#next) return;
    this.#next = now + 100;
    // A terminal that does not say how wide it is says 0.
    const line = text().slice(0, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`\r${line.padEnd(this.#shown)}`);
    this.#shown = line.length;
  }

  /** Take the line away. */
  clear(): void {
    if (this.#shown > 0) this.#terminal?.write(`\r${" ".repeat(this.#shown)}\r`);
    this.#shown = 0;
  }
}

/** Does something with a line of progress, which goes in any case. */
export async function withProgress<T>(work: (progress: Progress) => T | Promise<T>): Promise<T> {
  const progress = new Progress();
  try {
    return await work(progress);
  } finally {
    progress.clear();
  }
}

/** Tells of a run: how many of so many nodes have run, and which one did last; in a loop, for how many times. */
export function nodeProgress(progress: Progress, total: number): (node: Node) => void {
  const passes = new Map<Node, number>();
  return (node) => {
    const pass = (passes.get(node) ?? 0) + 1;
    passes.set(node, pass);
    progress.update(() => {
      const times = pass === 1 ? "" : `, ${pass} times`;
      return `${passes.size} of ${total} nodes: ${node.graph.path} / ${node.name}${times}`;
    });
  };
}

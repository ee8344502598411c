import type { DocumentSource } from "../archive/document-source.ts";
import { Reader } from "./reader.ts";

/** Hostile documents nest without end; a path of one is not worth more than this. */
const LONGEST = 400;

/**
 * The JSON path of the value that stands at, or starts last before, byte `offset`: `graph.nodes[12].inputs[0].arg`.
 * Only errors need it, so the decoder keeps no path and this reads the text again.
 */
export function jsonPathAt(source: DocumentSource, offset: number): string {
  const reader = new Reader(source);
  const stack: (string | number)[] = [];
  const kinds: number[] = [];
  try {
    for (;;) {
      const c = reader.peek();
      if (c < 0 || reader.offset >= offset) break;
      if (c === 0x7b || c === 0x5b) {
        kinds.push(c);
        stack.push(c === 0x5b ? 0 : "");
        reader.next();
      } else if (c === 0x7d || c === 0x5d) {
        kinds.pop();
        stack.pop();
        reader.next();
      } else if (c === 0x2c) {
        const top = stack.length - 1;
        if (typeof stack[top] === "number") stack[top]++;
        else stack[top] = "";
        reader.next();
      } else if (c === 0x22) {
        const isKey = kinds.at(-1) === 0x7b && stack.at(-1) === "";
        if (isKey) stack[stack.length - 1] = reader.string();
        else reader.skipString();
        if (isKey && reader.peek() === 0x3a) reader.next();
      } else if (reader.token() === "") reader.next();
    }
  } catch {
    // The text is broken here: the path so far is the answer.
  }
  const path = stack
    .map((part) => (typeof part === "number" ? `[${part}]` : part && `.${part}`))
    .join("")
    .replace(/^\./, "");
  return path.length <= LONGEST ? path : `${path.slice(0, LONGEST / 2)} ... ${path.slice(-LONGEST / 2)}`;
}

import { Reader } from "./reader.ts";

/**
 * The JSON path of the value that stands at, or starts last before, byte `offset`: `graph.nodes[12].inputs[0].arg`.
 * Only errors need it, so the decoder keeps no path and this reads the text again.
 */
export function jsonPathAt(bytes: Uint8Array, offset: number): string {
  const reader = new Reader(bytes);
  const stack: (string | number)[] = [];
  const kinds: number[] = [];
  try {
    for (;;) {
      const c = reader.peek();
      if (c < 0 || reader.pos >= offset) break;
      if (c === 0x7b || c === 0x5b) {
        kinds.push(c);
        stack.push(c === 0x5b ? 0 : "");
        reader.pos++;
      } else if (c === 0x7d || c === 0x5d) {
        kinds.pop();
        stack.pop();
        reader.pos++;
      } else if (c === 0x2c) {
        const top = stack.length - 1;
        if (typeof stack[top] === "number") stack[top]++;
        else stack[top] = "";
        reader.pos++;
      } else if (c === 0x22) {
        const start = reader.pos;
        reader.skipString();
        if (reader.pos > offset) break;
        const end = reader.pos;
        if (kinds.at(-1) === 0x7b && reader.peek() === 0x3a) {
          stack[stack.length - 1] = reader.bytes.toString("utf8", start + 1, end - 1);
          reader.pos++;
        }
      } else if (reader.token() === "") reader.pos++;
    }
  } catch {
    // The text is broken here: the path so far is the answer.
  }
  return stack
    .map((part) => (typeof part === "number" ? `[${part}]` : part && `.${part}`))
    .join("")
    .replace(/^\./, "");
}

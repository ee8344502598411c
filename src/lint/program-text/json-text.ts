/** A number that is written as it stands: `1.0`, `9223372036854775807`. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a document is made of before it is bytes. */
export type JsonTree =
  | null
  | boolean
  | string
  | bigint
  | NumberText
  | readonly JsonTree[]
  | { readonly [key: string]: JsonTree };

/** The JSON that Python's json would write, with every integer exact. */
export function jsonText(tree: JsonTree): string {
  if (tree instanceof NumberText) return tree.text;
  if (typeof tree === "bigint") return String(tree);
  if (typeof tree === "string") return quoted(tree);
  if (tree === null || typeof tree !== "object") return JSON.stringify(tree);
  if (Array.isArray(tree)) return `[${tree.map(jsonText).join(", ")}]`;
  const entries = Object.entries(tree).map(([key, item]) => `${quoted(key)}: ${jsonText(item)}`);
  return `{${entries.join(", ")}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u0080-\uffff]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

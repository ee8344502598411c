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

/** JSON.stringify that keeps every integer exact. */
export function jsonText(tree: JsonTree): string {
  if (tree instanceof NumberText) return tree.text;
  if (typeof tree === "bigint") return String(tree);
  if (tree === null || typeof tree !== "object") return JSON.stringify(tree);
  if (Array.isArray(tree)) return `[${tree.map(jsonText).join(", ")}]`;
  const entries = Object.entries(tree).map(([key, item]) => `${JSON.stringify(key)}: ${jsonText(item)}`);
  return `{${entries.join(", ")}}`;
}

/** A fault of a program's text; the message starts with `line:column:`. */
export class ProgramTextError extends Error {
  override readonly name = "ProgramTextError";
  readonly line: number;
  readonly column: number;

  constructor(at: Position, message: string) {
    super(`${at.line}:${at.column}: ${message}`);
    this.line = at.line;
    this.column = at.column;
  }
}

/** Where something stands in the text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Token extends Position {
  /** `name` has the dots of `torch.ops.aten.add.Tensor` within; `comment` is without its `#`. */
  readonly kind: "name" | "int" | "float" | "string" | "mark" | "comment" | "line-end" | "end";
  readonly text: string;
}

const PATTERNS: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /[ \t\r]+|\\\n/y],
  ["line-end", /\n/y],
  ["comment", /#[^\n]*/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ["float", /-?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.\d+|inf\b|nan\b)/y],
  ["int", /-?\d+/y],
  // An extension's target, `#ns:op`, cannot be told from a comment, so it is written in quotes.
  ["name", /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y],
  ["mark", /[()[\]{},:=;]/y],
];

const OPENING = new Set(["(", "[", "{"]);
const CLOSING = new Set([")", "]", "}"]);

/** The tokens of a text. Between brackets a line's end means nothing and comments are dropped. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let depth = 0;
  for (let pos = 0; pos < text.length; ) {
    const at = { line, column: pos - lineStart + 1 };
    const found = match(text, pos);
    if (found === undefined) throw new ProgramTextError(at, `unexpected ${JSON.stringify(text[pos])}`);
    const [kind, piece] = found;
    pos += piece.length;
    if (OPENING.has(piece)) depth++;
    if (CLOSING.has(piece)) depth = Math.max(0, depth - 1);
    const dropped = kind === "space" || (depth > 0 && (kind === "comment" || kind === "line-end"));
    if (!dropped) tokens.push({ kind: kind as Token["kind"], text: contents(kind, piece), ...at });
    if (piece.endsWith("\n")) {
      line++;
      lineStart = pos;
    }
  }
  tokens.push({ kind: "end", text: "", line, column: text.length - lineStart + 1 });
  return tokens;
}

function match(text: string, pos: number): [Token["kind"] | "space", string] | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = pos;
    const piece = pattern.exec(text)?.[0];
    if (piece !== undefined) return [kind, piece];
  }
  return undefined;
}

function contents(kind: string, piece: string): string {
  if (kind === "comment") return piece.slice(1).trim();
  if (kind !== "string") return piece;
  return piece.slice(1, -1).replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
}

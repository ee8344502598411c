import { InputError } from "../errors.ts";
import type { SchemaDefault } from "./schema-string.ts";

const DOT = 46;
const NUMBER = /[-+]?(?:inf\b|nan\b|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(j?)/y;
const STRING = /"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", "0": "\0" };

/** A cursor over a schema string: tokens without a token list. */
export class SchemaScanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#space();
  }

  atEnd(): boolean {
    return this.#at === this.text.length;
  }

  /** Consume `token` if it stands here. A word is not consumed as the beginning of a longer one. */
  accept(token: string): boolean {
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    this.#space();
    return true;
  }

  expect(token: string, where = ""): void {
    if (!this.accept(token)) this.fail(`expected ${token}${where === "" ? "" : ` ${where}`}`);
  }

  atIdentifier(): boolean {
    return isLetter(this.text.charCodeAt(this.#at));
  }

  identifier(what: string): string {
    return this.#word(what, false);
  }

  dottedIdentifier(what: string): string {
    return this.#word(what, true);
  }

  atNumber(): boolean {
    const code = this.text.charCodeAt(this.#at);
    // The letters are those that begin `inf` and `nan`.
    return (code < 58 || code === 105 || code === 110) && this.#match(NUMBER) !== null;
  }

  number(): string {
    return this.#take(NUMBER, "a number")[0];
  }

  /** One default that is not a list. */
  literal(): SchemaDefault {
    const quote = this.text[this.#at];
    const string = quote === '"' || quote === "'" ? this.#match(STRING) : null;
    if (string !== null) {
      this.#advance(string[0]);
      return unquote(string[1] ?? string[2] ?? "");
    }
    if (this.atNumber()) return numeric(this.number());
    if (!this.atIdentifier()) this.fail("expected a default value");
    const word = this.dottedIdentifier("a default value");
    if (word === "None") return null;
    return word === "True" ? true : word === "False" ? false : word;
  }

  fail(what: string): never {
    const found = this.atEnd() ? "the end" : `"${this.text.slice(this.#at, this.#at + 12)}"`;
    throw schemaError(this.text, this.#at, `${what}, found ${found}`);
  }

  #take(pattern: RegExp, what: string): RegExpExecArray {
    const match = this.#match(pattern);
    if (match === null) this.fail(`expected ${what}`);
    this.#advance(match[0]);
    return match;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.text);
  }

  #advance(token: string): void {
    this.#at += token.length;
    this.#space();
  }

  /** Characters by hand, not by expressions: a linter's process ends before those are compiled. */
  #word(what: string, dots: boolean): string {
    const start = this.#at;
    let end = start;
    for (;;) {
      const code = this.text.charCodeAt(end);
      if (!isLetter(code) && (end === start || !(isDigit(code) || (dots && code === DOT)))) break;
      end++;
    }
    if (end === start) this.fail(`expected ${what}`);
    this.#at = end;
    this.#space();
    return this.text.slice(start, end);
  }

  #space(): void {
    while (this.text.charCodeAt(this.#at) <= 32) this.#at++;
  }
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function unquote(body: string): string {
  return body.replace(/\\([\s\S])/g, (_, char: string) => ESCAPES[char] ?? char);
}

function numeric(token: string): SchemaDefault {
  if (token.endsWith("j")) return token;
  const word = token.replace(/^[-+]/, "");
  if (word === "nan") return Number.NaN;
  if (word === "inf") return token.startsWith("-") ? -Infinity : Infinity;
  const value = Number(token);
  return /^[-+]?\d+$/.test(token) && !Number.isSafeInteger(value) ? BigInt(token.replace("+", "")) : value;
}

/** The error of a schema string, with a mark under the place. */
export function schemaError(text: string, offset: number, what: string): InputError {
  return new InputError("config/operator-schema", `schema string, column ${offset + 1}: ${what}`, {
    help: `${text}\n${" ".repeat(offset)}^`,
    data: { schema: text, offset },
  });
}

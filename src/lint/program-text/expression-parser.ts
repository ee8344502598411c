import { type Position, ProgramTextError, type Token, tokenize } from "./scanner.ts";
import type { Annotation, Expression } from "./syntax.ts";

/** A cursor over a program's tokens that reads what stands within a statement. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get next(): Token {
    return this.#tokens[this.#at]!;
  }

  get afterNext(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  isMark(text: string): boolean {
    return this.next.kind === "mark" && this.next.text === text;
  }

  accept(mark: string): boolean {
    const found = this.isMark(mark);
    if (found) this.#at++;
    return found;
  }

  expect(mark: string): Token {
    if (!this.isMark(mark)) this.fail(`'${mark}'`);
    return this.take();
  }

  expectKind(kind: Token["kind"], what: string): Token {
    if (this.next.kind !== kind) this.fail(what);
    return this.take();
  }

  fail(expected: string): never {
    const { kind, text } = this.next;
    const found = kind === "line-end" ? "the end of the line" : kind === "end" ? "the end" : `'${text}'`;
    throw new ProgramTextError(this.next, `expected ${expected}, found ${found}`);
  }

  /** Items up to the closing mark; a comma may follow the last. `trailing` says whether one does. */
  items<T>(closing: string, item: () => T): { items: T[]; trailing: boolean } {
    const items: T[] = [];
    let trailing = false;
    while (!this.accept(closing)) {
      if (items.length > 0 && !trailing) this.fail(`',' or '${closing}'`);
      items.push(item());
      trailing = this.accept(",");
    }
    return { items, trailing };
  }

  /** Lists nest as deep as the text writes them: hand-written, so recursion is fine. */
  expression(): Expression {
    const token = this.take();
    const at: Position = { line: token.line, column: token.column };
    const { kind, text } = token;
    if (kind === "int" || kind === "float" || kind === "string") return { ...at, kind, text };
    if (kind === "mark" && (text === "(" || text === "[")) {
      const { items, trailing } = this.items(text === "(" ? ")" : "]", () => this.expression());
      const parenthesized = text === "(" && items.length === 1 && !trailing;
      return parenthesized ? items[0]! : { ...at, kind: "list", items };
    }
    if (kind === "mark" && text === "{") return { ...at, kind: "dict", entries: this.#entries() };
    if (kind === "name") return this.#named(at, text);
    this.#at--;
    return this.fail("a value");
  }

  #entries(): [string, Expression][] {
    return this.items("}", (): [string, Expression] => {
      const key = this.expectKind("string", "a key in quotes").text;
      this.expect(":");
      return [key, this.expression()];
    }).items;
  }

  #named(at: Position, text: string): Expression {
    if (text === "None") return { ...at, kind: "none" };
    if (text === "True" || text === "False") return { ...at, kind: "bool", value: text === "True" };
    if ((text === "device" || text === "torch.device") && this.isMark("(")) return this.#device(at);
    if (text.includes(".")) return { ...at, kind: "dotted", name: text };
    if (!this.accept("[")) return { ...at, kind: "name", name: text };
    const index = Number(this.expectKind("int", "the output's position").text);
    this.expect("]");
    return { ...at, kind: "output", node: text, index };
  }

  /** `device("cuda:0")`, or as torch prints it: `device(type='cuda', index=0)`. */
  #device(at: Position): Expression {
    this.expect("(");
    let type = "";
    let index: number | null = null;
    this.items(")", () => {
      const key = this.next.kind === "name" ? this.take().text : "";
      if (key !== "") this.expect("=");
      const { text } = this.take();
      if (key === "index") index = Number(text);
      else if (text.includes(":")) {
        type = text.slice(0, text.indexOf(":"));
        index = Number(text.slice(type.length + 1));
      } else type = text;
    });
    return { ...at, kind: "device", type, index };
  }

  annotation(): Annotation {
    const token = this.take();
    const at: Position = { line: token.line, column: token.column };
    if (token.kind === "string") return { ...at, kind: "value", text: token.text };
    if (token.kind === "name" && token.text === "None") return { ...at, kind: "none" };
    if (token.kind === "mark" && (token.text === "(" || token.text === "[")) {
      const closing = token.text === "(" ? ")" : "]";
      const { items } = this.items(closing, () => this.annotation());
      return { ...at, kind: closing === ")" ? "tuple" : "list", items };
    }
    this.#at--;
    return this.fail('the metadata in quotes, such as "f32[2, 3]"');
  }
}

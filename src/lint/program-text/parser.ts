import { TokenReader } from "./expression-parser.ts";
import { type Position, ProgramTextError, type Token } from "./scanner.ts";
import type {
  CallSyntax,
  DirectiveSyntax,
  Expression,
  FrameSyntax,
  FunctionSyntax,
  InputSyntax,
  ProgramSyntax,
  StatementSyntax,
  TargetSyntax,
} from "./syntax.ts";

const ROLES = ["buffer", "parameter", "constant", "custom_obj", "token"];

/** Reads a program's text. Nothing but its syntax is checked: rules are to see malformed programs too. */
export function parseProgramText(text: string): ProgramSyntax {
  return new Parser(text).program();
}

class Parser {
  readonly #read: TokenReader;
  /** The last `# File: model.py:12 in forward, code: ...`, which holds for the nodes that follow. */
  #frame: FrameSyntax | null = null;

  constructor(text: string) {
    this.#read = new TokenReader(text);
  }

  program(): ProgramSyntax {
    const directives: DirectiveSyntax[] = [];
    const functions: FunctionSyntax[] = [];
    for (this.#skipLines(); this.#read.next.kind !== "end"; this.#skipLines()) {
      if (this.#read.next.text === "def") functions.push(this.#function());
      else directives.push(this.#directive());
    }
    return { directives, functions };
  }

  #skipLines(): void {
    for (;;) {
      const { kind, text } = this.#read.next;
      if (kind === "comment") this.#frame = printedFrame(text) ?? this.#frame;
      else if (kind !== "line-end") return;
      this.#read.take();
    }
  }

  #directive(): DirectiveSyntax {
    const { text: name, ...at } = this.#read.expectKind("name", "'def' or a directive");
    const args: Expression[] = [];
    // A symbol stands alone: in `range s0 [2, 8]` the list is the next argument and no output of s0.
    if (this.#read.next.kind === "name") {
      const symbol = this.#read.take();
      args.push({ ...position(symbol), kind: "name", name: symbol.text });
    }
    while (!this.#atLineEnd()) args.push(this.#read.expression());
    this.#endLine();
    return { name, args, line: at.line, column: at.column };
  }

  #atLineEnd(): boolean {
    return ["line-end", "end", "comment"].includes(this.#read.next.kind) || this.#read.isMark(";");
  }

  /** To the end of the line; the comment on it, or null. What follows a `;` is torch's `x = None`. */
  #endLine(): string | null {
    if (!this.#atLineEnd()) this.#read.fail("the end of the line");
    while (!["line-end", "end", "comment"].includes(this.#read.next.kind)) this.#read.take();
    return this.#read.next.kind === "comment" ? this.#read.take().text : null;
  }

  #function(): FunctionSyntax {
    const at = position(this.#read.take());
    const name = this.#read.expectKind("name", "the graph's name").text;
    this.#read.expect("(");
    const inputs = this.#read.items(")", () => this.#input()).items;
    this.#read.expect(":");
    this.#endLine();
    this.#frame = null;
    const statements: StatementSyntax[] = [];
    for (this.#skipLines(); this.#read.next.text !== "return"; this.#skipLines()) {
      if (this.#read.next.kind !== "name" || this.#read.next.text === "def") {
        this.#read.fail(`a statement or 'return' in ${name}`);
      }
      statements.push(this.#statement());
    }
    this.#read.take();
    return { ...at, name, inputs, statements, ...this.#results() };
  }

  #results(): { results: readonly Expression[]; single: boolean } {
    const isTuple = this.#read.isMark("(") || this.#read.isMark("[");
    if (this.#atLineEnd()) return { results: [], single: false };
    const result = this.#read.expression();
    this.#endLine();
    if (result.kind === "list" && isTuple) return { results: result.items, single: false };
    return { results: [result], single: true };
  }

  #input(): InputSyntax {
    const token = this.#read.expectKind("name", "an input's name");
    const at = position(token);
    const annotation = this.#read.accept(":") ? this.#read.annotation() : null;
    const base = { ...at, name: token.text, annotation };
    if (!this.#read.accept("=")) return { ...base, role: null, value: null };
    const isRole = this.#read.next.kind === "name" && this.#read.afterNext?.text === "(";
    if (!isRole) return { ...base, role: null, value: this.#read.expression() };
    return { ...base, role: this.#role(ROLES), value: null };
  }

  #role(known: readonly string[]): { kind: string; target: string; persistent: boolean } {
    if (!known.includes(this.#read.next.text)) this.#read.fail(`one of ${known.join(", ")}`);
    const kind = this.#read.take().text;
    let target = "";
    let persistent = true;
    this.#read.expect("(");
    this.#read.items(")", () => {
      if (this.#read.next.text === "persistent") {
        this.#read.take();
        this.#read.expect("=");
        persistent = this.#read.take().text === "True";
      } else target = this.#read.expectKind("string", `the name of the ${kind} in quotes`).text;
    });
    return { kind, target, persistent };
  }

  #statement(): StatementSyntax {
    const at = position(this.#read.next);
    if (this.#read.next.text === "mutates") return this.#mutation(at);
    const first = this.#read.take();
    if (this.#read.isMark("(")) return this.#call(at, [], first);
    const targets = [this.#target(first)];
    while (this.#read.accept(",")) targets.push(this.#target(this.#read.expectKind("name", "a name")));
    this.#read.expect("=");
    if (this.#read.next.kind !== "name" && this.#read.next.kind !== "string") {
      this.#read.fail("the call of an operator");
    }
    const callee = this.#read.take();
    if (!this.#read.accept("[")) return this.#call(at, targets, callee);
    const index = Number(this.#read.expectKind("int", "the output's position").text);
    this.#read.expect("]");
    this.#endLine();
    if (targets.length > 1) throw new ProgramTextError(at, "an output has one name");
    return { ...at, kind: "output-name", target: targets[0]!, node: callee.text, index };
  }

  #target(token: Token): TargetSyntax {
    if (token.text.includes(".")) throw new ProgramTextError(token, `'${token.text}' cannot be defined`);
    const annotation = this.#read.accept(":") ? this.#read.annotation() : null;
    return { ...position(token), name: token.text, annotation };
  }

  #call(at: Position, targets: readonly TargetSyntax[], callee: Token): CallSyntax {
    if (callee.kind === "name" && !callee.text.includes(".")) {
      throw new ProgramTextError(callee, `'${callee.text}' is no operator; write torch.ops.aten.add.Tensor`);
    }
    const positional: Expression[] = [];
    const keyword: [string, Expression][] = [];
    this.#read.expect("(");
    this.#read.items(")", () => {
      if (this.#read.afterNext?.text === "=" && this.#read.next.kind === "name") {
        const name = this.#read.take().text;
        this.#read.expect("=");
        keyword.push([name, this.#read.expression()]);
      } else positional.push(this.#read.expression());
    });
    const comment = this.#endLine();
    const frame = (comment === null ? null : trailingFrame(comment)) ?? this.#frame;
    return { ...at, kind: "call", targets, operator: callee.text, positional, keyword, frame };
  }

  #mutation(at: Position): StatementSyntax {
    this.#read.take();
    const { kind: what, target } = this.#role(["buffer", "parameter", "input"]);
    this.#read.expect("=");
    const value = this.#read.expression();
    this.#endLine();
    return { ...at, kind: "mutates", what, target, value };
  }
}

function position({ line, column }: Position): Position {
  return { line, column };
}

/** `model.py:12 in forward: y = x.view(6)`; any other comment says nothing to the program. */
function trailingFrame(comment: string): FrameSyntax | null {
  return frame(/^(\S.*?):(\d+) in (\S+?)(?:: (.*))?$/.exec(comment));
}

function printedFrame(comment: string): FrameSyntax | null {
  return frame(/^File: (.+):(\d+) in (\S+), code: (.*)$/.exec(comment));
}

function frame(match: RegExpExecArray | null): FrameSyntax | null {
  if (match === null) return null;
  return { file: match[1]!, line: Number(match[2]), function: match[3]!, code: match[4] ?? "" };
}

/** Whether a text is an expression of Python, as far as torch writes expressions: no lambda, no comprehension. */

const TOKEN =
  /[ \t\f]*(?:(#[^\n]*|\r?\n)|([\p{L}_][\p{L}\p{N}_]*)|((?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)(?=(?:and|or|in|is|if|else)\b|[^\p{L}\p{N}_]|$))|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(\*\*|\/\/|<<|>>|[<>=!]=|[-+*/%@&|^~<>.,:=()[\]{}]))/uy;

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Words behind which the grammar is wider than what is read here. */
const OTHER_GRAMMAR = new Set(["lambda", "for", "if", "else", "await", "yield", "async"]);

const STATEMENTS = new Set(
  "assert break class continue def del elif except finally from global import nonlocal pass raise return try while with as".split(
    " ",
  ),
);

const INFIX = new Set([
  ..."+ - * / % @ & | ^ < > ** // << >> <= >= == !=".split(" "),
  ..."and or in is".split(" "),
]);

/** What is known of a text that should be an expression. */
export interface PythonExpression {
  /** undefined when it has words of a grammar that is not read here. */
  readonly isExpression: boolean | undefined;
  /** The names that it reads, without attributes and names of keyword arguments. */
  readonly names: ReadonlySet<string>;
}

/**
 * Reads an expression of Python (`ast.parse(text, mode="eval")`): operands and operators take turns, and brackets close
 * in the order in which they were opened.
 */
export function readPythonExpression(text: string): PythonExpression {
  const tokens = tokenize(text);
  const names = new Set<string>();
  if (tokens === undefined) return { isExpression: false, names };
  if (text.includes("...") || tokens.some((token) => OTHER_GRAMMAR.has(token)))
    return { isExpression: undefined, names };
  const open: string[] = [];
  let wantsOperand = true;
  let before = "";
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    const isWord = /^[\p{L}_]/u.test(token);
    if (STATEMENTS.has(token)) return { isExpression: false, names };
    if (wantsOperand) {
      const isEmpty = token === open.at(-1) && (before in CLOSING || before === "," || before === ":");
      if (isEmpty) {
        open.pop();
        wantsOperand = false;
      } else if (token in CLOSING) open.push(CLOSING[token]!);
      else if (isWord && !INFIX.has(token) && token !== "not") {
        const isKeyword = next === "=" && open.at(-1) === ")";
        if (before !== "." && !isKeyword) names.add(token);
        wantsOperand = false;
      } else if (isPrefix(token, before, open.at(-1))) wantsOperand = true;
      else if (/^['"\d]|^\.\d/.test(token) && before !== ".") wantsOperand = false;
      else return { isExpression: false, names };
    } else if (token === open.at(-1)) open.pop();
    else if (token === "(" || token === "[") {
      open.push(CLOSING[token]!);
      wantsOperand = true;
    } else if (token === "not" ? next === "in" : isInfix(token, before, open.at(-1))) wantsOperand = true;
    else if (!(/^['"]/.test(token) && /^['"]/.test(before))) return { isExpression: false, names };
    before = token;
  }
  const isWhole = open.length === 0 && (!wantsOperand || (before === "," && tokens.length > 1));
  return { isExpression: isWhole, names };
}

/** A sign in front of an operand; behind an attribute's dot there is none. */
function isPrefix(token: string, before: string, within: string | undefined): boolean {
  if (before === ".") return false;
  if (token === "not") return before === "" || before in CLOSING || /^(?:and|or|not|is|[,:=])$/.test(before);
  if (token === "in") return before === "not";
  if (token === "*" || token === "**") return within !== undefined && /^[([{,]$/.test(before);
  if (token === ":") return within === "]" && (before === "[" || before === "," || before === ":");
  if (token === ",") return within === "]" && before === ":";
  return token === "+" || token === "-" || token === "~";
}

function isInfix(token: string, before: string, within: string | undefined): boolean {
  if (token === ".") return true;
  if (token === ",") return true;
  if (token === ":") return within === "]" || within === "}";
  if (token === "=") return within === ")" && /^[\p{L}_]/u.test(before);
  return INFIX.has(token);
}

/** undefined for what has characters that no token has, or lines of their own. */
function tokenize(text: string): string[] | undefined {
  if (/^[ \t]/.test(text)) return undefined;
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  let depth = 0;
  let isOver = false;
  const source = text.trim();
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source);
    if (match === null) return undefined;
    const [, blank, ...kinds] = match;
    if (blank !== undefined) {
      // Behind the end of the line only comments may stand.
      isOver ||= depth === 0 && blank[0] !== "#";
      continue;
    }
    const token = kinds.find((kind) => kind !== undefined)!;
    if (isOver || /^0[0_]*[1-9]\d*$/.test(token)) return undefined;
    if (token in CLOSING) depth++;
    else if (/^[)\]}]$/.test(token)) depth--;
    tokens.push(token);
  }
  return tokens;
}

/** The conditions on the sizes of inputs under which a program was exported: `guards_code`. */
import type { Program } from "./program.ts";
import { type Expr, parseExpr } from "./symbolic.ts";

/** A number that a guard speaks of: the size of an input's dimension, or, without one, an input that is a number. */
export interface GuardedNumber {
  /** The position among the program's inputs; -1 when there is none of that name. */
  readonly input: number;
  readonly dim: number | null;
  /** `x.size()[0]`, `n` */
  readonly text: string;
}

export interface Guard {
  /** With the inputs named as the graph does: `d_a.size()[0] % 2 == 0`. */
  readonly text: string;
  /** undefined when it cannot be read. */
  readonly expr: Expr | undefined;
  /** By the symbols of `expr`. */
  readonly numbers: ReadonlyMap<string, GuardedNumber>;
}

/** `L['d']['a']`: an input by its path in the arguments of `forward`, which its placeholder's name joins: `d_a`. */
const INPUT = /L((?:\[(?:'[^']*'|\d+)\])+)/g;
const NUMBER = /\b([A-Za-z_]\w*)(?:\.size\(\)\[(\d+)\])?/g;

export function guardsOf(program: Program): Guard[] {
  return program.document.root.guards_code.flatMap((code) => guardsIn(program, code));
}

/** The conditions that one text of `guards_code` joins. */
export function guardsIn(program: Program, code: string): Guard[] {
  return code.split(" and ").map(guardOf(program));
}

const guardOf =
  ({ inputs }: Program) =>
  (code: string): Guard => {
    const numbers = new Map<string, GuardedNumber>();
    const text = code.replace(INPUT, (_, path: string) =>
      [...path.matchAll(/\['?([^'\]]*)'?\]/g)].map(([, part]) => part).join("_"),
    );
    const formula = text.replace(NUMBER, (whole, name: string, dim: string | undefined) => {
      const input = inputs.findIndex((one) => one.kind === "user_input" && one.name === name);
      if (dim === undefined && input < 0) return whole;
      const symbol = `g${numbers.size}`;
      numbers.set(symbol, { input, dim: dim === undefined ? null : Number(dim), text: whole });
      return symbol;
    });
    return { text, expr: parseExpr(formula), numbers };
  };

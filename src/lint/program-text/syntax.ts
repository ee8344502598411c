import type { Position } from "./scanner.ts";

/** An argument or a result as it is written. */
export type Expression = Position &
  (
    | { readonly kind: "name"; readonly name: string }
    /** `cond[0]`: one output of a node that has several. */
    | { readonly kind: "output"; readonly node: string; readonly index: number }
    | { readonly kind: "int" | "float" | "string"; readonly text: string }
    | { readonly kind: "bool"; readonly value: boolean }
    | { readonly kind: "none" }
    /** `torch.float32`, `torch.strided`, `torch.preserve_format`, an operator. */
    | { readonly kind: "dotted"; readonly name: string }
    | { readonly kind: "device"; readonly type: string; readonly index: number | null }
    | { readonly kind: "list"; readonly items: readonly Expression[] }
    | { readonly kind: "dict"; readonly entries: readonly (readonly [string, Expression])[] }
  );

/** What stands behind the colon: the metadata of one value, of a tuple of outputs, or of a `Tensor[]`. */
export type Annotation = Position &
  (
    | { readonly kind: "value"; readonly text: string }
    | { readonly kind: "none" }
    | { readonly kind: "tuple" | "list"; readonly items: readonly Annotation[] }
  );

export interface InputSyntax extends Position {
  readonly name: string;
  readonly annotation: Annotation | null;
  /** `buffer("cache")`, `parameter("fc.weight")`, `constant("c")`, `custom_obj("o")`, `token()`. */
  readonly role: { readonly kind: string; readonly target: string; readonly persistent: boolean } | null;
  /** A constant input's value: `n = 2`. */
  readonly value: Expression | null;
}

export interface TargetSyntax extends Position {
  readonly name: string;
  readonly annotation: Annotation | null;
}

export interface FrameSyntax {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly code: string;
}

export interface CallSyntax extends Position {
  readonly kind: "call";
  /** What it defines: one name for all outputs, or a name for each. Empty when it stands alone. */
  readonly targets: readonly TargetSyntax[];
  readonly operator: string;
  readonly positional: readonly Expression[];
  readonly keyword: readonly (readonly [string, Expression])[];
  readonly frame: FrameSyntax | null;
}

/** `getitem: "f32[2]" = cond[0]`: the name of an output, as torch prints it. */
export interface OutputNameSyntax extends Position {
  readonly kind: "output-name";
  readonly target: TargetSyntax;
  readonly node: string;
  readonly index: number;
}

/** `mutates buffer("cache") = add`: the graph signature says that the value is written back. */
export interface MutationSyntax extends Position {
  readonly kind: "mutates";
  readonly what: string;
  readonly target: string;
  readonly value: Expression;
}

export type StatementSyntax = CallSyntax | OutputNameSyntax | MutationSyntax;

export interface FunctionSyntax extends Position {
  readonly name: string;
  readonly inputs: readonly InputSyntax[];
  readonly statements: readonly StatementSyntax[];
  readonly results: readonly Expression[];
  /** `return x` instead of `return (x,)`. */
  readonly single: boolean;
}

/** A line before the functions: `dialect "ATEN"`, `range s0 [2, 8]`, `operator "mylib::f(Tensor x) -> Tensor"`. */
export interface DirectiveSyntax extends Position {
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface ProgramSyntax {
  readonly directives: readonly DirectiveSyntax[];
  readonly functions: readonly FunctionSyntax[];
}

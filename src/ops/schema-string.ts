/**
 * The schema strings of torch: `aten::split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) ->
 * Tensor(a)[]`. Reads everything that torch 2.13 registers (mirrors
 * torch/csrc/jit/frontend/function_schema_parser.cpp) and says exactly what is wrong with what a user wrote.
 */
import { SchemaScanner, schemaError } from "./schema-scanner.ts";

/** The type of an argument or a result, without its alias annotation. */
export type SchemaType =
  | { readonly kind: "base"; readonly name: string }
  | { readonly kind: "list"; readonly element: SchemaType; readonly size: number | null }
  | { readonly kind: "optional"; readonly element: SchemaType }
  | { readonly kind: "tuple"; readonly elements: readonly SchemaType[] }
  | { readonly kind: "generic"; readonly name: string; readonly parameters: readonly SchemaType[] };

/** `(a! -> b|*)`: the alias sets a value belongs to before and after the call; `*` is the wildcard set. */
export interface AliasInfo {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly write: boolean;
}

/** A default as plain data: `None` is null; a list is an array; an enum's name stays a string. */
export type SchemaDefault = null | boolean | number | bigint | string | readonly SchemaDefault[];

/** One argument of an operator. */
export interface SchemaArgument {
  readonly name: string;
  readonly type: SchemaType;
  /** undefined where the argument is required. */
  readonly default: SchemaDefault | undefined;
  readonly kwargOnly: boolean;
  readonly alias: AliasInfo | null;
}

/** One result of an operator; most have no name. */
export interface SchemaReturn {
  readonly name: string | null;
  readonly type: SchemaType;
  readonly alias: AliasInfo | null;
}

/** What a schema string says. */
export interface OpSchema {
  readonly namespace: string;
  readonly name: string;
  /** Empty for the overload that torch calls `default`. */
  readonly overload: string;
  readonly args: readonly SchemaArgument[];
  readonly returns: readonly SchemaReturn[];
  /** A trailing `...`: any number of further arguments or results (TorchScript's own operators). */
  readonly variadicArgs: boolean;
  readonly variadicReturns: boolean;
}

/** Parse one schema string. Throws an InputError of rule `config/operator-schema` that names the position. */
export function parseSchema(text: string): OpSchema {
  const scan = new SchemaScanner(text);
  const { namespace, name, overload } = operatorName(scan);
  const args: SchemaArgument[] = [];
  const variadicArgs = argumentList(scan, args);
  scan.expect("->");
  const returns: SchemaReturn[] = [];
  const variadicReturns = returnList(scan, returns);
  if (!scan.atEnd()) scan.fail("expected the end of the schema");
  checkNames(scan, args, returns);
  return { namespace, name, overload, args, returns, variadicArgs, variadicReturns };
}

/** Write a type as torch prints it, without alias annotations. */
export function typeText(type: SchemaType): string {
  switch (type.kind) {
    case "base":
      return type.name;
    case "list":
      return `${typeText(type.element)}[${type.size ?? ""}]`;
    case "optional":
      return `${typeText(type.element)}?`;
    case "tuple":
      return `(${type.elements.map(typeText).join(", ")})`;
    case "generic":
      return `${type.name}(${type.parameters.map(typeText).join(", ")})`;
  }
}

function operatorName(scan: SchemaScanner): { namespace: string; name: string; overload: string } {
  const namespace = scan.identifier("the operator's namespace");
  scan.expect("::", `after the namespace "${namespace}" (an operator is written namespace::name.overload)`);
  const name = scan.identifier("the operator's name");
  const overload = scan.accept(".") ? scan.identifier("the overload's name") : "";
  return { namespace, name, overload: overload === "default" ? "" : overload };
}

/** Fills `args`; true when the list ends in `...`. */
function argumentList(scan: SchemaScanner, args: SchemaArgument[]): boolean {
  scan.expect("(", "after the operator's name");
  if (scan.accept(")")) return false;
  let kwargOnly = false;
  for (;;) {
    if (scan.accept("...")) {
      scan.expect(")", 'after "..."');
      return true;
    }
    if (!kwargOnly && scan.accept("*")) {
      kwargOnly = true;
    } else {
      args.push(argument(scan, kwargOnly));
    }
    if (scan.accept(")")) return false;
    scan.expect(",", "or ) after an argument");
  }
}

function argument(scan: SchemaScanner, kwargOnly: boolean): SchemaArgument {
  const { type: declared, alias } = annotatedType(scan);
  const name = scan.identifier("the argument's name");
  // `int[2] x` may also be written `int x[2]`, as TorchScript's functions do.
  const type = scan.accept("[") ? listOf(scan, declared) : declared;
  const value = scan.accept("=") ? defaultValue(scan, type) : undefined;
  return { name, type, default: value, kwargOnly, alias };
}

/** Fills `returns`; true when they are `...`. */
function returnList(scan: SchemaScanner, returns: SchemaReturn[]): boolean {
  if (scan.accept("...")) return true;
  if (!scan.accept("(")) {
    returns.push(result(scan));
    return false;
  }
  if (scan.accept(")")) return false;
  for (;;) {
    if (scan.accept("...")) {
      scan.expect(")", 'after "..."');
      return true;
    }
    returns.push(result(scan));
    if (scan.accept(")")) return false;
    scan.expect(",", "or ) after a result");
  }
}

function result(scan: SchemaScanner): SchemaReturn {
  const { type, alias } = annotatedType(scan);
  return { name: scan.atIdentifier() ? scan.identifier("the result's name") : null, type, alias };
}

interface Annotated {
  readonly type: SchemaType;
  readonly alias: AliasInfo | null;
}

/** `Tensor(a!)[]?`: a base, then any number of annotations, list brackets and question marks. */
function annotatedType(scan: SchemaScanner): Annotated {
  let { type, alias } = baseType(scan);
  for (;;) {
    if (scan.accept("[")) type = listOf(scan, type);
    else if (scan.accept("?")) type = { kind: "optional", element: type };
    else if (scan.accept("(")) {
      const outer = aliasInfo(scan);
      alias ??= outer;
    } else return { type, alias };
  }
}

function listOf(scan: SchemaScanner, element: SchemaType): SchemaType {
  const size = scan.atNumber() ? Number(scan.number()) : null;
  scan.expect("]", "to close the list type");
  return { kind: "list", element, size };
}

const GENERIC = new Set(["Dict", "Future", "RRef", "Await", "Union", "List", "Optional", "Tuple"]);

function baseType(scan: SchemaScanner): Annotated {
  if (scan.accept("(")) return { type: { kind: "tuple", elements: typeList(scan) }, alias: null };
  const name = scan.dottedIdentifier("a type");
  if (GENERIC.has(name) && scan.accept("(")) {
    return { type: { kind: "generic", name, parameters: typeList(scan) }, alias: null };
  }
  return { type: { kind: "base", name }, alias: null };
}

/** Comma-separated types up to and with the closing parenthesis. */
function typeList(scan: SchemaScanner): SchemaType[] {
  const types: SchemaType[] = [];
  if (scan.accept(")")) return types;
  for (;;) {
    types.push(annotatedType(scan).type);
    if (scan.accept(")")) return types;
    scan.expect(",", "or ) after a type");
  }
}

/** What follows the opening parenthesis: `a`, `a!`, `a|b -> *`, `*`. */
function aliasInfo(scan: SchemaScanner): AliasInfo {
  const before = aliasSets(scan);
  const write = scan.accept("!");
  const after = scan.accept("->") ? aliasSets(scan) : before;
  scan.expect(")", "to close the alias annotation");
  return { before, after, write };
}

function aliasSets(scan: SchemaScanner): string[] {
  const sets: string[] = [];
  do {
    sets.push(scan.accept("*") ? "*" : scan.identifier("an alias set"));
  } while (scan.accept("|"));
  return sets;
}

function defaultValue(scan: SchemaScanner, type: SchemaType): SchemaDefault {
  const value = scan.accept("[") ? defaultList(scan) : scan.literal();
  const inner = type.kind === "optional" ? type.element : type;
  if (inner.kind !== "list" || value === null || Array.isArray(value)) return value;
  if (inner.size === null) scan.fail(`the default of a ${typeText(type)} must be a list or None`);
  // One value stands for all of a list of known length: `int[2] stride=1`.
  return Array.from({ length: inner.size }, () => value);
}

function defaultList(scan: SchemaScanner): SchemaDefault[] {
  const values: SchemaDefault[] = [];
  if (scan.accept("]")) return values;
  for (;;) {
    values.push(scan.accept("[") ? defaultList(scan) : scan.literal());
    if (scan.accept("]")) return values;
    scan.expect(",", "or ] in a list");
  }
}

function checkNames(scan: SchemaScanner, args: readonly SchemaArgument[], returns: readonly SchemaReturn[]) {
  const seen = new Set<string>();
  const known = new Set(["*"]);
  for (const { name, alias } of args) {
    if (seen.has(name)) throw schemaError(scan.text, scan.text.length, `two arguments are named "${name}"`);
    seen.add(name);
    for (const set of alias?.before ?? []) known.add(set);
    for (const set of alias?.after ?? []) known.add(set);
  }
  for (const { alias } of returns) {
    if (alias?.write !== true) continue;
    const stranger = alias.before.find((set) => !known.has(set));
    if (stranger !== undefined) {
      throw schemaError(
        scan.text,
        scan.text.length,
        `no argument belongs to the written alias set "${stranger}"`,
      );
    }
  }
}

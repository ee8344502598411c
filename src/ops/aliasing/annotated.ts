/** What the alias annotations of a schema say of a call. */
import type { Operator } from "../operator.ts";
import type { SchemaArgument, SchemaReturn, SchemaType } from "../schema-string.ts";
import type { ArgumentWrite, Call, OutputAliasing, TensorSource } from "./call.ts";
import { tensorName, tensorNames } from "./concrete.ts";

/** A tensor argument that a result may share storage with, or that is written. */
interface Marked {
  readonly name: string;
  readonly isList: boolean;
}

/** The annotations of one operator, digested once. */
export interface Annotations {
  /** For each tensor result: the arguments it may share storage with. */
  readonly results: readonly { readonly isList: boolean; readonly sources: readonly Marked[] }[];
  readonly written: readonly Marked[];
  readonly writeKind: "data" | "metadata";
}

/** Read the annotations of an operator. */
export function annotationsOf(op: Operator): Annotations {
  const { args, returns } = op.schema;
  const marked = args.filter((arg) => arg.alias !== null && isTensor(arg.type));
  const results = returns
    .filter((result) => isTensor(result.type))
    .map((result) => ({
      isList: isList(result.type),
      sources: marked.filter((arg) => intersect(result, arg)).map(markOf),
    }));
  const written = marked.filter((arg) => arg.alias?.write).map(markOf);
  return { results, written, writeKind: op.has("inplace_view") ? "metadata" : "data" };
}

/** Whether the annotations say nothing at all. */
export function isSilent({ results, written }: Annotations): boolean {
  return written.length === 0 && results.every((result) => result.sources.length === 0);
}

/** The outputs of a call as its annotations have them. */
export function annotatedOutputs(annotations: Annotations, call: Call): OutputAliasing[] {
  const { results } = annotations;
  const lists = results.filter((result) => result.isList).length;
  const perList = lists === 0 ? 0 : Math.floor((call.outputs().length - (results.length - lists)) / lists);
  const out: OutputAliasing[] = [];
  let group = 0;
  for (const { isList, sources } of results) {
    const count = isList ? perList : 1;
    for (let i = 0; i < count; i++) {
      const shared = sources.flatMap((arg) => sourcesOf(arg, call, isList ? i : undefined));
      out.push({ sources: shared, group: shared.length === 0 ? group++ : -1 });
    }
  }
  return out;
}

/** The writes of a call as its annotations have them. */
export function annotatedWrites({ written, writeKind }: Annotations, call: Call): ArgumentWrite[] {
  return written.flatMap((arg) => sourcesOf(arg, call).map((source) => ({ ...source, kind: writeKind })));
}

/** The tensors an argument stands for; of a list that answers a list, only the element at the same place. */
function sourcesOf({ name, isList }: Marked, call: Call, place?: number): TensorSource[] {
  const value = call.argument(name);
  if (value === undefined) return [];
  if (!isList) return tensorName(value) === undefined ? [] : [{ argument: name, index: -1 }];
  const sources: TensorSource[] = [];
  tensorNames(value).forEach((tensor, index) => {
    if (tensor !== undefined && (place === undefined || place === index))
      sources.push({ argument: name, index });
  });
  return sources;
}

function markOf(arg: SchemaArgument): Marked {
  return { name: arg.name, isList: isList(arg.type) };
}

/** A result's set before the call meets an argument's; `(a -> *)` on an argument still meets `(a)` of a result. */
function intersect(result: SchemaReturn, arg: SchemaArgument): boolean {
  const sets = result.alias?.after ?? [];
  const own = arg.alias!;
  return sets.some((set) => own.before.includes(set) || own.after.includes(set));
}

function isTensor(type: SchemaType): boolean {
  if (type.kind === "optional" || type.kind === "list") return isTensor(type.element);
  return type.kind === "base" && type.name === "Tensor";
}

function isList(type: SchemaType): boolean {
  return type.kind === "optional" ? isList(type.element) : type.kind === "list";
}

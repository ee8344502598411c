/**
 * What torch.export.load parses of a node's metadata (GraphModuleDeserializer.deserialize_metadata): where it comes from,
 * in texts of their own grammars.
 */

/** A text that torch cannot parse. */
export interface TextFault {
  readonly key: string;
  readonly problem: string;
}

/** What is wrong with the metadata of a node; undefined when torch reads it. */
export function metadataFault(metadata: ReadonlyMap<string, string>): TextFault | undefined {
  for (const [key, problemOf] of PARSED) {
    const text = metadata.get(key);
    const problem = text ? problemOf(text) : undefined;
    if (problem !== undefined) return { key, problem };
  }
  return undefined;
}

const PARSED: readonly (readonly [key: string, problemOf: (text: string) => string | undefined])[] = [
  ["nn_module_stack", moduleStackProblem],
  ["source_fn_stack", functionStackProblem],
  ["custom", (text) => (parse(text) === undefined ? "no JSON" : undefined)],
  ["from_node", fromNodeProblem],
];

/** `key,path,type;key,path,type`, where commas in brackets do not count. */
function moduleStackProblem(text: string): string | undefined {
  const item = text.split(";").find((one) => commasOutside(one) !== 2);
  if (item === undefined) return undefined;
  return `'${shorten(item)}', which is not a name, a path and a type with commas between`;
}

function commasOutside(item: string): number {
  let depth = 0;
  let commas = 0;
  for (const c of item) {
    if (c === "[" || c === "(") depth++;
    else if (c === "]" || c === ")") depth--;
    else if (c === "," && depth === 0) commas++;
  }
  return commas;
}

/** `name,function;name,function` */
function functionStackProblem(text: string): string | undefined {
  const item = text.split(";").find((one) => one.split(",").length !== 2);
  return item === undefined ? undefined : `'${shorten(item)}', which is not a name and a function`;
}

/** A list of nodes of earlier graphs, each with such a list of its own. */
function fromNodeProblem(text: string): string | undefined {
  const parsed = parse(text);
  if (parsed === undefined) return "no JSON";
  const pending = [parsed.value];
  while (pending.length > 0) {
    const list = pending.pop();
    if (list === null || list === undefined) continue;
    if (!Array.isArray(list)) return "no list of nodes";
    for (const node of list) {
      if (node === null) continue;
      if (typeof node !== "object" || Array.isArray(node)) return "something that is no node";
      const { action, from_node } = node as Record<string, unknown>;
      if (action && typeof action !== "string") return "a node whose action is no text";
      pending.push(from_node);
    }
  }
  return undefined;
}

/** In a pair, since JSON has null. Python's NaN and Infinity are left to torch. */
function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return /NaN|Infinity/.test(text) ? { value: null } : undefined;
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);

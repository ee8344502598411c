import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import { nameOf } from "../_shared/specs.ts";

export const moduleCallGraph = defineRule({
  id: "signature/module-call-graph",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the module call graph does not begin with the whole model, or says of it what cannot be",
  description: `
\`module_call_graph\` keeps what each preserved submodule takes and returns, the model itself first, under the empty name:
\`ep.module()\` reads from there how to flatten its arguments and rebuild its results. A value that it names has to be a
value of the main graph. \`torch.export.load\` refuses one that is not ("Input x does not exist in the graph"), and a tree
of arguments or results that is no tree. The model's trees have a leaf for each of its inputs and results; where they do
not, no call of \`ep.module()\` gets as far as the graph. Two arguments of one name, and one whose name is no name of
Python, are a syntax error of the code that torch generates.
`,
  data: {
    module: "the submodule; empty for the model",
    name: "the name that the graph does not have, or that two arguments have; else null",
    path: "the JSON path",
  },
  messages: {
    unknown: "the module call graph names '{name}', which is no value of the graph",
    tree: "the {spec} of '{module}' is no tree of arguments: {problem}",
    leaves: "the {spec} of the model has {problem}",
    count: "'{module}' has {problem}",
    twice: "two arguments of '{module}' are called '{name}'",
    order: "the arguments of the model are called {problem}",
    word: "'{name}' is no name for an argument of '{module}'",
    root: "the module call graph does not begin with the signature of the whole model",
  },
  // The text form makes the module call graph from the graph.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      const calls = ctx.program.document.root.graph_module.module_call_graph;
      const [first] = calls;
      if (first?.fqn !== "" || !first.signature) {
        ctx.report({
          at: null,
          message: "root",
          data: { module: first?.fqn ?? "", name: null, path: "graph_module.module_call_graph" },
          help: "export the program again; nothing else knows how its arguments are flattened",
        });
      }
      for (const { message, module, name = null, path, ...words } of treeFaults(ctx.program)) {
        ctx.report({
          at: null,
          message,
          data: { module, name, path },
          words,
          help: "export the program again; nothing else knows how its arguments are flattened",
        });
      }
      for (const { module, name, path } of unknownNames(ctx.program)) {
        ctx.report({
          at: null,
          message: "unknown",
          data: { module, name, path },
          help: "rename the value in the module call graph too, in the pass that renamed it in the graph",
        });
      }
    },
  }),
});

interface TreeFault {
  readonly message: "tree" | "leaves" | "twice" | "count" | "word" | "order";
  readonly module: string;
  readonly name?: string;
  readonly path: string;
  readonly spec?: string;
  readonly problem?: string;
}

/** Mirrors torch.utils._pytree.treespec_loads, and what ep.module() does with its trees. */
function treeFaults({ document, inputs }: Program): TreeFault[] {
  const { module_call_graph, signature } = document.root.graph_module;
  const results = signature.output_specs.filter((spec) => "user_output" in spec || "loss_output" in spec);
  const values = {
    in_spec: inputs.filter(({ kind }) => kind === "user_input" || kind === "constant_input").length,
    out_spec: results.length,
  };
  const placeholders = inputs.filter(({ kind }) => kind === "user_input").map(({ name }) => name);
  return module_call_graph.flatMap(({ fqn, signature: call }, i): TreeFault[] => {
    if (!call) return [];
    const path = `graph_module.module_call_graph[${i}].signature`;
    const found: TreeFault[] = [];
    for (const spec of ["in_spec", "out_spec"] as const) {
      const leaves = countLeaves(call[spec]);
      const at = { module: fqn, path: `${path}.${spec}`, spec };
      if (typeof leaves === "string") found.push({ message: "tree", ...at, problem: leaves });
      else if (fqn === "" && leaves !== values[spec]) {
        const what = spec === "in_spec" ? "inputs" : "results";
        found.push({
          message: "leaves",
          ...at,
          problem: `${leaves} leaves, and the program ${values[spec]} ${what}`,
        });
      }
    }
    const names = call.forward_arg_names ?? [];
    const given = countArguments(call.in_spec);
    if (given !== undefined && names.length > 0 && names.length !== given) {
      const problem = `${names.length} names for ${given} arguments`;
      found.push({ message: "count", module: fqn, path: `${path}.forward_arg_names`, problem });
    }
    const word = names.findIndex((name) => !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name));
    if (word >= 0) {
      const at = `${path}.forward_arg_names[${word}]`;
      found.push({ message: "word", module: fqn, name: names[word]!, path: at });
    }
    const placed = fqn === "" && isFlat(call.in_spec) ? placeholders : [];
    if (
      names.length === placed.length &&
      names.some((name, k) => name !== placed[k] && placed.includes(name))
    ) {
      const problem = `${names.join(", ")}, but its inputs are ${placed.join(", ")}`;
      found.push({ message: "order", module: fqn, path: `${path}.forward_arg_names`, problem });
    }
    const keywords = fqn === "" && names.length > 0 ? keywordsOf(call.in_spec) : [];
    const last = names.slice(names.length - keywords.length);
    if (keywords.length > 0 && keywords.some((name) => !last.includes(name))) {
      const problem = `${names.join(", ")}, and the last of them are not its keywords ${keywords.join(", ")}`;
      found.push({ message: "order", module: fqn, path: `${path}.forward_arg_names`, problem });
    }
    const twice = names.find((name, k) => names.indexOf(name) < k);
    if (twice !== undefined) {
      found.push({ message: "twice", module: fqn, name: twice, path: `${path}.forward_arg_names` });
    }
    return found;
  });
}

/** How many arguments a tree of (args, kwargs) has; undefined where it is none. */
function countArguments(text: string): number | undefined {
  try {
    const [, { children_spec: parts }] = JSON.parse(text) as [
      number,
      { children_spec: { children_spec: unknown[] }[] },
    ];
    return parts.length === 2 ? parts.reduce((sum, part) => sum + part.children_spec.length, 0) : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the arguments that are given by keyword; none for a tree that is not one of (args, kwargs). */
function keywordsOf(text: string): string[] {
  try {
    const keywords: unknown = JSON.parse(JSON.parse(text)[1].children_spec[1].context);
    return Array.isArray(keywords) ? keywords.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** Whether each argument is one value. */
function isFlat(text: string): boolean {
  return countArguments(text) === countLeaves(text);
}

/** How many leaves a tree has, or what is wrong with it. */
function countLeaves(text: string): number | string {
  let pending: unknown[];
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed) || parsed.length !== 2) return "it is no pair of a version and a tree";
    // Other versions than 1 are torch's to know.
    if (parsed[0] !== 1) return `version ${JSON.stringify(parsed[0])} is not known`;
    pending = [parsed[1]];
  } catch {
    return "it is no JSON";
  }
  let leaves = 0;
  while (pending.length > 0) {
    const tree = pending.pop();
    if (typeof tree !== "object" || tree === null || !("type" in tree)) return "a node of it has no type";
    const children = "children_spec" in tree ? tree.children_spec : undefined;
    if (!Array.isArray(children)) return "a node of it has no children_spec";
    const context = "context" in tree ? tree.context : null;
    if (tree.type === null && (children.length > 0 || context !== null))
      return "a leaf of it holds something";
    if (tree.type === null) leaves++;
    else pending = pending.concat(children);
  }
  return leaves;
}

interface Unknown {
  readonly module: string;
  readonly name: string;
  readonly path: string;
}

/** Mirrors torch/_export/verifier.py _verify_exported_program_module_call_graph. */
function unknownNames({ document, main }: Program): Unknown[] {
  const found: Unknown[] = [];
  let nodes: Set<string> | undefined;
  for (const [i, { fqn, signature }] of document.root.graph_module.module_call_graph.entries()) {
    for (const side of ["inputs", "outputs"] as const) {
      for (const [k, arg] of (signature?.[side] ?? []).entries()) {
        const name = nameOf(arg);
        if (name === "" || main.value(name) !== undefined) continue;
        nodes ??= new Set(main.nodes.map((node) => node.name));
        const path = `graph_module.module_call_graph[${i}].signature.${side}[${k}]`;
        if (!nodes.has(name)) found.push({ module: fqn, name, path });
      }
    }
  }
  return found;
}

import { defineRule } from "../../src/lint/rule.ts";
import { metadataFault } from "../../src/program/node-texts.ts";
import { nodePath } from "../_shared/paths.ts";

export const nodeMetadata = defineRule({
  id: "graph/node-metadata",
  severity: "error",
  presets: ["strict"],
  summary: "what a node says of where it comes from cannot be read",
  description: `
Nodes keep the modules that they were called in (\`nn_module_stack\`), the functions (\`source_fn_stack\`), annotations
(\`custom\`) and the nodes of earlier graphs that they were made from (\`from_node\`) as text. Nothing that the program computes
depends on it, yet \`torch.export.load\` parses it and fails where it cannot: a module is \`name,path,type\`, a function
\`name,function\`, with \`;\` between two, and the others are JSON.

The metadata is two thirds of a document, and linting reads none of it otherwise: that is why the rule is not on by itself.
`,
  data: {
    key: "the key of the text among the node's metadata",
    path: "its JSON path",
  },
  messages: { unreadable: "the {key} of '{node}' holds {problem}" },
  // The text form has no metadata.
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    node: (node) => {
      const fault = metadataFault(node.metadata());
      if (fault === undefined) return;
      const { key, problem } = fault;
      ctx.report({
        at: node,
        message: "unreadable",
        data: { key, path: `${nodePath(node)}.metadata.${key}` },
        words: { problem, node: node.name },
        help: "remove the text in the pass that wrote it: torch loads nodes without",
      });
    },
  }),
});

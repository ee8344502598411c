import { defineRule } from "../../src/lint/rule.ts";
import { nodePath } from "../_shared/paths.ts";

export const dialect = defineRule({
  id: "graph/dialect",
  severity: "error",
  presets: ["recommended", "strict"],
  summary:
    "the program has an operator that its dialect does not allow, or a dialect that torch does not know",
  description: `
Every dialect but TRAINING is functional: no operator's schema may say that it writes an argument. A program whose
\`verifiers\` name another dialect and that calls \`aten.copy_\` is refused by \`torch.export.load\`: "operator
'aten.copy_.default' is not functional".

torch itself knows the dialects TRAINING and ATEN; ExecuTorch adds EDGE. A dialect that no imported library registers
keeps the program from being loaded, with a bare \`KeyError\`: that is a warning, since a library of yours may.
`,
  data: { dialect: "the dialect", path: "the JSON path of the node or of the dialect" },
  messages: {
    mutable: "{operator} writes an argument, which the dialect {dialect} does not allow",
    unknown: "no verifier of torch or ExecuTorch is called '{dialect}'",
  },
  examples: {
    valid: [
      {
        title: "a write in the dialect TRAINING",
        program: `
def forward(x: "f32[2]"):
    clone: "f32[2]" = torch.ops.aten.clone.default(x)
    add_: "f32[2]" = torch.ops.aten.add_.Tensor(clone, 1)
    return (add_,)
`,
      },
    ],
    invalid: [
      {
        title: "a write in the dialect ATEN",
        program: `
dialect "ATEN"
def forward(x: "f32[2]"):
    clone: "f32[2]" = torch.ops.aten.clone.default(x)
    add_: "f32[2]" = torch.ops.aten.add_.Tensor(clone, 1)
    return (add_,)
`,
        diagnostics: [
          {
            message: "aten::add_.Tensor writes an argument, which the dialect ATEN does not allow",
            data: { dialect: "ATEN", path: "graph_module.graph.nodes[1]" },
          },
        ],
      },
      {
        title: "a dialect of nobody's",
        program: `
dialect "TRAINNG"
def forward(x: "f32[2]"):
    return (x,)
`,
        diagnostics: [
          {
            message: "no verifier of torch or ExecuTorch is called 'TRAINNG'",
            data: { dialect: "TRAINNG", path: "verifiers[0]" },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    const { program, registry } = ctx;
    const { verifiers } = program.document.root;
    const functional = (verifiers.length > 0 ? verifiers : [program.dialect]).find(
      (name) => name !== "TRAINING",
    );
    const mutable = new Map<string, string | null>();
    return {
      program: () => {
        for (const [i, name] of verifiers.entries()) {
          if (KNOWN.has(name)) continue;
          ctx.report({
            at: null,
            message: "unknown",
            data: { dialect: name, path: `verifiers[${i}]` },
            help: "name a dialect that exists, or import the library that registers it before torch.export.load",
            severity: "warning",
          });
        }
      },
      form: (node) => {
        if (functional === undefined) return;
        const { target } = node;
        let operator = mutable.get(target);
        if (operator === undefined) {
          const found = registry.find(target);
          operator = found?.schema.args.some(({ alias }) => alias?.write) ? found.qualifiedName : null;
          mutable.set(target, operator);
        }
        if (operator === null) return;
        ctx.report({
          at: node,
          message: "mutable",
          data: { dialect: functional, path: nodePath(node) },
          words: { operator },
          help: "run the pass that made the node before run_decompositions(), which makes the program functional",
        });
      },
    };
  },
});

/** The empty text is ATEN's too (torch/_export/verifier.py load_verifier). */
const KNOWN: ReadonlySet<string> = new Set(["", "ATEN", "TRAINING", "EDGE"]);

import type { StorageAnalysis } from "../../src/analysis/storage.ts";
import { defineRule } from "../../src/lint/rule.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { doubtOf, returnedInputs, severityOf } from "../_shared/sharing.ts";

export const branchAliasesInput = defineRule({
  id: "cond/branch-aliases-input",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "a branch of torch.cond returns one of its inputs, or a view of one",
  description: `
A branch of \`torch.cond\` must return new tensors. This one returns an operand, or something that shares an
operand's memory: a view, a slice, or the result of an operator that hands its input through when there is nothing
to do (\`contiguous\`, \`to\`, \`reshape\`, \`dropout\` in eval mode).

Under \`torch.no_grad()\`, \`torch.export\` accepts and saves such a program. \`run_decompositions\`, and every
backend that starts with it, refuses it later: "cond_true might be aliasing the input or the output!", without a
line of source. Two cases are warnings: memory that is shared in some runs only, because a size or another branch
decides it; and what passes through \`dropout\` in eval mode, which torch 2.13 replaces by a copy before it looks.
\`native_dropout\` is the other way round: it copies when it runs, and is replaced by its input when there is nothing to
drop.

Return a \`clone()\` of the operand. Where the backend is to keep the memory, as for a cache that is reused,
\`executorch::alias\` hands two tensors through a branch.
`,
  data: {
    branch: "the branch's name in the document",
    output: "position among the branch's outputs, from 0",
    operand: "position among the cond's operands, from 0",
  },
  messages: {
    itself: "the {role} of torch.cond returns its own input ({name})",
    view: "the {role} of torch.cond returns a view of its own input ({name})",
    decomposed:
      "the {role} of torch.cond returns its own input ({name}) when native_dropout, which drops nothing here, is decomposed",
  },
  examples: {
    valid: [
      {
        title: "returns a clone of its operand",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]", cache: "f32[2, 3]" = buffer("cache")):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, cache))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]", cache: "f32[2, 3]"):
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(x: "f32[2, 3]", cache: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, 2)
    return (mul,)
`,
      },
      {
        title: "returns a view of a tensor that it made",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[6]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    view: "f32[6]" = torch.ops.aten.view.default(sin, [6])
    return (view,)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    view: "f32[6]" = torch.ops.aten.view.default(cos, [6])
    return (view,)
`,
      },
    ],
    invalid: [
      {
        title: "hands a cache through",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]", b_cache: "f32[2, 3]" = buffer("cross_key_cache")):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (b_cache, x))  # attention.py:12 in forward: keys = torch.cond(
    return (cond[0],)

def true_graph_0(b_cache: "f32[2, 3]", x: "f32[2, 3]"):
    return (b_cache,)

def false_graph_0(b_cache: "f32[2, 3]", x: "f32[2, 3]"):
    mul: "f32[2, 3]" = torch.ops.aten.mul.Tensor(x, 2)
    return (mul,)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond returns its own input (buffer 'cross_key_cache')",
            data: { branch: "true_graph_0", output: 0, operand: 0 },
          },
        ],
      },
      {
        title: "returns a view of its operand",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[6]", "f32[2, 3]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0], cond[1])

def true_graph_0(x: "f32[2, 3]"):
    view: "f32[6]" = torch.ops.aten.view.default(x, [6])
    sin: "f32[2, 3]" = torch.ops.aten.sin.default(x)
    return (view, sin)

def false_graph_0(x: "f32[2, 3]"):
    cos: "f32[2, 3]" = torch.ops.aten.cos.default(x)
    view: "f32[6]" = torch.ops.aten.view.default(cos, [6])
    transpose: "f32[3, 2][1, 3]" = torch.ops.aten.transpose.int(x, 0, 1)
    transpose_1: "f32[2, 3]" = torch.ops.aten.transpose.int(transpose, 0, 1)
    return (view, transpose_1)
`,
        diagnostics: [
          {
            message: "the true branch of torch.cond returns a view of its own input (input 'x')",
            data: { branch: "true_graph_0", output: 0, operand: 0 },
          },
          {
            message: "the false branch of torch.cond returns a view of its own input (input 'x')",
            data: { branch: "false_graph_0", output: 1, operand: 0 },
          },
        ],
      },
      {
        title: "native_dropout that drops nothing: torch puts its input in its place",
        program: `
def forward(p: "b8[]", x: "f32[2, 3]"):
    cond: ("f32[2, 3]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x,))
    return (cond[0],)

def true_graph_0(x: "f32[2, 3]"):
    native_dropout: ("f32[2, 3]", "b8[2, 3]") = torch.ops.aten.native_dropout.default(x, 0.5, False)
    return (native_dropout[0],)

def false_graph_0(x: "f32[2, 3]"):
    native_dropout: ("f32[2, 3]", "b8[2, 3]") = torch.ops.aten.native_dropout.default(x, 0.5, True)
    return (native_dropout[0],)
`,
        diagnostics: [
          {
            message:
              "the true branch of torch.cond returns its own input (input 'x') when native_dropout, which drops nothing here, is decomposed",
            data: { branch: "true_graph_0", output: 0, operand: 0 },
          },
        ],
      },
    ],
  },
  create: (ctx) => ({
    hop: ({ kind, bodies }) => {
      if (kind !== "cond") return;
      for (const { graph, role } of bodies) {
        for (const [output, returned] of graph.outputs.entries()) {
          const origin = returned && undropped(returned, ctx.storage);
          // What is written is a new value by then.
          if (
            origin &&
            ctx.storage.writes(graph).some(({ value }) => ctx.storage.shareStorage(value, returned))
          )
            continue;
          const placeholder = graph.inputs.find(
            (input) => input && origin && ctx.storage.originOf(input) === origin,
          );
          if (!placeholder) continue;
          ctx.report({
            at: returned?.node ?? graph,
            message: "decomposed",
            data: { branch: graph.name, output, operand: placeholder.index },
            words: { role, name: ctx.nameOf(placeholder) },
            help: "return a clone() of it, or leave the dropout out",
          });
        }
        for (const { output, input, returned, placeholder, sharing } of returnedInputs(ctx.storage, graph)) {
          ctx.report({
            at: returned.node ?? graph,
            message: returned === placeholder ? "itself" : "view",
            data: { branch: graph.name, output, operand: input },
            words: { role, name: ctx.nameOf(placeholder) },
            severity: severityOf(sharing),
            help: "return a clone() of it, or executorch::alias when the backend keeps the memory",
            detail: [
              `output ${output} ${returned.name} shares storage with operand ${input} ${placeholder.name}`,
              ...doubtOf(sharing),
            ],
          });
        }
      }
    },
  }),
});

/** The input that the value is once each native_dropout that drops nothing is its input (torch/_decomp/decompositions.py). */
function undropped(value: Value, storage: StorageAnalysis): Value | undefined {
  let at = storage.originOf(value);
  if (at.node === null) return undefined;
  for (; at.node !== null; at = storage.originOf(at.node.operands[0]!)) {
    if (at.index !== 0 || !dropsNothing(at.node)) return undefined;
  }
  return at;
}

function dropsNothing(node: Node): boolean {
  if (node.target !== "torch.ops.aten.native_dropout.default" || !node.operands[0]) return false;
  const [p, train] = [node.arg("p"), node.arg("train")];
  const drops = train && "as_bool" in train && train.as_bool;
  return !drops || (p !== undefined && "as_float" in p && p.as_float === 0);
}

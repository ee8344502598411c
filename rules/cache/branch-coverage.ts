import { isUpdate } from "../../src/analysis/cache/buffers.ts";
import { ALIAS } from "../../src/analysis/cache/operators.ts";
import { cacheAnalysis, outermost, UPDATE } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Graph, Node, Value } from "../../src/program/program.ts";

export const branchCoverage = defineRule({
  id: "cache/branch-coverage",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "the branches of a torch.cond that fills caches do not treat the same caches alike",
  description: `
Where one branch of a \`torch.cond\` fills caches and the other reuses them, each result should be the same cache in both. This
rule reports a result for which that is not so:

- \`crossed\`: it is one cache in one branch and another in the other, as when the keys and the values of the branch that
  reuses are swapped. Both have the same shape, so nothing else notices;
- \`unfilled\`: one branch hands a cache on that the other computes a value for but does not fill. The first call is right,
  and the calls that reuse see what was in the cache before: zeros.

Eager and lowered agree on it, so this is an info: it may be meant. There is one finding for each kind in a program, at the
first such result.
`,
  data: {
    problem: "`crossed` or `unfilled`",
    output: "position of the result, from 0",
    cache: "the cache that one branch hands on, as the messages name it",
    other: "the cache that the result is in the other branch, or null",
    results: "how many results of the program there are of this kind",
  },
  messages: {
    crossed: "result {output} of torch.cond is {cache} in one branch and {other} in the other",
    unfilled:
      "result {output} of torch.cond is {cache} in the {role}, and the other branch computes it without filling that cache",
  },
  examples: {
    valid: [
      {
        title: "the same caches in both branches",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 6, 8]", b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    cond: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_keys, b_values))
    return (cond[0], cond[1])

def true_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.executorch.alias.default(keys, values)
    return (alias[0], alias[1])

def false_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, keys)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, values)
    return (update, update_1)
`,
      },
    ],
    invalid: [
      {
        title: "keys and values swapped",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 6, 8]", b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    cond: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_keys, b_values))
    return (cond[0], cond[1])

def true_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.executorch.alias.default(values, keys)
    return (alias[0], alias[1])

def false_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, keys)
    update_1: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, values)
    return (update, update_1)
`,
        diagnostics: [
          {
            message: "result 0 of torch.cond is buffer 'values' in one branch and buffer 'keys' in the other",
            data: {
              problem: "crossed",
              output: 0,
              cache: "buffer 'values'",
              other: "buffer 'keys'",
              results: 2,
            },
          },
        ],
      },
      {
        title: "only the keys are filled",
        program: `
def forward(p: "b8[]", v: "f32[1, 2, 6, 8]", b_keys: "f32[1, 2, 6, 8]" = buffer("keys"), b_values: "f32[1, 2, 6, 8]" = buffer("values")):
    cond: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_keys, b_values))
    return (cond[0], cond[1])

def true_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    alias: ("f32[1, 2, 6, 8]", "f32[1, 2, 6, 8]") = torch.ops.executorch.alias.default(keys, values)
    return (alias[0], alias[1])

def false_graph_0(v: "f32[1, 2, 6, 8]", keys: "f32[1, 2, 6, 8]", values: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, keys)
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(v, 2)
    return (update, mul)
`,
        diagnostics: [
          {
            message:
              "result 1 of torch.cond is buffer 'values' in the true branch, and the other branch computes it without filling that cache",
            data: { problem: "unfilled", output: 1, cache: "buffer 'values'", other: null, results: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    let done = false;
    return {
      targets: {
        [UPDATE]: () => {
          if (done) return;
          done = true;
          const found = ctx.program.graphs.flatMap(({ nodes }) =>
            nodes.flatMap((node) => (node.subgraphs.length > 0 ? unlikeResults(ctx, node) : [])),
          );
          for (const problem of ["crossed", "unfilled"] as const) {
            const same = found.filter((one) => one.problem === problem);
            const [first] = same;
            if (first === undefined) continue;
            const { output, cache, other, node, role } = first;
            ctx.report({
              at: node,
              message: problem,
              data: {
                problem,
                output,
                cache: ctx.nameOf(cache),
                other: other && ctx.nameOf(other),
                results: same.length,
              },
              words: { role },
              help:
                problem === "crossed"
                  ? "return the same cache from both branches"
                  : "update the cache in the branch that computes the value, and return the update's result",
            });
          }
        },
      },
    };
  },
});

interface Unlike {
  readonly problem: "crossed" | "unfilled";
  readonly node: Node;
  readonly output: number;
  /** What the branch of this role hands on. */
  readonly cache: Value;
  readonly role: string;
  readonly other: Value | null;
}

/** The results of a cond with an update in it that are not the same cache in both branches. */
function unlikeResults(ctx: RuleContext, node: Node): Unlike[] {
  const call = hopCall(node);
  if (call?.kind !== "cond" || call.bodies.length !== 2 || !isUpdate(node)) return [];
  const [one, other] = call.bodies as unknown as readonly [Branch, Branch];
  return node.outputs.flatMap(({ index: output }): Unlike[] => {
    const [a, b] = [handedOn(ctx, one.graph, output), handedOn(ctx, other.graph, output)];
    if (a.cache && b.cache) {
      const isSame = ctx.storage.shareStorage(a.cache, b.cache);
      return isSame
        ? []
        : [{ problem: "crossed", node, output, cache: a.cache, role: one.role, other: b.cache }];
    }
    const [from, to, role] = a.cache ? [a, other.graph, one.role] : [b, one.graph, other.role];
    // A branch that fills a cache and one that does not is what a cond is for.
    if (!from.cache || from.isFilled || fills(ctx, to, from.cache)) return [];
    return [{ problem: "unfilled", node, output, cache: from.cache, role, other: null }];
  });
}

interface Branch {
  readonly graph: Graph;
  readonly role: string;
}

/** The buffer or input that a branch hands on as a result, by an update, an alias or a copy. */
function handedOn(
  ctx: RuleContext,
  graph: Graph,
  output: number,
): { cache: Value | null; isFilled: boolean } {
  let at = graph.outputs[output] ?? null;
  let isFilled = false;
  while (at?.node && at.node.graph === graph) {
    const { node }: Value = at;
    if (node === null) break;
    if (node.target === UPDATE) isFilled = true;
    else if (node.target !== ALIAS && !/^torch\.ops\.aten\.(clone|contiguous)\./.test(node.target)) break;
    at =
      (node.target === UPDATE ? node.operands[1] : node.operands[node.target === ALIAS ? at.index : 0]) ??
      null;
  }
  const root = at && outermost(ctx.storage.originOf(at));
  const isCache = root !== null && root.node === null && root.graph === ctx.program.main;
  return { cache: isCache ? root : null, isFilled };
}

/** Whether the branch updates the cache, whatever it returns. */
function fills(ctx: RuleContext, graph: Graph, cache: Value): boolean {
  const roots = ctx.storage.storages(cache);
  return cacheAnalysis(ctx).updates.some(
    ({ node, memory }) => node.graph === graph && memory.roots.some((root) => roots.includes(root)),
  );
}

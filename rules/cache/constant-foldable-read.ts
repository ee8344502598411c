import { type CacheAnalysis, dataOperands, UPDATE } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import { shortTarget } from "../../src/program/describe.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { nameOfRoot, whereCachesAreUpdated } from "../_shared/cache.ts";
import { undeclaredWrites } from "../_shared/undeclared.ts";

export const constantFoldableRead = defineRule({
  id: "cache/constant-foldable-read",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "a value or a predicate is computed from a cache alone, which looks like a constant",
  description: `
A buffer that only \`update_cross_attn_cache\` writes looks like a constant: nothing in the program says that it changes. A
compiler may compute once what is made of constants, and use that in every call:

    filled = (cache != 0).any()              # eager: true from the second call on; folded: always false
    keys = torch.cond(filled, reuse, fill, (v, cache))

Measured with torch 2.13's inductor and \`torch._inductor.config.freezing = True\`: the predicate is computed when the program
is compiled, and every call fills the cache again; with another \`v\` in the second call the results are those of the second
\`v\`, where eager reuses the first. A \`cache.sum()\` before or after an update stays what it was when the program was
compiled. Without freezing, which is the default, the results are eager's. ExecuTorch's constant propagation folds in the
same way.

A predicate that is a flag of its own, written openly (\`self.filled.fill_(True)\`), cannot be folded. Declaring the write of
the cache helps too: \`self.cache.copy_(keys)\` with what the \`torch.cond\` returned. Measured, the program above is then
right with freezing.

There is one finding a program, at the first such value; a predicate goes first.
`,
  data: {
    cache: "the cache, as the messages name it",
    read: "the node that computes the value",
    use: "`predicate` of a cond, or `value`",
    reads: "how many such values the program has",
  },
  messages: {
    predicate:
      "the predicate of torch.cond is computed from {cache} alone, which looks like a constant: a compiler may fold it",
    value: "{operator} is computed from {cache} alone, which looks like a constant: a compiler may fold it",
  },
  examples: {
    valid: [
      {
        title: "a flag that is written openly",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache"), b_filled: "b8[1, 1]" = buffer("filled")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(b_filled, true_graph_0, false_graph_0, (v, b_cache))
    fill_: "b8[1, 1]" = torch.ops.aten.fill_.Scalar(b_filled, True)
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
      },
      {
        title: "a cache whose write is declared",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    copy_: "f32[1, 2, 6, 8]" = torch.ops.aten.copy_.default(b_cache, update)
    return (sum_1, copy_)
`,
      },
      {
        title: "a value that needs an input, too",
        program: `
def forward(v: "f32[1, 2, 4, 8]", x: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    mul: "f32[1, 2, 6, 8]" = torch.ops.aten.mul.Tensor(b_cache, x)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (mul, update)
`,
      },
    ],
    invalid: [
      {
        title: "a predicate that looks into the cache",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    ne: "b8[1, 2, 6, 8]" = torch.ops.aten.ne.Scalar(b_cache, 0)
    any_1: "b8[]" = torch.ops.aten.any.default(ne)
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(any_1, true_graph_0, false_graph_0, (v, b_cache))
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 4, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "the predicate of torch.cond is computed from buffer 'cache' alone, which looks like a constant: a compiler may fold it",
            data: { cache: "buffer 'cache'", read: "any_1", use: "predicate", reads: 1 },
          },
        ],
      },
      {
        title: "a sum",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_cache)
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (sum_1, update)
`,
        diagnostics: [
          {
            message:
              "aten.sum is computed from buffer 'cache' alone, which looks like a constant: a compiler may fold it",
            data: { cache: "buffer 'cache'", read: "sum_1", use: "value", reads: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, (caches) => {
      const found = foldableValues(ctx, caches);
      const first = found.find(({ use }) => use === "predicate") ?? found[0];
      if (first === undefined) return;
      const { value, root, use } = first;
      const read = value.node!;
      ctx.report({
        at: read,
        message: use,
        data: { cache: nameOfRoot(ctx, root), read: read.name, use, reads: found.length },
        words: { operator: shortTarget(read.target) },
        help:
          use === "predicate"
            ? "keep a flag in a buffer of its own and fill it openly, or declare the cache's write with copy_"
            : "read the result of the update, or declare the cache's write with copy_",
      });
    }),
});

interface Foldable {
  readonly value: Value;
  /** The cache, a storage by number. */
  readonly root: number;
  readonly use: "predicate" | "value";
}

/** What the main graph computes from constants, a cache among them, and what is not folded itself uses. */
function foldableValues(ctx: RuleContext, caches: CacheAnalysis): Foldable[] {
  const { main } = ctx.program;
  const constants = constantCaches(ctx, caches);
  if (constants.size === 0) return [];
  const writes = ctx.storage.writes(main);
  const writers = new Set(writes.map(({ node }) => node));
  const written = new Set(writes.flatMap(({ value }) => ctx.storage.storages(value)));
  /** Constant values, each with the cache that it is made of; null for parameters and other constants. */
  const made = new Map<Value, number | null>();
  for (const [i, value] of main.inputs.entries()) {
    if (value === null || !CONSTANT.has(ctx.program.inputs[i]?.kind ?? "")) continue;
    const root = ctx.storage.storages(value)[0];
    if (root !== undefined && !written.has(root)) made.set(value, constants.has(root) ? root : null);
  }
  const computed = new Set<Value>();
  const { operandStart, operandIds } = main;
  for (const node of main.nodes) {
    // Most nodes of a large program take something that is computed.
    const first = ctx.program.values[operandIds[operandStart[node.index]!] ?? -1];
    if (first !== undefined && !made.has(first)) continue;
    const sources = dataOperands(node).filter((operand) => operand !== null);
    if (
      writers.has(node) ||
      !isFoldable(ctx, node) ||
      sources.length === 0 ||
      !sources.every((source) => made.has(source))
    )
      continue;
    const root = sources.map((source) => made.get(source)).find((one) => one !== null) ?? null;
    for (const output of node.outputs) {
      made.set(output, root);
      // A view computes nothing yet.
      if (root !== null && (computed.has(sources[0]!) || !ctx.storage.shareStorage(output, sources[0]!)))
        computed.add(output);
    }
  }
  return [...computed].flatMap((value): Foldable[] => {
    const users = main.users(value).filter((user) => !user.outputs.some((output) => computed.has(output)));
    if (users.length === 0 && !main.isReturned(value)) return [];
    const decides = users.some((user) => hopCall(user)?.kind === "cond" && user.operands[0] === value);
    return [{ value, root: made.get(value)!, use: decides ? "predicate" : "value" }];
  });
}

/** What the signature calls a buffer, a parameter or a constant stays the same in every call, for all that it says. */
const CONSTANT: ReadonlySet<string> = new Set(["buffer", "parameter", "tensor_constant"]);

function constantCaches(ctx: RuleContext, caches: CacheAnalysis): Set<number> {
  const written = undeclaredWrites(ctx, caches).map((one) => one.written);
  const constant = written.filter(({ index }) => CONSTANT.has(ctx.program.inputs[index]!.kind));
  return new Set(constant.flatMap((value) => ctx.storage.storages(value)));
}

function isFoldable({ registry }: RuleContext, node: Node): boolean {
  if (node.subgraphs.length > 0 || node.outputs.length === 0 || node.target === UPDATE) return false;
  const operator = registry.find(node.target);
  if (operator === undefined || !node.target.startsWith("torch.ops.aten.")) return false;
  return !operator.has("nondeterministic_seeded");
}

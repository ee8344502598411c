import { ALIAS } from "../../src/analysis/cache/operators.ts";
import { type CacheUpdate, outermost } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";
import { mustExceed } from "../_shared/operator-arguments.ts";
import { formatSize } from "../_shared/sizes.ts";

export const partialFill = defineRule({
  id: "cache/partial-fill",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "an update fills a part of its cache, and attention reads the whole of it without a mask",
  description: `
\`update_cross_attn_cache\` writes the first S positions and leaves the others as they are: zeros, or what a longer value
left there. Attention over all S_max positions gives weight to the others too, for a key of zeros has the logit 0, not
minus infinity:

    keys = update(k, cached_keys)            # k has 4 positions, cached_keys 6
    attention(q, keys, values)               # a softmax over 6 positions

Eager and lowered agree on it, so this is an info. Read the first S positions of the result (\`keys[:, :, :4]\`), give the
attention a mask, or make the cache as long as the value, as Whisper's always is.

There is one finding a program, at the first attention that does so.
`,
  data: {
    update: "the node that updates a part",
    read: "the node that reads the whole: attention, or the softmax of a product",
    filled: "how many positions are written",
    capacity: "how many the cache has",
    reads: "how many such reads the program has",
  },
  messages: {
    unmasked:
      "attention reads all {capacity} positions of {cache} without a mask, of which the update fills {filled}",
  },
  examples: {
    valid: [
      {
        title: "reads the part that is filled",
        program: `
def forward(q: "f32[1, 2, 1, 8]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    keys: "f32[1, 2, 4, 8][96, 48, 8, 1]" = torch.ops.aten.slice.Tensor(update, 2, 0, 4)
    attention: "f32[1, 2, 1, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, keys, keys)
    return (attention,)
`,
      },
      {
        title: "has a mask",
        program: `
def forward(q: "f32[1, 2, 1, 8]", v: "f32[1, 2, 4, 8]", mask: "b8[1, 6]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    attention: "f32[1, 2, 1, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, update, update, mask)
    return (attention,)
`,
      },
      {
        title: "fills the whole cache",
        program: `
def forward(q: "f32[1, 2, 1, 8]", v: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    attention: "f32[1, 2, 1, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, update, update)
    return (attention,)
`,
      },
    ],
    invalid: [
      {
        title: "attention without a mask",
        program: `
def forward(q: "f32[1, 2, 1, 8]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    attention: "f32[1, 2, 1, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, update, update)
    return (attention,)
`,
        diagnostics: [
          {
            message:
              "attention reads all 6 positions of buffer 'cache' without a mask, of which the update fills 4",
            data: { update: "update", read: "attention", filled: "4", capacity: "6", reads: 1 },
          },
        ],
      },
      {
        title: "attention written out, over what a cond returns",
        program: `
def forward(p: "b8[]", q: "f32[1, 2, 1, 8]", v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_cache))
    keys: "f32[1, 2, 8, 6][96, 48, 1, 8]" = torch.ops.aten.transpose.int(cond[0], 2, 3)
    logits: "f32[1, 2, 1, 6]" = torch.ops.aten.matmul.default(q, keys)
    scaled: "f32[1, 2, 1, 6]" = torch.ops.aten.mul.Tensor(logits, 0.35)
    softmax: "f32[1, 2, 1, 6]" = torch.ops.aten.softmax.int(scaled, -1)
    matmul: "f32[1, 2, 1, 8]" = torch.ops.aten.matmul.default(softmax, cond[0])
    return (matmul,)

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
              "attention reads all 6 positions of buffer 'cache' without a mask, of which the update fills 4",
            data: { update: "update", read: "softmax", filled: "4", capacity: "6", reads: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, ({ updates }) => {
      const found = updates.filter(isPartial).flatMap((update) => {
        const read = unmaskedRead(ctx, update);
        return read === undefined ? [] : [{ update, read }];
      });
      const [first] = found;
      if (first === undefined) return;
      const { node, value, cache } = first.update;
      ctx.report({
        at: first.read,
        message: "unmasked",
        data: {
          update: node.name,
          read: first.read.name,
          filled: formatSize(value!.meta!.sizes[2]!),
          capacity: formatSize(cache!.meta!.sizes[2]!),
          reads: new Set(found.map(({ read }) => read)).size,
        },
        words: { cache: ctx.nameOf(outermost(cache)!) },
        help: "read the filled positions of the result, or give the attention a mask",
        detail: [`filled by ${node.name} in ${node.graph.path}`],
      });
    }),
});

function isPartial({ node, value, cache }: CacheUpdate): boolean {
  const [filled, capacity] = [value?.meta?.sizes[2], cache?.meta?.sizes[2]];
  return filled !== undefined && capacity !== undefined && mustExceed(node.graph.program, capacity, filled);
}

const ATTENTION = /^torch\.ops\.aten\._?scaled_dot_product_\w*attention\w*\./;
const PRODUCT = /^torch\.ops\.aten\.(matmul|bmm|mm|baddbmm)\./;
const SOFTMAX = /^torch\.ops\.aten\._?softmax\./;
/** Operators that hand the whole of their first tensor on. */
const HANDS_ON =
  /^torch\.ops\.aten\.(view|_unsafe_view|reshape|transpose|permute|t|mT|expand|unsqueeze|squeeze|contiguous|clone|to|_to_copy|detach|repeat_interleave|repeat|flatten|unflatten|mul|div|alias)\./;

/** The first attention that reads all of the update's result without a mask. Each value is followed once. */
function unmaskedRead({ program }: RuleContext, update: CacheUpdate): Node | undefined {
  const seen = new Set<Value>(update.node.outputs);
  const work: { readonly value: Value; readonly isLogits: boolean }[] = update.node.outputs.map((value) => ({
    value,
    isLogits: false,
  }));
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { value, isLogits } = next;
    const follow = (values: readonly Value[], logits: boolean): void => {
      for (const one of values) {
        if (seen.has(one)) continue;
        seen.add(one);
        work.push({ value: one, isLogits: logits });
      }
    };
    if (value.graph !== program.main && value.graph.isReturned(value)) {
      const { owner, outputs } = value.graph;
      follow(
        owner!.outputs.filter(({ index }) => outputs[index] === value),
        isLogits,
      );
    }
    for (const user of value.graph.users(value)) {
      if (hopCall(user)) continue;
      const keys = user.operands.slice(1, 3).includes(value);
      if (ATTENTION.test(user.target) && keys && isUnmasked(user)) return user;
      if (SOFTMAX.test(user.target) && isLogits) return user;
      if (PRODUCT.test(user.target)) {
        // The product of weights and values is no logit: its other operand comes out of a softmax.
        if (!isLogits && user.operands.at(-1) === value && !comesFromSoftmax(user.operands.at(-2) ?? null))
          follow(user.outputs, true);
      } else if (user.target === ALIAS || handsOn(user, value)) {
        follow(
          user.outputs.filter((output) => user.target !== ALIAS || user.operands[output.index] === value),
          isLogits,
        );
      }
    }
  }
  return undefined;
}

/** Of two tensors that are multiplied or divided the other may be a mask. */
function handsOn(user: Node, value: Value): boolean {
  return HANDS_ON.test(user.target) && user.operands[0] === value && user.operands.length === 1;
}

function isUnmasked(attention: Node): boolean {
  const mask = attention.arg("attn_mask") ?? attention.arg("attn_bias");
  const causal = attention.arg("is_causal");
  return (
    (mask === undefined || "as_none" in mask) &&
    !(causal && "as_bool" in causal && causal.as_bool) &&
    attention.operands.length <= 3
  );
}

function comesFromSoftmax(value: Value | null): boolean {
  for (let at = value; at?.node; at = at.node.operands[0] ?? null) {
    if (SOFTMAX.test(at.node.target)) return true;
    if (!HANDS_ON.test(at.node.target) && !/dropout/.test(at.node.target)) return false;
  }
  return false;
}

import { describe, expect, it } from "vitest";
import { programFromText } from "../../lint/program-text.ts";
import { CacheAnalysis } from "../cache.ts";
import { StorageAnalysis } from "../storage.ts";
import { isSettled } from "./settled.ts";

const settled = (text: string): boolean => {
  const { program, registry } = programFromText(text);
  const storage = new StorageAnalysis(program, registry);
  return isSettled(program, storage, new CacheAnalysis(program, storage, registry));
};

const KV = `"f32[1, 2, 6, 8]"`;
/** A decoder's cross attention; its parts can be replaced. */
const attention = ({
  before = "",
  branch = `update: ${KV} = torch.ops.executorch.update_cross_attn_cache.default(v, c)`,
  result = "update",
  reader = `attn: "f32[1, 2, 3, 8]" = torch.ops.aten.scaled_dot_product_attention.default(q, cond[0], cond[0])`,
  after = "",
  returned = "attn",
} = {}): string => `
def forward(p: "b8[]", q: "f32[1, 2, 3, 8]", v: ${KV}, cache: ${KV} = buffer("cache")):
    ${before}
    cond: (${KV},) = torch.ops.higher_order.cond(p, keep, fill, (v, cache))
    ${reader}
    ${after}
    return (${returned},)

def keep(v: ${KV}, c: ${KV}):
    clone: ${KV} = torch.ops.aten.clone.default(c)
    return (clone,)

def fill(v: ${KV}, c: ${KV}):
    ${branch}
    return (${result},)
`;

describe("isSettled", () => {
  it("knows cross attention as ExecuTorch's models have it", () => {
    expect(settled(attention())).toBe(true);
    expect(settled(attention({ reader: "", returned: "cond[0]" }))).toBe(true);
  });

  const doubts: Readonly<Record<string, Parameters<typeof attention>[0]>> = {
    "a pointwise reader of the result": { reader: `attn: ${KV} = torch.ops.aten.mul.Tensor(cond[0], 2)` },
    "another read of the cache": {
      after: `sum_1: "f32[]" = torch.ops.aten.sum.default(cache)`,
      returned: "attn, sum_1",
    },
    "a read that the predicate does not wait for": {
      before: `sum_1: "f32[]" = torch.ops.aten.sum.default(cache)`,
      returned: "attn, sum_1",
    },
    "a write of the cache": { after: `add_: ${KV} = torch.ops.aten.add_.Tensor(cache, 1)` },
    "a write of the result": {
      after: `add_: ${KV} = torch.ops.aten.add_.Tensor(cond[0], 1)`,
    },
    "a second update": {
      after: `again: ${KV} = torch.ops.executorch.update_cross_attn_cache.default(v, cache)`,
      returned: "attn, again",
    },
    "a result of the cache's size": {
      after: `mul: ${KV} = torch.ops.aten.mul.Tensor(v, 2)`,
      returned: "attn, mul",
    },
    "a result that nothing uses": { reader: "", returned: "q" },
    "a value made of the cache": {
      branch: `flip: ${KV} = torch.ops.aten.flip.default(c, [2])
    update: ${KV} = torch.ops.executorch.update_cross_attn_cache.default(flip, c)`,
    },
    "a value that is the cache": {
      branch: `update: ${KV} = torch.ops.executorch.update_cross_attn_cache.default(c, c)`,
    },
    "a result that the branch computes with": {
      branch: `update: ${KV} = torch.ops.executorch.update_cross_attn_cache.default(v, c)
    add: ${KV} = torch.ops.aten.add.Tensor(update, 1)`,
      result: "add",
    },
    "the cache itself as a result": { returned: "attn, cache" },
  };
  for (const [what, parts] of Object.entries(doubts)) {
    it(`does not know what becomes of ${what}`, () => expect(settled(attention(parts))).toBe(false));
  }
});

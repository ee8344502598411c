import { areDisjoint, type Region, regionOf, writtenRegion } from "../../src/analysis/cache/region.ts";
import { type CacheUpdate, outermost } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";

export const overlappingTarget = defineRule({
  id: "cache/overlapping-target",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the elements that an update writes overlap with those of its value, or with each other",
  description: `
\`update_cross_attn_cache\` copies its value into the first positions of the cache, element by element. That needs each
element to be written once, and none that is still to be read:

    update(cache[:, :, 1:3], cache)          # the value is a part of what is written, one position further
    update(v, row.expand(1, 8, 1500, 64))    # eight heads share one memory

Eager refuses both when it can tell: "some elements of the input tensor and the written-to tensor refer to a single memory
location", or "more than one element of the written-to tensor refers to a single memory location". Lowered by torch 2.13's
inductor they run, and the second leaves whatever was written last. So they are errors. Where the overlapping views are not
dense, as slices of a cache with several heads, eager does not look, and what comes out depends on the order of the copy:
measured, a value that lies before what is written (\`update(cache[:, :, 0:3], cache[:, :, 1:4])\`) gives other results in
eager than in inductor, an error; one that lies behind it came out alike, a warning.

A value that is exactly the elements that are written is fine, and so is a value from other elements of the same buffer: two
slices that do not touch. A value that is computed, or a \`clone()\`, is memory of its own. Two updates whose targets overlap
are the business of [cache/updated-twice](updated-twice.md), which takes views into account too.
`,
  data: {
    cache: "the cache, as the messages name it",
    overlap:
      "`value`: the value lies in what is written; `itself`: elements of the cache share memory with each other",
  },
  messages: {
    value: "the value of this update overlaps with the elements of {cache} that it writes",
    itself: "elements of {cache} share memory with each other, and the update writes them all",
  },
  examples: {
    valid: [
      {
        title: "the value is what is written",
        program: `
def forward(b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
    head: "f32[1, 1, 2, 2][8, 8, 2, 1]" = torch.ops.aten.slice.Tensor(b_cache, 2, 0, 2)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(head, b_cache)
    return (update,)
`,
      },
      {
        title: "the value is the other half",
        program: `
def forward(b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
    tail: "f32[1, 1, 2, 2][8, 8, 2, 1]+4" = torch.ops.aten.slice.Tensor(b_cache, 2, 2, 4)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(tail, b_cache)
    return (update,)
`,
      },
      {
        title: "the value is a copy",
        program: `
def forward(b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
    part: "f32[1, 1, 2, 2][8, 8, 2, 1]+2" = torch.ops.aten.slice.Tensor(b_cache, 2, 1, 3)
    mul: "f32[1, 1, 2, 2]" = torch.ops.aten.mul.Tensor(part, 0.5)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(mul, b_cache)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "shifts a cache within itself",
        program: `
def forward(b_cache: "f32[1, 1, 4, 2]" = buffer("cache")):
    part: "f32[1, 1, 2, 2][8, 8, 2, 1]+2" = torch.ops.aten.slice.Tensor(b_cache, 2, 1, 3)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(part, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message: "the value of this update overlaps with the elements of buffer 'cache' that it writes",
            data: { cache: "buffer 'cache'", overlap: "value" },
          },
        ],
      },
      {
        title: "shifts a cache of several heads (a warning)",
        program: `
def forward(b_cache: "f32[1, 2, 4, 2]" = buffer("cache")):
    part: "f32[1, 2, 2, 2][16, 8, 2, 1]+2" = torch.ops.aten.slice.Tensor(b_cache, 2, 1, 3)
    update: "f32[1, 2, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(part, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message: "the value of this update overlaps with the elements of buffer 'cache' that it writes",
            data: { cache: "buffer 'cache'", overlap: "value" },
          },
        ],
      },
      {
        title: "writes heads that share one memory",
        program: `
def forward(v: "f32[1, 2, 2, 2]", b_row: "f32[1, 1, 4, 2]" = buffer("row")):
    expand: "f32[1, 2, 4, 2][8, 0, 2, 1]" = torch.ops.aten.expand.default(b_row, [1, 2, 4, 2])
    update: "f32[1, 2, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, expand)
    return (update,)
`,
        diagnostics: [
          {
            message: "elements of buffer 'row' share memory with each other, and the update writes them all",
            data: { cache: "buffer 'row'", overlap: "itself" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, ({ updates }) => {
      for (const update of updates) {
        const found = overlapOf(ctx, update);
        if (found === undefined) continue;
        ctx.report({
          at: update.node,
          message: found.overlap,
          data: { cache: ctx.nameOf(update.cache!), overlap: found.overlap },
          help:
            found.overlap === "value"
              ? "compute the value into memory of its own first, or clone() it"
              : "give every head memory of its own, or update the part that was expanded",
          ...(found.isError ? {} : { severity: "warning" as const }),
        });
      }
    }),
});

interface Overlap {
  readonly overlap: "value" | "itself";
  /** Whether eager execution refuses it, or the copy reads what it has written. */
  readonly isError: boolean;
}

function overlapOf({ storage }: RuleContext, { value, cache }: CacheUpdate): Overlap | undefined {
  // The metadata of a branch's own placeholders need not be those of what is passed.
  const [from, to] = [outermost(value), outermost(cache)];
  const [read, written] = [regionOf(from), writtenRegion(from, to)];
  if (written === undefined || !value || !cache) return undefined;
  if (written.sizes.some((size, i) => size > 1 && written.strides[i] === 0))
    return { overlap: "itself", isError: true };
  if (read === undefined || !storage.shareStorage(value, cache) || !storage.isCertain(value))
    return undefined;
  if (isSame(read, written) || areDisjoint(read, written) !== false) return undefined;
  const refused = isDense(read) && isDense(written);
  return { overlap: "value", isError: refused || read.offset < written.offset };
}

/** Mirrors at::get_overlap_status (aten/src/ATen/MemoryOverlap.cpp): FULL, which is allowed. */
function isSame(a: Region, b: Region): boolean {
  const strides = ({ sizes, strides: all }: Region) => all.filter((_, i) => sizes[i]! > 1).join();
  return a.offset === b.offset && a.sizes.join() === b.sizes.join() && strides(a) === strides(b);
}

/** Whether the elements are all of a range of memory, each once; torch does not look at others. */
function isDense({ sizes, strides }: Region): boolean {
  const dims = sizes.map((size, i) => ({ size, stride: strides[i]! })).filter(({ size }) => size > 1);
  dims.sort((a, b) => a.stride - b.stride);
  let expected = 1;
  return dims.every(({ size, stride }) => {
    const fits = stride === expected;
    expected *= size;
    return fits;
  });
}

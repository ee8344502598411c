import { defineRule } from "../../src/lint/rule.ts";
import type { Program } from "../../src/program/program.ts";
import { evaluateExpr, parseExpr, symbolsOf } from "../../src/program/symbolic.ts";
import type { SymInt } from "../../src/schema/types.generated.ts";
import { whereCachesAreUpdated } from "../_shared/cache.ts";
import { mustExceed } from "../_shared/operator-arguments.ts";
import { formatSize } from "../_shared/sizes.ts";

export const dynamicLength = defineRule({
  id: "cache/dynamic-length",
  severity: "warning",
  presets: ["recommended", "strict"],
  summary: "the value of an update may be longer than its cache",
  description: `
\`update_cross_attn_cache\` writes the first S positions of the cache, where S is the length of the value (dimension 2). When
S is a symbol whose range in the program's constraints goes beyond the length of the cache, the program accepts inputs that
do not fit: eager then fails with "The size of tensor a (4) must match the size of tensor b (6) at non-singleton dimension
2", and what a compiled program does is up to the backend, which has no check to make.

Give the dimension its limit when the program is exported: \`torch.export.Dim("positions", max=1500)\`. A value that is
longer for every size it can have is an error, of [cache/update-schema](update-schema.md).
`,
  data: {
    length: "the length of the value, as an expression of symbols",
    longest: "the most that it can be; null when there is no limit",
    capacity: "the length of the cache",
  },
  messages: {
    longer:
      "the value may be longer than {cache}: its length {length} may be {most}, and the cache has {capacity} positions",
  },
  examples: {
    valid: [
      {
        title: "a range that ends where the cache does",
        program: `
range s0 [2, 6]
def forward(v: "f32[1, 2, s0, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (update,)
`,
      },
      {
        title: "a value of the same symbol as the cache",
        program: `
range s0 [2, 1024]
def forward(v: "f32[1, 2, s0, 8]", cache: "f32[1, 2, s0 + 4, 8]"):
    update: "f32[1, 2, s0 + 4, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
      },
    ],
    invalid: [
      {
        title: "a range that goes beyond the cache",
        program: `
range s0 [2, 2048]
def forward(v: "f32[1, 2, s0, 8]", b_cache: "f32[1, 2, 1500, 8]" = buffer("cache")):
    update: "f32[1, 2, 1500, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "the value may be longer than buffer 'cache': its length s0 may be up to 2048, and the cache has 1500 positions",
            data: { length: "s0", longest: 2048, capacity: "1500" },
          },
        ],
      },
      {
        title: "a symbol without a limit",
        program: `
def forward(v: "f32[1, 2, 2*s0, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "the value may be longer than buffer 'cache': its length 2*s0 may be any number, and the cache has 6 positions",
            data: { length: "2*s0", longest: null, capacity: "6" },
          },
        ],
      },
    ],
  },
  create: (ctx) =>
    whereCachesAreUpdated(ctx, ({ updates }) => {
      const reported = new Set<string>();
      for (const { node, value, cache } of updates) {
        const [length, capacity] = [value?.meta?.sizes[2], cache?.meta?.sizes[2]];
        if (!length || !capacity || "as_int" in length || !cache) continue;
        const longest = longestBeyond(ctx.program, length, capacity);
        if (longest === undefined || mustExceed(ctx.program, length, capacity)) continue;
        // Every layer of a model has the same length: one finding for each.
        const data = { length: formatSize(length), longest, capacity: formatSize(capacity) };
        const key = JSON.stringify(data);
        if (reported.has(key)) continue;
        reported.add(key);
        ctx.report({
          at: node,
          message: "longer",
          data,
          words: { cache: ctx.nameOf(cache), most: longest === null ? "any number" : `up to ${longest}` },
          help: `give the dimension a limit when the program is exported: torch.export.Dim(..., max=...)`,
        });
      }
    }),
});

/** The most that a length can be when that is more than the capacity; null without a limit, undefined when it fits. */
function longestBeyond(program: Program, length: SymInt, capacity: SymInt): number | null | undefined {
  if (!("as_expr" in length)) return undefined;
  const expr = parseExpr(length.as_expr.expr_str);
  if (expr === undefined) return undefined;
  const ranges = [...symbolsOf(expr)].map((name) => [name, rangeOf(program, name)] as const);
  // Of a length that grows with its symbols the ends are the ends; of others at least nothing false is said.
  const ends = [0, 1].map((end) =>
    numberOf(length, new Map(ranges.map(([name, range]) => [name, range[end]!]))),
  );
  const room = [0, 1].map((end) =>
    numberOf(capacity, new Map(ranges.map(([name, range]) => [name, range[end]!]))),
  );
  const worst = [0, 1].find(
    (end) => ends[end] !== undefined && room[end] !== undefined && ends[end]! > room[end]!,
  );
  if (worst === undefined) return undefined;
  return ranges.some(([, range]) => range[worst]! >= UNLIMITED) ? null : Number(ends[worst]);
}

/** Larger than any size; torch writes the maximum of an int, or one less, for what has no limit. */
const UNLIMITED = 1n << 40n;

function rangeOf({ document }: Program, symbol: string): readonly [bigint, bigint] {
  const known = document.root.range_constraints.get(symbol);
  const most = BigInt(known?.max_val ?? UNLIMITED);
  return [BigInt(known?.min_val ?? 0), most > UNLIMITED ? UNLIMITED : most];
}

function numberOf(size: SymInt, symbols: ReadonlyMap<string, bigint>): bigint | undefined {
  if ("as_int" in size) return BigInt(size.as_int);
  const expr = parseExpr(size.as_expr.expr_str);
  const value = expr && evaluateExpr(expr, new Map(symbols));
  return typeof value === "bigint" ? value : undefined;
}

import { isUpdate } from "../../src/analysis/cache/buffers.ts";
import { cacheAnalysis } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { hopCall } from "../../src/ops/hop/hop.ts";
import type { Node, Value } from "../../src/program/program.ts";

export const stickyPredicate = defineRule({
  id: "cond/sticky-predicate",
  severity: "info",
  presets: ["recommended", "strict"],
  summary: "the predicate of a torch.cond, once true, stays true in every later call",
  description: `
A decoder that computes the keys of cross attention at the first token and reuses them afterwards has to know whether they
are there. Two ways are common, and both have a state that the program sets and never resets:

    keys = torch.cond(self.filled, reuse, fill, operands)
    self.filled.fill_(True)                  # a flag

    filled = (self.cached_keys != 0).any()   # a look into the cache

The program is right as long as the input of the branch that fills the cache stays the same. For the next sentence, image
or recording the caller must set the state back: zero the flag or the cache, load the program's state again, or reuse the
old keys without a word. A predicate that looks into the cache also takes a cache of zeros for an empty one, and reads all
of it in every call; and it may be folded ([cache/constant-foldable-read](../cache/constant-foldable-read.md)).

A flag that the program also writes otherwise, or a predicate that is computed from an input (\`position > 0\`), is not
reported. There is one finding for each kind in a program, at the first such \`torch.cond\`.
`,
  data: {
    state: "what holds the state, as the messages name it",
    kind: "`flag` or `cache`",
    conds: "how many calls of torch.cond in the program decide by such a state of this kind",
  },
  messages: {
    flag: "torch.cond decides by {state}, which the program sets and never resets",
    cache: "torch.cond decides by what is in {state}, which its own branch fills and nothing empties",
  },
  examples: {
    valid: [
      {
        title: "an input decides",
        program: `
def forward(v: "f32[1, 2, 6, 8]", position: "i64[1]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    gt: "b8[1]" = torch.ops.aten.gt.Scalar(position, 0)
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(gt, true_graph_0, false_graph_0, (v, b_cache))
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
      },
      {
        title: "a flag that an input resets",
        program: `
def forward(v: "f32[2]", reset: "b8[1]", b_filled: "b8[1]" = buffer("filled")):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(b_filled, true_graph_0, false_graph_0, (v,))
    logical_not: "b8[1]" = torch.ops.aten.logical_not.default(reset)
    copy_: "b8[1]" = torch.ops.aten.copy_.default(b_filled, logical_not)
    return (cond[0],)

def true_graph_0(v: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(v)
    return (sin,)

def false_graph_0(v: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(v)
    return (cos,)
`,
      },
    ],
    invalid: [
      {
        title: "a flag",
        program: `
def forward(v: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache"), b_filled: "b8[1, 1]" = buffer("filled")):
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(b_filled, true_graph_0, false_graph_0, (v, b_cache))
    fill_: "b8[1, 1]" = torch.ops.aten.fill_.Scalar(b_filled, True)
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
        diagnostics: [
          {
            message: "torch.cond decides by buffer 'filled', which the program sets and never resets",
            data: { state: "buffer 'filled'", kind: "flag", conds: 1 },
          },
        ],
      },
      {
        title: "a look into the cache",
        program: `
def forward(v: "f32[1, 2, 6, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    ne: "b8[1, 2, 6, 8]" = torch.ops.aten.ne.Scalar(b_cache, 0)
    any_1: "b8[]" = torch.ops.aten.any.default(ne)
    cond: ("f32[1, 2, 6, 8]",) = torch.ops.higher_order.cond(any_1, true_graph_0, false_graph_0, (v, b_cache))
    return (cond[0],)

def true_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    clone: "f32[1, 2, 6, 8]" = torch.ops.aten.clone.default(cache)
    return (clone,)

def false_graph_0(v: "f32[1, 2, 6, 8]", cache: "f32[1, 2, 6, 8]"):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, cache)
    return (update,)
`,
        diagnostics: [
          {
            message:
              "torch.cond decides by what is in buffer 'cache', which its own branch fills and nothing empties",
            data: { state: "buffer 'cache'", kind: "cache", conds: 1 },
          },
        ],
      },
      {
        title: "a flag after decompositions",
        program: `
dialect "ATEN"
def forward(v: "f32[2]", b_filled: "b8[1, 1]" = buffer("filled")):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(b_filled, true_graph_0, false_graph_0, (v,))
    full: "b8[1, 1]" = torch.ops.aten.full.default([1, 1], True, dtype=torch.bool)
    copy: "b8[1, 1]" = torch.ops.aten.copy.default(b_filled, full)
    mutates buffer("filled") = copy
    return (cond[0],)

def true_graph_0(v: "f32[2]"):
    sin: "f32[2]" = torch.ops.aten.sin.default(v)
    return (sin,)

def false_graph_0(v: "f32[2]"):
    cos: "f32[2]" = torch.ops.aten.cos.default(v)
    return (cos,)
`,
        diagnostics: [
          {
            message: "torch.cond decides by buffer 'filled', which the program sets and never resets",
            data: { state: "buffer 'filled'", kind: "flag", conds: 1 },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    let done = false;
    return {
      hop: ({ kind }) => {
        if (done || kind !== "cond") return;
        done = true;
        const written = writesOf(ctx);
        const found = ctx.program.main.nodes.flatMap((node): Sticky[] => {
          const state =
            node.subgraphs.length > 0 && hopCall(node)?.kind === "cond"
              ? stateOf(ctx, node, written)
              : undefined;
          return state === undefined ? [] : [{ node, ...state }];
        });
        for (const which of ["flag", "cache"] as const) {
          const same = found.filter((one) => one.kind === which);
          const [first] = same;
          if (first === undefined) continue;
          ctx.report({
            at: first.node,
            message: which,
            data: { state: ctx.nameOf(first.state), kind: which, conds: same.length },
            help: `have the caller reset ${which === "flag" ? "the flag" : "the cache"} where the reused values are no longer wanted`,
          });
        }
      },
    };
  },
});

interface State {
  /** The buffer at the root of the predicate. */
  readonly state: Value;
  readonly kind: "flag" | "cache";
}

interface Sticky extends State {
  readonly node: Node;
}

/** What the program writes, found once for all its conds. */
interface Writes {
  /** By cond, the storages that updates within its branches write. */
  readonly filledBy: ReadonlyMap<Node, ReadonlySet<number>>;
  /** By storage, the nodes that write it in the way that their schema tells. */
  readonly openly: ReadonlyMap<number, readonly Node[]>;
  /** By a buffer's qualified name, what it ends as by the signature; null for what no node makes. */
  readonly ending: ReadonlyMap<string, Node | null>;
}

function writesOf(ctx: RuleContext): Writes {
  const { program, storage } = ctx;
  const filledBy = new Map<Node, Set<number>>();
  for (const { node, memory } of program.main.callers.some(isUpdate) ? cacheAnalysis(ctx).updates : []) {
    let at = node;
    while (at.graph.owner !== null) at = at.graph.owner;
    if (at === node) continue;
    const filled = filledBy.get(at) ?? new Set();
    for (const root of memory.roots) filled.add(root);
    filledBy.set(at, filled);
  }
  const openly = new Map<number, Node[]>();
  for (const { node, value } of storage.writes(program.main)) {
    for (const root of storage.storages(value)) {
      const writers = openly.get(root);
      if (writers === undefined) openly.set(root, [node]);
      else writers.push(node);
    }
  }
  const ending = new Map<string, Node | null>();
  for (const [i, spec] of program.document.root.graph_module.signature.output_specs.entries()) {
    if (!("buffer_mutation" in spec)) continue;
    ending.set(spec.buffer_mutation.buffer_name, program.main.outputs[i]?.node ?? null);
  }
  return { filledBy, openly, ending };
}

/** The state that a cond decides by, when nothing but that decides and the program only ever sets it. */
function stateOf(ctx: RuleContext, cond: Node, writes: Writes): State | undefined {
  const states = statesBehind(ctx, cond.operands[0] ?? null);
  const filled = writes.filledBy.get(cond);
  const cache = states.find((state) => filled?.has(state.id));
  if (cache !== undefined)
    return isWrittenOpenly(writes, cache) ? undefined : { state: cache, kind: "cache" };
  const [state] = states;
  const isFlag = states.length === 1 && state && isSetForGood(ctx, state, writes);
  return isFlag ? { state, kind: "flag" } : undefined;
}

/** Predicates are computed in a few steps; what takes more is no flag. */
const MOST_STEPS = 64;

/** The buffers that a value is computed from; none when it needs anything else. */
function statesBehind({ program }: RuleContext, predicate: Value | null): Value[] {
  const seen = new Set<Value>(predicate === null ? [] : [predicate]);
  const states: Value[] = [];
  for (const value of seen) {
    if (seen.size > MOST_STEPS || value.node?.subgraphs.length) return [];
    if (value.node === null) {
      if (program.inputs[value.index]?.kind !== "buffer") return [];
      states.push(value);
    } else for (const operand of value.node.operands) if (operand !== null) seen.add(operand);
  }
  return states;
}

/** Whether the program writes the state by something other than an update, and other than with what was in it. */
function isWrittenOpenly({ openly }: Writes, state: Value): boolean {
  return (openly.get(state.id) ?? []).some(({ target }) => !/^torch\.ops\.aten\.copy_\./.test(target));
}

/** Whether all that the program writes to the state is true. */
function isSetForGood({ program }: RuleContext, state: Value, { openly, ending }: Writes): boolean {
  const last = ending.get(program.inputs[state.index]!.name);
  const written = [...(openly.get(state.id) ?? []), ...(last === undefined ? [] : [last])];
  return written.length > 0 && written.every((node) => node !== null && isTrue(node));
}

const COPIES = /^torch\.ops\.aten\.(copy_?|expand|clone|_to_copy|to|view|lift_fresh_copy)\./;
const FILLS = /^torch\.ops\.aten\.(fill_?|full|full_like|new_full|scalar_tensor|masked_fill_?)\./;

/** Whether what the node makes or writes is a true constant. */
function isTrue(node: Node): boolean {
  let at: Node | null | undefined = node;
  // A copy's source is its last tensor.
  while (at && COPIES.test(at.target)) at = at.operands.at(-1)?.node;
  if (!at) return false;
  if (/^torch\.ops\.aten\.(ones|ones_like|new_ones)\./.test(at.target)) return true;
  const value = FILLS.test(at.target) ? (at.arg("value") ?? at.arg("fill_value") ?? at.arg("s")) : undefined;
  if (value === undefined) return false;
  const [number] = Object.values(value);
  return number !== null && typeof number !== "object" && Boolean(number) && number !== 0n;
}

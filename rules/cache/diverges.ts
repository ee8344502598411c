import type { Cause, Divergence, DivergenceAnalysis, Schedule } from "../../src/analysis/divergence.ts";
import { divergenceAnalysis } from "../../src/analysis/divergence.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import { defineRule } from "../../src/lint/rule.ts";
import { whereCachesAreUsed } from "../_shared/cache.ts";

export const diverges = defineRule({
  id: "cache/diverges",
  severity: "error",
  presets: ["recommended", "strict"],
  summary: "the lowered program gives something else than eager, for a reason that no other rule names",
  description: `
\`update_cross_attn_cache\` writes a cache and \`executorch::alias\` hands memory through, and the schema of neither says
so. A compiler that believes the schemas reorders, drops and shares what it would otherwise keep apart. pt2lint goes
through the execution that torch's inductor makes of the program, without numbers, and compares what every output and
every buffer ends as with what eager leaves there.

The usual ways in which the two part have rules of their own, with better advice. This one speaks where they differ and
none of those rules found the reason.

Where inductor comes out right, the other ways in which a compiler may run the program are gone through too: updates
early or late, memory used again, copies left out, reads repeated. If one of them parts from eager, and no other rule
has warned, this one does. \`pt2lint diff\` shows the numbers, for inductor's execution and the others.
`,
  data: {
    results: "what differs, as the messages name it",
    cause:
      "`update`: an update writes memory that something else reads or holds; `dropped`: an update is left out; `write`: another write shows in a result; `reuse`: a value is put into memory that is still in use",
    writer: "the node that writes, or is left out",
    reader: "the node that reads the memory, or `a result`",
    schedule: "the execution that differs, as `pt2lint diff` names it",
  },
  messages: {
    update: "when lowered, {results} {differ}: {writer} updates memory that {reader} still needs as it was",
    dropped: "when lowered, {results} {differ}: {writer} is left out, because nothing uses its result",
    write: "when lowered, {results} {differ}: {writer} writes memory that {reader} still needs as it was",
    reuse:
      "when lowered, {results} {differ}: the memory that {writer} is put into is still needed by {reader}",
    elsewhere:
      "when lowered by another compiler than inductor, {results} may differ, by {writer} and {reader}: {about}",
  },
  examples: {
    valid: [
      {
        title: "one update, whose result alone is read",
        program: `
def forward(v: "f32[1, 2, 4, 8]", b_cache: "f32[1, 2, 6, 8]" = buffer("cache")):
    update: "f32[1, 2, 6, 8]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_cache)
    sum_1: "f32[]" = torch.ops.aten.sum.default(update)
    return (sum_1,)
`,
      },
    ],
    invalid: [
      {
        title: "a temporary that is written twice, at first as a whole: it becomes the other buffer's memory",
        program: `
def forward(v: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c"), b_w: "f32[1, 1, 4, 2]" = buffer("w")):
    mul: "f32[1, 1, 4, 2]" = torch.ops.aten.mul.Tensor(b_c, 2.0)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(b_w, mul)
    update_1: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, update)
    return (update_1,)
`,
        diagnostics: [
          {
            message:
              "when lowered, buffer 'w' differs: update_1 updates memory that a result still needs as it was",
            data: {
              results: "buffer 'w'",
              cause: "update",
              writer: "update_1",
              reader: "a result",
              schedule: "as inductor",
            },
          },
        ],
      },
      {
        title: "only the other half of an alias is used, and nothing is left of the first",
        program: `
def forward(v: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_c)
    alias: ("f32[1, 1, 4, 2]", "f32[1, 1, 2, 2]") = torch.ops.executorch.alias.default(v, v)
    return (alias[1],)
`,
        diagnostics: [
          {
            message: "when lowered, buffer 'c' differs: update is left out, because nothing uses its result",
            data: {
              results: "buffer 'c'",
              cause: "dropped",
              writer: "update",
              reader: "a result",
              schedule: "as inductor",
            },
          },
        ],
      },
      {
        title: "softmax over a dimension of one element runs in place",
        program: `
def forward(p: "b8[]", v: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
    cond: ("f32[1, 1, 4, 2]",) = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (v, b_c))
    softmax: "f32[1, 1, 4, 2]" = torch.ops.aten.softmax.int(cond[0], 1)
    return (softmax,)

def true_graph_0(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, c)
    return (update,)

def false_graph_0(v: "f32[1, 1, 2, 2]", c: "f32[1, 1, 4, 2]"):
    clone: "f32[1, 1, 4, 2]" = torch.ops.aten.clone.default(c)
    return (clone,)
`,
        diagnostics: [
          {
            message:
              "when lowered, buffer 'c' differs: the memory that softmax is put into is still needed by a result",
            data: {
              results: "buffer 'c'",
              cause: "reuse",
              writer: "softmax",
              reader: "a result",
              schedule: "as inductor",
            },
          },
        ],
      },
      {
        title: "what alias handed out is written",
        program: `
def forward(v: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
    alias: ("f32[1, 1, 4, 2]", "f32[1, 1, 2, 2]") = torch.ops.executorch.alias.default(b_c, v)
    add_: "f32[1, 1, 4, 2]" = torch.ops.aten.add_.Tensor(b_c, 1.0)
    return (alias[0],)
`,
        diagnostics: [
          {
            message: "when lowered, output 0 differs: add_ writes memory that a result still needs as it was",
            data: {
              results: "output 0",
              cause: "write",
              writer: "add_",
              reader: "a result",
              schedule: "as inductor",
            },
          },
        ],
      },
      {
        title: "another order than inductor's (a warning)",
        program: `
def forward(v: "f32[1, 1, 2, 2]", b_c: "f32[1, 1, 4, 2]" = buffer("c")):
    sum_1: "f32[]" = torch.ops.aten.sum.default(b_c)
    update: "f32[1, 1, 4, 2]" = torch.ops.executorch.update_cross_attn_cache.default(v, b_c)
    return (sum_1, update)
`,
        diagnostics: [
          {
            message:
              "when lowered by another compiler than inductor, output 0 may differ, by update and sum_1: updates run before other reads of their cache",
            data: {
              results: "output 0",
              cause: "update",
              writer: "update",
              reader: "sum_1",
              schedule: "updates early",
            },
          },
        ],
      },
    ],
  },
  create: (ctx) => {
    let analysis: DivergenceAnalysis | undefined;
    return {
      ...whereCachesAreUsed(ctx, () => {
        analysis = divergenceAnalysis(ctx);
      }),
      done: () => {
        const [first] = analysis?.inductor ?? [];
        if (analysis === undefined || analysis.isNamed) return;
        if (first !== undefined) report(ctx, first, null);
        else if (!analysis.isWarned && analysis.elsewhere !== undefined)
          report(ctx, analysis.elsewhere.divergence, analysis.elsewhere.schedule);
      },
    };
  },
});

/** `schedule` is null for inductor's. */
function report(ctx: RuleContext<MessageId>, divergence: Divergence, schedule: Schedule | null): void {
  const cause = worst(divergence.causes);
  const kind = cause?.kind ?? "update";
  const several = divergence.outputs.length + divergence.inputs.length > 1;
  ctx.report({
    at: cause?.writer ?? null,
    message: schedule === null ? kind : "elsewhere",
    data: {
      results: resultsOf(ctx, divergence),
      cause: kind,
      writer: cause?.writer?.name ?? "an update",
      reader: cause?.reader?.name ?? "a result",
      schedule: schedule?.name ?? "as inductor",
    },
    words: { differ: several ? "differ" : "differs", about: schedule?.about ?? "" },
    help: "update each cache once a call, and read it through the result of the update alone; `pt2lint diff` shows the numbers",
    ...(schedule === null ? {} : { severity: "warning" as const }),
  });
}

type MessageId = Cause["kind"] | "elsewhere";

const ORDER = ["reuse", "update", "dropped", "write"] as const;

function worst(causes: readonly Cause[]): Cause | undefined {
  for (const kind of ORDER) {
    const cause = causes.find((one) => one.kind === kind && one.writer !== null);
    if (cause !== undefined) return cause;
  }
  return causes[0];
}

function resultsOf({ program, nameOf }: RuleContext, { outputs, inputs }: Divergence): string {
  const names = [
    ...outputs.map((output) => `output ${output}`),
    ...inputs.flatMap((input) => {
      const value = program.main.inputs[input];
      return value ? [nameOf(value)] : [];
    }),
  ];
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

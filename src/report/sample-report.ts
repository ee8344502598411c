/** Reports that the tests of every format share: one of each thing that a format has to show. */
import type { Counts, Diagnostic, LintReport, LintResult, Suppression } from "../lint/diagnostic.ts";
import { numbered } from "../lint/fingerprint.ts";
import type { RuleMeta } from "../lint/rule.ts";
import { plainPaint, type ReportOptions } from "./options.ts";

const frame = {
  file: "/home/ann/models/whisper_attention.py",
  line: 121,
  function: "forward",
  code: "key_states, value_states = torch.cond(",
};

/** The finding that DESIGN.md draws. */
export const aliasing: Diagnostic = {
  rule: "cond/branch-aliases-input",
  severity: "error",
  message: "the true branch of torch.cond returns its own input",
  help: "return cached_keys.clone(), or executorch::alias when the backend keeps it",
  graph: "main/cond_2/true_graph_2",
  node: "cond_2",
  target: "torch.ops.higher_order.cond",
  source: frame,
  detail: ["output 0 is operand 0   b_cross_key_cache_2"],
  module: "decoder.layers.2.encoder_attn",
  jsonPath: "",
  data: { branch: "true_graph_2", output: 0, operand: 0 },
};

const unused: Diagnostic = {
  rule: "cache/update-unused",
  severity: "warning",
  message:
    "the result of update_cross_attn_cache is never read, so a compiler that believes its schema drops the write to b_cross_value_cache_0",
  help: "return the result from the branch, and copy it into the cache outside of the cond if the cache itself has to change between calls",
  graph: "main/cond/false_graph_0",
  node: "update_cross_attn_cache_1",
  target: "torch.ops.executorch.update_cross_attn_cache.default",
  source: { ...frame, file: "/usr/lib/site-packages/kit/attention.py", line: 7, function: "<lambda>" },
  detail: [
    "operand 1 b_cross_value_cache_0 of the layer is written at b_cross_value_cache_0, which nothing declares",
  ],
  module: "decoder.layers.0.encoder_attn",
  jsonPath: "",
  data: { node: "update_cross_attn_cache_1", cache: "b_cross_value_cache_0" },
};

const worthKnowing: Diagnostic = {
  rule: "cache/alias-eager-abort",
  severity: "info",
  message: "torch 2.13 refuses to execute executorch::alias eagerly",
  help: "",
  graph: "main",
  node: "alias",
  target: "torch.ops.executorch.alias.default",
  source: null,
  detail: ["alias(b_k, b_v)"],
  module: "",
  jsonPath: "",
  data: {},
};

/** A file made by someone who means harm: every string tries to leave its place. */
const hostile: Diagnostic = {
  rule: "graph/use-before-definition",
  severity: "error",
  message: "value \u001b[31m%0A::error::x is read before it is defined\n::error::forged",
  help: 'rename "a" & <b>',
  graph: "main",
  node: "no\u009bde",
  target: "#ns:op,x",
  source: {
    file: "C:\\models\\a,b:c.py",
    line: 3,
    function: "f\u202eorward",
    code: "\tx = '<a href=\"&\">'",
  },
  detail: ["]]>\u0000 end"],
  module: "",
  jsonPath: "",
  data: { big: "9223372036854775807", nan: Number.NaN, "k\u2028": "v\ud800" },
};

const truncated: Diagnostic = {
  rule: "archive/truncated",
  severity: "error",
  message: "the file ends before the zip's central directory",
  help: "export it again, or fetch it whole",
  graph: "",
  node: null,
  target: null,
  source: null,
  detail: [],
  module: "",
  jsonPath: "",
  data: { size: 512 },
};

const inSource: Suppression = { kind: "inSource", by: "comment", reason: "the backend copies \u001b[31m" };
const external: Suppression = { kind: "external", by: "config", reason: "" };
const known: Suppression = { kind: "external", by: "baseline", reason: "in pt2lint-baseline.json" };

/** Counts of a list of findings. */
function countsOf(diagnostics: readonly Diagnostic[]): Counts {
  const of = (severity: string) => diagnostics.filter((each) => each.severity === severity).length;
  return { error: of("error"), warning: of("warning"), info: of("info") };
}

/** A result with these findings. */
export function resultOf(diagnostics: readonly Diagnostic[], rest: Partial<LintResult> = {}): LintResult {
  return {
    path: "decoder.pt2",
    model: "model",
    torchVersion: "2.13.0",
    schemaVersion: "8.20",
    dialect: "TRAINING",
    nodes: 412,
    branches: 8,
    diagnostics: numbered(diagnostics),
    suppressed: [],
    counts: countsOf(diagnostics),
    ...rest,
  };
}

/** A report of these results. */
export function reportOf(...results: readonly LintResult[]): LintReport {
  return {
    tool: { name: "pt2lint", version: "0.1.0" },
    results,
    counts: countsOf(results.flatMap(({ diagnostics }) => diagnostics)),
    rules: 46,
    elapsedMs: 9.4,
  };
}

const unread = { model: "", torchVersion: "", schemaVersion: "", dialect: "", nodes: 0, branches: 0 };

/** The reports, by the names of their golden files. */
export const samples = {
  drawn: reportOf(resultOf([aliasing])),
  clean: reportOf(resultOf([])),
  several: reportOf(
    resultOf([worthKnowing, aliasing, unused, aliasing]),
    resultOf([], { path: "models/clean.pt2", nodes: 1, branches: 0 }),
    resultOf([], { path: "models/encoder.pt2", nodes: 90, branches: 0, dialect: "ATEN" }),
    resultOf([truncated], { path: "models/half.pt2", ...unread }),
    resultOf([], { path: "both.pt2", model: "prefill" }),
    resultOf([unused], { path: "both.pt2", model: "decode" }),
  ),
  suppressed: {
    ...reportOf(
      resultOf([worthKnowing], {
        suppressed: [
          { diagnostic: aliasing, suppressions: [inSource, external] },
          { diagnostic: { ...aliasing, ordinal: 1 }, suppressions: [known] },
        ],
      }),
      resultOf([], {
        path: "models/clean.pt2",
        suppressed: [{ diagnostic: unused, suppressions: [external] }],
      }),
    ),
    baseline: {
      file: "pt2lint-baseline.json",
      hidden: 1,
      stale: [{ path: "decoder.pt2", rule: "cond/arity", message: "torch.cond takes two branches" }],
    },
  },
  hostile: reportOf(resultOf([hostile], { path: "a\u001b[2Jb.pt2", model: "mo\ndel", dialect: "A\rB" })),
} satisfies Record<string, LintReport>;

const ruleMeta: RuleMeta = {
  id: "cond/branch-aliases-input",
  severity: "error",
  presets: ["recommended"],
  summary: "A branch returns one of its inputs, or a view of one",
  description: "torch.cond takes no aliasing.\n\nReturn a `clone()`.",
  data: { branch: "the branch's name", output: "0-based", operand: "0-based" },
  messages: { aliases: "the {branch} branch returns its own input" },
  examples: { valid: [], invalid: [] },
};

/** Options without colour for a terminal of 100 columns. */
export const options: ReportOptions = {
  width: 100,
  paint: plainPaint,
  root: "/home/ann/models",
  rules: [ruleMeta],
};

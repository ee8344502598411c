/** How bad a finding is. `error`: malformed, torch refuses to lower it, or its results change. */
export type Severity = "error" | "warning" | "info";

/** A line of the user's Python, taken from a node's `stack_trace`. */
export interface SourceFrame {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly code: string;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What came of running the program to see whether a finding is true. Absent where that was not asked for. */
export interface Confirmation {
  /**
   * `confirmed`: a lowered execution gave other results than eager, by way of the finding's memory. `not reproduced`: none
   * of those that were run did. `not run`: the program, or its inputs, cannot be run.
   */
  readonly status: "confirmed" | "not reproduced" | "not run";
  /** Why it is not confirmed, as a phrase; empty when it is. */
  readonly reason: string;
  /** How many lowered executions were compared with eager, until it was confirmed. */
  readonly runs: number;
  readonly witness: Witness | null;
}

/** A lowered execution that shows a finding, and the value that shows it. */
export interface Witness {
  /** As `diff` names it: `updates early`. */
  readonly schedule: string;
  /** The call, from 0. */
  readonly call: number;
  /** Where the call's inputs come from: `the archive's sample inputs`. */
  readonly inputs: string;
  /** The conds that were made to take a branch, by `graph/node`; those left out went by their predicate. */
  readonly branches: { readonly [cond: string]: boolean };
  /** The result that differs: `output.0`, `buffer.cross_key_cache`. */
  readonly value: string;
  /** Where the largest difference is, and what is there. null for what has no elements. */
  readonly at: readonly number[] | null;
  readonly actual: string;
  readonly expected: string;
  readonly maxAbs: number;
  /** Elements that differ, of how many. */
  readonly count: number;
  readonly total: number;
  /** The first node whose value differs; null when values are right, and their memory is written again later. */
  readonly node: {
    readonly graph: string;
    readonly node: string;
    readonly target: string;
    readonly source: SourceFrame | null;
  } | null;
}

/** What a rule reports: plain data. Reports turn it into text; rules never do. */
export interface Diagnostic {
  /** The rule's id, e.g. `cond/branch-aliases-input`. */
  readonly rule: string;
  readonly severity: Severity;
  /** One sentence, without a full stop and without node numbers. */
  readonly message: string;
  /** What to do about it, one sentence; empty when there is nothing to say. */
  readonly help: string;
  /** `main`, or alternating HOP node name and branch name: `main/cond/true_graph_0`. */
  readonly graph: string;
  readonly node: string | null;
  readonly target: string | null;
  readonly source: SourceFrame | null;
  /** Short lines that locate the finding in the graph, e.g. `output 0 is operand 0   b_cache`. Not in the JSON. */
  readonly detail: readonly string[];
  /** The path of the module the node came from, e.g. `decoder.layers.0.encoder_attn`; for fingerprints. */
  readonly module: string;
  /** Where in the document it stands: `graph_module.graph.nodes[12].inputs[0]`; empty for what stands in none. */
  readonly jsonPath: string;
  /** Stable, machine-readable facts; every rule documents its own keys. */
  readonly data: { readonly [key: string]: Json };
  /** Only of the `cache` family, and only with `--confirm`. */
  readonly confirmation?: Confirmation;
  /** Which one it is among the model's findings of the same rule, module, target and message; absent for the first. */
  readonly ordinal?: number;
}

/** Why a finding is not reported. */
export interface Suppression {
  /** As SARIF 2.1.0 has it (3.35.2): in the Python source, or beside it. */
  readonly kind: "inSource" | "external";
  /** `archive` is the extra file `pt2lint.json` of the .pt2. */
  readonly by: "comment" | "annotation" | "archive" | "config" | "baseline";
  /** Empty when none was given. */
  readonly reason: string;
}

/** A finding that is known and not reported. */
export interface SuppressedDiagnostic {
  readonly diagnostic: Diagnostic;
  /** At least one. */
  readonly suppressions: readonly Suppression[];
}

export interface Counts {
  readonly error: number;
  readonly warning: number;
  readonly info: number;
}

/** The result for one model of one file. */
export interface LintResult {
  /** The path as the user gave it. */
  readonly path: string;
  /** The model's name in the archive; empty when the file could not be read so far. */
  readonly model: string;
  readonly torchVersion: string;
  /** `major.minor` */
  readonly schemaVersion: string;
  /** `TRAINING`, `ATEN`, ... as torch's verifiers name it. */
  readonly dialect: string;
  /** Nodes of all graphs, subgraphs included. */
  readonly nodes: number;
  /** Branches and bodies of higher-order operators. */
  readonly branches: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressed: readonly SuppressedDiagnostic[];
  /** Of what was found and is not suppressed. */
  readonly counts: Counts;
  /** Set where `path` is the config, and not a program: what is found of its suppressions. */
  readonly isConfig?: true;
}

/** What a baseline did to a report. */
export interface BaselineUse {
  /** The baseline's path as the user gave it. */
  readonly file: string;
  /** How many findings it hides. */
  readonly hidden: number;
  /** Its entries of linted files, and of files that are gone, that no finding agrees with any more. */
  readonly stale: readonly { readonly path: string; readonly rule: string; readonly message: string }[];
}

/** What a report formats: the outcome of one run of `lint`. */
export interface LintReport {
  readonly tool: { readonly name: string; readonly version: string };
  readonly results: readonly LintResult[];
  readonly counts: Counts;
  /** How many rules were on. */
  readonly rules: number;
  readonly elapsedMs: number;
  /** Absent when there is no baseline. */
  readonly baseline?: BaselineUse;
}

import type { StorageAnalysis } from "../analysis/storage.ts";
import type { HopCall } from "../ops/hop/hop.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Graph, Node, Program, Value } from "../program/program.ts";
import type { Json, Severity } from "./diagnostic.ts";
import type { Payloads } from "./payloads.ts";

/**
 * The sets of rules a user can choose from. `all` holds every rule and is implied; every other holds what is
 * `recommended`. `executorch` and `aoti` add what a program must be to run there.
 */
export type Preset = "recommended" | "strict" | "executorch" | "aoti";

/** A program in the text form of src/lint/program-text.ts, shown in the docs and run by the rule's test. */
export interface Example {
  /** What it shows, as a heading: `returns a view of its operand`. */
  readonly title: string;
  readonly program: string;
}

/** A program that the rule must flag, with every diagnostic that it must give, in order. */
export interface InvalidExample extends Example {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly data?: Readonly<Record<string, Json>>;
  }[];
}

/** What a rule says of itself; `rules`, `explain`, the presets and the docs pages are made of it. */
export interface RuleMeta {
  /** `family/name`, and the path of its file under rules/. */
  readonly id: string;
  /** The severity it has where a preset turns it on. */
  readonly severity: Severity;
  /**
   * Set where no listener finds the fault: the `reader` finds it while the file is read, before there is a program
   * to look at; the `linter`, when all findings are known. The rule's `create` gives no listeners, and it needs no
   * examples.
   */
  readonly reportedBy?: "reader" | "linter";
  /** Empty for a rule that only `--preset all` or `--rule` turns on. */
  readonly presets: readonly Preset[];
  /** One line: what is wrong, for tables. */
  readonly summary: string;
  /** Paragraphs in Markdown: what it finds, why that breaks, what torch does with it, how to mend it. */
  readonly description: string;
  /** The keys of a diagnostic's `data` and what they hold. */
  readonly data: Readonly<Record<string, string>>;
  /** Message templates by id; `{name}` is filled from `data`, then from `words`. */
  readonly messages: Readonly<Record<string, string>>;
  readonly examples: { readonly valid: readonly Example[]; readonly invalid: readonly InvalidExample[] };
}

/** What a rule hands over besides the message. */
export interface Finding<MessageId extends string = string> {
  /** A node; or a graph, for a finding on its inputs or outputs; or null for the whole program. */
  readonly at: Node | Graph | null;
  readonly message: MessageId;
  readonly data?: Readonly<Record<string, Json>>;
  /** Fill the message's placeholders too, but stay out of `data`. */
  readonly words?: Readonly<Record<string, string | number>>;
  readonly help?: string;
  /** Short lines that locate the finding in the graph. */
  readonly detail?: readonly string[];
  /** When the rule's own severity would be too much, e.g. for what depends on a size that is not known. */
  readonly severity?: Severity;
}

/** What a rule sees of one program. */
export interface RuleContext<MessageId extends string = string> {
  readonly program: Program;
  readonly registry: OperatorRegistry;
  /** Made when first asked for. */
  readonly storage: StorageAnalysis;
  /** What the archive stores for the program; null for a program without one. */
  readonly payloads: Payloads | null;
  report(finding: Finding<MessageId>): void;
  /** What the user knows at the root of the value's chain: `buffer 'cross_key_cache'`, `input 'x'`. */
  nameOf(value: Value): string;
}

/** Called by the engine in one walk over the graphs, the main one first, the nodes of each in order. */
export interface Listeners {
  /** Once, before the walk. */
  readonly program?: () => void;
  readonly graph?: (graph: Graph) => void;
  readonly node?: (node: Node) => void;
  /**
   * Like `node`, for what follows from a node's operator and arguments and the metadata of its operands and results
   * alone. When nothing is found in a node, those that equal it in all of that are left out.
   */
  readonly form?: (node: Node) => void;
  /** By target, as the document has it: `torch.ops.executorch.alias.default`. */
  readonly targets?: Readonly<Record<string, (node: Node) => void>>;
  /** Each call of a higher-order operator that has bodies. */
  readonly hop?: (call: HopCall) => void;
  /** Once, behind the walk. */
  readonly done?: () => void;
}

/** A rule: what it says of itself, and what it looks at. */
export interface Rule extends RuleMeta {
  create(context: RuleContext): Listeners;
}

/**
 * Defines a rule, so that the ids of its messages are checked where it reports.
 *
 * @example
 * export default defineRule({
 *   id: "my-team/no-float64", severity: "warning", presets: ["recommended"],
 *   summary: "...", description: "...", data: {}, messages: { found: "{name} is float64" },
 *   examples: { valid: [], invalid: [] },
 *   create: (ctx) => ({ node: (node) => ctx.report({ at: node, message: "found", words: { name: node.name } }) }),
 * });
 */
export function defineRule<const Messages extends Readonly<Record<string, string>>>(
  rule: Omit<RuleMeta, "messages"> & {
    readonly messages: Messages;
    create(context: RuleContext<Extract<keyof Messages, string>>): Listeners;
  },
): Rule {
  return rule;
}

import type { Severity } from "./diagnostic.ts";

/** The sets of rules a user can choose from. `all` holds every rule and is implied. */
export type Preset = "recommended" | "strict";

/** What a rule says of itself; `rules`, `explain`, the presets and the docs pages are made of it. */
export interface RuleMeta {
  /** `family/name`, and the path of its file under rules/. */
  readonly id: string;
  /** The severity it has where a preset turns it on. */
  readonly severity: Severity;
  readonly presets: readonly Preset[];
  /** One line: what is wrong, for tables. */
  readonly summary: string;
  /** Paragraphs in Markdown: what it finds, why that breaks, what torch does with it, how to mend it. */
  readonly description: string;
  /** The keys of `data` and what they hold. */
  readonly data: Readonly<Record<string, string>>;
  /** Message templates by id; `{name}` is filled from the report's data. */
  readonly messages: Readonly<Record<string, string>>;
}

import type { LintReport } from "../lint/diagnostic.ts";
import type { RuleMeta } from "../lint/rule.ts";

/** How the parts of a stylish report are coloured; `plainPaint` leaves them alone. */
export interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly info: (text: string) => string;
  /** A clean file. */
  readonly good: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

const same = (text: string): string => text;

/** No colour. */
export const plainPaint: Paint = {
  error: same,
  warning: same,
  info: same,
  good: same,
  strong: same,
  dim: same,
};

/** What a report needs to know besides the findings. Reports are pure: nothing else is looked up. */
export interface ReportOptions {
  /** Columns of the terminal; stylish wraps there. */
  readonly width: number;
  readonly paint: Paint;
  /** Absolute path; files below it are written relative to it, which is what CI services match. */
  readonly root: string;
  /** What is known of the rules; SARIF describes those that fired. */
  readonly rules: readonly RuleMeta[];
}

/** One output format. */
export type Report = (report: LintReport, options: ReportOptions) => string;

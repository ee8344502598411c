/** What the checks of data from outside share: the config's, and that of suppressions in an archive. */

/** Takes a problem and the place of it, such as `rules["cond/arity"]`. */
export type ReportProblem = (key: string, problem: string) => void;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in the words of a problem: `"text"`, `a list`, `an object`. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (value === null || typeof value !== "object") {
    return typeof value === "function" ? "a function" : String(value);
  }
  return "an object";
}

import type { Archive } from "../archive/archive.ts";
import { isRecord } from "./checks.ts";
import { checkSuppressions, type SuppressionEntry } from "./suppression-list.ts";

/**
 * The extra file that lists suppressions:
 * `torch.export.save(program, path, extra_files={"pt2lint.json": '{"suppressions": [...]}'})`.
 */
export const ARCHIVE_SUPPRESSIONS = "pt2lint.json";

/** Longer ones are refused: who wrote the archive may mean harm. */
const MAX_BYTES = 2 ** 16;

/** What an archive says shall not be reported, and what of that cannot be used. */
export interface ArchiveSuppressions {
  /** Null in the place of one that cannot be used. */
  readonly entries: readonly (SuppressionEntry | null)[];
  readonly problems: readonly string[];
}

/** Reads the list of an archive; empty when it has none. `rules` are the ids of all rules. */
export async function archiveSuppressions(
  archive: Archive,
  rules: readonly string[],
): Promise<ArchiveSuppressions> {
  const file = archive.extraFiles().get(ARCHIVE_SUPPRESSIONS);
  if (file === undefined) return { entries: [], problems: [] };
  const refuse = (problem: string): ArchiveSuppressions => ({ entries: [], problems: [problem] });
  if (file.size > MAX_BYTES) return refuse(`it has ${file.size} bytes, more than ${MAX_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await file.read()));
  } catch (error) {
    return refuse(`it cannot be read as JSON (${(error as Error).message})`);
  }
  if (!isRecord(value) || !Object.hasOwn(value, "suppressions")) {
    return refuse('it must be an object such as { "suppressions": [{ "rule": "cond/arity" }] }');
  }
  const problems: string[] = [];
  const entries = checkSuppressions(value.suppressions, rules, (key, problem) =>
    problems.push(`${key}: ${problem}`),
  );
  return { entries, problems };
}

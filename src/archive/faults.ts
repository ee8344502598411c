import { InputError } from "../errors.ts";
import type { Severity } from "../lint/diagnostic.ts";

/** What a fault of an archive says of itself; the rules `archive/*` and their docs are made of it. */
export interface ArchiveFaultMeta {
  /** One line: what is wrong. */
  readonly summary: string;
  readonly severity: Severity;
  /** What to do about it. */
  readonly help: string;
}

const SAVE_AGAIN = "save the program again with torch.export.save, and copy the file in full";

/** Every way an archive can be at fault. An `InputError` of this folder carries one of these ids as `rule`. */
export const archiveFaults = {
  "archive/not-an-archive": {
    summary: "the file is neither a .pt2 archive nor a serialized exported program",
    severity: "error",
    help: "give pt2lint a file that torch.export.save wrote",
  },
  "archive/truncated": {
    summary: "the file ends before its contents do",
    severity: "error",
    help: "copy or download the file again, in full",
  },
  "archive/corrupt": {
    summary: "the archive contradicts itself, or its bytes cannot be decoded",
    severity: "error",
    help: SAVE_AGAIN,
  },
  "archive/checksum": {
    summary: "the bytes of an entry are not the bytes that were written",
    severity: "warning",
    help: `torch reads a .pt2 without checking this; ${SAVE_AGAIN}`,
  },
  "archive/layout": {
    summary: "the entries are not laid out as torch's reader demands",
    severity: "error",
    help: "keep every entry below one root folder and nothing but documents in models/; do not repack the archive by hand",
  },
  "archive/unsafe-path": {
    summary: "the name of an entry leads out of the folder it would be unpacked to",
    severity: "warning",
    help: "do not unpack this file; torch.export.save never writes such names",
  },
  "archive/duplicate-entry": {
    summary:
      "two entries have the same name as torch's reader compares names, that is without regard to case",
    severity: "warning",
    help: "torch reads the last one; remove the others",
  },
  "archive/missing-entry": {
    summary: "an entry that torch needs to load the program is not there",
    severity: "error",
    help: SAVE_AGAIN,
  },
  "archive/no-model": {
    summary: "the archive holds no exported program",
    severity: "error",
    help: "save the program itself with torch.export.save(ep, path)",
  },
  "archive/compiled-package": {
    summary: "the archive holds a compiled AOTInductor package, which has no graph to lint",
    severity: "info",
    help: "lint the exported program that it was compiled from",
  },
  "archive/too-large": {
    summary: "reading the entry would take more memory than its archive can justify",
    severity: "error",
    help: "if the file is yours, repack it without compression (zip -0), which is how torch saves it",
  },
  "archive/unsupported": {
    summary: "the archive uses a feature that torch or pt2lint does not read",
    severity: "error",
    help: "save the program again with torch.export.save of a current torch",
  },
  "archive/invalid-config": {
    summary: "the list of weights or constants is not what torch's schema says",
    severity: "error",
    help: SAVE_AGAIN,
  },
  "archive/short-payload": {
    summary: "the bytes of a weight or constant are fewer than its tensor spans",
    severity: "error",
    help: SAVE_AGAIN,
  },
  "archive/pickle": {
    summary: "a pickle wants to call something that pt2lint does not know; it is never executed",
    severity: "warning",
    help: "torch.load would run that code: load the file only if you trust where it came from",
  },
} as const satisfies Readonly<Record<`archive/${string}`, ArchiveFaultMeta>>;

/** The id of a fault: `archive/truncated` and so on. */
export type ArchiveFault = keyof typeof archiveFaults;

/** The error that reports `rule`; its help is the one of `archiveFaults`. */
export function archiveFault(
  rule: ArchiveFault,
  message: string,
  data: Record<string, string | number> = {},
  cause?: unknown,
): InputError {
  return new InputError(rule, message, { help: archiveFaults[rule].help, data, cause });
}

/** The fault of an entry that is not there. */
export function missing(entry: string): InputError {
  return archiveFault("archive/missing-entry", `the entry ${entry} is missing`, { entry });
}

/** How many faults of one kind are spelled out: a hostile file may hold 100,000 of them. */
export const MAX_FAULTS_OF_A_KIND = 20;

/** A fault for each of the first `MAX_FAULTS_OF_A_KIND` items, and one that counts the rest. */
export function faultsOf<T>(
  rule: ArchiveFault,
  items: readonly T[],
  make: (item: T) => InputError,
): InputError[] {
  const faults = items.slice(0, MAX_FAULTS_OF_A_KIND).map(make);
  const more = items.length - faults.length;
  if (more > 0) faults.push(archiveFault(rule, `${more} more faults of this kind`, { more }));
  return faults;
}

/** The faults that `check` finds; one that keeps it from looking is a fault as well. */
export async function gather(check: () => Promise<readonly InputError[]>): Promise<readonly InputError[]> {
  try {
    return await check();
  } catch (error) {
    return [asFault(error)];
  }
}

/** Turns a thrown `InputError` into a value; whatever else was thrown goes on. */
function asFault(error: unknown): InputError {
  if (error instanceof InputError) return error;
  throw error;
}

/** Runs `read` and says in front of its fault which entry it was about. */
export async function within<T>(entry: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { rule, message, help, data } = asFault(error);
    throw new InputError(rule, `${entry}: ${message}`, { help, data: { ...data, entry }, cause: error });
  }
}

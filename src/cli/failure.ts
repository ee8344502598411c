import { InputError } from "../errors.ts";
import { ConfigError } from "../lint/config.ts";
import { sanitize } from "../report/text.ts";
import { UsageError } from "./arguments.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a folder",
  EINVAL: "it is no regular file",
  ENOTDIR: "a part of the path is no folder",
  EMFILE: "too many open files",
  ENOSPC: "no space left on the device",
  EROFS: "the file system is read-only",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
};

/** Why the system refused, in words. */
export function reasonOf(error: unknown, missing = "no such file or folder"): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return missing;
  return (code !== undefined && REASONS[code]) || message || String(error);
}

/** The lines that tell the user of a failure; all of them end a run with exit code 2. */
export function failureLines(error: unknown, debug: boolean): string[] {
  const lines = explain(error).flatMap((line) => line.split("\n").map(sanitize));
  const stack = debug && error instanceof Error ? [error.stack ?? ""] : [];
  return [...lines.map((line, at) => (at === 0 ? `pt2lint: ${line}` : `  ${line}`)), ...stack];
}

function explain(error: unknown): string[] {
  if (error instanceof UsageError) return [error.message, ...(error.hint === undefined ? [] : [error.hint])];
  if (error instanceof ConfigError) {
    return error.problems.length === 1
      ? [...error.problems]
      : ["the config cannot be used", ...error.problems];
  }
  if (error instanceof InputError) return [error.message, ...(error.help === undefined ? [] : [error.help])];
  if (isSystemError(error)) return [`${error.path === undefined ? "" : `${error.path}: `}${reasonOf(error)}`];
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [
    `this is a bug of pt2lint: ${what}`,
    "please report it, with the program if you can; PT2LINT_DEBUG=1 shows where it happened",
  ];
}

/** Node gives a refusal of the system a code such as ENOENT and the name of the call. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) && syscall !== undefined;
}

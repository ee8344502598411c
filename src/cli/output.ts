import { lstatSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./arguments.ts";
import { reasonOf } from "./failure.ts";
import type { OutputDescriptor } from "./terminal.ts";

/** Writes a command's result where the user wants it. */
export function writeResult(content: string | Uint8Array, file: string | undefined): void {
  if (file === undefined) {
    writeTo(1, content);
  } else writeFile(file, content);
}

/** A line for the user that is no result. */
export function writeNote(text: string): void {
  writeTo(2, `${text}\n`);
}

/**
 * @throws UsageError when standard output takes nothing; of standard error nobody could be told.
 *
 * Straight to the descriptor: Node's streams cost milliseconds to make. One is needed for a pipe that takes no more
 * for now, where somebody must wait.
 */
function writeTo(descriptor: OutputDescriptor, content: string | Uint8Array): void {
  const bytes = Buffer.from(content as string);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") {
      const stream = descriptor === 1 ? process.stdout : process.stderr;
      stream.once("error", (later: NodeJS.ErrnoException) => {
        if (later.code !== "EPIPE") process.exitCode = 2;
      });
      stream.write(bytes.subarray(written));
      return;
    }
    // `pt2lint x | head` closes the pipe early: that is no failure, and the exit code stays what it is.
    if (code === "EPIPE" || descriptor === 2) return;
    throw new UsageError(`cannot write to standard output: ${reasonOf(error, "it is closed")}`);
  }
}

/** Long work shall not end with a file that cannot be written. @throws UsageError when its folder is not there. */
export function checkFolder(file: string): void {
  if (!lstatSync(dirname(file), { throwIfNoEntry: false })) {
    throw new UsageError(`cannot write ${file}: no such folder`);
  }
}

/**
 * Through a file beside it that is then renamed: who reads `file` sees the old text or all of the new one.
 * Only a new or regular file is replaced; a link (/dev/stdout is one) or a pipe must stay what it is, so it is
 * written in place. `lstat`, because `stat` would call a link to a regular file regular.
 */
function writeFile(file: string, text: string | Uint8Array): void {
  try {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isDirectory()) throw new UsageError(`cannot write ${file}: it is a folder`);
    if (stats === undefined || stats.isFile()) replaceFile(file, text, stats?.mode);
    else writeFileSync(file, text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot write ${file}: ${reasonOf(error, "no such folder")}`);
  }
}

function replaceFile(file: string, text: string | Uint8Array, mode: number | undefined): void {
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(draft, text, mode === undefined ? {} : { mode });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

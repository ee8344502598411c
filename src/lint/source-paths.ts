import { readFileSync, statSync } from "node:fs";
import { join, posix, resolve, sep } from "node:path";
import type { SourceFrame } from "./diagnostic.ts";

/** How the paths that an export recorded become paths of this machine. */
export interface SourcePathOptions {
  /** The folder that holds the Python sources; absolute or relative to `cwd`. */
  readonly sourceRoot?: string | undefined;
  /** Prefixes to replace; the first that fits counts. */
  readonly pathMap?: readonly (readonly [from: string, to: string])[];
  readonly cwd: string;
}

/** Larger files are not compared with what was recorded. */
const MAX_BYTES = 2 ** 24;

/** Frames with the paths that their files have here. */
export interface SourceMapper {
  readonly map: (frame: SourceFrame) => SourceFrame;
  /** One of the files that were asked for, when none of them was found; else undefined. */
  readonly lost: () => string | undefined;
}

/**
 * Gives a frame the path that its file has here. A prefix of the path map is replaced. Otherwise the
 * file is looked for below the source root: the longest end of the recorded path that exists there and holds the
 * recorded line is taken, so that another file of the same name is not. A frame that is not found stays as it is.
 */
export function sourceMapper(options: SourcePathOptions): SourceMapper {
  const map = (options.pathMap ?? []).map(([from, to]) => [slashes(from).replace(/\/+$/, ""), to] as const);
  const lines = new Map<string, ReadonlySet<string> | null>();
  const found = new Map<string, string | null>();
  const find = (frame: SourceFrame): string | null => {
    const key = JSON.stringify([frame.file, frame.code]);
    let file = found.get(key);
    if (file === undefined) {
      file = replacePrefix(frame.file, map) ?? below(frame, options, lines);
      found.set(key, file);
    }
    return file;
  };
  let first: string | undefined;
  return {
    map: (frame) => {
      first ??= frame.file;
      const file = find(frame);
      return file === null || file === frame.file ? frame : { ...frame, file };
    },
    lost: () => ([...found.values()].every((file) => file === null) ? first : undefined),
  };
}

const slashes = (path: string) => path.replaceAll("\\", "/");

function replacePrefix(file: string, map: readonly (readonly [string, string])[]): string | null {
  const path = slashes(file);
  for (const [from, to] of map)
    if (path === from || path.startsWith(`${from}/`)) return posix.join(to, path.slice(from.length));
  return null;
}

/** Tries `DIR/home/ann/repo/models/a.py`, `DIR/ann/repo/models/a.py`, ... `DIR/a.py`. */
function below(
  { file, code }: SourceFrame,
  { sourceRoot, cwd }: SourcePathOptions,
  lines: Map<string, ReadonlySet<string> | null>,
): string | null {
  if (sourceRoot === undefined) return null;
  const parts = slashes(file)
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  const first = parts.lastIndexOf("..") + 1;
  for (let at = first; at < parts.length; at++) {
    const path = join(sourceRoot, ...parts.slice(at));
    if (linesOf(resolve(cwd, path), lines)?.has(code)) return path.split(sep).join("/");
  }
  return null;
}

/** The lines of a file without their indentation, as a trace has them; null when there is no such file. */
function linesOf(path: string, known: Map<string, ReadonlySet<string> | null>): ReadonlySet<string> | null {
  let lines = known.get(path);
  if (lines === undefined) {
    lines = readLines(path);
    known.set(path, lines);
  }
  return lines;
}

function readLines(path: string): ReadonlySet<string> | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_BYTES) return null;
    const lines = readFileSync(path, "utf8").split("\n");
    return new Set(lines.map((line) => line.trim()));
  } catch {
    return null;
  }
}

import type { SourceFrame } from "../lint/diagnostic.ts";

export type { SourceFrame };

const FRAME = /^\s*File "(.*)", line (\d+), in (.*)$/;
/** Compiled-on-the-fly code, and torch's own: no line of these helps a user. */
const NOT_THE_USERS = /^<|(^|[\\/](site|dist)-packages[\\/])torch[\\/]/;

/** The last frame of a node's `stack_trace` that is neither generated code nor inside torch, or null. */
export function userFrame(stackTrace: string): SourceFrame | null {
  const lines = stackTrace.split("\n");
  for (let i = lines.length - 1; i >= 0; i--) {
    const frame = frameAt(lines, i);
    if (frame !== null) return frame;
  }
  return null;
}

/** All such frames, the outermost call first. */
export function userFrames(stackTrace: string): SourceFrame[] {
  const lines = stackTrace.split("\n");
  return lines.map((_line, at) => frameAt(lines, at)).filter((frame) => frame !== null);
}

function frameAt(lines: readonly string[], at: number): SourceFrame | null {
  const match = FRAME.exec(lines[at]!);
  if (match === null || NOT_THE_USERS.test(match[1]!)) return null;
  const next = lines[at + 1];
  const code = next === undefined || FRAME.test(next) ? "" : next.trim();
  return { file: match[1]!, line: Number(match[2]), function: match[3]!, code };
}

/**
 * The innermost path in an `nn_module_stack`, whose entries are `key,path,type` with `;` between them. What
 * `torch.export.export(..., strict=True)` traces of a branch has the paths below the module that it wraps the model
 * in, `_export_root` (torch/_dynamo/functional_export.py).
 */
export function modulePath(moduleStack: string): string {
  const last = moduleStack.slice(moduleStack.lastIndexOf(";") + 1);
  const [, path = ""] = last.split(",");
  return path.replace(/^_export_root(\.|$)/, "");
}

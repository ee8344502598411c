import type { SourceFrame } from "../lint/diagnostic.ts";

export type { SourceFrame };

const FRAME = /^\s*File "(.*)", line (\d+), in (.*)$/;
/** Compiled-on-the-fly code, and torch's own: no line of these helps a user. */
const NOT_THE_USERS = /^<|(^|[\\/](site|dist)-packages[\\/])torch[\\/]/;

/** The last frame of a node's `stack_trace` that is neither generated code nor inside torch, or null. */
export function userFrame(stackTrace: string): SourceFrame | null {
  const lines = stackTrace.split("\n");
  for (let i = lines.length - 1; i >= 0; i--) {
    const match = FRAME.exec(lines[i]!);
    if (match === null || NOT_THE_USERS.test(match[1]!)) continue;
    const next = lines[i + 1];
    const code = next === undefined || FRAME.test(next) ? "" : next.trim();
    return { file: match[1]!, line: Number(match[2]), function: match[3]!, code };
  }
  return null;
}

/** The innermost path in an `nn_module_stack`, whose entries are `key,path,type` with `;` between them. */
export function modulePath(moduleStack: string): string {
  const last = moduleStack.slice(moduleStack.lastIndexOf(";") + 1);
  const [, path = ""] = last.split(",");
  return path;
}

import { basename } from "node:path";
import { type Invocation, UsageError } from "./arguments.ts";
import { completionScripts, type Shell } from "./completion-scripts.ts";
import { writeResult } from "./output.ts";

/** `pt2lint completion [SHELL]`: the script of the shell that is named, or of the user's. */
export async function completionCommand({ operands }: Invocation<"completion">): Promise<number> {
  const shell = operands[0] ?? basename(process.env.SHELL ?? "");
  if (!isShell(shell)) {
    const names = Object.keys(completionScripts).join(", ");
    throw new UsageError("$SHELL names no shell that there is a script for", `name one of ${names}`);
  }
  writeResult(completionScripts[shell], undefined);
  return 0;
}

const isShell = (name: string): name is Shell => Object.hasOwn(completionScripts, name);

import { OPERATOR_FACTS_TORCH } from "../../src/ops/operators.generated.ts";
import type { Program } from "../../src/program/program.ts";

/** True when a later torch than that of the operator table wrote the program: it may know more than the table. */
export function isNewerTorch({ torchVersion }: Program): boolean {
  const [major = 0, minor = 0] = release(torchVersion);
  const [knownMajor = 0, knownMinor = 0] = release(OPERATOR_FACTS_TORCH);
  return major > knownMajor || (major === knownMajor && minor > knownMinor);
}

/**
 * True when the program was written by that torch or a later one. A program that does not say so in a known form counts
 * as the newest; files of before 2.5 say nothing, which reads as `<=2.4`.
 */
export function isFromTorch({ torchVersion }: Program, major: number, minor: number): boolean {
  const [from = major, fromMinor = minor] = release(torchVersion.replace(/^<=/, ""));
  return from > major || (from === major && fromMinor >= minor);
}

/** The first two numbers of `2.13.0+cpu`; nothing for a text of another form. */
function release(version: string): number[] {
  return /^(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
}

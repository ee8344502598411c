import { fstatSync } from "node:fs";
import { terminalPaint, wantsColor } from "../report/color.ts";
import { type Paint, plainPaint } from "../report/options.ts";

const WIDTH_OF_A_PIPE = 100;
const WIDEST = 120;

/** Standard output or standard error, by its descriptor. */
export type OutputDescriptor = 1 | 2;

/** Making `process.stdout` takes milliseconds: for what is a file or a pipe, nothing needs it. */
export function terminalOf(descriptor: OutputDescriptor): NodeJS.WriteStream | undefined {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return undefined;
  } catch {
    // It is closed.
    return undefined;
  }
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  return stream.isTTY === true ? stream : undefined;
}

/** Columns to write for: the terminal's, within what is pleasant to read. */
export function widthOf(terminal: { readonly columns?: number } | undefined): number {
  return Math.min(WIDEST, Math.max(40, terminal?.columns || WIDTH_OF_A_PIPE));
}

/** Colours when the result goes to a terminal, or when they are asked for. */
export async function paintFor(flag: boolean | undefined, file: string | undefined): Promise<Paint> {
  const isTerminal = file === undefined && terminalOf(1) !== undefined;
  return wantsColor({ flag, env: process.env, isTerminal }) ? terminalPaint() : plainPaint;
}

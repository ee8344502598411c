import { terminalPaint, wantsColor } from "../report/color.ts";
import { type Paint, plainPaint } from "../report/options.ts";

const WIDTH_OF_A_PIPE = 100;
const WIDEST = 120;

/** Columns to write for: the terminal's, within what is pleasant to read. */
export function widthOf(stream: { readonly columns?: number }): number {
  return Math.min(WIDEST, Math.max(40, stream.columns ?? WIDTH_OF_A_PIPE));
}

/** Colours when the result goes to a terminal, or when they are asked for. */
export async function paintFor(flag: boolean | undefined, file: string | undefined): Promise<Paint> {
  const isTerminal = file === undefined && process.stdout.isTTY === true;
  return wantsColor({ flag, env: process.env, isTerminal }) ? terminalPaint() : plainPaint;
}

import type { Paint } from "./options.ts";

/** What decides whether a report is coloured. */
export interface ColorChoice {
  /** `--color` or `--no-color`; undefined when neither was given. */
  readonly flag: boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the report goes to a terminal. */
  readonly isTerminal: boolean;
}

/** The flag wins, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then the terminal. */
export function wantsColor({ flag, env, isTerminal }: ColorChoice): boolean {
  if (flag !== undefined) return flag;
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  const force = env.FORCE_COLOR;
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && env.TERM !== "dumb";
}

/** Paint with the terminal's own 16 colours; chalk is loaded only here, because most runs need none. */
export async function terminalPaint(): Promise<Paint> {
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return {
    error: chalk.red.bold,
    warning: chalk.yellow.bold,
    info: chalk.blue.bold,
    good: chalk.green,
    strong: chalk.bold,
    dim: chalk.dim,
  };
}

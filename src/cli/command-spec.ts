/** One option. Both readers of the command line, the help and the completion are made of these. */
export interface OptionSpec {
  /** `count` is a number from 0 up; `list` may be given several times. */
  readonly type: "string" | "count" | "boolean" | "list";
  readonly describe: string;
  readonly alias?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** What stands for the value in the docs, `FILE` when absent. */
  readonly value?: string;
  /** A boolean that `--no-NAME` makes sense for. */
  readonly negatable?: true;
}

/** The arguments that are no options: one, or one or more if `many`. */
export interface OperandSpec {
  readonly name: string;
  readonly many: boolean;
  readonly describe: string;
  readonly optional?: true;
  readonly choices?: readonly string[];
}

/** One command and all that it takes. */
export interface CommandSpec {
  readonly describe: string;
  readonly operands: OperandSpec | null;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

import type { OptionSpec } from "./command-spec.ts";
import type { commands } from "./commands.ts";

export type CommandName = keyof typeof commands;

type OneOf<Spec extends OptionSpec> = Spec extends { choices: readonly (infer Choice)[] } ? Choice : string;

type ValueOf<Spec extends OptionSpec> = Spec["type"] extends "list"
  ? readonly string[]
  : Spec["type"] extends "boolean"
    ? boolean | undefined
    : Spec["type"] extends "count"
      ? number | undefined
      : Spec extends { default: string }
        ? OneOf<Spec>
        : OneOf<Spec> | undefined;

/** The values of a command's options, by their names. */
type OptionsOf<Name extends CommandName> = {
  readonly [Key in keyof (typeof commands)[Name]["options"]]: (typeof commands)[Name]["options"][Key] extends infer Spec extends
    OptionSpec
    ? ValueOf<Spec>
    : never;
};

/** A command line, read. */
export interface Invocation<Name extends CommandName = CommandName> {
  readonly command: Name;
  readonly operands: readonly string[];
  readonly options: OptionsOf<Name>;
}

/** What an option is when it is not given. */
export function absent(spec: OptionSpec): string | readonly string[] | undefined {
  return spec.type === "list" ? [] : spec.default;
}

/** A command line that cannot be understood or carried out: the user's to mend. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** A second line: where to look. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

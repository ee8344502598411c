/**
 * A fault of the input, not of this program: a broken archive, a document that does not follow the schema.
 * `lint` turns it into a diagnostic of rule `rule`; the API throws it.
 */
export class InputError extends Error {
  override readonly name = "InputError";
  /** The id of the rule that reports this fault, e.g. `archive/truncated` or `schema/invalid-document`. */
  readonly rule: string;
  /** What the user can do about it. */
  readonly help: string | undefined;
  /** Machine-readable details: the entry, the JSON path, the byte offset. */
  readonly data: Readonly<Record<string, string | number>>;

  constructor(
    rule: string,
    message: string,
    options: { help?: string; data?: Record<string, string | number>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.rule = rule;
    this.help = options.help;
    this.data = options.data ?? {};
  }
}

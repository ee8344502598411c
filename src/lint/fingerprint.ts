import type { Diagnostic } from "./diagnostic.ts";

const identityOf = ({ rule, module, target, message }: Diagnostic) =>
  JSON.stringify([rule, module, target, withoutNumbers(message)]);

/**
 * `aten.view 'view_3'` without its number: a node before it would make it `'view_4'`. What the user named (see
 * describeValue) keeps its own.
 */
function withoutNumbers(message: string): string {
  return message.replace(NUMBERED, "'$1'");
}

const NUMBERED = /(?<!\b(?:parameter|buffer|constant|object|token|input) )'([^']*?)_\d+'/g;

/** Gives each finding of one model, in the order of the program, its `ordinal`. */
export function numbered(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Map<string, number>();
  return diagnostics.map((diagnostic) => {
    const identity = identityOf(diagnostic);
    const ordinal = seen.get(identity) ?? 0;
    seen.set(identity, ordinal + 1);
    return ordinal === 0 ? diagnostic : { ...diagnostic, ordinal };
  });
}

/**
 * A name for a finding, among those of its model, that outlives edits elsewhere: made of what it is (rule, module,
 * operator, message), not of node numbers, branch numbers or lines. Findings that agree in all of it are told apart
 * by their order.
 */
export function fingerprint(diagnostic: Diagnostic): string {
  // Loading crypto takes milliseconds of every start; an import would load it for formats that need none.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const text = `${diagnostic.ordinal ?? 0}:${identityOf(diagnostic)}`;
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

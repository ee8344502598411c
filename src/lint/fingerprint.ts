import type { Diagnostic } from "./diagnostic.ts";

/**
 * A name for each finding of one model that outlives edits elsewhere: made of what it is (rule, module,
 * operator, message), not of node numbers, branch numbers or lines. Findings that agree in all of it are
 * told apart by their order.
 */
export function fingerprints(diagnostics: readonly Diagnostic[]): string[] {
  // Loading crypto takes milliseconds of every start; an import would load it for formats that need none.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const seen = new Map<string, number>();
  return diagnostics.map(({ rule, module, target, message }) => {
    const identity = JSON.stringify([rule, module, target, message]);
    const ordinal = seen.get(identity) ?? 0;
    seen.set(identity, ordinal + 1);
    return createHash("sha256").update(`${ordinal}:${identity}`).digest("hex").slice(0, 32);
  });
}

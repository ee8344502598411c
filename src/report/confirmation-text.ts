import type { Diagnostic, Witness } from "../lint/diagnostic.ts";
import { count, formatNumber } from "./text.ts";

/**
 * What a run of the program says of a finding: `confirmed: with updates early, output.0 is 0 where eager gives 4, ...`.
 * null where nothing was run for it.
 */
export function confirmationText({ confirmation }: Diagnostic): string | null {
  if (confirmation === undefined) return null;
  const { status, reason, runs, witness } = confirmation;
  if (witness !== null) return `${status}: ${witnessText(witness)}`;
  return status === "not reproduced" && runs === 0 ? null : `${status}: ${reason}`;
}

function witnessText({ schedule, branches, value, at, actual, expected, maxAbs, ...rest }: Witness): string {
  const taken = Object.entries(branches).map(([cond, holds]) => `${cond} ${holds ? "true" : "false"}`);
  const where = at === null || at.length === 0 ? "" : ` at [${at.join(", ")}]`;
  const size =
    rest.total === 0
      ? ""
      : ` (${rest.count} of ${count(rest.total, "element")}, by up to ${formatNumber(maxAbs)})`;
  return [
    `with ${[schedule, ...taken].join(", ")}: ${value}${where} is ${shorten(actual)}, eager gives ${shorten(expected)}${size}`,
    rest.node === null ? "" : `, first wrong in ${rest.node.node}`,
  ].join("");
}

const shorten = (text: string): string => (/^-?\d+\.\d{7,}$/.test(text) ? formatNumber(Number(text)) : text);

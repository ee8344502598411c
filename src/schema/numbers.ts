/** The text Python's `repr` gives a finite float: always with a point or an exponent of two digits or more. */
export function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    const [digits, exponent] = value.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return text.includes(".") ? text : `${text}.0`;
}

/** The float that a JSON number or one of the bare words of old files stands for, or undefined. */
export function parseFloatToken(token: string): number | undefined {
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(token)) return Number(token);
  return NON_FINITE.get(token);
}

/** What torch writes, since 2.7 as strings and before as bare words, for what JSON has no number for. */
export const NON_FINITE: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** The integer that a token stands for, as a bigint only where a number is not exact, or undefined. */
export function parseIntToken(token: string): number | bigint | undefined {
  if (!/^-?(0|[1-9]\d*)$/.test(token)) return undefined;
  const value = Number(token);
  return Number.isSafeInteger(value) ? value : BigInt(token);
}

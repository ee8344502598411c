/**
 * What a terminal, a log or an XML parser must not receive from a file: C0 and C1 controls, the line
 * separators, the marks that reorder or hide text, lone surrogates, noncharacters.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** `text` on one line and without anything that could steer a terminal; what is replaced stays visible. */
export function sanitize(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replaceAll("\t", "  ").replace(UNSAFE, escapeUnit);
}

function escapeUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  if (unit === "\n") return "\\n";
  if (unit === "\r") return "\\r";
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Lone surrogates, which no encoder takes, become U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** JSON text whose strings hold no raw control or reordering character; it parses to the same value. */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value, writeNumber, 2);
  return `${text.replace(UNSAFE, (unit) => (unit === "\n" ? unit : `\\u${hex(unit.charCodeAt(0), 4)}`))}\n`;
}

/** JSON has no NaN and no infinities; torch's own files (>= 2.7) write them as strings. */
function writeNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Code points that take two columns: CJK, Hangul, full-width forms, emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}/u;
const ASCII = /^[\x20-\x7e]*$/;

/** The columns that `text` takes on a terminal. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += WIDE.test(char) ? 2 : COMBINING.test(char) ? 0 : 1;
  return width;
}

/** `text` and spaces up to `width` columns. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Breaks at spaces so that no line is wider than `width`, except for a word that is wider by itself. */
export function wrap(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  let taken = 0;
  for (const word of text.split(" ")) {
    const columns = displayWidth(word);
    if (line !== "" && taken + 1 + columns > width) {
      lines.push(line);
      line = word;
      taken = columns;
    } else {
      taken += line === "" ? columns : 1 + columns;
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** `1 error`, `2 errors`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

/** Six significant digits, without trailing zeros; Python's words for what is not finite. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(Number(value.toPrecision(6)));
}

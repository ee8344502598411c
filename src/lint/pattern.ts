/**
 * Whether `text` is what `pattern` says, where `*` stands for any run of characters. Without regular expressions:
 * patterns may come from an archive, and one made to harm would keep an expression busy for hours.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === text;
  const last = parts.pop()!;
  const [first = "", ...middle] = parts;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of middle) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** The same for paths: a pattern that does not begin with `/` may also name the end of a path. */
export function matchesPath(pattern: string, path: string): boolean {
  const text = path.replaceAll("\\", "/");
  return matchesPattern(pattern, text) || (!pattern.startsWith("/") && matchesPattern(`*/${pattern}`, text));
}

/** Says on a terminal how far the reading of weights has come; undefined where nobody looks. */
export function weightProgress(
  terminal: Pick<NodeJS.WriteStream, "write"> | undefined,
): ((path: string, done: number, total: number) => void) | undefined {
  if (terminal === undefined) return undefined;
  let shown = "";
  return (path, done, total) => {
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    const text = done === total ? "" : `${path}: ${percent} % of the weights`;
    if (text === shown) return;
    shown = text;
    // Back to the start of the line, and clear it.
    terminal.write(`\r\x1b[K${text}`);
  };
}

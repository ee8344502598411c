import { expect, it } from "vitest";
import type { Paint } from "./options.ts";
import { aliasing, options, reportOf, resultOf, samples } from "./sample-report.ts";
import { stylish } from "./stylish.ts";
import { displayWidth } from "./text.ts";

it("draws the finding of the design", () => {
  expect(stylish(samples.drawn, options)).toBe(
    [
      "decoder.pt2   torch 2.13.0 · schema 8.20 · TRAINING · 412 nodes, 8 branches",
      "",
      "  error  the true branch of torch.cond returns its own input        cond/branch-aliases-input",
      "         ┌─ whisper_attention.py:121 in forward",
      "     121 │ key_states, value_states = torch.cond(",
      "         └─ main / cond_2 / true_graph_2",
      "              output 0 is operand 0   b_cross_key_cache_2",
      "         help: return cached_keys.clone(), or executorch::alias when the backend keeps it",
      "",
      "1 error, 0 warnings   46 rules, 9 ms   pt2lint explain cond/branch-aliases-input",
      "",
    ].join("\n"),
  );
});

it.each([60, 80, 100, 200])("stays within %i columns", (width) => {
  const lines = stylish(samples.several, { ...options, width }).split("\n");
  // File names, the summary and operators' names are not broken.
  const wrapped = lines.filter(
    (line) => /^ {9}/.test(line) && !line.includes("/usr/lib/") && !line.includes(" = "),
  );
  expect(wrapped.length).toBeGreaterThan(10);
  for (const line of wrapped) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
});

it("puts the rule below the message where there is no room beside it", () => {
  const [, , title, more, rule] = stylish(samples.drawn, { ...options, width: 50 }).split("\n");
  expect([title, more, rule]).toEqual([
    "  error  the true branch of torch.cond returns its",
    "         own input",
    "         cond/branch-aliases-input",
  ]);
});

it("sorts by severity and keeps the graph's order among equals", () => {
  const finding = (severity: "error" | "warning" | "info", message: string) => ({
    ...aliasing,
    severity,
    message,
  });
  const report = reportOf(
    resultOf([finding("info", "A"), finding("error", "B"), finding("warning", "C"), finding("error", "D")]),
  );
  const titles = [...stylish(report, options).matchAll(/^ {2}(?:error|warning|info) +(\w)/gm)].map(
    (hit) => hit[1],
  );
  expect(titles).toEqual(["B", "D", "C", "A"]);
});

it("colours without moving anything", () => {
  const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
  const paint: Paint = {
    error: mark("e"),
    warning: mark("w"),
    info: mark("i"),
    good: mark("g"),
    strong: mark("s"),
    dim: mark("d"),
  };
  const painted = stylish(samples.several, { ...options, paint });
  expect(painted).toContain("<e>  error    </e>");
  expect(painted.replaceAll(/<\/?[ewigsd]>/g, "")).toBe(stylish(samples.several, options));
});

it("cuts a long line of code instead of wrapping it", () => {
  const source = { ...aliasing.source!, code: `x = f(${"a, ".repeat(80)})` };
  const text = stylish(reportOf(resultOf([{ ...aliasing, source }])), options);
  const code = text.split("\n").find((line) => line.includes("│ x = f("))!;
  expect(displayWidth(code)).toBeLessThanOrEqual(100);
  expect(code.endsWith(" …")).toBe(true);
});

it("says models' names when a file holds several", () => {
  expect(stylish(samples.several, options)).toContain("both.pt2   model decode · torch 2.13.0");
  expect(stylish(samples.drawn, options)).not.toContain("model model");
});

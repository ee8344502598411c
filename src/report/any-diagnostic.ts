import fc from "fast-check";
import type { Diagnostic } from "../lint/diagnostic.ts";
import { aliasing } from "./sample-report.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "\n",
      "\r",
      "\u001b",
      "\u009b",
      "\ud800",
      ":",
      ",",
      "%",
      "::error::",
      "]]>",
      "/",
      " ",
    ),
  }),
);

/** Any finding that any file could lead to, also one made to break the format it is printed in. */
export const anyDiagnostic: fc.Arbitrary<Diagnostic> = fc
  .record({
    message: text,
    help: text,
    graph: text,
    node: fc.option(text),
    target: fc.option(text),
    detail: fc.array(text, { maxLength: 2 }),
    source: fc.option(fc.record({ file: text, line: fc.integer(), function: text, code: text })),
    data: fc.dictionary(text, text),
    severity: fc.constantFrom("error", "warning", "info"),
  })
  .map((parts) => ({ ...aliasing, ...parts }));

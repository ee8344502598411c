import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LintReport } from "../lint/diagnostic.ts";
import { anyDiagnostic } from "./any-diagnostic.ts";
import { type Format, reports } from "./index.ts";
import { options, reportOf, resultOf, samples } from "./sample-report.ts";

const SUFFIX: Record<Format, string> = {
  stylish: "txt",
  json: "json",
  sarif: "sarif",
  github: "txt",
  junit: "xml",
};
const formats = Object.keys(reports) as Format[];

/** What no format may let through, whatever the file holds; tab and newline are the formats' own. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

describe.each(formats)("%s", (format) => {
  it.each(Object.entries(samples) as [string, LintReport][])(
    "writes the golden output: %s",
    async (name, report) => {
      const golden = `./__golden__/${format}-${name}.${SUFFIX[format]}`;
      await expect(reports[format](report, options)).toMatchFileSnapshot(golden);
    },
  );

  it("passes no control character on", () => {
    fc.assert(
      fc.property(anyDiagnostic, (diagnostic) => {
        const text = reports[format](reportOf(resultOf([diagnostic], { path: diagnostic.message })), options);
        expect(text).not.toMatch(CONTROL);
        expect(Buffer.from(text).toString()).toBe(text);
      }),
    );
  });
});

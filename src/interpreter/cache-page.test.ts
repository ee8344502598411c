/** docs/cross-attention-cache.md: its programs are linted and run, and every figure is compared with what torch computed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Confirmation, lint } from "../index.ts";
import { open } from "../open.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import { tensor } from "../tensor/create.ts";
import { reals } from "../tensor/elements.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runAsInductor } from "../testing/as-inductor.ts";
import { sampleInputs } from "./inputs.ts";
import { LoweredProgram } from "./lowered/semantics.ts";
import { type Inputs, Session } from "./session.ts";

type Sums = Readonly<Record<string, number>>;

/** What torch made of a program: for each call the sums of its results, or its refusal. */
interface Measured {
  readonly name: string;
  readonly python: string;
  readonly later: readonly Readonly<Record<string, { dtype: string; shape: number[]; data: number[] }>>[];
  readonly eager: readonly Sums[] | string;
  readonly inductor: readonly Sums[] | string;
  readonly freezing?: readonly Sums[];
  readonly decompositions: string;
}

/** A program of the page with its table and its findings. */
interface Entry {
  readonly name: string;
  readonly python: string;
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[] }[];
  readonly columns: readonly string[];
  readonly findings: string;
}

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/cross-attention-cache.md"), "utf8");
const index = JSON.parse(readFileSync(join(root, "fixtures/cache/index.json"), "utf8")) as Measured[];
const measured = new Map(index.map((entry) => [entry.name, entry]));
const entries = [
  ...page.matchAll(/^```python\n(# (\w+)\.py\n(?:(?!```).*\n)*)```\n\n((?:\|.*\|\n)+)\nFindings: (.*)\.$/gm),
].map(([, python = "", name = "", table = "", findings = ""]): Entry => {
  const [head = [], , ...rows] = table.trimEnd().split("\n").map(cellsOf);
  const columns = head.slice(1).map((cell) => cell.replaceAll("`", ""));
  return {
    name,
    python,
    columns,
    findings,
    rows: rows.map(([label = "", ...cells]) => ({ label, cells })),
  };
});

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}

describe("the page", () => {
  it("shows every program of fixtures/cache, as it was exported", () => {
    expect(entries.map(({ name, python }) => ({ name, python }))).toEqual(
      index.map(({ name, python }) => ({ name, python })),
    );
  });

  it("quotes the operators as they are registered", () => {
    const [, quoted] = /^```python\n# executorch_ops\.py\n((?:(?!```).*\n)*)```/m.exec(page)!;
    expect(
      readFileSync(join(root, "fixtures/python/executorch_ops.py"), "utf8").replace(
        /@update\w*\.register_fake\ndef _.*\n.*\n\n\n/,
        "",
      ),
    ).toContain(quoted);
  });

  it("quotes what run_decompositions says", () => {
    const refused = index.filter(({ decompositions }) => decompositions !== "ok");
    expect(refused.map(({ name }) => name)).toEqual(["whisper_first"]);
    for (const { decompositions } of refused)
      expect(page).toContain(decompositions.split(": ").slice(1).join(": "));
  });
});

describe.each(entries)("$name", ({ name, columns, rows, findings }) => {
  const torch = measured.get(name)!;
  const kinds = { eager: torch.eager, inductor: torch.inductor, "inductor, freezing": torch.freezing };

  it("has torch's figures, with what differs from eager in bold", () => {
    const expected = Object.entries(kinds).flatMap(([kind, calls]) => {
      if (calls === undefined) return [];
      if (typeof calls === "string")
        return [{ label: kind, cells: ["refused", ...columns.slice(1).map(() => "")] }];
      return calls.map((sums, call) => ({
        label: calls.length === 1 ? kind : `${kind}, call ${call + 1}`,
        cells: columns.map((column) => shown(sums[column]!, eagerOf(torch, call)?.[column])),
      }));
    });
    expect(rows).toEqual(expected);
  });

  it("has the findings that linting gives, borne out by the run that the page names", async () => {
    expect(await findingsIn(name)).toBe(findings);
  });

  // What eager refuses has no figures to compare with.
  if (typeof torch.eager === "string") return;

  it("gives eager's figures in the interpreter", async () => {
    const { session, calls } = await opened(name, torch);
    for (const [call, inputs] of calls.entries()) {
      expectSums(sumsOf(session.call(inputs, { all: true }).tensors), eagerOf(torch, call)!);
    }
  });

  it("gives inductor's figures when it runs as inductor does", async () => {
    const { session, calls } = await opened(name, torch);
    const lowered = new LoweredProgram(session.program, session.registry);
    const expected = torch.inductor as readonly Sums[];
    for (const [call, inputs] of calls.entries()) {
      expectSums(sumsOf(runAsInductor(session, inputs, lowered)), expected[call]!);
    }
  });
});

function eagerOf({ eager }: Measured, call: number): Sums | undefined {
  return typeof eager === "string" ? undefined : eager[call];
}

function shown(value: number, eager: number | undefined): string {
  const text = String(Number(value.toPrecision(6)));
  return eager !== undefined && Math.abs(value - eager) > 1e-4 ? `**${text}**` : text;
}

/** Findings that the page leaves out, because every program with a cache has them. */
const LEFT_OUT = new Set(["cache/undeclared-mutation", "cache/alias-eager-abort"]);

async function findingsIn(name: string): Promise<string> {
  const report = await lint(join(root, `fixtures/cache/${name}.pt2`), {}, { confirm: true });
  const found = report.results.flatMap(({ diagnostics }) => diagnostics);
  const rank = ["error", "warning", "info"];
  const texts = found
    .filter(({ rule }) => name.startsWith("whisper") || !LEFT_OUT.has(rule))
    .sort((a, b) => rank.indexOf(a.severity) - rank.indexOf(b.severity) || (a.rule < b.rule ? -1 : 1))
    .map(
      ({ severity, rule, confirmation }) => `${severity} [${rule}](rules/${rule}.md)${bornOut(confirmation)}`,
    );
  return texts.length === 0 ? "none" : [...new Set(texts)].join("; ");
}

function bornOut(confirmation: Confirmation | undefined): string {
  return confirmation?.witness ? `, confirmed with *${confirmation.witness.schedule}*` : "";
}

async function opened(name: string, { later }: Measured): Promise<{ session: Session; calls: Inputs[] }> {
  const file = await open(join(root, `fixtures/cache/${name}.pt2`));
  try {
    const model = file.archive.models[0]!;
    const program = await file.program();
    const session = await Session.open(model, program, new OperatorRegistry());
    const samples = (await sampleInputs(model, program))!;
    const calls = later.map(
      (call) =>
        new Map(
          Object.entries(call).map(([input, { dtype, shape, data }]) => [
            input,
            tensor(data, { dtype: dtype as "float32", sizes: shape }),
          ]),
        ),
    );
    return { session, calls: [samples, ...calls] };
  } finally {
    await file.close();
  }
}

function sumsOf(tensors: ReadonlyMap<string, Tensor>): Sums {
  return Object.fromEntries(
    [...tensors].map(([name, value]) => [name, [...reals(value)].reduce((sum, one) => sum + one, 0)]),
  );
}

function expectSums(actual: Sums, expected: Sums): void {
  for (const [name, sum] of Object.entries(expected)) expect(actual[name], name).toBeCloseTo(sum, 4);
}

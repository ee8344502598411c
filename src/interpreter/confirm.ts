/** Runs a program to see which findings on its caches are true. Loaded when that is asked for. */
import type { Model } from "../archive/archive.ts";
import type { Confirmation, Diagnostic, Witness } from "../lint/diagnostic.ts";
import type { Kernel } from "../ops/kernel.ts";
import { registerKernels } from "../ops/kernels.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import { type Divergence, diffProgram } from "./diff.ts";
import { FindingMemory, type Shown } from "./finding-memory.ts";
import { findInputs } from "./inputs.ts";
import { MissingOperatorsError } from "./missing-operators.ts";
import { type Inputs, Session } from "./session.ts";

/** Told before each run, for progress. */
type OnRun = (done: number, total: number, what: string) => void;

/** A program, what it takes to read its weights, and the operators of the user's. */
interface ConfirmedProgram {
  readonly model: Model;
  readonly program: Program;
  readonly registry: OperatorRegistry;
  readonly kernels: readonly Kernel[];
}

/** Rules of the family about something else than what lowered executions compute: refusals, metadata, other passes. */
const NOT_OF_RESULTS: ReadonlySet<string> = new Set([
  "cache/alias-eager-abort",
  "cache/alias-schema",
  "cache/branch-coverage",
  "cache/constant-foldable-read",
  "cache/dynamic-length",
  "cache/overlapping-target",
  "cache/partial-fill",
  "cache/undeclared-mutation",
  "cache/update-schema",
]);

const NOT_LOOKED_FOR: Confirmation = {
  status: "not reproduced",
  reason: "what the rule says cannot be shown by running the program lowered",
  runs: 0,
  witness: null,
};

const isOfCache = ({ rule }: Diagnostic): boolean => rule.startsWith("cache/");

/**
 * The diagnostics, with a confirmation for each finding on a cache: the program is run eagerly and in every lowered
 * execution, on its sample inputs and then, while findings are left, on inputs that are made up. What cannot be run is not
 * an error: the confirmation says why.
 */
export async function confirmed(
  { model, program, registry, kernels }: ConfirmedProgram,
  diagnostics: readonly Diagnostic[],
  onRun?: OnRun,
): Promise<Diagnostic[]> {
  const findings = diagnostics.filter((one) => isOfCache(one) && !NOT_OF_RESULTS.has(one.rule));
  let confirmationOf: (finding: Diagnostic) => Confirmation = () => NOT_LOOKED_FOR;
  try {
    if (findings.length > 0) {
      registerKernels(kernels);
      const search = new Search(await Session.open(model, program, registry), findings, onRun);
      const first = await findInputs(model, program);
      search.run(first.inputs, first.origin);
      if (search.isOpen && first.isSample) {
        const { inputs, origin } = await findInputs(model, program, 0);
        search.run(inputs, origin);
      }
      confirmationOf = (finding) => search.confirmationOf(finding);
    }
  } catch (error) {
    const failed: Confirmation = { status: "not run", reason: reasonOf(error), runs: 0, witness: null };
    confirmationOf = () => failed;
  }
  return diagnostics.map((one) => {
    if (!isOfCache(one)) return one;
    const confirmation = findings.includes(one) ? confirmationOf(one) : NOT_LOOKED_FOR;
    return { ...one, confirmation };
  });
}

/** Whatever stands in the way of a run, the other findings of the report stay. */
function reasonOf(error: unknown): string {
  if (error instanceof MissingOperatorsError) {
    const [first, ...more] = error.missing.map(({ target }) => target);
    return `pt2lint has no kernel for ${first}${more.length === 0 ? "" : ` and ${more.length} more`}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!;
}

/** A search for executions that show findings. */
class Search {
  readonly #session: Session;
  readonly #memory: FindingMemory;
  readonly #open: Set<Diagnostic>;
  readonly #onRun: OnRun | undefined;
  readonly #found = new Map<Diagnostic, Confirmation>();
  #call = 0;
  #runs = 0;

  constructor(session: Session, findings: readonly Diagnostic[], onRun: OnRun | undefined) {
    this.#session = session;
    this.#memory = new FindingMemory(session.program, session.registry);
    this.#open = new Set(findings);
    this.#onRun = onRun;
  }

  /** Whether there are findings that nothing has shown yet. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** One call, on the state that the one before has left. @throws what the first call throws. */
  run(inputs: Inputs, origin: string): void {
    let runs = 0;
    const onRun: OnRun = (done, total, what) => {
      if (what !== "eager") runs++;
      this.#onRun?.(done, total, what);
    };
    const until = (divergence: Divergence): boolean => {
      for (const finding of this.#open) {
        const shown = this.#memory.shownBy(divergence, finding);
        if (shown === undefined) continue;
        const witness = witnessOf(divergence, shown, this.#call, origin);
        this.#found.set(finding, { status: "confirmed", reason: "", runs: this.#runs + runs, witness });
        this.#open.delete(finding);
      }
      return !this.isOpen;
    };
    try {
      diffProgram(this.#session, [inputs], { onRun, until });
    } catch (error) {
      // Made-up inputs need not be ones that the program takes.
      if (this.#call === 0) throw error;
    }
    this.#runs += runs;
    this.#call++;
  }

  confirmationOf(finding: Diagnostic): Confirmation {
    const reason = `none of ${this.#runs} lowered executions differs from eager in this memory`;
    return this.#found.get(finding) ?? { status: "not reproduced", reason, runs: this.#runs, witness: null };
  }
}

function witnessOf(
  { schedule, decisions, results }: Divergence,
  { name, node }: Shown,
  call: number,
  inputs: string,
): Witness {
  const { at, actual, expected, maxAbs, count, total } = results.get(name)!;
  const branches = [...decisions].map(([cond, holds]) => [`${cond.graph.path}/${cond.name}`, holds] as const);
  return {
    schedule: schedule.name,
    call,
    inputs,
    branches: Object.fromEntries(branches),
    value: name,
    at,
    actual,
    expected,
    maxAbs,
    count,
    total,
    node: node && { graph: node.graph.path, node: node.name, target: node.target, source: node.frame() },
  };
}

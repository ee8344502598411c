/** Eager against lowered: whether any lowered execution gives other outputs, or leaves another state. */

import { outermost } from "../analysis/cache.ts";
import { branchCombinations } from "../analysis/divergence/branches.ts";
import { extremes, inductor, type Schedule } from "../analysis/divergence/schedules.ts";
import { hopCall } from "../ops/hop/hop.ts";
import type { Node, Program, Value } from "../program/program.ts";
import { contiguousCopy } from "../tensor/copy.ts";
import type { Memory } from "../tensor/storage.ts";
import { compareValues, type Difference, type Tolerance } from "./compare.ts";
import { eager, type Observer } from "./execution.ts";
import { functionalized } from "./lowered/functionalized.ts";
import { runNumeric } from "./lowered/numeric.ts";
import { Reference } from "./lowered/reference.ts";
import { LoweredProgram, LoweredSemantics, type UndeclaredWrite } from "./lowered/semantics.ts";
import { runCopy } from "./run-copy.ts";
import type { CallResult, Inputs, Session } from "./session.ts";
import { isTensor, type RuntimeValue } from "./value.ts";

/** Which branch each cond took; those that are left out went by their predicate. */
export type Decisions = ReadonlyMap<Node, boolean>;

/** A lowered execution, as `diff` names it. */
export interface LoweredExecution {
  /** `program order`, `updates early`, `as inductor`, ... (docs/running.md) */
  readonly name: string;
  /** What it does, for messages. */
  readonly about: string;
}

/** Where a lowered execution parts from eager. */
export interface Divergence {
  /** The call, from 0. */
  readonly call: number;
  readonly schedule: LoweredExecution;
  readonly decisions: Decisions;
  /** `output.0`, `buffer.cache`: the first of the results that differs. */
  readonly name: string;
  readonly difference: Difference;
  /** All results that differ. */
  readonly names: readonly string[];
  /** The same with how they differ. */
  readonly results: ReadonlyMap<string, Difference>;
  /** The first node, in program order, whose value differs when it is computed; null when a value is overwritten later. */
  readonly node: Node | null;
  readonly nodeDifference: Difference | null;
  /** Every node whose value differs although it is computed from values that do not, in program order. */
  readonly origins: ReadonlyMap<Node, Difference>;
  /** Whether the node's value differs when it is computed. */
  readonly isWrong: (node: Node) => boolean;
  /** The last write that no schema declares, to the memory of the result that differs, or else at all. */
  readonly write: Node | null;
}

/** What was compared, and what came of it. */
export interface DiffResult {
  /** One for each combination of call, branches and schedule that differs, in the order tried. */
  readonly divergences: readonly Divergence[];
  readonly calls: number;
  readonly schedules: readonly LoweredExecution[];
  /** Combinations of branches that were run, what the predicates say among them, and how many there are. */
  readonly combinations: number;
  readonly allCombinations: number;
  /** The conds of the program. */
  readonly conds: number;
}

/** How programs are compared. */
export interface DiffOptions {
  readonly tolerance?: Partial<Tolerance>;
  /** At most so many combinations of branches are run. */
  readonly maxCombinations?: number;
  /** Stop at the first divergence. */
  readonly first?: boolean;
  /** Told of each divergence as it is found; the comparison stops when it says so. */
  readonly until?: (divergence: Divergence) => boolean;
  /** Told before each run, for progress. */
  readonly onRun?: (done: number, total: number, what: string) => void;
}

/**
 * Runs a program eagerly and in every admissible schedule, for every combination of branches, from the same state, and
 * compares outputs and final state. The session is left in the state that eager leaves it in.
 *
 * @param calls inputs for each call.
 * @throws InputError or NodeError when the program cannot be run eagerly.
 */
export function diffProgram(
  session: Session,
  calls: readonly Inputs[],
  options: DiffOptions = {},
): DiffResult {
  const lowered = new LoweredProgram(session.program, session.registry);
  const tried = lowered.usesCaches ? [...extremes, inductor] : extremes.slice(0, 1);
  const conds = session.program.graphs.flatMap(({ nodes }) =>
    nodes.filter((node) => hopCall(node)?.kind === "cond"),
  );
  const { combinations, all } = combinationsOf(session.program, lowered, options.maxCombinations ?? 16);
  const divergences: Divergence[] = [];
  const total = calls.length * combinations.length * (tried.length + 1);
  let done = 0;
  let stopped = false;
  for (const [call, inputs] of calls.entries()) {
    for (const decisions of stopped ? [] : combinations) {
      const decide = (node: Node, predicate: boolean): boolean => decisions.get(node) ?? predicate;
      options.onRun?.(done++, total, "eager");
      const reference = new Reference(session.program, session.inputValues(inputs), session.registry);
      const expected = runCopy(session, inputs, (copy, values) =>
        copy.call(values, { semantics: { ...eager, decide }, observe: reference.observe, all: true }),
      );
      const run = { session, inputs, lowered, reference, decide };
      for (const schedule of tried) {
        options.onRun?.(done++, total, schedule.name);
        const { result, writes } = runLowered(run, schedule);
        const found = firstDifference(expected, result, options.tolerance);
        if (found === undefined) continue;
        const cause = explain(run, schedule, options.tolerance);
        const memory = result.tensors.get(found.name)?.memory;
        const divergence: Divergence = {
          call,
          schedule,
          decisions,
          ...found,
          ...cause,
          write: writer(writes, memory),
        };
        divergences.push(divergence);
        stopped = options.first === true || options.until?.(divergence) === true;
        if (stopped) break;
      }
      if (stopped) break;
    }
    session.call(inputs);
  }
  return {
    divergences,
    calls: calls.length,
    schedules: tried,
    combinations: combinations.length,
    allCombinations: all,
    conds: conds.length,
  };
}

/** As the predicates say; then what else they may be, where one predicate decides alike wherever it stands. */
function combinationsOf(
  program: Program,
  { storage }: LoweredProgram,
  limit: number,
): { combinations: Decisions[]; all: number } {
  const { combinations, all } = branchCombinations(program, storage);
  const asTheySay: Decisions = new Map();
  return { combinations: [asTheySay, ...(all === 1 ? [] : combinations.slice(0, limit))], all };
}

/** What runs of one call with the same branches have in common. */
interface Run {
  readonly session: Session;
  readonly inputs: Inputs;
  readonly lowered: LoweredProgram;
  readonly reference: Reference;
  readonly decide: (node: Node, predicate: boolean) => boolean;
}

interface LoweredResult {
  readonly result: CallResult;
  readonly writes: readonly UndeclaredWrite[];
}

function runLowered(run: Run, schedule: Schedule, observe?: Observer): LoweredResult {
  const { session, inputs, lowered, reference, decide } = run;
  const watched = observe === undefined ? {} : { observe };
  let writes: readonly UndeclaredWrite[] = [];
  const result = runCopy(session, inputs, (copy, given) => {
    if (!lowered.usesCaches) {
      const semantics = new LoweredSemantics(lowered, decide);
      return copy.call(given, { semantics, all: true, around: functionalized, ...watched });
    }
    const options = { prepared: session.prepared, lowered, schedule, reference, decide, observe };
    return copy.call(given, {
      all: true,
      instead: (values) => {
        const done = runNumeric(options, values);
        ({ writes } = done);
        return done.outputs;
      },
    });
  });
  return { result, writes };
}

function firstDifference(
  expected: CallResult,
  actual: CallResult,
  tolerance: Partial<Tolerance> | undefined,
): Pick<Divergence, "name" | "difference" | "names" | "results"> | undefined {
  const results = new Map<string, Difference>();
  for (const [name, value] of expected.tensors) {
    const difference = compareValues(actual.tensors.get(name), value, tolerance);
    if (difference !== undefined) results.set(name, difference);
  }
  const [first] = results;
  if (first === undefined) return undefined;
  return { name: first[0], difference: first[1], names: [...results.keys()], results };
}

/** The nodes whose values differ when they are computed: both are run again, and every value compared. */
function explain(
  run: Run,
  schedule: Schedule,
  tolerance: Partial<Tolerance> | undefined,
): Pick<Divergence, "node" | "nodeDifference" | "origins" | "isWrong"> {
  const { session, inputs, decide } = run;
  const values = new Map<Node, RuntimeValue[]>();
  runCopy(session, inputs, (copy, given) =>
    copy.call(given, {
      semantics: { ...eager, decide },
      observe: (node, made) => {
        values.set(node, made.map(keep));
      },
    }),
  );
  const differing = new Map<Node, Difference>();
  runLowered(run, schedule, (node, made) => {
    const expected = values.get(node);
    for (const [i, value] of made.entries()) {
      if (value === undefined || expected === undefined) continue;
      const difference = compareValues(value, expected[i], tolerance);
      if (difference !== undefined && !differing.has(node)) differing.set(node, difference);
    }
  });
  const isWrong = (node: Node): boolean => differing.has(node);
  const node = [...values.keys()].find((one) => isWrong(one) && !hasWrongBody(one, differing)) ?? null;
  const nodeDifference = (node && differing.get(node)) ?? null;
  return { node, nodeDifference, origins: originsOf(values.keys(), differing), isWrong };
}

function originsOf(nodes: Iterable<Node>, differing: ReadonlyMap<Node, Difference>): Map<Node, Difference> {
  const origins = new Map<Node, Difference>();
  const isWrong = (value: Value | null): boolean => {
    const made = outermost(value)?.node;
    return made !== null && made !== undefined && differing.has(made);
  };
  for (const node of nodes) {
    const difference = differing.get(node);
    if (difference === undefined || hasWrongBody(node, differing) || node.operands.some(isWrong)) continue;
    origins.set(node, difference);
  }
  return origins;
}

/** A higher-order operator differs because of a node within it. */
function hasWrongBody(node: Node, differing: ReadonlyMap<Node, Difference>): boolean {
  if (node.subgraphs.length === 0) return false;
  for (const other of differing.keys()) if (other !== node && isWithin(other, node)) return true;
  return false;
}

function isWithin(node: Node, owner: Node): boolean {
  for (let at = node.graph.owner; at !== null; at = at.graph.owner) if (at === owner) return true;
  return false;
}

const keep = (value: RuntimeValue): RuntimeValue =>
  isTensor(value) && value.storage !== null ? contiguousCopy(value) : value;

function writer(writes: readonly UndeclaredWrite[], memory: Memory | undefined): Node | null {
  const own = writes.filter((write) => write.memory === memory);
  return (own.at(-1) ?? writes.at(-1))?.node ?? null;
}

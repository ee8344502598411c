/** The verdict of `diff`. */
import type { DiffResult, Divergence } from "../interpreter/diff.ts";
import type { Diagnostic } from "../lint/diagnostic.ts";
import type { Node } from "../program/program.ts";
import { differenceText } from "./comparison-text.ts";
import type { Paint } from "./options.ts";
import { count, sanitize } from "./text.ts";

interface DiffTextOptions {
  readonly paint: Paint;
}

/** For people: safe, or the first divergence in full and the others in a line each. */
export function diffText(
  path: string,
  result: DiffResult,
  refusals: readonly Diagnostic[],
  { paint }: DiffTextOptions,
): string {
  const head = `${paint.strong(sanitize(path))}   ${paint.dim(effort(result))}\n`;
  const { divergences } = result;
  const [first] = divergences;
  if (first === undefined) {
    if (refusals.length > 0) return `${head}${refusedText(refusals, paint)}`;
    return `${head}
  ${paint.good("safe")}  every lowered execution gives eager's outputs and leaves its state
`;
  }
  const others = [...new Set(divergences.slice(1).map(title))].filter((text) => text !== title(first));
  const lines = [
    "",
    `  ${paint.error("diverges")}  ${title(first)}`,
    ...detail(first, result).map((line) => `            ${line}`),
    ...(others.length > 0 ? ["", "  also:", ...others.map((text) => `    ${text}`)] : []),
    "",
    paint.error(
      `${count(divergences.length, "lowered execution")} of ${runs(result)} ${divergences.length === 1 ? "differs" : "differ"} from eager`,
    ),
  ];
  return `${head}${lines.join("\n")}\n${refusals.length > 0 ? refusedText(refusals, paint) : ""}`;
}

function refusedText(refusals: readonly Diagnostic[], paint: Paint): string {
  const lines = refusals.map(({ message, rule }) => `           ${sanitize(message)}  ${paint.dim(rule)}`);
  return `\n  ${paint.error("refused")}  torch does not lower this program (run_decompositions fails):\n${lines.join("\n")}\n`;
}

const runs = ({ calls, combinations, schedules }: DiffResult): number =>
  calls * combinations * schedules.length;

function effort(result: DiffResult): string {
  const { calls, combinations, allCombinations, conds, schedules } = result;
  const parts = [count(calls, "call"), count(schedules.length, "schedule")];
  if (conds > 0) {
    const cut = allCombinations > combinations ? ` of ${allCombinations - 1}, cut` : "";
    const forced = `${count(combinations - 1, "combination")} of branches${cut}`;
    parts.push(
      `${count(conds, "cond")}, as the predicates say${combinations > 1 ? ` and in ${forced}` : ""}`,
    );
  }
  return parts.join(" · ");
}

const title = ({ name, schedule }: Divergence): string => `${sanitize(name)} with ${schedule.name}`;

function detail(divergence: Divergence, { calls }: DiffResult): string[] {
  const { name, difference, names, node, nodeDifference, write, schedule, decisions, call } = divergence;
  const lines = [
    `${sanitize(name)}: ${differenceText(difference)} by eager`,
    `${schedule.name}: ${schedule.about}`,
  ];
  if (calls > 1) lines.push(`in call ${call}`);
  if (decisions.size > 0) {
    const taken = [...decisions].map(([cond, holds]) => `${sanitize(cond.name)} ${holds ? "true" : "false"}`);
    lines.push(`with the branches ${taken.join(", ")}`);
  }
  if (node !== null && nodeDifference !== null) {
    lines.push(
      `the first value that differs is that of ${place(node)}`,
      `  ${differenceText(nodeDifference)} by eager`,
    );
  } else lines.push("every value is right when it is computed; its memory is written again later");
  if (write !== null) lines.push(`the memory was last written by ${place(write)}`);
  if (names.length > 1)
    lines.push(
      `also differing: ${names.slice(1, 8).map(sanitize).join(", ")}${names.length > 8 ? ", ..." : ""}`,
    );
  return lines;
}

function place(node: Node): string {
  const frame = node.frame();
  const line = frame === null ? "" : `, ${frame.file}:${frame.line} in ${frame.function}: ${frame.code}`;
  return sanitize(`${node.graph.path} / ${node.name} (${node.target.replace("torch.ops.", "")})${line}`);
}

/** For programs. */
export function diffJson(
  path: string,
  model: string,
  result: DiffResult,
  refusals: readonly Diagnostic[],
): unknown {
  return {
    schemaVersion: 1,
    path,
    model,
    safe: result.divergences.length + refusals.length === 0,
    refused: refusals.map(({ rule, message, graph, node }) => ({ rule, message, graph, node })),
    calls: result.calls,
    schedules: result.schedules.map(({ name }) => name),
    conds: result.conds,
    combinations: result.combinations,
    allCombinations: result.allCombinations,
    divergences: result.divergences.map((one) => ({
      call: one.call,
      schedule: one.schedule.name,
      decisions: Object.fromEntries(
        [...one.decisions].map(([node, holds]) => [`${node.graph.path}/${node.name}`, holds]),
      ),
      name: one.name,
      names: one.names,
      difference: one.difference,
      node: one.node && nodeJson(one.node),
      nodeDifference: one.nodeDifference,
      write: one.write && nodeJson(one.write),
    })),
  };
}

function nodeJson(node: Node): unknown {
  return { graph: node.graph.path, node: node.name, target: node.target, source: node.frame() };
}

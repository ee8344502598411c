/**
 * What one call does with storages: which outputs share one with which arguments, and which arguments are
 * written. The schema's annotations give the default; what they hide is in aliasing/*.ts.
 */
import {
  type Annotations,
  annotatedOutputs,
  annotatedWrites,
  annotationsOf,
  isSilent,
} from "./aliasing/annotated.ts";
import { type Call, type CallAliasing, FRESH, type TensorSource } from "./aliasing/call.ts";
import { ConcreteCall } from "./aliasing/concrete.ts";
import { correctedWrites, type HiddenRule, toAliasing } from "./aliasing/rule.ts";
import { HIDDEN_RULES } from "./aliasing/rules.ts";
import { Symbols } from "./aliasing/symbols.ts";
import type { Operator } from "./operator.ts";

export type {
  Call,
  CallAliasing,
  TensorSource,
} from "./aliasing/call.ts";
export { FRESH } from "./aliasing/call.ts";

/** What is known of an operator before any call; null where every call is FRESH. */
interface Plan {
  readonly annotations: Annotations;
  readonly rule: HiddenRule | undefined;
  /** The answer to every call, where no list and no hidden condition makes it depend on the call. */
  readonly fixed: CallAliasing | undefined;
}

const plans = new WeakMap<Operator, Plan | null>();

/** The storages and writes of one call. Costs a map look-up for an operator that hides and annotates nothing. */
export function aliasing(op: Operator, call: Call): CallAliasing {
  const plan = knownPlan(op);
  if (plan === null) return FRESH;
  if (plan.fixed !== undefined) return plan.fixed;
  const { annotations, rule } = plan;
  if (rule !== undefined) return hidden(op, call, plan, rule);
  return {
    outputs: annotatedOutputs(annotations, call),
    writes: annotatedWrites(annotations, call),
    certain: true,
  };
}

/** Whether every call of the operator is FRESH. */
export function alwaysFresh(op: Operator): boolean {
  return knownPlan(op) === null;
}

/** Whether no call of the operator writes. */
export function neverWrites(op: Operator): boolean {
  const plan = knownPlan(op);
  return plan === null || (plan.annotations.written.length === 0 && plan.rule?.writes === undefined);
}

function knownPlan(op: Operator): Plan | null {
  let plan = plans.get(op);
  if (plan === undefined) plans.set(op, (plan = planOf(op)));
  return plan;
}

function planOf(op: Operator): Plan | null {
  const rule = ruleOf(op);
  // Most schemas are never parsed: without a parenthesis after a type there is no annotation.
  if (rule === undefined && !/\w\(|[\]?]\(/.test(op.schemaText.slice(op.schemaText.indexOf("(") + 1)))
    return null;
  const annotations = annotationsOf(op);
  if (rule === undefined && isSilent(annotations)) return null;
  return { annotations, rule, fixed: rule === undefined ? fixedAliasing(op, annotations) : undefined };
}

function fixedAliasing(op: Operator, { results, written, writeKind }: Annotations): CallAliasing | undefined {
  const marked = [...written, ...results.flatMap(({ sources }) => sources)];
  const optional = (name: string) =>
    op.schema.args.find((arg) => arg.name === name)?.type.kind === "optional";
  if (results.some(({ isList }) => isList) || marked.some(({ isList, name }) => isList || optional(name))) {
    return undefined;
  }
  const source = (name: string): TensorSource => ({ argument: name, index: -1 });
  return {
    outputs: results.map(({ sources }, i) => ({
      sources: sources.map(({ name }) => source(name)),
      group: sources.length === 0 ? i : -1,
    })),
    writes: written.map(({ name }) => ({ ...source(name), kind: writeKind })),
    certain: true,
  };
}

function ruleOf(op: Operator): HiddenRule | undefined {
  const name = op.qualifiedName;
  const dot = name.indexOf(".");
  if (dot < 0) return HIDDEN_RULES.get(`${name}.default`) ?? HIDDEN_RULES.get(name);
  const own = HIDDEN_RULES.get(name);
  // `out=` overloads compute into what they are given; none of the conditions is theirs.
  if (own !== undefined || op.schemaText.includes("!) out")) return own;
  return HIDDEN_RULES.get(name.slice(0, dot));
}

/** Further assignments of numbers to symbols that must give the same answer before it is called certain. */
const ROUNDS = [1, 2];

function hidden(op: Operator, call: Call, { annotations }: Plan, rule: HiddenRule): CallAliasing {
  const traced = new Symbols(0);
  const first = decide(op, call, annotations, rule, traced);
  if (!first.certain || !traced.touched) return first;
  const text = JSON.stringify(first);
  for (const round of ROUNDS) {
    if (JSON.stringify(decide(op, call, annotations, rule, new Symbols(round))) === text) continue;
    return { ...first, certain: false, reason: "whether it copies depends on symbolic sizes" };
  }
  return first;
}

function decide(
  op: Operator,
  call: Call,
  annotations: Annotations,
  rule: HiddenRule,
  symbols: Symbols,
): CallAliasing {
  const concrete = new ConcreteCall(op, call, symbols);
  let reason: string | undefined;
  const doubt = (why: string) => {
    reason ??= why;
  };
  const outputs =
    rule.outputs === undefined
      ? annotatedOutputs(annotations, call)
      : toAliasing(rule.outputs(concrete, doubt));
  const annotated = annotatedWrites(annotations, call);
  const writes =
    rule.writes === undefined ? annotated : correctedWrites(annotated, rule.writes(concrete), concrete);
  return reason === undefined
    ? { outputs, writes, certain: true }
    : { outputs, writes, certain: false, reason };
}

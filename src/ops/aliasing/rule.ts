import type { ArgumentWrite, OutputAliasing, TensorSource, WriteKind } from "./call.ts";
import type { ConcreteCall, ConcreteTensor, Doubt } from "./concrete.ts";

/** Where one output comes from: an argument, a numbered new storage that others share, or (null) its own. */
export type Share = TensorSource | number | null;

/** By argument: how it is written, or null where it is not. Other arguments are as annotated. */
export type WriteCorrections = Readonly<Record<string, WriteKind | null>>;

/** What a schema hides of one operator. What a rule leaves out is as the schema's annotations have it. */
export interface HiddenRule {
  /** One for each flat output; outputs beyond the end are fresh. */
  readonly outputs?: (call: ConcreteCall, doubt: Doubt) => readonly Share[];
  readonly writes?: (call: ConcreteCall) => WriteCorrections;
}

/** Rules by `namespace::name`, for all its overloads, or by `namespace::name.overload` for one. */
export type RuleTable = Readonly<Record<string, HiddenRule>>;

const NOTHING: readonly Share[] = [];

/** The one output is `tensor` where the condition holds, else it is new. */
export function sharesIf(condition: boolean, tensor: ConcreteTensor | undefined): readonly Share[] {
  return condition && tensor?.source !== undefined ? [tensor.source] : NOTHING;
}

/** A rule for an operator with one output. */
export function when(
  argument: string,
  condition: (self: ConcreteTensor, call: ConcreteCall, doubt: Doubt) => boolean,
): HiddenRule {
  return {
    outputs: (call, doubt) => {
      const self = call.tensor(argument);
      return sharesIf(self !== undefined && condition(self, call, doubt), self);
    },
  };
}

/** Every output is a view of the argument, whatever the schema says. */
export function always(argument: string): HiddenRule {
  return {
    outputs: (call) => {
      const source = call.tensor(argument)?.source ?? null;
      return call.outputs.map(() => source);
    },
  };
}

/** The annotated writes, corrected by what a rule says of some arguments. */
export function correctedWrites(
  annotated: readonly ArgumentWrite[],
  corrections: WriteCorrections,
  call: ConcreteCall,
): ArgumentWrite[] {
  const writes = annotated.filter(({ argument }) => !Object.hasOwn(corrections, argument));
  for (const [argument, kind] of Object.entries(corrections)) {
    if (kind === null) continue;
    const tensors = [call.tensor(argument), ...call.tensors(argument)];
    for (const tensor of tensors) if (tensor?.source !== undefined) writes.push({ ...tensor.source, kind });
  }
  return writes;
}

export function toAliasing(shares: readonly Share[]): OutputAliasing[] {
  let next = 1 + Math.max(-1, ...shares.filter((share) => typeof share === "number"));
  return shares.map((share) => {
    if (typeof share === "number") return { sources: [], group: share };
    return share === null ? { sources: [], group: next++ } : { sources: [share], group: -1 };
  });
}

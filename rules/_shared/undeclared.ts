import type { CacheAnalysis, CacheUpdate } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import type { Value } from "../../src/program/program.ts";

/** A buffer or an input that an update writes, and that the program does not declare as mutated. */
export interface Undeclared {
  readonly written: Value;
  /** The first update of it. */
  readonly update: CacheUpdate;
}

/** What updates write although neither the signature nor an operator that says so does: in the order of the updates. */
export function undeclaredWrites(ctx: RuleContext, caches: CacheAnalysis): Undeclared[] {
  const done = new Set<Value>(declared(ctx));
  const found: Undeclared[] = [];
  for (const update of caches.updates) {
    for (const root of caches.lasting([...update.memory.roots, ...caches.eagerRoots(update)])) {
      const written = ctx.storage.origin(root);
      if (done.has(written) || ctx.program.inputs[written.index] === undefined) continue;
      done.add(written);
      found.push({ written, update });
    }
  }
  return found;
}

/** The placeholders that the signature lists as mutated, or that an operator writes which says so. */
function declared({ program, storage }: RuleContext): Value[] {
  const { output_specs: specs } = program.document.root.graph_module.signature;
  const names = new Set<string>();
  for (const spec of specs) {
    if ("buffer_mutation" in spec) names.add(`buffer ${spec.buffer_mutation.buffer_name}`);
    if ("parameter_mutation" in spec) names.add(`parameter ${spec.parameter_mutation.parameter_name}`);
    if ("user_input_mutation" in spec) names.add(`user_input ${spec.user_input_mutation.user_input_name}`);
  }
  const listed = program.main.inputs.filter((value, i) => {
    const input = program.inputs[i];
    return value !== null && input !== undefined && names.has(`${input.kind} ${input.name}`);
  });
  const written = storage
    .writes(program.main)
    .flatMap(({ value }) => storage.storages(value).map((root) => storage.origin(root)));
  return [...(listed as Value[]), ...written];
}

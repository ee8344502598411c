import { ALIAS } from "../../src/analysis/cache/operators.ts";
import { type CacheAnalysis, cacheAnalysis, UPDATE } from "../../src/analysis/cache.ts";
import { divergenceAnalysis } from "../../src/analysis/divergence.ts";
import type { Listeners, RuleContext } from "../../src/lint/rule.ts";
import type { Node } from "../../src/program/program.ts";

/** Listeners that call `check` once for a program that updates a cache, and cost nothing for any other. */
export function whereCachesAreUpdated(ctx: RuleContext, check: (caches: CacheAnalysis) => void): Listeners {
  let done = false;
  return {
    targets: {
      [UPDATE]: () => {
        if (done) return;
        done = true;
        check(cacheAnalysis(ctx));
      },
    },
  };
}

/** Listeners that call `check` once for a program with cache operators, and cost nothing for any other. */
export function whereCachesAreUsed(ctx: RuleContext, check: (caches: CacheAnalysis) => void): Listeners {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    check(cacheAnalysis(ctx));
  };
  return { targets: { [UPDATE]: once, [ALIAS]: once } };
}

/** A storage of the program by the name that its user knows. */
export function nameOfRoot(ctx: RuleContext, root: number): string {
  return ctx.nameOf(ctx.storage.origin(root));
}

/**
 * The severity of a finding on these nodes. It is the rule's own where the program, as inductor lowers it, parts from
 * eager because of one of them; a warning where only another compiler may.
 */
export function severityOf(ctx: RuleContext, ...nodes: readonly Node[]): { severity?: "warning" } {
  const divergence = divergenceAnalysis(ctx);
  // Where the analysis cannot tell which node it is that makes the difference, what a rule has found is the likeliest.
  const isOpen = divergence.inductor.some(({ causes }) =>
    causes.every(({ writer, reader }) => writer === null && reader === null),
  );
  if (!isOpen && !divergence.involves(...nodes)) {
    divergence.isWarned = true;
    return { severity: "warning" };
  }
  divergence.isNamed = true;
  return {};
}

/** The rule's own severity for what was seen to part in torch's inductor, whatever else the program does. */
export function seenToDiverge(ctx: RuleContext): { severity?: "warning" } {
  divergenceAnalysis(ctx).isNamed = true;
  return {};
}

import { ALIAS } from "../../src/analysis/cache/operators.ts";
import { type CacheAnalysis, cacheAnalysis, UPDATE } from "../../src/analysis/cache.ts";
import type { Listeners, RuleContext } from "../../src/lint/rule.ts";

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

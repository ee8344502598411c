import type { CallAliasing } from "./call.ts";

const cache = { argument: "cache", index: -1 };
const passed = (argument: string) => ({ sources: [{ argument, index: -1 }], group: -1 });

/** What an operator does under each of the two semantics, where that is not what its schema declares. */
export interface UndeclaredAliasing {
  readonly eager: CallAliasing;
  readonly lowered: CallAliasing;
}

/**
 * What ExecuTorch's two operators do and their schemas deny (ExecuTorch PR 16366). `aliasing` believes the
 * schemas, as torch does; rules and the interpreter look here. Eager `update_cross_attn_cache` copies the value
 * into the cache and returns a clone of it; inductor's lowering returns the cache itself. `alias` promises fresh
 * results and is lowered to its inputs.
 */
export const UNDECLARED_ALIASING: ReadonlyMap<string, UndeclaredAliasing> = new Map([
  [
    "executorch::update_cross_attn_cache",
    {
      eager: { outputs: [], writes: [{ ...cache, kind: "data" }], certain: true },
      lowered: {
        outputs: [{ sources: [cache], group: -1 }],
        writes: [{ ...cache, kind: "data" }],
        certain: true,
      },
    },
  ],
  [
    "executorch::alias",
    {
      eager: { outputs: [], writes: [], certain: true },
      lowered: { outputs: [passed("x"), passed("y")], writes: [], certain: true },
    },
  ],
]);

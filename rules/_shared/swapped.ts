import type { CacheUpdate } from "../../src/analysis/cache.ts";
import type { RuleContext } from "../../src/lint/rule.ts";
import type { Node, Value } from "../../src/program/program.ts";
import { formatSizes } from "./sizes.ts";

/** Makers of new tensors: what one has made to be filled is a cache, though a short-lived one. */
const FACTORY =
  /^torch\.ops\.aten\.(zeros|ones|full|empty|new_zeros|new_ones|new_full|new_empty)(_like|_strided|_permuted)?\./;

/**
 * The buffer or input that an update takes for its value, when the cache is computed and both have the same shape:
 * then the two arguments are most likely swapped.
 */
export function swappedInput({ program, storage }: RuleContext, { value, cache }: CacheUpdate): Value | null {
  if (!value?.meta || !cache?.meta || formatSizes(value.meta.sizes) !== formatSizes(cache.meta.sizes))
    return null;
  const computed = storage.storages(cache).map((root) => storage.origin(root));
  if (computed.length === 0 || !computed.every((origin) => isComputed(origin.node))) return null;
  const origin = storage.originOf(value);
  if (origin.node !== null || origin.graph !== program.main) return null;
  const kind = program.inputs[origin.index]?.kind;
  return kind === "buffer" || kind === "user_input" ? origin : null;
}

/** By arithmetic; not by the operators on caches, a copy, or what merely makes room. */
function isComputed(node: Node | null): boolean {
  if (node === null || node.subgraphs.length > 0) return false;
  return !FACTORY.test(node.target) && !/^torch\.ops\.(executorch|aten\.clone)\./.test(node.target);
}

/**
 * The two operators of ExecuTorch PR 16366. Their schemas lie: `alias` passes its inputs through, and
 * `update_cross_attn_cache` writes `value` into `cache[:, :, :S]`, which neither annotates. The table keeps
 * the strings as they are registered; what they hide is in aliasing/executorch.ts.
 */
export const EXECUTORCH_SCHEMAS: readonly string[] = [
  "executorch::alias(Tensor x, Tensor y) -> (Tensor, Tensor)",
  "executorch::update_cross_attn_cache(Tensor value, Tensor cache) -> Tensor",
];

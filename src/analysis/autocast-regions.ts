/** Which autocast region a node runs in, as the document has it. */
import type { Autocast } from "../interpreter/autocast.ts";
import type { Node } from "../program/program.ts";
import { dtypeOfCode, dtypes } from "../tensor/dtype.ts";
import { isOnCpu } from "./fixed-strides.ts";

/**
 * The autocast of the CPU that a call runs under; null where there is none, and undefined where it is not known: which
 * operators other devices cast is for these to say.
 */
export function autocastOf(node: Node): Autocast | null | undefined {
  for (let { owner } = node.graph; owner !== null; owner = owner.graph.owner) {
    if (owner.target !== "torch.ops.higher_order.wrap_with_autocast") continue;
    const [device, dtype, enabled] = owner.source.inputs.map(({ arg }) => arg);
    if (!device || !dtype || !enabled || !("as_string" in device && "as_bool" in enabled)) return undefined;
    if (!isOnCpu(node)) return undefined;
    // Autocast of another device leaves what runs on the CPU alone.
    if (device.as_string !== "cpu") continue;
    if (!enabled.as_bool) return null;
    return { dtype: "as_scalar_type" in dtype ? dtypeOfCode(dtype.as_scalar_type) : dtypes.bfloat16 };
  }
  return null;
}

/**
 * Quicker ways to what the reference kernels compute, by operator. They compute in float32 in WebAssembly, over operands in
 * the heap; `--precise` does without.
 */
import type { Planner } from "../kernel.ts";
import { attentionPlanners } from "./attention.ts";
import { channelPlanners } from "./channels.ts";
import { choicePlanners } from "./choices.ts";
import { convolutionPlanners } from "./convolution.ts";
import { movementPlanners } from "./movement.ts";
import { numberedPlanners } from "./numbered.ts";
import { pointwisePlanners } from "./pointwise.ts";
import { productPlanners } from "./products.ts";
import { rowPlanners } from "./rows.ts";
import { windowPlanners } from "./windows.ts";

export const planners: Readonly<Record<string, Planner>> = {
  ...movementPlanners,
  ...pointwisePlanners,
  ...numberedPlanners,
  ...choicePlanners,
  ...rowPlanners,
  ...productPlanners,
  ...attentionPlanners,
  ...convolutionPlanners,
  ...channelPlanners,
  ...windowPlanners,
};

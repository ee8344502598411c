/** The families of ATen operators. */
import type { Kernel } from "../kernel.ts";
import { arithmetic } from "./arithmetic.ts";
import { copying } from "./copying.ts";
import { views } from "./views.ts";

export const atenKernels: readonly Kernel[] = [...arithmetic, ...copying, ...views];

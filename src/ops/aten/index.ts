/** The families of ATen operators. */
import type { Kernel } from "../kernel.ts";
import { arithmetic } from "./arithmetic.ts";
import { copying } from "./copying.ts";
import { creation } from "./creation.ts";
import { geometryWrites } from "./geometry-writes.ts";
import { joining } from "./joining.ts";
import { reshaping } from "./reshaping.ts";
import { splitting } from "./splitting.ts";
import { views } from "./views.ts";

export const atenKernels: readonly Kernel[] = [
  ...arithmetic,
  ...copying,
  ...creation,
  ...geometryWrites,
  ...joining,
  ...reshaping,
  ...splitting,
  ...views,
];

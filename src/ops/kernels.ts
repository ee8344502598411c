/** Every operator that can be run. Importing this module makes them known. */
import { atenKernels } from "./aten/index.ts";
import { registerKernels } from "./dispatch.ts";

registerKernels(atenKernels);

export { callAny, defaultArgument, definedKernels, findKernel, registerKernels } from "./dispatch.ts";

/** Every operator that can be run. Importing this module makes them known. */
import { atenKernels } from "./aten/index.ts";
import { registerKernels } from "./dispatch.ts";
import { executorchKernels } from "./executorch-kernels.ts";
import { primKernels } from "./prims.ts";
import { quantizedKernels } from "./quantized.ts";
import { transformersKernels } from "./transformers-kernels.ts";

registerKernels(atenKernels);
registerKernels(executorchKernels);
registerKernels(primKernels);
registerKernels(quantizedKernels);
registerKernels(transformersKernels);

export { call, callAny, defaultArgument, definedKernels, findKernel, registerKernels } from "./dispatch.ts";

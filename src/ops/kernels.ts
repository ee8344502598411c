/** Every operator that can be run. Importing this module makes them known. */
import { atenKernels } from "./aten/index.ts";
import { registerKernels, registerPlanners } from "./dispatch.ts";
import { executorchKernels } from "./executorch-kernels.ts";
import { planners } from "./fast/index.ts";
import { primKernels } from "./prims.ts";
import { quantizedKernels } from "./quantized.ts";
import { torchNnKernels } from "./torch-nn-kernels.ts";
import { torchvisionKernels } from "./torchvision-kernels.ts";
import { transformersKernels } from "./transformers-kernels.ts";

registerKernels(atenKernels);
registerKernels(executorchKernels);
registerKernels(primKernels);
registerKernels(quantizedKernels);
registerKernels(torchNnKernels);
registerKernels(torchvisionKernels);
registerKernels(transformersKernels);
registerPlanners(planners);

export { call, callAny, defaultArgument, definedKernels, findKernel, registerKernels } from "./dispatch.ts";

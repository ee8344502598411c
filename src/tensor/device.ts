/** The device types that torch.device() reads (c10/core/Device.cpp parse_type). */
const TYPES = new Set(
  (
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia privateuseone " +
    // What backends outside of torch call privateuseone (torch.utils.rename_privateuse1_backend).
    "npu mlu musa gcu sdaa tpu neuron rbln openreg"
  ).split(" "),
);

/** Whether torch, or a backend that is known to plug into it, has a device of the type. */
export const isDeviceType = (type: string): boolean => TYPES.has(type);

/** Windows of the planes of float32 images. */
import type { Tensor } from "../../tensor/tensor.ts";
import { perDimension } from "../aten/convolution.ts";
import type { Planner } from "../kernel.ts";
import { addressOf, isFloat32, resultOf } from "./operands.ts";
import { overHeap } from "./over-heap.ts";
import { WASM } from "./windows.generated.ts";

interface Exports {
  convolve(
    to: number,
    x: number,
    taps: number,
    bias: number,
    rows: number,
    n: number,
    high: number,
    wide: number,
    next: number,
    step: number,
    down: number,
    right: number,
  ): void;
  largest(
    to: number,
    x: number,
    rows: number,
    n: number,
    tall: number,
    broad: number,
    high: number,
    wide: number,
    stepDown: number,
    stepRight: number,
    padDown: number,
    padRight: number,
  ): void;
}

/** The kernels; made when they are first asked for. */
export const windowKernels = overHeap<Exports>(WASM);

const pair = (list: unknown): [number, number] => perDimension(list as number[], 2) as [number, number];

/** max_pool2d without the places that the largest elements were found in. */
const planMaxPool: Planner = ({ self, kernel_size, stride, padding, dilation, ceil_mode }) => {
  if (!isFloat32(self) || !self.isContiguous || self.rank !== 4 || ceil_mode === true) return null;
  const [high, wide] = pair(kernel_size);
  const [stepDown, stepRight] = (stride as number[]).length === 0 ? [high, wide] : pair(stride);
  const [padDown, padRight] = pair(padding);
  if (pair(dilation).some((one) => one !== 1) || 2 * padDown > high || 2 * padRight > wide) return null;
  const [samples, channels, tall, broad] = self.sizes as [number, number, number, number];
  const rows = Math.floor((tall + 2 * padDown - high) / stepDown) + 1;
  const n = Math.floor((broad + 2 * padRight - wide) / stepRight) + 1;
  if (rows <= 0 || n <= 0) return null;
  const spec = self.like([samples, channels, rows, n]);
  const { largest } = windowKernels();
  return (given) => {
    const out = resultOf(spec);
    const to = out.storage!.memory.address;
    const x = addressOf(given.self as Tensor);
    for (let plane = 0; plane < samples * channels; plane++) {
      const [target, source] = [to + 4 * plane * rows * n, x + 4 * plane * tall * broad];
      largest(target, source, rows, n, tall, broad, high, wide, stepDown, stepRight, padDown, padRight);
    }
    return out;
  };
};

export const windowPlanners: Readonly<Record<string, Planner>> = {
  "aten::max_pool2d": planMaxPool,
};

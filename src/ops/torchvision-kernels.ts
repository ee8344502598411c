/** Operators that torchvision registers: boxes that overlap, and regions resampled (torchvision/csrc/ops/cpu). */
import { dtypes } from "../tensor/dtype.ts";
import { fill, fillIntegers, type Reals, reals } from "../tensor/elements.ts";
import { Tensor } from "../tensor/tensor.ts";
import { defineOp, type Kernel, mode } from "./kernel.ts";
import { LIBRARY_SCHEMAS } from "./library-schemas.ts";

/** Overlap of two boxes [x1, y1, x2, y2], as a share of what they cover together. */
function overlap(boxes: Reals, a: number, b: number): number {
  const at = (box: number, i: number): number => boxes[4 * box + i]!;
  const area = (box: number): number => (at(box, 2) - at(box, 0)) * (at(box, 3) - at(box, 1));
  const width = Math.max(0, Math.min(at(a, 2), at(b, 2)) - Math.max(at(a, 0), at(b, 0)));
  const height = Math.max(0, Math.min(at(a, 3), at(b, 3)) - Math.max(at(a, 1), at(b, 1)));
  return (width * height) / (area(a) + area(b) - width * height);
}

/** nms_kernel: the best box first, without those that overlap it too far, and so on. */
function kept(boxes: Reals, scores: Reals, threshold: number): number[] {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const result: number[] = [];
  for (const box of order) {
    if (result.every((better) => !(overlap(boxes, better, box) > threshold))) result.push(box);
  }
  return result;
}

/** bilinear_interpolate: 0 beyond a pixel's width around the plane, and its border within. */
function sample(plane: Reals, start: number, height: number, width: number, y: number, x: number): number {
  if (y < -1 || y > height || x < -1 || x > width) return 0;
  const [top, left] = [Math.max(y, 0), Math.max(x, 0)];
  const [y0, x0] = [Math.min(Math.floor(top), height - 1), Math.min(Math.floor(left), width - 1)];
  const [y1, x1] = [Math.min(y0 + 1, height - 1), Math.min(x0 + 1, width - 1)];
  const [dy, dx] = [y0 === height - 1 ? 0 : top - y0, x0 === width - 1 ? 0 : left - x0];
  const at = (row: number, column: number): number => plane[start + row * width + column]!;
  return (
    (1 - dy) * ((1 - dx) * at(y0, x0) + dx * at(y0, x1)) + dy * ((1 - dx) * at(y1, x0) + dx * at(y1, x1))
  );
}

/** Mean of a regular grid of samples of one bin. */
interface Bins {
  readonly from: number;
  readonly size: number;
  readonly samples: number;
}

function binsOf(
  start: number,
  end: number,
  scale: number,
  count: number,
  ratio: number,
  aligned: boolean,
): Bins {
  const from = start * scale - (aligned ? 0.5 : 0);
  const length = end * scale - (aligned ? 0.5 : 0) - from;
  const size = (aligned ? length : Math.max(length, 1)) / count;
  return {
    from,
    size,
    samples: ratio > 0 ? ratio : Math.ceil(aligned ? length / count : Math.max(length, 1) / count),
  };
}

interface RoiAlign {
  readonly input: Tensor;
  readonly rois: Tensor;
  readonly spatial_scale: number;
  readonly pooled_height: number;
  readonly pooled_width: number;
  readonly sampling_ratio: number;
  readonly aligned: boolean;
}

/** roi_align_forward_kernel. */
function roiAlign(args: RoiAlign, y: Reals): void {
  const { input, rois, spatial_scale: scale, pooled_height, pooled_width, sampling_ratio, aligned } = args;
  const [, channels, height, width] = input.sizes as [number, number, number, number];
  const [x, boxes] = [reals(input), reals(rois)];
  let at = 0;
  for (let roi = 0; roi < rois.size(0); roi++) {
    const [batch, x1, y1, x2, y2] = boxes.subarray(5 * roi, 5 * roi + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const rows = binsOf(y1, y2, scale, pooled_height, sampling_ratio, aligned);
    const columns = binsOf(x1, x2, scale, pooled_width, sampling_ratio, aligned);
    for (let channel = 0; channel < channels; channel++) {
      const start = (batch * channels + channel) * height * width;
      for (let row = 0; row < pooled_height; row++) {
        for (let column = 0; column < pooled_width; column++) {
          let sum = 0;
          for (let i = 0; i < rows.samples; i++) {
            const v = rows.from + rows.size * (row + (i + 0.5) / rows.samples);
            for (let j = 0; j < columns.samples; j++) {
              const u = columns.from + columns.size * (column + (j + 0.5) / columns.samples);
              sum += sample(x, start, height, width, v, u);
            }
          }
          y[at++] = sum / Math.max(rows.samples * columns.samples, 1);
        }
      }
    }
  }
}

export const torchvisionKernels: readonly Kernel[] = [
  defineOp(LIBRARY_SCHEMAS.nms, {
    composite: ({ dets, scores, iou_threshold }) => {
      const indices = mode.meta ? [] : kept(reals(dets), reals(scores), iou_threshold);
      const out = Tensor.ofSpec({ sizes: [indices.length], dtype: dtypes.int64 }, mode.meta);
      if (!mode.meta) fillIntegers(out, (y) => indices.forEach((box, i) => void (y[i] = BigInt(box))));
      return out;
    },
  }),
  defineOp(LIBRARY_SCHEMAS.roiAlign, {
    meta: ({ input, rois, pooled_height, pooled_width }) => ({
      sizes: [rois.size(0), input.size(1), pooled_height, pooled_width],
      dtype: input.dtype,
    }),
    run: (args, out) => fill(out, (y) => roiAlign(args, y)),
  }),
];

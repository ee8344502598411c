/** Integrals by trapezoids, covariance, and activations that draw random numbers. */
import { cast, contiguousCopy } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";
import { randomDouble } from "../random-numbers.ts";

const half = Scalar.float(0.5);

/** Neighbours along a dimension, put together. */
function neighbours(t: Tensor, dim: number, operator: string): Tensor {
  const count = Math.max(t.size(dim) - 1, 0);
  return call(
    operator,
    call("aten::narrow", t, dim, t.size(dim) - count, count),
    call("aten::narrow", t, dim, 0, count),
  );
}

/** at::native trapezoid: widths that are given for one dimension lie along it. */
function widths(x: Tensor, y: Tensor, dim: number): Tensor {
  if (x.rank !== 1) return neighbours(x, dim, "aten::sub.Tensor");
  const steps = neighbours(x, 0, "aten::sub.Tensor");
  const at = dim < 0 ? dim + y.rank : dim;
  return call(
    "aten::view",
    steps,
    y.sizes.map((_, d) => (d === at ? steps.numel : 1)),
  );
}

function trapezoids(y: Tensor, step: Tensor | Scalar, dim: number): Tensor {
  const sums = neighbours(y, dim, "aten::add.Tensor");
  return step instanceof Scalar ? call("aten::mul.Scalar", sums, step) : call("aten::mul.Tensor", sums, step);
}

const integral = (y: Tensor, step: Tensor | Scalar, dim: number): Tensor =>
  call("aten::mul.Scalar", call("aten::sum.dim_IntList", trapezoids(y, step, dim), [dim]), half);
const running = (y: Tensor, step: Tensor | Scalar, dim: number): Tensor =>
  call("aten::mul.Scalar", call("aten::cumsum", trapezoids(y, step, dim), dim), half);

/** at::native cov: rows are variables; weights by frequency and by importance multiply. */
function covariance(
  self: Tensor,
  correction: number,
  frequencies: Tensor | null,
  importances: Tensor | null,
): Tensor {
  const rows = self.rank < 2 ? call("aten::view", contiguousCopy(self), [1, self.numel]) : self;
  const weights =
    frequencies !== null && importances !== null
      ? call("aten::mul.Tensor", frequencies, importances)
      : (frequencies ?? importances);
  const total = weights === null ? null : call("aten::sum", weights);
  const mean =
    weights === null
      ? call("aten::mean.dim", floating(rows), [1], true)
      : call(
          "aten::div.Tensor",
          call("aten::sum.dim_IntList", call("aten::mul.Tensor", rows, weights), [1], true),
          total,
        );
  const centred = call("aten::sub.Tensor", rows, mean);
  const scaled = weights === null ? centred : call("aten::mul.Tensor", centred, weights);
  const product = call(
    "aten::mm",
    centred,
    call("aten::t", call("aten::conj_physical", cast(scaled, centred.dtype))),
  );
  const result = call("aten::div.Tensor", product, divisorOf(rows, correction, total, weights, importances));
  return self.rank < 2 ? call("aten::view", contiguousCopy(result), []) : call("aten::squeeze", result);
}

const floating = (t: Tensor): Tensor =>
  t.dtype.category === "int" || t.dtype.category === "bool" ? cast(t, dtypes.float32) : t;

function divisorOf(
  rows: Tensor,
  correction: number,
  total: Tensor | null,
  weights: Tensor | null,
  importances: Tensor | null,
): Tensor {
  const count = total ?? call("aten::full", [], Scalar.int(rows.sizes[1]!), dtypes.int64);
  const lost =
    importances === null || correction === 0
      ? call("aten::sub.Scalar", count, Scalar.int(correction))
      : call(
          "aten::sub.Tensor",
          count,
          call(
            "aten::div.Tensor",
            call(
              "aten::mul.Scalar",
              call("aten::sum", call("aten::mul.Tensor", weights, importances)),
              Scalar.int(correction),
            ),
            count,
          ),
        );
  return call("aten::clamp_min", lost, Scalar.int(0));
}

function correlation(self: Tensor): Tensor {
  const c = covariance(self, 1, null, null);
  if (c.rank === 0) return call("aten::div.Tensor", c, c);
  const deviations = call("aten::sqrt", call("aten::abs", call("aten::diagonal", c)));
  const byRow = call("aten::div.Tensor", c, call("aten::unsqueeze", deviations, 1));
  return call("aten::div.Tensor", byRow, call("aten::unsqueeze", deviations, 0));
}

/** rrelu: a slope drawn for each negative element, or their mean when not training. */
function randomSlopes(self: Tensor, lower: Scalar, upper: Scalar, training: boolean): Tensor {
  if (!training) return call("aten::leaky_relu", self, Scalar.float((lower.re + upper.re) / 2));
  const slopes = call("aten::empty_like", self);
  if (!mode.meta)
    fill(slopes, (y) => {
      for (let i = 0; i < y.length; i++) y[i] = lower.re + randomDouble() * (upper.re - lower.re);
    });
  const negative = call("aten::le.Scalar", self, Scalar.int(0));
  return call("aten::where.self", negative, call("aten::mul.Tensor", self, slopes), self);
}

export const calculus: readonly Kernel[] = [
  defineOp("aten::trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor", {
    composite: ({ y, dx, dim }) => integral(y, dx, dim),
  }),
  defineOp("aten::trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor", {
    composite: ({ y, x, dim }) => integral(y, widths(x, y, dim), dim),
  }),
  defineOp("aten::trapz.dx(Tensor y, *, float dx=1., int dim=-1) -> Tensor", {
    composite: ({ y, dx, dim }) => integral(y, Scalar.float(dx), dim),
  }),
  defineOp("aten::trapz.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor", {
    composite: ({ y, x, dim }) => integral(y, widths(x, y, dim), dim),
  }),
  defineOp("aten::cumulative_trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor", {
    composite: ({ y, dx, dim }) => running(y, dx, dim),
  }),
  defineOp("aten::cumulative_trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor", {
    composite: ({ y, x, dim }) => running(y, widths(x, y, dim), dim),
  }),
  defineOp(
    "aten::cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None) -> Tensor",
    {
      composite: ({ self, correction, fweights, aweights }) =>
        covariance(self, correction, fweights, aweights),
    },
  ),
  defineOp("aten::corrcoef(Tensor self) -> Tensor", { composite: ({ self }) => correlation(self) }),
  defineOp(
    "aten::rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.33333333333333331, bool training=False, Generator? generator=None) -> Tensor",
    { composite: ({ self, lower, upper, training }) => randomSlopes(self, lower, upper, training) },
  ),
  defineOp(
    "aten::rrelu_with_noise_functional(Tensor self, Tensor noise, Scalar lower=0.125, Scalar upper=0.33333333333333331, bool training=False, Generator? generator=None) -> (Tensor, Tensor noise_out)",
    {
      composite: ({ self, noise, lower, upper, training }) => {
        const written = call("aten::clone", noise);
        return [call("aten::rrelu_with_noise", self, written, lower, upper, training), written];
      },
    },
  ),
  defineOp(
    "aten::rrelu_with_noise(Tensor self, Tensor(b!) noise, Scalar lower=0.125, Scalar upper=0.33333333333333331, bool training=False, Generator? generator=None) -> Tensor",
    {
      // at::native rrelu_with_noise_cpu: the noise becomes what each element was multiplied by.
      composite: ({ self, noise, lower, upper, training }) => {
        const result = randomSlopes(self, lower, upper, training);
        if (training && noise.storage !== null) {
          const negative = call("aten::le.Scalar", self, Scalar.int(0));
          const factors = call("aten::div.Tensor", result, self);
          call(
            "aten::copy_",
            noise,
            call("aten::where.self", negative, factors, call("aten::ones_like", self)),
          );
        }
        return result;
      },
    },
  ),
  defineOp("aten::native_dropout_backward(Tensor grad_output, Tensor mask, float scale) -> Tensor", {
    composite: ({ grad_output, mask, scale }) =>
      call(
        "aten::mul.Scalar",
        call("aten::mul.Tensor", grad_output, cast(mask, grad_output.dtype)),
        Scalar.float(scale),
      ),
  }),
];

/** Random numbers and dropout. The numbers are not torch's; distributions, sizes and dtypes are. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { fill, item, reals } from "../../tensor/elements.ts";
import { broadcastSizes, expandStrides } from "../../tensor/geometry.ts";
import { Scalar } from "../../tensor/scalar.ts";
import { formatStrides } from "../../tensor/strides.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, Kernel, mode } from "../kernel.ts";
import { randomDouble, randomNormal, randomUniform } from "../random-numbers.ts";
import { randomBinomial, randomGamma, randomPoisson } from "../random-variates.ts";
import { tableOp } from "../table-op.ts";

type Draw = (args: Arguments) => () => number;

const uniform = (): (() => number) => randomUniform;
const normal = (): (() => number) => randomNormal;
const integersBelow =
  (from: string | null, to: string): Draw =>
  (args) => {
    const low = from === null ? 0 : (args[from] as number);
    const span = (args[to] as number) - low;
    return () => low + Math.floor(randomDouble() * span);
  };

/** A new tensor of random numbers, of given sizes or those of `self`. */
function created(name: string, draw: Draw): Kernel {
  return new Kernel(`aten::${name}`, {
    meta: (args: Arguments) => {
      const self = args.self as Tensor | undefined;
      const dtype = args.dtype ?? self?.dtype ?? dtypes.float32;
      if (self === undefined) return { sizes: args.size as number[], dtype };
      return { sizes: self.sizes, dtype, strides: formatStrides(self, args.memory_format as string | null) };
    },
    run: (args: Arguments, out: Tensor) => fillWith(out, draw(args)),
  } as never);
}

/** The numbers below n in any order. */
function permuted(name: string): Kernel {
  return new Kernel(`aten::${name}`, {
    meta: ({ n, dtype }: Arguments) => ({ sizes: [n as number], dtype: dtype ?? dtypes.int64 }),
    run: ({ n }: Arguments, out: Tensor) =>
      fill(out, (y) => {
        for (let i = 0; i < (n as number); i++) {
          const at = Math.floor(randomDouble() * (i + 1));
          y[i] = y[at]!;
          y[at] = i;
        }
      }),
  } as never);
}

function fillWith(out: Tensor, next: () => number): void {
  fill(out, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = next();
  });
}

/** The distributions that fill a tensor in place; `name` and `name_` have the same arguments. */
const DISTRIBUTIONS: Readonly<Record<string, Draw>> = {
  uniform: (args) => {
    const [from, to] = [args.from as number, args.to as number];
    return () => from + randomUniform() * (to - from);
  },
  normal_functional: (args) => () => (args.mean as number) + (args.std as number) * randomNormal(),
  exponential: (args) => () => -Math.log(1 - randomDouble()) / (args.lambd as number),
  geometric: (args) => {
    const scale = Math.log1p(-(args.p as number));
    return () => Math.max(Math.ceil(Math.log(1 - randomDouble()) / scale), 1);
  },
  cauchy: (args) => () =>
    (args.median as number) + (args.sigma as number) * Math.tan(Math.PI * (randomDouble() - 0.5)),
  log_normal: (args) => () => Math.exp((args.mean as number) + (args.std as number) * randomNormal()),
};

function distribution(name: string, draw: Draw): Kernel {
  return new Kernel(`aten::${name}`, {
    update: (args: Arguments, target: Tensor) => fillWith(target, draw(args)),
  } as never);
}

/** 1 with the probability that stands at the element, 0 otherwise. */
function bernoulli(probabilities: Tensor, target: Tensor): void {
  const p = reals(
    probabilities.view(target.sizes, expandStrides(probabilities.sizes, probabilities.strides, target.sizes)),
  );
  fill(target, (y) => {
    for (let i = 0; i < y.length; i++) y[i] = randomDouble() < p[i]! ? 1 : 0;
  });
}

function bernoulliOf(self: Tensor, p: number): Tensor {
  const drawn = call("aten::empty_like", self);
  if (!mode.meta) fillWith(drawn, () => (randomDouble() < p ? 1 : 0));
  return drawn;
}

/** The mask of a dropout, already divided by the share that it keeps. */
function keepMask(input: Tensor, p: number, sizes = input.sizes): Tensor {
  const mask = bernoulliOf(call("aten::new_empty", input, sizes), 1 - p);
  return p === 1 ? mask : call("aten::div.Scalar", mask, Scalar.float(1 - p));
}

/** Dropout of single elements or of whole channels (at::native dropout.cpp): the input itself when not training. */
function dropout(name: string, channels: boolean): Kernel {
  return defineOp(
    `aten::${name}(Tensor input, float p, bool train) -> Tensor` as "aten::dropout(Tensor input, float p, bool train) -> Tensor",
    {
      composite: ({ input, p, train }) => {
        if (p === 0 || !train || input.numel === 0) return input;
        const sizes = channels ? input.sizes.map((size, d) => (d < 2 ? size : 1)) : input.sizes;
        return call("aten::mul.Tensor", input, keepMask(input, p, sizes));
      },
    },
  );
}

/** Keeps mean and deviation of what went through selu. */
function alphaDropout(name: string, channels: boolean): Kernel {
  return defineOp(
    `aten::${name}(Tensor input, float p, bool train) -> Tensor` as "aten::alpha_dropout(Tensor input, float p, bool train) -> Tensor",
    {
      composite: ({ input, p, train }) => {
        if (p === 0 || !train || input.numel === 0) return input;
        if (p === 1) return call("aten::mul.Tensor", input, call("aten::zeros_like", input));
        const alpha = 1.7580993408473766;
        const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
        const sizes = channels ? input.sizes.map((size, d) => (d < 2 ? size : 1)) : input.sizes;
        const kept = bernoulliOf(call("aten::new_empty", input, sizes), 1 - p);
        const scaled = call("aten::mul.Scalar", kept, Scalar.float(a));
        const dropped = call(
          "aten::mul.Scalar",
          call("aten::sub.Scalar", kept, Scalar.int(1)),
          Scalar.float(alpha * a),
        );
        const offset = call("aten::add.Scalar", dropped, Scalar.float(alpha * a * p));
        return call("aten::add.Tensor", call("aten::mul.Tensor", input, scaled), offset);
      },
    },
  );
}

/** A number for each element of a tensor, which says what it is drawn from; of the tensor's own dtype. */
function drawnFrom(name: string, draw: (parameter: number) => number): Kernel {
  return tableOp<{ self: Tensor }>(`aten::${name}`, {
    meta: ({ self }) => ({ ...self.like(), strides: formatStrides(self, null) }),
    run: ({ self }, out) => {
      const parameters = reals(self);
      fill(out, (y) => {
        for (let i = 0; i < y.length; i++) y[i] = draw(parameters[i]!);
      });
    },
  });
}

function normalAround(mean: Tensor | number, deviation: Tensor | number): Tensor {
  const tensors = [mean, deviation].filter((one) => one instanceof Tensor);
  const sizes = broadcastSizes(...tensors.map((t) => t.sizes));
  const drawn = call("aten::randn", sizes, tensors[0]!.dtype);
  const scaled =
    deviation instanceof Tensor
      ? call("aten::mul.Tensor", drawn, deviation)
      : call("aten::mul.Scalar", drawn, Scalar.float(deviation));
  return mean instanceof Tensor
    ? call("aten::add.Tensor", scaled, mean)
    : call("aten::add.Scalar", scaled, Scalar.float(mean));
}

export const random: readonly Kernel[] = [
  ...["rand", "rand.generator", "rand_like", "rand_like.generator"].map((name) => created(name, uniform)),
  ...["randn", "randn.generator", "randn_like", "randn_like.generator"].map((name) => created(name, normal)),
  ...["randint", "randint.generator", "randint_like", "randint_like.generator"].map((name) =>
    created(name, integersBelow(null, "high")),
  ),
  ...[
    "randint.low",
    "randint.low_generator",
    "randint_like.low_dtype",
    "randint_like.low_generator_dtype",
  ].map((name) => created(name, integersBelow("low", "high"))),
  ...Object.entries(DISTRIBUTIONS).map(([name, draw]) => distribution(name, draw)),
  defineOp(
    "aten::normal_(Tensor(a!) self, float mean=0., float std=1., *, Generator? generator=None) -> Tensor(a!)",
    {
      composite: (args) => {
        if (args.self.storage !== null) fillWith(args.self, DISTRIBUTIONS.normal_functional!(args));
        return args.self;
      },
    },
  ),
  defineOp("aten::normal.Tensor_Tensor(Tensor mean, Tensor std, *, Generator? generator=None) -> Tensor", {
    composite: ({ mean, std }) => normalAround(mean, std),
  }),
  defineOp("aten::normal.Tensor_float(Tensor mean, float std=1., *, Generator? generator=None) -> Tensor", {
    composite: ({ mean, std }) => normalAround(mean, std),
  }),
  defineOp("aten::normal.float_Tensor(float mean, Tensor std, *, Generator? generator=None) -> Tensor", {
    composite: ({ mean, std }) => normalAround(mean, std),
  }),
  defineOp(
    "aten::normal.float_float(float mean, float std, SymInt[] size, *, Generator? generator=None, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor",
    {
      meta: ({ size, dtype }) => ({ sizes: size, dtype: dtype ?? dtypes.float32 }),
      run: (args, out) => fillWith(out, DISTRIBUTIONS.normal_functional!(args)),
    },
  ),
  defineOp("aten::bernoulli(Tensor self, *, Generator? generator=None) -> Tensor", {
    meta: ({ self }) => ({ ...self.like(), strides: formatStrides(self, null) }),
    run: ({ self }, out) => bernoulli(self, out),
  }),
  defineOp("aten::bernoulli.p(Tensor self, float p, *, Generator? generator=None) -> Tensor", {
    update: ({ p }, target) => fillWith(target, () => (randomDouble() < p ? 1 : 0)),
  }),
  defineOp(
    "aten::bernoulli_.float(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)",
    {
      composite: ({ self, p }) => {
        if (self.storage !== null) fillWith(self, () => (randomDouble() < p ? 1 : 0));
        return self;
      },
    },
  ),
  defineOp("aten::bernoulli.Tensor(Tensor self, Tensor p, *, Generator? generator=None) -> Tensor", {
    update: ({ p }, target) => bernoulli(p, target),
  }),
  drawnFrom("poisson", randomPoisson),
  // Not below the least normal float32: logarithms of the numbers are taken.
  drawnFrom("_standard_gamma", (alpha) => Math.max(randomGamma(alpha), 2 ** -126)),
  defineOp("aten::_sample_dirichlet(Tensor self, Generator? generator=None) -> Tensor", {
    composite: ({ self }) => {
      const drawn = call("aten::_standard_gamma", self);
      return call("aten::div.Tensor", drawn, call("aten::sum.dim_IntList", drawn, [-1], true));
    },
  }),
  defineOp("aten::binomial(Tensor count, Tensor prob, Generator? generator=None) -> Tensor", {
    meta: ({ count, prob }) => count.like(broadcastSizes(count.sizes, prob.sizes)),
    run: ({ count, prob }, out) => {
      const spread = (t: Tensor) => reals(call("aten::expand", t, out.sizes));
      const [counts, chances] = [spread(count), spread(prob)];
      fill(out, (y) => {
        for (let i = 0; i < y.length; i++) y[i] = randomBinomial(counts[i]!, chances[i]!);
      });
    },
  }),
  ...["randint_like.Tensor", "randint_like.Tensor_generator"].map((name) =>
    created(name, (args) => integersBelow(null, "high")({ high: item(args.high as Tensor) })),
  ),
  permuted("randperm"),
  permuted("randperm.generator"),
  defineOp(
    "aten::multinomial(Tensor self, SymInt num_samples, bool replacement=False, *, Generator? generator=None) -> Tensor",
    {
      meta: ({ self, num_samples }) => self.like([...self.sizes.slice(0, -1), num_samples], dtypes.int64),
      run: ({ self, num_samples, replacement }, out) => {
        const weights = Float64Array.from(reals(self));
        const width = self.size(-1);
        fill(out, (y) => {
          for (let i = 0; i < y.length; i++) {
            const row = weights.subarray(Math.floor(i / num_samples) * width).subarray(0, width);
            y[i] = drawWeighted(row);
            if (!replacement) row[y[i]!] = 0;
          }
        });
      },
    },
  ),
  dropout("dropout", false),
  dropout("feature_dropout", true),
  alphaDropout("alpha_dropout", false),
  alphaDropout("feature_alpha_dropout", true),
  defineOp("aten::native_dropout(Tensor input, float p, bool? train) -> (Tensor, Tensor)", {
    composite: ({ input, p, train }) => {
      if (train === false || input.numel === 0)
        return [call("aten::clone", input), call("aten::ones_like", input, dtypes.bool)];
      const mask = bernoulliOf(input, 1 - p);
      const scale = p === 1 ? 0 : 1 / (1 - p);
      const kept = call("aten::mul.Scalar", call("aten::mul.Tensor", input, mask), Scalar.float(scale));
      return [kept, cast(mask, dtypes.bool)];
    },
  }),
];

/** An index, each with a probability in proportion to its weight. */
function drawWeighted(weights: Float64Array): number {
  let rest = weights.reduce((sum, weight) => sum + weight, 0) * randomDouble();
  let last = 0;
  for (const [i, weight] of weights.entries()) {
    if (weight <= 0) continue;
    last = i;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
}

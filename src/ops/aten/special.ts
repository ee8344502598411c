/** Special functions, of one and of two elements. */
import { cast } from "../../tensor/copy.ts";
import { dtypes } from "../../tensor/dtype.ts";
import { floatDtype } from "../../tensor/promotion.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { type Arguments, defineOp, type Kernel } from "../kernel.ts";
import * as bessel from "../math/bessel.ts";
import { erfcx, logNdtr, ndtri } from "../math/erf.ts";
import * as gamma from "../math/gamma.ts";
import * as polynomials from "../math/polynomials.ts";
import { lookUp } from "../operator-table.ts";
import { binary, elementwise, unary } from "../pointwise.ts";

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  digamma: gamma.digamma,
  i0: bessel.besselI0,
  lgamma: gamma.lgamma,
  special_airy_ai: bessel.airyAi,
  special_bessel_j0: bessel.besselJ0,
  special_bessel_j1: bessel.besselJ1,
  special_bessel_y0: bessel.besselY0,
  special_bessel_y1: bessel.besselY1,
  special_entr: (x) =>
    Number.isNaN(x) ? x : x > 0 ? -x * Math.log(x) : x === 0 ? 0 : Number.NEGATIVE_INFINITY,
  special_erfcx: erfcx,
  special_i0e: bessel.besselI0e,
  special_i1: bessel.besselI1,
  special_i1e: bessel.besselI1e,
  special_log_ndtr: logNdtr,
  special_modified_bessel_i0: bessel.besselI0,
  special_modified_bessel_i1: bessel.besselI1,
  special_modified_bessel_k0: (x) => bessel.besselK(0, x),
  special_modified_bessel_k1: (x) => bessel.besselK(1, x),
  special_ndtri: ndtri,
  special_scaled_modified_bessel_k0: (x) => bessel.besselKe(0, x),
  special_scaled_modified_bessel_k1: (x) => bessel.besselKe(1, x),
  special_spherical_bessel_j0: bessel.sphericalBesselJ0,
};

/** 0 when the first is 0, whatever the logarithm is; NaN of the second comes first. */
const timesLog = (x: number, y: number, log: (y: number) => number): number =>
  Number.isNaN(y) ? y : x === 0 ? 0 : x * log(y);

const BINARY: Readonly<Record<string, (x: number, y: number) => number>> = {
  igamma: gamma.igamma,
  igammac: gamma.igammac,
  special_xlog1py: (x, y) => timesLog(x, y, Math.log1p),
  special_zeta: gamma.zeta,
  xlogy: (x, y) => timesLog(x, y, Math.log),
};

const POLYNOMIALS: Readonly<Record<string, (x: number, n: number) => number>> = {
  chebyshev_polynomial_t: polynomials.chebyshevT,
  chebyshev_polynomial_u: polynomials.chebyshevU,
  chebyshev_polynomial_v: polynomials.chebyshevV,
  chebyshev_polynomial_w: polynomials.chebyshevW,
  hermite_polynomial_h: polynomials.hermiteH,
  hermite_polynomial_he: polynomials.hermiteHe,
  laguerre_polynomial_l: polynomials.laguerreL,
  legendre_polynomial_p: polynomials.legendreP,
  shifted_chebyshev_polynomial_t: polynomials.shifted(polynomials.chebyshevT),
  shifted_chebyshev_polynomial_u: polynomials.shifted(polynomials.chebyshevU),
  shifted_chebyshev_polynomial_v: polynomials.shifted(polynomials.chebyshevV),
  shifted_chebyshev_polynomial_w: polynomials.shifted(polynomials.chebyshevW),
};

const degreeOf = (args: Arguments): readonly (Tensor | Scalar)[] => [
  args.x as Tensor | Scalar,
  args.n as Tensor | Scalar,
];

function polynomial(name: string, f: (x: number, n: number) => number): Kernel[] {
  return ["", ".x_scalar", ".n_scalar"]
    .map((overload) => `aten::special_${name}${overload}`)
    .filter((one) => lookUp(one) !== undefined)
    .map((one) => elementwise(one, { real: f as (...x: number[]) => number, result: "float" }, degreeOf));
}

/** (1 + erf(x / sqrt(2))) / 2, of which torch rounds every step. */
function ndtr(self: Tensor): Tensor {
  const error = call("aten::erf", call("aten::mul.Scalar", self, Scalar.float(Math.SQRT1_2)));
  return call("aten::mul.Scalar", call("aten::add.Scalar", error, Scalar.int(1)), Scalar.float(0.5));
}

/** log(x / (1 - x)), of which torch rounds every step; 1 - eps is a difference in the dtype. */
function logit(self: Tensor, eps: number | null): Tensor {
  const x = cast(self, floatDtype(self.dtype));
  const low = eps !== null && x.dtype !== dtypes.float64 ? Math.fround(eps) : eps;
  const z = low === null ? x : call("aten::clamp", x, Scalar.float(low), Scalar.float(1 - low));
  return call("aten::log", call("aten::div.Tensor", z, call("aten::rsub.Scalar", z, Scalar.int(1))));
}

export const special: readonly Kernel[] = [
  ...Object.entries(UNARY).map(([name, real]) => unary(`aten::${name}`, { real, result: "float" })),
  ...Object.entries(BINARY).flatMap(([name, f]) =>
    binary(`aten::${name}`, { real: f as (...x: number[]) => number, result: "float" }),
  ),
  ...Object.entries(POLYNOMIALS).flatMap(([name, f]) => polynomial(name, f)),
  unary("aten::polygamma", (args) => ({
    real: (x) => gamma.polygamma(args.n as number, x),
    single: (x) => gamma.polygamma(args.n as number, x, Math.fround),
    result: "float",
  })),
  // The arguments of polygamma come in the other order.
  defineOp("aten::polygamma_(Tensor(a!) self, int n) -> Tensor(a!)", {
    composite: ({ self, n }) => call("aten::copy_", self, call("aten::polygamma", n, self)),
  }),
  defineOp("aten::special_ndtr(Tensor self) -> Tensor", { composite: ({ self }) => ndtr(self) }),
  unary("aten::mvlgamma", (args) => {
    const p = args.p as number;
    return {
      real: (x) => {
        let sum = ((p * (p - 1)) / 4) * Math.log(Math.PI);
        for (let j = 0; j < p; j++) sum += gamma.lgamma(x - j / 2);
        return sum;
      },
      result: "float",
    };
  }),
  defineOp("aten::logit(Tensor self, float? eps=None) -> Tensor", {
    composite: ({ self, eps }) => logit(self, eps),
  }),
];

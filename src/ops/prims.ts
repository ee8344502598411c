/**
 * torch's primitives (torch/_prims), of which a few are left in Core ATen where a decomposition is written in them:
 * each is an aten operator, or a few.
 */
import { cast, contiguousCopy } from "../tensor/copy.ts";
import { dtypes } from "../tensor/dtype.ts";
import { fill, reals } from "../tensor/elements.ts";
import { numelOf } from "../tensor/geometry.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { squeezed, viewAs } from "./aten/views.ts";
import { call, callAny } from "./dispatch.ts";
import { defineOp, type Kernel } from "./kernel.ts";
import { tableOp } from "./table-op.ts";

/** Primitives with the name and the arguments of an aten operator. */
const SAME =
  "abs acos acosh asin asinh atan atan2 atanh bitwise_not cat ceil clone conj conj_physical cos cosh digamma " +
  "erf erfc exp exp2 expm1 floor fmax fmin frexp gcd hypot igamma igammac imag isfinite lgamma log log10 log1p log2 " +
  "maximum minimum neg nextafter real reciprocal reshape round rsqrt sign signbit sin sinh sqrt tan tanh trunc";

/** Those that aten calls otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  add: "add.Tensor",
  as_strided: "as_strided",
  as_strided_scatter: "as_strided_scatter",
  bessel_i0: "special_i0",
  bessel_i0e: "special_i0e",
  bessel_i1: "special_i1",
  bessel_i1e: "special_i1e",
  bessel_j0: "special_bessel_j0",
  bessel_j1: "special_bessel_j1",
  bitwise_and: "bitwise_and.Tensor",
  bitwise_or: "bitwise_or.Tensor",
  bitwise_xor: "bitwise_xor.Tensor",
  copy_to: "copy_",
  div: "div.Tensor",
  eq: "eq.Tensor",
  erf_inv: "erfinv",
  erfcx: "special_erfcx",
  fill: "fill.Scalar",
  fmod: "fmod.Tensor",
  ge: "ge.Tensor",
  gt: "gt.Tensor",
  item: "item",
  le: "le.Tensor",
  lt: "lt.Tensor",
  mul: "mul.Tensor",
  ndtri: "special_ndtri",
  ne: "ne.Tensor",
  pow: "pow.Tensor_Tensor",
  remainder: "remainder.Tensor",
  resize: "resize_",
  rev: "flip",
  scalar_tensor: "scalar_tensor",
  shift_left: "bitwise_left_shift.Tensor",
  shift_right_arithmetic: "bitwise_right_shift.Tensor",
  spherical_bessel_j0: "special_spherical_bessel_j0",
  sub: "sub.Tensor",
  transpose: "permute",
  view_of: "alias",
  view_of_dtype: "view.dtype",
  where: "where.self",
  zeta: "special_zeta",
};

function renamed(name: string, aten: string): Kernel {
  return tableOp(`prims::${name}`, { composite: (args) => callAny(`aten::${aten}`, ...Object.values(args)) });
}

/** An empty list of dimensions reduces nothing here; the result has the dtype that is asked for, or the operand's. */
function reduction(name: string, aten: string): Kernel {
  return tableOp<{ inp: Tensor; dims: readonly number[] | null; output_dtype: typeof dtypes.int64 | null }>(
    `prims::${name}`,
    {
      composite: ({ inp, dims, output_dtype }) => {
        const dtype = output_dtype ?? inp.dtype;
        const all = dims ?? inp.sizes.map((_, d) => d);
        if (all.length === 0) return contiguousCopy(cast(inp, dtype));
        return cast(call(aten, inp, all, false), dtype);
      },
    },
  );
}

/** Dimensions from `start` to `end`, both included, as one. */
function collapsedSizes({ sizes }: Tensor, start: number, end: number): number[] {
  return [...sizes.slice(0, start), numelOf(sizes.slice(start, end + 1)), ...sizes.slice(end + 1)];
}

export const primKernels: readonly Kernel[] = [
  ...SAME.split(" ").map((name) => renamed(name, name)),
  ...Object.entries(OTHER_NAMES).map(([name, aten]) => renamed(name, aten)),
  ...["amax", "amin"].map((name) => reduction(name, `aten::${name}`)),
  reduction("sum", "aten::sum.dim_IntList"),
  reduction("xor_sum", "aten::hash_tensor"),
  defineOp("prims::prod(Tensor inp, int[]? dims, *, ScalarType? output_dtype=None) -> Tensor", {
    composite: ({ inp, dims, output_dtype }) => {
      const all = [...(dims ?? inp.sizes.map((_, d) => d))].sort((a, b) => b - a);
      return all.reduce(
        (t, d) => call("aten::prod.dim_int", t, d, false, output_dtype ?? inp.dtype),
        contiguousCopy(inp),
      );
    },
  }),
  defineOp(
    "prims::var(Tensor inp, int[]? dims, float? correction=1, *, ScalarType? output_dtype=None) -> Tensor",
    {
      composite: ({ inp, dims, correction }) =>
        call("aten::var.correction", inp, dims, Scalar.float(correction ?? 1), false),
    },
  ),
  defineOp("prims::cbrt(Tensor self) -> Tensor", {
    meta: ({ self }) => self.like(),
    run: ({ self }, out) => fill(out, (y) => y.set(reals(self).map(Math.cbrt))),
  }),
  defineOp("prims::convert_element_type(Tensor a, ScalarType dtype) -> Tensor", {
    composite: ({ a, dtype }) => call("aten::_to_copy", a, dtype),
  }),
  defineOp("prims::device_put(Tensor a, Device device, bool non_blocking=False) -> Tensor", {
    composite: ({ a }) => call("aten::clone", a),
  }),
  defineOp("prims::copy_strided(Tensor a, SymInt[] stride) -> Tensor", {
    composite: ({ a, stride }) =>
      call("aten::copy_", call("aten::empty_strided", a.sizes, stride, a.dtype), a),
  }),
  defineOp("prims::broadcast_in_dim(Tensor(a) a, SymInt[] shape, int[] broadcast_dimensions) -> Tensor(a)", {
    view: ({ a, shape, broadcast_dimensions: places }) => {
      const strides = shape.map((size, d) => {
        const from = places.indexOf(d);
        return from < 0 || a.sizes[from] !== size ? 0 : a.strides[from]!;
      });
      return a.view(shape, strides);
    },
  }),
  defineOp("prims::collapse(Tensor a, int start, int end) -> Tensor", {
    composite: ({ a, start, end }) => viewAs(contiguousCopy(a), collapsedSizes(a, start, end)),
  }),
  defineOp("prims::collapse_view(Tensor(a) a, int start, int end) -> Tensor(a)", {
    view: ({ a, start, end }) => viewAs(a, collapsedSizes(a, start, end)),
  }),
  defineOp("prims::split_dim(Tensor(a) a, int dim, SymInt outer_length) -> Tensor(a)", {
    view: ({ a, dim, outer_length }) =>
      viewAs(a, [
        ...a.sizes.slice(0, dim),
        outer_length,
        a.sizes[dim]! / outer_length,
        ...a.sizes.slice(dim + 1),
      ]),
  }),
  defineOp("prims::squeeze(Tensor(a) a, int[] dimensions) -> Tensor(a)", {
    view: ({ a, dimensions }) => squeezed(a, dimensions),
  }),
  defineOp(
    "prims::iota(SymInt length, *, SymInt start, SymInt step, ScalarType dtype, Device device, bool requires_grad) -> Tensor",
    {
      composite: ({ length, start, step, dtype }) => {
        const counted = call("aten::arange", Scalar.int(length), dtypes.int64);
        const scaled = call("aten::mul.Scalar", counted, Scalar.int(step));
        return cast(call("aten::add.Scalar", scaled, Scalar.int(start)), dtype);
      },
    },
  ),
  defineOp(
    "prims::full(SymInt[] shape, Scalar fill_value, *, ScalarType dtype, Device device, bool requires_grad) -> Tensor",
    { composite: ({ shape, fill_value, dtype }) => call("aten::full", shape, fill_value, dtype) },
  ),
  defineOp(
    "prims::full_like(Tensor a, Scalar fill_value, *, ScalarType dtype, Device device, bool requires_grad) -> Tensor",
    { composite: ({ a, fill_value, dtype }) => call("aten::full_like", a, fill_value, dtype) },
  ),
  defineOp(
    "prims::empty_strided(SymInt[] shape, SymInt[] strides, *, ScalarType dtype, Device device, bool requires_grad) -> Tensor",
    { composite: ({ shape, strides, dtype }) => call("aten::empty_strided", shape, strides, dtype) },
  ),
  defineOp(
    "prims::empty_permuted(SymInt[] shape, int[] physical_layout, *, ScalarType dtype, Device device, bool requires_grad) -> Tensor",
    {
      composite: ({ shape, physical_layout, dtype }) =>
        call("aten::empty_permuted", shape, physical_layout, dtype),
    },
  ),
  defineOp("prims::empty(SymInt[] shape, *, ScalarType dtype, Device device, bool requires_grad) -> Tensor", {
    composite: ({ shape, dtype }) => call("aten::empty.memory_format", shape, dtype),
  }),
  defineOp("prims::fft_r2c(Tensor self, *, int[] dim, bool onesided) -> Tensor", {
    composite: ({ self, dim, onesided }) => call("aten::_fft_r2c", self, dim, 0, onesided),
  }),
  defineOp("prims::fft_c2c(Tensor self, *, int[] dim, bool forward) -> Tensor", {
    composite: ({ self, dim, forward }) => call("aten::_fft_c2c", self, dim, 0, forward),
  }),
  defineOp("prims::fft_c2r(Tensor self, *, int[] dim, SymInt last_dim_size) -> Tensor", {
    composite: ({ self, dim, last_dim_size }) => call("aten::_fft_c2r", self, dim, 0, last_dim_size),
  }),
  defineOp("prims::svd(Tensor A, *, bool full_matrices) -> (Tensor U, Tensor S, Tensor Vh)", {
    composite: ({ A, full_matrices }) => callAny("aten::_linalg_svd", A, full_matrices),
  }),
  defineOp(
    "prims::normal(SymInt[] shape, *, Scalar mean, Scalar std, ScalarType dtype, Device device, bool requires_grad, Generator? generator=None) -> Tensor",
    {
      composite: ({ shape, mean, std, dtype }) => {
        const drawn = call("aten::randn", shape, dtype);
        return call("aten::add.Scalar", call("aten::mul.Scalar", drawn, std), mean);
      },
    },
  ),
  defineOp(
    "prims::uniform(SymInt[] shape, *, Scalar low, Scalar high, ScalarType dtype, Device device, SymInt[] stride, Generator? generator=None) -> Tensor",
    {
      composite: ({ shape, low, high, dtype, stride }) => {
        const empty = call("aten::empty_strided", shape, stride, dtype);
        return call("aten::uniform_", empty, low.re, high.re);
      },
    },
  ),
];

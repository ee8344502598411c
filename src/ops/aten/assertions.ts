/** Assertions, and values that leave the world of tensors. */
import { complexes, integers, reals } from "../../tensor/elements.ts";
import { Scalar } from "../../tensor/scalar.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { call } from "../dispatch.ts";
import { defineOp, type Kernel, mode } from "../kernel.ts";

/** The single element of a tensor as a Python number. @throws DataDependentError when it has no elements. */
function scalarOf(t: Tensor): Scalar {
  if (t.numel !== 1)
    throw new RangeError(`a tensor with ${t.numel} elements cannot be converted to a number`);
  const { category } = t.dtype;
  if (category === "bool") return Scalar.bool(reals(t)[0] !== 0);
  if (category === "int") return Scalar.int(t.dtype.form === "wide" ? integers(t)[0]! : reals(t)[0]!);
  if (category === "float") return Scalar.float(reals(t)[0]!);
  const [re, im] = complexes(t);
  return Scalar.complex(re!, im!);
}

function isTrue(t: Tensor): boolean {
  const { re, im } = scalarOf(t);
  return re !== 0 || im !== 0;
}

/** @throws RangeError with the message unless the tensor is true; passes where only geometry is inferred. */
function assertTensor(t: Tensor, message: string): undefined {
  if (!mode.meta && !isTrue(t)) throw new RangeError(message);
}

function assertScalar(value: Scalar, message: string): undefined {
  if (value.re === 0) throw new RangeError(message);
}

function constrain(size: Scalar, min: number | null, max: number | null): undefined {
  if ((min !== null && size.re < min) || (max !== null && size.re > max)) {
    throw new RangeError(`${size} is not between ${min ?? "-inf"} and ${max ?? "inf"}`);
  }
}

function equal(self: Tensor, other: Tensor): boolean {
  if (self.sizes.join() !== other.sizes.join()) return false;
  return self.numel === 0 || isTrue(call("aten::all", call("aten::eq.Tensor", self, other)));
}

export const assertions: readonly Kernel[] = [
  // What a program prints is not among its results.
  defineOp("aten::_print(str s) -> ()", { composite: () => [] }),
  defineOp("aten::_assert_async(Tensor self) -> ()", {
    composite: ({ self }) => assertTensor(self, "Expected Tensor with single nonzero value, but got zero"),
  }),
  defineOp("aten::_assert_async.msg(Tensor self, str assert_msg) -> ()", {
    composite: ({ self, assert_msg }) => assertTensor(self, assert_msg),
  }),
  defineOp("aten::_functional_assert_async.msg(Tensor self, str assert_msg, Tensor dep_token) -> Tensor", {
    composite: ({ self, assert_msg, dep_token }) => {
      assertTensor(self, assert_msg);
      return call("aten::clone", dep_token);
    },
  }),
  defineOp("aten::_assert_scalar(Scalar self, str assert_msg) -> ()", {
    composite: ({ self, assert_msg }) => assertScalar(self, assert_msg),
  }),
  defineOp("aten::_functional_assert_scalar(Scalar self, str assert_msg, Tensor dep_token) -> Tensor", {
    composite: ({ self, assert_msg, dep_token }) => {
      assertScalar(self, assert_msg);
      return call("aten::clone", dep_token);
    },
  }),
  defineOp("aten::sym_constrain_range(Scalar size, *, int? min=None, int? max=None) -> ()", {
    composite: ({ size, min, max }) => constrain(size, min, max),
  }),
  defineOp("aten::sym_constrain_range_for_size(Scalar size, *, int? min=None, int? max=None) -> ()", {
    composite: ({ size, min, max }) => constrain(size, min ?? 0, max),
  }),
  ...["_functional_sym_constrain_range", "_functional_sym_constrain_range_for_size"].map((name) =>
    defineOp(
      `aten::${name}(Scalar size, int? min, int? max, Tensor dep_token) -> Tensor` as "aten::_functional_sym_constrain_range(Scalar size, int? min, int? max, Tensor dep_token) -> Tensor",
      {
        composite: ({ size, min, max, dep_token }) => {
          constrain(size, min, max);
          return call("aten::clone", dep_token);
        },
      },
    ),
  ),
  defineOp(
    "aten::_make_dep_token(*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor",
    { composite: ({ dtype }) => call("aten::empty.memory_format", [], dtype) },
  ),
  defineOp(
    "aten::_assert_tensor_metadata(Tensor a, SymInt[]? size=None, SymInt[]? stride=None, ScalarType? dtype=None, *, Device? device=None, Layout? layout=None) -> ()",
    {
      composite: ({ a, size, stride, dtype, layout }) => {
        const expect = (what: string, wanted: unknown, found: unknown): void => {
          if (wanted !== null && String(wanted) !== String(found))
            throw new RangeError(`Tensor ${what} mismatch! Expected: ${wanted}, Got: ${found}`);
        };
        expect("sizes", size && `[${size.join(", ")}]`, `[${a.sizes.join(", ")}]`);
        expect("strides", stride && `[${stride.join(", ")}]`, `[${a.strides.join(", ")}]`);
        expect("dtype", dtype?.name ?? null, a.dtype.name);
        // A sparse tensor is held as the dense one that it stands for.
        if (layout !== "sparse_coo") expect("layout", layout, "strided");
      },
    },
  ),
  ...["item", "_local_scalar_dense"].map((name) =>
    defineOp(`aten::${name}(Tensor self) -> Scalar` as "aten::item(Tensor self) -> Scalar", {
      composite: ({ self }) => scalarOf(self),
    }),
  ),
  defineOp("aten::_has_compatible_shallow_copy_type(Tensor self, Tensor from) -> bool", {
    // All tensors here are dense.
    composite: () => Scalar.bool(true),
  }),
  defineOp("aten::is_nonzero(Tensor self) -> bool", {
    composite: ({ self }) => Scalar.bool(isTrue(self)),
  }),
  defineOp("aten::equal(Tensor self, Tensor other) -> bool", {
    composite: ({ self, other }) => Scalar.bool(equal(self, other)),
  }),
  defineOp(
    "aten::allclose(Tensor self, Tensor other, float rtol=1.0000000000000001e-05, float atol=1e-08, bool equal_nan=False) -> bool",
    {
      composite: ({ self, other, rtol, atol, equal_nan }) =>
        Scalar.bool(isTrue(call("aten::all", call("aten::isclose", self, other, rtol, atol, equal_nan)))),
    },
  ),
];

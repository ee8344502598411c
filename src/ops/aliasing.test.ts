import { describe, expect, it } from "vitest";
import type { Argument, SymInt, TensorMeta } from "../schema/types.generated.ts";
import { sharesVersionCounter } from "./aliasing/counters.ts";
import { UNDECLARED_ALIASING } from "./aliasing/executorch.ts";
import { aliasing, type Call, FRESH } from "./aliasing.ts";
import { OperatorRegistry } from "./registry.ts";

type Size = number | string;

/** A symbolic size is written as the expression; s0 was traced as 6. */
const size = (value: Size): SymInt =>
  typeof value === "number"
    ? { as_int: value }
    : { as_expr: { expr_str: value, hint: { as_int: value === S ? 6 : 24 } } };

const tensor = (sizes: Size[], strides: Size[], dtype: TensorMeta["dtype"] = 7): TensorMeta => ({
  dtype,
  sizes: sizes.map(size),
  strides: strides.map(size),
  storage_offset: { as_int: 0 },
  requires_grad: false,
  device: { type: "cpu", index: null },
  layout: 7,
});

function call(
  args: Record<string, Argument>,
  tensors: Record<string, TensorMeta>,
  outputs: TensorMeta[],
): Call {
  return {
    argument: (name) => args[name],
    tensor: (value) => tensors[value],
    symInt: (value) => (value === "s" ? size(S) : undefined),
    outputs: () => outputs,
  };
}

const S = "Symbol('s0', positive=True, integer=True)";
const S4 = `Mul(Integer(4), ${S})`;
const registry = new OperatorRegistry();
const find = (target: string) => registry.find(`torch.ops.${target}`)!;
const self = { self: { as_tensor: { name: "x" } } } as const;
const ofSelf = { sources: [{ argument: "self", index: -1 }], group: -1 };

describe("aliasing", () => {
  it("shares one answer among all calls that make new tensors and write nothing", () => {
    const x = tensor([3], [1]);
    const args: Record<string, Argument> = { ...self, other: { as_tensor: { name: "x" } } };
    expect(aliasing(find("aten.add.Tensor"), call(args, { x }, [x]))).toBe(FRESH);
  });

  it("is certain where every size gives the same answer", () => {
    const x = tensor([S, 4], [4, 1]);
    const shape: Argument = { as_sym_ints: [{ as_name: "s" }, { as_int: 2 }, { as_int: 2 }] };
    const view = aliasing(find("aten.reshape.default"), call({ ...self, shape }, { x }, []));
    expect(view).toEqual({ outputs: [ofSelf], writes: [], certain: true });
    const turned = tensor([4, S], [1, 4]);
    const flat = aliasing(
      find("aten.reshape.default"),
      call({ ...self, shape: { as_ints: [-1] } }, { x: turned }, [tensor([S4], [1])]),
    );
    expect(flat).toMatchObject({ outputs: [], certain: true });
    expect(
      aliasing(find("aten.contiguous.default"), call(self, { x: tensor([2, S, 4], [S4, 4, 1]) }, [])),
    ).toMatchObject({
      outputs: [ofSelf],
      certain: true,
    });
  });

  it("is not certain where a size decides, and then answers for the traced size", () => {
    const x = tensor([3, S], [6, 1]);
    const answer = aliasing(find("aten.contiguous.default"), call(self, { x }, []));
    expect(answer).toMatchObject({ outputs: [ofSelf], certain: false });
    expect(answer.reason).toContain("symbolic sizes");
  });

  it("is not certain about a conjugation bit that nobody knows", () => {
    const x = tensor([3], [1], 10);
    const asked = call(self, { x }, [x]);
    expect(aliasing(find("aten.resolve_conj.default"), asked)).toMatchObject({
      outputs: [ofSelf],
      certain: false,
    });
    const known = { ...asked, conjugated: () => true };
    expect(aliasing(find("aten.resolve_conj.default"), known)).toMatchObject({ outputs: [], certain: true });
  });

  it("believes the annotations of a declared operator", () => {
    const own = new OperatorRegistry();
    own.declare("mylib::fill(Tensor x, Tensor(a!)[] y, Tensor(b)? z) -> (Tensor(b), Tensor)");
    const x = tensor([3], [1]);
    const args: Record<string, Argument> = {
      x: { as_tensor: { name: "x" } },
      y: { as_tensors: [{ name: "x" }, { name: "x" }] },
      z: { as_none: true },
    };
    const operator = own.find("torch.ops.mylib.fill.default")!;
    expect(aliasing(operator, call(args, { x }, [x, x]))).toEqual({
      outputs: [
        { sources: [], group: 0 },
        { sources: [], group: 1 },
      ],
      writes: [
        { argument: "y", index: 0, kind: "data" },
        { argument: "y", index: 1, kind: "data" },
      ],
      certain: true,
    });
    const given = call({ ...args, z: { as_tensor: { name: "x" } } }, { x }, [x, x]);
    expect(aliasing(operator, given).outputs[0]?.sources).toEqual([{ argument: "z", index: -1 }]);
  });

  it("believes the schemas of ExecuTorch's operators, and keeps what they hide apart", () => {
    const operator = find("executorch.update_cross_attn_cache.default");
    expect(aliasing(operator, call({}, {}, []))).toBe(FRESH);
    expect(UNDECLARED_ALIASING.get(operator.qualifiedName)?.lowered.outputs[0]?.sources[0]?.argument).toBe(
      "cache",
    );
  });

  it("knows whose results count their own versions", () => {
    expect(sharesVersionCounter(find("aten.unsafe_split.Tensor"))).toBe(false);
    expect(sharesVersionCounter(find("aten.split.Tensor"))).toBe(true);
  });
});

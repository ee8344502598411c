import { describe, expect, it } from "vitest";
import type { Program } from "../program/program.ts";
import { decodeDocument } from "../schema/decoder.ts";
import type { Argument } from "../schema/types.generated.ts";
import { writeDocument } from "../schema/writer.ts";
import { ProgramTextError, programFromText, programTextToDocument } from "./program-text.ts";

const COND = `
def forward(p: "b8[]", x: "f32[2, 3]", cache: "f32[2, 3]" = buffer("cache"), w: "f32[3]" = parameter("fc.weight")):
    view: "f32[6]" = torch.ops.aten.view.default(x, [6])  # model.py:12 in forward: y = x.view(6)
    cond: ("f32[6]", "f32[2, 3]") = torch.ops.higher_order.cond(p, true_graph_0, false_graph_0, (x, cache))
    add: "f32[2, 3]" = torch.ops.aten.add.Tensor(cache, 1)
    mutates buffer("cache") = add
    return (view, cond[0])

def true_graph_0(x: "f32[2, 3]", cache: "f32[2, 3]"):
    view: "f32[6]" = torch.ops.aten.view.default(x, [6])
    return (view, cache)

def false_graph_0(x: "f32[2, 3]", cache: "f32[2, 3]"):
    reshape: "f32[6]" = torch.ops.aten.reshape.default(x, [-1])
    clone: "f32[2, 3]" = torch.ops.aten.clone.default(cache)
    return (reshape, clone)
`;

const programOf = (text: string) => programFromText(text).program;

/** A program whose only node is this call; `x`, `y` are tensors, `n` a size. */
function call(expression: string): Program {
  return programOf(`
def forward(x: "f32[2, 3]", y: "f32[2, 3]", n: "Sym(s0)"):
    r: "f32[2, 3]" = ${expression}
    return (r,)`);
}

function argumentsOf(program: Program): [name: string, arg: Argument, kind: number | null | undefined][] {
  return program.main.nodes[0]!.source.inputs.map(({ name, arg, kind }) => [name, arg, kind]);
}

function argument(text: string): Argument {
  return argumentsOf(call(`torch.ops.higher_order.wrap(${text})`))[0]![1];
}

function metaOf(annotation: string) {
  const meta = programOf(`def forward(x: "${annotation}"):\n    return x`).main.inputs[0]!.meta!;
  const numbers = (list: readonly object[]) => list.map((item) => Object.values(item)[0]);
  return { ...meta, sizes: numbers(meta.sizes), strides: numbers(meta.strides) };
}

describe("a program", () => {
  const program = programOf(COND);

  it("has graphs, values and names as torch gives them", () => {
    expect(
      program.graphs.map(({ path, values }) => [path, values.map(({ name }) => name).join(" ")]),
    ).toEqual([
      ["main", "p x cache w view getitem cond_unused_1 add"],
      ["main/cond/true_graph_0", "x cache view"],
      ["main/cond/false_graph_0", "x cache reshape clone"],
    ]);
  });

  it("has a signature", () => {
    expect(program.inputs.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "user_input p",
      "user_input x",
      "buffer cache",
      "parameter fc.weight",
    ]);
    expect(program.document.root.graph_module.signature.output_specs).toEqual([
      { buffer_mutation: { arg: { name: "add" }, buffer_name: "cache" } },
      { user_output: { arg: { as_tensor: { name: "view" } } } },
      { user_output: { arg: { as_tensor: { name: "getitem" } } } },
    ]);
  });

  it("has lines of source where they are written", () => {
    const [view, cond] = program.main.nodes;
    expect(view!.frame()).toEqual({ file: "model.py", line: 12, function: "forward", code: "y = x.view(6)" });
    expect(cond!.frame()).toBeNull();
  });

  it("is a document as torch writes it, byte for byte", () => {
    const text = `${COND}\n# ünïcode\n`.replace("y = x", "ü = x");
    const bytes = programTextToDocument(text);
    const document = decodeDocument(bytes);
    expect(document.oddities).toEqual([]);
    expect(Buffer.from(writeDocument(document)).equals(bytes)).toBe(true);
  });

  it("takes what torch's dialects, versions and ranges are to be", () => {
    const { document, dialect, torchVersion, schemaVersion } = programOf(`
dialect "ATEN"
torch "2.6.0"
schema "8.4"
range s0 [3, 9223372036854775806]
def forward(x: "f32[s0, u1]"):
    return x`);
    expect([dialect, torchVersion, schemaVersion]).toEqual(["ATEN", "2.6.0", "8.4"]);
    expect([...document.root.range_constraints]).toEqual([
      ["s0", { min_val: 3, max_val: 9223372036854775806n }],
      ["u1", { min_val: 0, max_val: null }],
    ]);
  });
});

describe("metadata", () => {
  it.each([
    ["f32[2, 3]", { dtype: 7, sizes: [2, 3], strides: [3, 1], storage_offset: { as_int: 0 } }],
    ["b8[]", { dtype: 12, sizes: [], strides: [] }],
    ["i64[2, 3][1, 2]", { dtype: 5, strides: [1, 2] }],
    ["f32[2, 0, 3]", { strides: [3, 3, 1] }],
    ["bf16[2]+4", { dtype: 13, storage_offset: { as_int: 4 } }],
    ["f32[2] cuda:1", { device: { type: "cuda", index: 1 } }],
    ["f32[2][1]+1 meta", { device: { type: "meta", index: null }, storage_offset: { as_int: 1 } }],
    ["f32[2][1] sparse_coo grad", { layout: 1, requires_grad: true }],
  ])("%s", (annotation, expected) => {
    expect(metaOf(annotation)).toMatchObject(expected);
  });

  const S0 = "Symbol('s0', positive=True, integer=True)";
  it.each([
    ["f32[s0]", S0],
    ["f32[2*s0]", `Mul(Integer(2), ${S0})`],
    ["f32[s0 - 1]", `Add(${S0}, Integer(-1))`],
    ["f32[(s0//2) + 1]", `Add(FloorDiv(${S0}, Integer(2)), Integer(1))`],
    ["f32[s0*s0]", `Pow(${S0}, Integer(2))`],
    ["f32[Max(1, u0)]", "Max(Integer(1), Symbol('u0', integer=True))"],
  ])("of a symbolic size: %s", (annotation, expected) => {
    expect(metaOf(annotation).sizes).toEqual([{ expr_str: expected, hint: null }]);
  });

  it("has strides that are products of symbolic sizes", () => {
    const stride = { expr_str: `Mul(Integer(3), ${S0})`, hint: null };
    expect(metaOf("f32[2, s0, 3]").strides).toEqual([stride, 3, 1]);
  });

  it("knows numbers, flags and objects from tensors", () => {
    const { main } = programOf(`
def forward(n: "Sym(s0)", i: "Sym(3)", b: "Sym(Eq(s0, 2))", f: "SymFloat(zuf0)", o: "CustomObj(my.Class)" = custom_obj("o"), t: "?"):
    return (n, t)`);
    expect(main.values.map(({ kind }) => kind)).toEqual([
      "sym_int",
      "sym_int",
      "sym_bool",
      "sym_float",
      "custom_obj",
      "tensor",
    ]);
    expect(main.source.sym_int_values.get("i")).toEqual({ as_int: 3 });
    expect(main.value("t")!.meta).toBeUndefined();
  });
});

describe("arguments", () => {
  it.each<[string, Argument]>([
    ["x", { as_tensor: { name: "x" } }],
    ["n", { as_sym_int: { as_name: "n" } }],
    ["-3", { as_int: -3 }],
    ["9223372036854775807", { as_int: 9223372036854775807n }],
    ["1.0", { as_float: 1 }],
    ["1e-05", { as_float: 1e-5 }],
    ["-inf", { as_float: Number.NEGATIVE_INFINITY }],
    ["True", { as_bool: true }],
    ["None", { as_none: true }],
    ["'mean'", { as_string: "mean" }],
    ["torch.float64", { as_scalar_type: 8 }],
    ["torch.strided", { as_layout: 7 }],
    ["torch.channels_last", { as_memory_format: 2 }],
    ["device(type='cuda', index=1)", { as_device: { type: "cuda", index: 1 } }],
    ["device('cuda:1')", { as_device: { type: "cuda", index: 1 } }],
    ["torch.ops.aten.add.Tensor", { as_operator: "torch.ops.aten.add.Tensor" }],
    ["[1, 2]", { as_ints: [1, 2] }],
    ["[n, 2]", { as_sym_ints: [{ as_name: "n" }, { as_int: 2 }] }],
    ["(x, y)", { as_tensors: [{ name: "x" }, { name: "y" }] }],
    ["(x, n)", { as_tensors: [{ name: "x" }, { name: "n" }] }],
    ["(x,)", { as_tensors: [{ name: "x" }] }],
    ["()", { as_tensors: [] }],
    ["[None, x]", { as_optional_tensors: [{ as_none: true }, { as_tensor: { name: "x" } }] }],
    ["[[x], [y, x]]", { as_nested_tensors: [[{ name: "x" }], [{ name: "y" }, { name: "x" }]] }],
    ["[(1, 2), (3,)]", { as_int_lists: [[1, 2], [3]] }],
    ["{'a': 1}", { as_string_to_argument: new Map([["a", { as_int: 1 }]]) }],
    ["nobody", { as_tensor: { name: "nobody" } }],
  ])("%s", (text, expected) => {
    expect(argument(text)).toEqual(expected);
  });

  it("have the schema's names, and keep how they are written", () => {
    expect(argumentsOf(call("torch.ops.aten.add.Tensor(x, other=y, alpha=2)"))).toEqual([
      ["self", { as_tensor: { name: "x" } }, 1],
      ["other", { as_tensor: { name: "y" } }, 2],
      ["alpha", { as_int: 2 }, 2],
    ]);
    expect(argumentsOf(call("torch.ops.aten.permute.default(x, [])"))[1]).toEqual([
      "dims",
      { as_ints: [] },
      1,
    ]);
    expect(argumentsOf(call("_operator.mul(n, 2)")).map(([name]) => name)).toEqual(["a", "b"]);
  });

  it("may be too few, too many or of the wrong kind", () => {
    expect(argumentsOf(call("torch.ops.aten.sin.default()"))).toEqual([]);
    expect(argumentsOf(call("torch.ops.aten.sin.default(1, 'x')"))).toEqual([
      ["self", { as_int: 1 }, 1],
      ["arg_1", { as_string: "x" }, 1],
    ]);
  });

  it("have the names of an operator that the text declares", () => {
    const { program, registry } = programFromText(`
operator "mylib::scale(Tensor x, float by) -> Tensor"
def forward(x: "f32[2]"):
    scale: "f32[2]" = torch.ops.mylib.scale.default(x, 2.0)
    return scale`);
    expect(argumentsOf(program).map(([name]) => name)).toEqual(["x", "by"]);
    expect(registry.find("torch.ops.mylib.scale.default")).toBeDefined();
  });
});

describe("outputs", () => {
  const outputsOf = (line: string) =>
    programOf(`def forward(x: "f32[2, 3]"):\n    ${line}\n    return x`).main.nodes[0]!.source;

  it.each([
    ['a: "f32[2]", b: "i64[2]" = torch.ops.aten.topk.default(x, 1)', "topk", ["a", "b"]],
    [
      'topk: ("f32[2]", "i64[2]") = torch.ops.aten.topk.default(x, 1)',
      "topk",
      ["topk_unused_0", "topk_unused_1"],
    ],
    ["assert_1 = torch.ops.aten._assert_async.msg(x, 'no')", "assert_1", []],
    ["torch.ops.aten._assert_async.msg(x, 'no')", "_assert_async", []],
  ])("%s", (line, name, outputs) => {
    const node = outputsOf(line);
    expect(node.name).toBe(name);
    expect(node.outputs).toEqual(outputs.map((output) => ({ as_tensor: { name: output } })));
  });

  it("may be a list, and None", () => {
    const list = { as_tensors: [{ name: "split_unused_0" }, { name: "split_unused_1" }] };
    expect(outputsOf('split: ["f32[1]", "f32[1]"] = torch.ops.aten.split.Tensor(x, 1)').outputs).toEqual([
      list,
    ]);
    expect(outputsOf('f: (None, "f32[1]") = torch.ops.higher_order.wrap(x)').outputs).toEqual([
      { as_none: true },
      { as_tensor: { name: "f_unused_1" } },
    ]);
  });

  it("are one tensor or a tuple of one for a higher-order operator", () => {
    expect(outputsOf('f: "f32[1]" = torch.ops.higher_order.wrap(x)').is_hop_single_tensor_return).toBe(true);
    expect(outputsOf('f: ("f32[1]",) = torch.ops.higher_order.wrap(x)').is_hop_single_tensor_return).toBe(
      false,
    );
    expect(outputsOf('f: "f32[1]" = torch.ops.aten.sin.default(x)').is_hop_single_tensor_return).toBeNull();
  });

  it("are read as torch prints them", () => {
    const { main } = programOf(`
def forward(x: "f32[2, 3]"):
    # File: model.py:7 in forward, code: a, b = x.split(1)
    split = torch.ops.aten.split.Tensor(x, 1);  x = None
    getitem: "f32[1, 3]" = split[0]
    getitem_1: "f32[1, 3]+3" = split[1];  split = None
    return (getitem, getitem_1)`);
    expect(main.nodes[0]!.source.outputs).toEqual([
      { as_tensors: [{ name: "getitem" }, { name: "getitem_1" }] },
    ]);
    expect(main.nodes[0]!.frame()).toMatchObject({ file: "model.py", line: 7, code: "a, b = x.split(1)" });
    expect(main.outputs.map((value) => value?.name)).toEqual(["getitem", "getitem_1"]);
  });
});

describe("what rules must see", () => {
  it("keeps names that nothing defines, and names that are defined twice or too late", () => {
    const { main } = programOf(`
def forward(x: "f32[2]"):
    a: "f32[2]" = torch.ops.aten.sin.default(b)
    b: "f32[2]" = torch.ops.aten.sin.default(nobody)
    b: "f32[2]" = torch.ops.aten.cos.default(x)
    return (b, gone)`);
    expect(main.undefinedUses.map(({ name }) => name)).toEqual(["b", "nobody", "gone"]);
    expect(main.duplicates.map(({ name }) => name)).toEqual(["b"]);
  });

  it("keeps a cond without its last arguments", () => {
    const { main } = programOf(`
def forward(x: "f32[2]"):
    cond: ("f32[2]",) = torch.ops.higher_order.cond(1, true_graph_0)
    return (cond[0],)
def true_graph_0(x: "f32[2]"):
    return (x,)`);
    expect(main.nodes[0]!.source.inputs.map(({ arg }) => Object.keys(arg)[0])).toEqual([
      "as_int",
      "as_graph",
    ]);
  });
});

describe("an error says line, column and what was expected", () => {
  const within = (line: string) => `def forward(x: "f32[2]"):\n    ${line}\n    return x\n`;

  it.each([
    ["", "1:1: expected 'def forward(...):'"],
    ["def forward(x):\n    return x", "1:13: the input 'x' needs its metadata, such as \"f32[2, 3]\""],
    ["def forward(x: 'f32'):\n    return x", '1:13: \'f32\' is no metadata; write "f32[2, 3]" or "Sym(s0)"'],
    ["def forward(x: 'q32[2]'):\n    return x", /^1:13: 'q32' is no dtype; known: /],
    ["def forward(x: 'f32[2 3]'):\n    return x", "1:13: '2 3' is no size"],
    ["def forward(x: 'f32[2]' = weight('w')):\n    return x", /^1:27: expected one of buffer, parameter, /],
    ["def forward():\n    x = 1", "2:9: expected the call of an operator, found '1'"],
    ["def forward():\n", "2:1: expected a statement or 'return' in forward, found the end"],
    ["def forward() return", "1:15: expected ':', found 'return'"],
    ["dialekt 'ATEN'\ndef forward():\n    return ()", /^1:1: 'dialekt' is no directive; known: dialect/],
    ["operator 'mylib.f'\ndef forward():\n    return ()", /^1:1: .*namespace/],
    [within("y: 'f32[2]' = sin(x)"), "2:19: 'sin' is no operator; write torch.ops.aten.add.Tensor"],
    [within("y: 'f32[2]' = torch.ops.aten.sin.default(x"), "3:5: expected ',' or ')', found 'return'"],
    [within("y: 'f32[2]' = torch.ops.aten.sin.default(x[0])"), "2:46: no node 'x' has an output 0"],
    [within("y: 'f32[2]' = x[0]"), "2:5: no node 'x' has an output 0"],
    [
      within("y: 'f32[2]' = torch.ops.aten.full.default([], torch.flaot)"),
      /^2:51: 'torch.flaot' is neither a dtype/,
    ],
    [
      within("y: 'f32[2]' = torch.ops.aten.cat.default([x, 1])"),
      "2:46: no document can hold a list of as_tensor and as_int",
    ],
    [
      within(
        "f: ('f32[2]',) = torch.ops.higher_order.wrap(forward2)\n    g: 'f32[2]' = torch.ops.aten.sin.default(f)",
      ),
      "3:46: 'f' has several outputs; write f[0]",
    ],
    [within("y: 'f32[2]' = ?"), '2:19: unexpected "?"'],
    [
      "def forward():\n    return ()\ndef g():\n    mutates buffer('b') = x\n    return ()",
      "4:5: only forward has a signature, and g is a subgraph",
    ],
    [
      "def forward():\n    f = torch.ops.higher_order.wrap(g)\n    return ()\ndef g():\n    f = torch.ops.higher_order.wrap(g)\n    return ()",
      "5:37: 'g' calls itself",
    ],
    ["def forward():\n    return ()\ndef forward():\n    return ()", "3:1: there is already a 'forward'"],
  ])("%j", (text, message) => {
    expect(() => programOf(text)).toThrow(message);
    expect(() => programOf(text)).toThrow(ProgramTextError);
  });
});

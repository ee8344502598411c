import { testRule } from "../../src/lint/rule-tester.ts";
import { metadataMismatch } from "./metadata-mismatch.ts";

/** layer_norm of bfloat16 with weights of float32, which a CPU computes with wider statistics than torch says. */
const layerNorm = (device: string, statistics: string) => `
def forward(x: "bf16[2, 4]${device}", w: "f32[4]${device}"):
    norm: ("bf16[2, 4]${device}", "${statistics}[2, 1]${device}", "${statistics}[2, 1]${device}") = torch.ops.aten.native_layer_norm.default(x, [4], w, w, 1e-05)
    return (norm[0],)
`;

/** A product under autocast, and one in a region within that has none. */
const autocast = (inside: string, within: string) => `
def forward(x: "f32[2, 2]"):
    cast: ("${inside}[2, 2]", "${within}[2, 2]") = torch.ops.higher_order.wrap_with_autocast("cpu", None, True, None, body, x)
    return (cast[0], cast[1])

def body(x: "f32[2, 2]"):
    mm: "${inside}[2, 2]" = torch.ops.aten.mm.default(x, x)
    off: ("${within}[2, 2]",) = torch.ops.higher_order.wrap_with_autocast("cpu", None, False, None, inner, x)
    return (mm, off[0])

def inner(x: "f32[2, 2]"):
    mm: "${within}[2, 2]" = torch.ops.aten.mm.default(x, x)
    return (mm,)
`;

/** What is written lies as it did. */
const inPlace = (strides: string) => `
def forward(x: "f32[2, 3]", y: "f32[2, 3]"):
    t: "f32[3, 2][1, 3]" = torch.ops.aten.t.default(x)
    t_1: "f32[3, 2][1, 3]" = torch.ops.aten.t.default(y)
    copy_: "f32[3, 2]${strides}" = torch.ops.aten.copy_.default(t, t_1)
    return (copy_,)
`;

/** In evaluation it hands back what it is given, or a copy. */
const dropout = (operand: string, result: string) => `
def forward(x: "f32[4, 4]"):
    view: "f32[2, 3]${operand}" = torch.ops.aten.as_strided.default(x, [2, 3], ${operand})
    dropout: "f32[2, 3]${result}" = torch.ops.aten.dropout.default(view, 0.5, False)
    return (dropout,)
`;

/** How long the slice is, nobody knows before the program runs; its other sizes are known. */
const slice = (columns: number) => `
range u0 [3, 8]
range u1 [3, 8]
range u2 [3, 8]
def forward(x: "f32[9, 4]", i: "i64[]", j: "i64[]"):
    start: "Sym(u0)" = torch.ops.aten._local_scalar_dense.default(i)
    end: "Sym(u1)" = torch.ops.aten._local_scalar_dense.default(j)
    slice_1: "f32[u2, ${columns}]" = torch.ops.aten.slice.Tensor(x, 0, start, end)
    return (slice_1,)
`;

/** The masked copy is a new tensor, whose strides are not those of what is copied. */
const masked = (strides: string) => `
def forward(x: "f32[2, 3]", m: "b8[3, 2]"):
    t: "f32[3, 2][1, 3]" = torch.ops.aten.t.default(x)
    masked_fill: "f32[3, 2]${strides}" = torch.ops.aten.masked_fill.Scalar(t, m, 0)
    copy: "f32[3, 2][1, 3]" = torch.ops.aten.copy.default(t, masked_fill)
    return (copy,)
`;

/** Within the region a tensor lies as it does with its batch dimension, which metadata does not show. */
const vmap = (strides: string) => `
def forward(x: "f32[2, 2][2, 4]"):
    enter: None = torch._functorch.predispatch._vmap_increment_nesting(2, "error")
    add: "f32[2][4]" = torch._functorch.predispatch._add_batch_dim(x, 0, 1)
    sin: "f32[2]${strides}" = torch.ops.aten.sin.default(add)
    remove: "f32[2, 2][1, 2]" = torch._functorch.predispatch._remove_batch_dim(sin, 1, 2, 0)
    leave: None = torch._functorch.predispatch._vmap_decrement_nesting()
    return (remove,)
`;

/** Which kernel computes it depends on what needs gradients. */
const attention = (strides: string) => `
def forward(q: "f32[1, 2, 3, 4][24, 4, 8, 1]"):
    attention: "f32[1, 2, 3, 4]${strides}" = torch.ops.aten.scaled_dot_product_attention.default(q, q, q)
    return (attention,)
`;

testRule(metadataMismatch, {
  valid: [
    { title: "a result within a vmap, as its batch dimension lays it out", program: vmap("[2]") },
    { title: "a slice between numbers that depend on data", program: slice(4) },
    { title: "a masked copy, and a copy", program: masked("") },
    { title: "attention by the flash kernel", program: attention("[24, 4, 8, 1]") },
    { title: "attention by products", program: attention("") },
    { title: "under autocast, and without it", program: autocast("bf16", "f32") },
    { title: "under autocast, as torch.export with strict=True has it", program: autocast("f32", "f32") },
    { title: "written in place", program: inPlace("[1, 3]") },
    { title: "a dropout that drops nothing", program: dropout("[1, 2]", "[1, 2]") },
    { title: "the same of what has gaps, copied", program: dropout("[4, 1]", "[3, 1]") },
    { title: "the same, handed back", program: dropout("[4, 1]", "[4, 1]") },
    { title: "statistics in the input's dtype", program: layerNorm("", "bf16") },
    { title: "statistics of another device in their own", program: layerNorm("cuda:0", "f32") },
  ],
  invalid: [
    {
      title: "a slice between numbers that depend on data, of which another size is wrong",
      program: slice(5),
      diagnostics: [
        {
          message: "'slice_1' is float32[3, 5] by its metadata, but its operator makes it float32[3, 4]",
        },
      ],
    },
    {
      title: "a masked copy that is said to lie as what is copied",
      program: masked("[1, 3]"),
      diagnostics: [
        {
          message:
            "'masked_fill' is float32[3, 2] with strides [1, 3] by its metadata, but its operator makes it float32[3, 2] with strides [2, 1]",
        },
      ],
    },
    {
      title: "attention in neither way",
      program: attention("[24, 1, 2, 6]"),
      diagnostics: [
        {
          message:
            "'attention' is float32[1, 2, 3, 4] with strides [24, 1, 2, 6] by its metadata, but its operator makes it float32[1, 2, 3, 4] with strides [24, 4, 8, 1]",
        },
      ],
    },
    {
      title: "a product that autocast makes in bfloat16, and one that it does not",
      program: autocast("f16", "bf16"),
      diagnostics: [
        { message: "'mm' is float16[2, 2] by its metadata, but its operator makes it bfloat16[2, 2]" },
        { message: "'mm' is bfloat16[2, 2] by its metadata, but its operator makes it float32[2, 2]" },
      ],
    },
    {
      title: "written in place, and said to lie otherwise",
      program: inPlace(""),
      diagnostics: [
        {
          message:
            "'copy_' is float32[3, 2] with strides [2, 1] by its metadata, but its operator makes it float32[3, 2] with strides [1, 3]",
        },
      ],
    },
    {
      title: "a dropout that drops nothing, and said to lie otherwise",
      program: dropout("[1, 2]", "[3, 1]"),
      diagnostics: [
        {
          message:
            "'dropout' is float32[2, 3] with strides [3, 1] by its metadata, but its operator makes it float32[2, 3] with strides [1, 2]",
        },
      ],
    },
    {
      title: "statistics as wide as the weights",
      program: layerNorm("", "f32"),
      diagnostics: [1, 2].map((i) => ({
        message: `'norm_unused_${i}' is float32[2, 1] by its metadata, but its operator makes it bfloat16[2, 1]`,
      })),
    },
  ],
});

import type { Node, Value } from "../../program/program.ts";

/** Hands two tensors through. Its schema says that the results are new; lowered they are the inputs. */
export const ALIAS = "torch.ops.executorch.alias.default";
/** Writes `value` into `cache[:, :, :S]`. Its schema declares no write and a new result; lowered that is the cache. */
export const UPDATE = "torch.ops.executorch.update_cross_attn_cache.default";

/** The tensor that a call passes for an argument, by its name in the schema or, without names, its position. */
export function tensorArgument(node: Node, name: string, position: number): Value | null {
  const { inputs } = node.source;
  const arg = node.arg(name) ?? (inputs[position]?.name === "" ? inputs[position].arg : undefined);
  if (arg === undefined || !("as_tensor" in arg)) return null;
  return node.graph.value(arg.as_tensor.name) ?? null;
}

/**
 * Operators that look at the shape, dtype or device of every tensor they take, or of the first one, and not at what
 * is in it. A compiler takes those from the metadata, so the tensor itself is not needed.
 */
const METADATA_ONLY =
  /^torch\.ops\.aten\.(sym_size|sym_stride|sym_numel|sym_storage_offset|sym_is_contiguous|(empty|zeros|ones|full|rand|randn|randint)_like|new_(empty|zeros|ones|full|empty_strided))\./;
/** Operators that look only at the shape or dtype of their second tensor. */
const METADATA_OF_SECOND = /^torch\.ops\.aten\.(expand_as|view_as|reshape_as|type_as|sum_to_size)\./;

/** The values whose contents a node may read. */
export function dataOperands(node: Node): readonly (Value | null)[] {
  const count = operandsRead(node.target);
  return count === 0 ? NO_OPERANDS : count === 1 ? node.operands.slice(0, 1) : node.operands;
}

const NO_OPERANDS: readonly never[] = [];

/** How many of its operands, from the first on, an operator may read. */
const operandsRead = forTarget((target) =>
  METADATA_ONLY.test(target) ? 0 : METADATA_OF_SECOND.test(target) ? 1 : Number.POSITIVE_INFINITY,
);

/** Remembers what a question about an operator was answered: a program has few operators and many nodes. */
export function forTarget<T>(ask: (target: string) => T): (target: string) => T {
  const answers = new Map<string, T>();
  return (target) => {
    let answer = answers.get(target);
    if (answer === undefined) answers.set(target, (answer = ask(target)));
    return answer;
  };
}

const COPIES = /^torch\.ops\.aten\.(clone|cat|constant_pad_nd|pad|repeat|lift_fresh_copy|_to_copy|to|copy)\./;

const mayCopy = forTarget((target) => COPIES.test(target));

/**
 * The value that a node copies when a compiler may use it in the copy's place, because nothing but the memory differs
 * (torch/_inductor/fx_passes/post_grad.py remove_noop_ops): same sizes, strides, dtype and device.
 */
export function copiedValue(node: Node): Value | null {
  if (!mayCopy(node.target)) return null;
  const [result] = node.outputs;
  const operands = node.operands;
  // For `copy`, which is what a functionalized copy_ becomes, the source is the second one.
  const source = operands[node.target.includes(".copy.") ? 1 : 0];
  if (!result?.meta || !source?.meta) return null;
  if (/\.cat\./.test(node.target) && operands.length !== 1) return null;
  const [a, b] = [result.meta, source.meta];
  const same =
    a.dtype === b.dtype &&
    a.layout === b.layout &&
    sameDevice(a.device, b.device) &&
    sameSizes(a.sizes, b.sizes) &&
    sameStrides(a, b);
  return same ? source : null;
}

type Meta = NonNullable<Value["meta"]>;

function sameDevice(a: Meta["device"], b: Meta["device"]): boolean {
  return a.type === b.type && (a.index ?? 0) === (b.index ?? 0);
}

function sameSizes(a: Meta["sizes"], b: Meta["sizes"]): boolean {
  return a.length === b.length && a.every((size, i) => sizeKey(size) === sizeKey(b[i]!));
}

/** The stride of a dimension of size 1 says nothing. */
function sameStrides(a: Meta, b: Meta): boolean {
  if (a.strides.length !== a.sizes.length || b.strides.length !== a.sizes.length) return false;
  return a.strides.every(
    (stride, i) => sizeKey(a.sizes[i]!) === "1" || sizeKey(stride) === sizeKey(b.strides[i]!),
  );
}

/** Equal for sizes that are certainly equal. */
function sizeKey(size: Meta["sizes"][number]): string {
  return "as_int" in size ? String(size.as_int) : size.as_expr.expr_str;
}

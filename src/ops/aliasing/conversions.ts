/** Operators that convert, and hand back their argument where there is nothing to convert. */
import type { ConcreteCall, ConcreteTensor, Doubt } from "./concrete.ts";
import { always, type HiddenRule, type RuleTable, type Share, when } from "./rule.ts";
import { CONTIGUOUS, isContiguous, PRESERVE, suggestMemoryFormat } from "./strides.ts";

/** ScalarType as the schema numbers it. */
const DTYPE = {
  byte: 1,
  char: 2,
  short: 3,
  int: 4,
  long: 5,
  half: 6,
  float: 7,
  double: 8,
  bfloat16: 13,
} as const;

function isComplex({ dtype }: ConcreteTensor): boolean {
  return dtype >= 9 && dtype <= 11;
}

/** What a conversion asks for; undefined leaves it as it is. */
interface Wish {
  readonly dtype?: number | undefined;
  readonly layout?: number | undefined;
  readonly device?: string | undefined;
}

/** to_will_alias of aten/src/ATen/native/TensorConversions.cpp. */
function convertsNothing(self: ConcreteTensor, wish: Wish, call: ConcreteCall): boolean {
  const format = call.number("memory_format") ?? PRESERVE;
  return (
    (wish.dtype ?? self.dtype) === self.dtype &&
    (wish.layout ?? self.layout) === self.layout &&
    (wish.device === undefined || sameDevice(wish.device, self.device)) &&
    call.bool("copy") !== true &&
    (format === PRESERVE || suggestMemoryFormat(self) === format)
  );
}

/** A device without an index is the current one, taken to be the first; only `cpu` and `cpu:0` differ. */
function sameDevice(a: string, b: string): boolean {
  if (a.startsWith("cpu") || b.startsWith("cpu")) return a === b;
  return withIndex(a) === withIndex(b);
}

function withIndex(device: string): string {
  return device.includes(":") || device === "meta" ? device : `${device}:0`;
}

function wishedDevice(call: ConcreteCall): string | undefined {
  const device = call.device("device");
  if (device === undefined) return undefined;
  return device.index === undefined ? device.type : `${device.type}:${device.index}`;
}

const toOptions = when("self", (self, call) =>
  convertsNothing(
    self,
    { dtype: call.number("dtype"), layout: call.number("layout"), device: wishedDevice(call) },
    call,
  ),
);

const toOther = when("self", (self, call) => {
  const other = call.tensor("other");
  return other !== undefined && convertsNothing(self, other, call);
});

const castTo = (dtype: number) => when("self", (self) => self.dtype === dtype);

/** contiguous: the tensor itself where it is already so. */
const contiguous = when("self", (self, call) => {
  const format = call.number("memory_format");
  return isContiguous(self, format === undefined || format === 0 ? CONTIGUOUS : format);
});

const toDense = when("self", (self, call) => (call.number("dtype") ?? self.dtype) === self.dtype);
const toDenseBackward = when("grad", (grad, call) => call.tensor("input")?.dtype === grad.dtype);

/** autocast converts on the devices for which it is enabled. */
function autocasts(self: ConcreteTensor, call: ConcreteCall): boolean {
  return call.bool(self.device === "cpu" ? "cpu_enabled" : "cuda_enabled") === true;
}

const toFullPrecision = when(
  "self",
  (self, call) => !(autocasts(self, call) && (self.dtype === DTYPE.half || self.dtype === DTYPE.bfloat16)),
);

const toReducedPrecision = when("self", (self, call) => {
  if (!autocasts(self, call) || self.dtype !== DTYPE.float) return true;
  return call.number(self.device === "cpu" ? "cpu_dtype" : "cuda_dtype") === self.dtype;
});

/** A lazy bit that nobody knows leaves it open whether it must be resolved. */
function unlessBit(bit: "conjugated" | "negated") {
  return (self: ConcreteTensor, _: ConcreteCall, doubt: Doubt): boolean => {
    if (bit === "conjugated" && !isComplex(self)) return true;
    if (self[bit] === undefined) doubt(`metadata does not tell whether the tensor is lazily ${bit}`);
    return self[bit] !== true;
  };
}

/** Whether an operator that is no view must resolve the argument into a new tensor first. */
export function hasLazyBit(self: ConcreteTensor, doubt: Doubt): boolean {
  if (!isComplex(self)) return self.negated === true;
  if (self.conjugated === undefined) doubt("metadata does not tell whether the tensor is lazily conjugated");
  return self.conjugated === true || self.negated === true;
}

const toCpu: HiddenRule = {
  outputs: (call) =>
    call.tensors("tensors").map((tensor): Share => (tensor?.device === "cpu" ? tensor.source! : null)),
};

export const CONVERSIONS: RuleTable = {
  "aten::to": toOptions,
  "aten::to.other": toOther,
  "aten::to.prim_other": {},
  "aten::type_as": toOther,
  "aten::contiguous": contiguous,
  "aten::_cast_Byte": castTo(DTYPE.byte),
  "aten::_cast_Char": castTo(DTYPE.char),
  "aten::_cast_Double": castTo(DTYPE.double),
  "aten::_cast_Float": castTo(DTYPE.float),
  "aten::_cast_Half": castTo(DTYPE.half),
  "aten::_cast_Int": castTo(DTYPE.int),
  "aten::_cast_Long": castTo(DTYPE.long),
  "aten::_cast_Short": castTo(DTYPE.short),
  "aten::_autocast_to_full_precision": toFullPrecision,
  "aten::_autocast_to_reduced_precision": toReducedPrecision,
  "aten::to_dense": toDense,
  "aten::to_dense_backward": toDenseBackward,
  "aten::to_mkldnn_backward": toDenseBackward,
  "aten::to_sparse": when("self", (self, call) => call.number("layout") === self.layout),
  "aten::_to_cpu": toCpu,
  "aten::conj_physical": when("self", (self) => !isComplex(self)),
  "aten::resolve_conj": when("self", unlessBit("conjugated")),
  "aten::resolve_neg": when("self", unlessBit("negated")),
  "aten::dequantize.self": castTo(DTYPE.float),
  "aten::lift": when("self", (self, _, doubt) => !hasLazyBit(self, doubt)),
  "aten::set": when("source", (source, _, doubt) => !hasLazyBit(source, doubt)),
  "prims::device_put": when(
    "a",
    (a, call, doubt) => sameDevice(wishedDevice(call) ?? a.device, a.device) && !hasLazyBit(a, doubt),
  ),
  "aten::_saturate_weight_to_fp16": always("weight"),
  "aten::data": always("self"),
};

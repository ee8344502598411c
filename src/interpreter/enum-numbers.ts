/** Numbers that stand for a dtype, a layout or a memory format: torch takes them for its own (c10), not the schema's. */
import type { SchemaType } from "../ops/schema-string.ts";
import type { Argument } from "../schema/types.generated.ts";
import { type DTypeName, dtypes } from "../tensor/dtype.ts";

/** c10::ScalarType, in order; "" for those of quantized and packed tensors. */
const DTYPES =
  `uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool - - - bfloat16
- - - - - - - float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz uint16 uint32 uint64`.split(/\s+/);
/** c10::Layout. */
const LAYOUTS = "strided sparse_coo sparse_csr mkldnn sparse_csc sparse_bsr sparse_bsc jagged".split(" ");
/** c10::MemoryFormat. */
const FORMATS = "contiguous_format preserve_format channels_last channels_last_3d".split(" ");

/** What a number means in the place of a dtype, a layout or a memory format; undefined for other places and arguments. @throws TypeError for a number that means nothing. */
export function enumOfNumber(arg: Argument, type: SchemaType | undefined): unknown {
  const plain = type?.kind === "optional" ? type.element : type;
  const name = plain?.kind === "base" ? plain.name : "";
  if (name !== "ScalarType" && name !== "Layout" && name !== "MemoryFormat") return undefined;
  const number = numberOf(arg);
  if (number === undefined) return undefined;
  const names = name === "ScalarType" ? DTYPES : name === "Layout" ? LAYOUTS : FORMATS;
  const found = names[number];
  if (found === undefined || found === "-") throw new TypeError(`${number} is no ${name}`);
  return name === "ScalarType" ? dtypes[found as DTypeName] : found;
}

function numberOf(arg: Argument): number | undefined {
  if ("as_int" in arg) return Number(arg.as_int);
  if ("as_bool" in arg) return Number(arg.as_bool);
  if ("as_sym_int" in arg && "as_int" in arg.as_sym_int) return Number(arg.as_sym_int.as_int);
  if ("as_sym_bool" in arg && "as_bool" in arg.as_sym_bool) return Number(arg.as_sym_bool.as_bool);
  return undefined;
}

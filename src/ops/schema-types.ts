/**
 * The types of an operator's arguments, read off its schema string by the compiler:
 * `aten::gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor` gives
 * `{ self: Tensor; dim: number; index: Tensor; sparse_grad: boolean }`.
 */
import type { DType } from "../tensor/dtype.ts";
import type { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What one schema type is to a kernel. Integers are numbers: an end of 2^63-1 is rounded, which no kernel minds. */
interface BaseTypes {
  Tensor: Tensor;
  int: number;
  SymInt: number;
  float: number;
  bool: boolean;
  str: string;
  Scalar: Scalar;
  number: Scalar;
  ScalarType: DType;
  MemoryFormat: string;
  Layout: string;
  Device: string;
  Generator: null;
}

type TypeOf<T extends string> = T extends `${infer Inner}?`
  ? TypeOf<Inner> | null
  : T extends `${infer Element}[${string}]`
    ? readonly TypeOf<Element>[]
    : T extends `${infer Base}(${string})`
      ? TypeOf<Base>
      : T extends `${infer Base}(${string})${infer Suffix}`
        ? TypeOf<`${Base}${Suffix}`>
        : T extends keyof BaseTypes
          ? BaseTypes[T]
          : unknown;

type WithoutDefault<Text extends string> = Text extends `${infer Name}=${string}` ? Name : Text;

// `Tensor(a -> *) self` has blanks within the type; every other type has none.
type ArgumentOf<Text extends string> = Text extends `Tensor(${string}) ${infer Name}`
  ? { [K in WithoutDefault<Name>]: Tensor }
  : Text extends `Tensor(${string})?${infer Name}`
    ? ArgumentOf<`Tensor?${Name}`>
    : Text extends `Tensor(${string})[]${infer Name}`
      ? ArgumentOf<`Tensor[]${Name}`>
      : Text extends `${infer Type} ${infer Name}`
        ? { [K in WithoutDefault<Name>]: TypeOf<Type> }
        : // `*`, and what a default of several elements leaves behind when the text is cut at commas.
          unknown;

type ArgumentsOf<List extends string> = List extends `${infer First}, ${infer Rest}`
  ? ArgumentOf<First> & ArgumentsOf<Rest>
  : ArgumentOf<List>;

type Flat<T> = { readonly [K in keyof T]: T[K] };

// The shortest text before `) -> ` is the whole list: no alias annotation is followed by an arrow.
export type SchemaArguments<Schema extends string> = Schema extends `${string}(${infer List}) -> ${string}`
  ? Flat<ArgumentsOf<List>>
  : never;

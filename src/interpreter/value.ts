import type { Scalar } from "../tensor/scalar.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A torchbind or opaque object: handed on, never looked into. */
export class OpaqueObject {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a name in a program stands for while it runs. */
export type RuntimeValue =
  | Tensor
  | Scalar
  | string
  | null
  | undefined
  | OpaqueObject
  | readonly RuntimeValue[];

/** The elements of nested lists in order; what is no list is its own only element. */
export function flatten(value: RuntimeValue): RuntimeValue[] {
  if (!Array.isArray(value)) return [value as RuntimeValue];
  return (value as readonly RuntimeValue[]).flatMap(flatten);
}

/** `float32[2, 3]`, `7`, `None`, `[float32[2], float32[3]]` */
export function describeRuntimeValue(value: RuntimeValue): string {
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) {
    const items = (value as readonly RuntimeValue[]).map(describeRuntimeValue);
    return `[${items.slice(0, 6).join(", ")}${items.length > 6 ? ", ..." : ""}]`;
  }
  if (value instanceof OpaqueObject) return `the object ${value.name}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

export function isTensor(value: RuntimeValue): value is Tensor {
  return value instanceof Tensor;
}

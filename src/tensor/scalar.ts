import type { Category } from "./dtype.ts";

/** A Python number: it takes part in promotion by its category only, so `1` and `1.0` must stay apart. */
export class Scalar {
  readonly category: Category;
  /** The value, or its real part. An integer beyond 2^53 is rounded here and exact in `integer`. */
  readonly re: number;
  readonly im: number;
  readonly #integer: bigint | undefined;

  constructor(category: Category, re: number, im = 0, integer?: bigint) {
    this.category = category;
    this.re = re;
    this.im = im;
    this.#integer = integer;
  }

  static bool(value: boolean): Scalar {
    return new Scalar("bool", Number(value));
  }

  static int(value: number | bigint): Scalar {
    return typeof value === "bigint" ? new Scalar("int", Number(value), 0, value) : new Scalar("int", value);
  }

  static float(value: number): Scalar {
    return new Scalar("float", value);
  }

  static complex(re: number, im: number): Scalar {
    return new Scalar("complex", re, im);
  }

  /** The value cut to an integer, exactly. */
  get integer(): bigint {
    return this.#integer ?? BigInt(Math.trunc(this.re));
  }

  toString(): string {
    if (this.category === "bool") return this.re === 0 ? "False" : "True";
    if (this.category === "int") return String(this.integer);
    if (this.category === "complex") return `(${this.re}${this.im < 0 ? "-" : "+"}${Math.abs(this.im)}j)`;
    return Number.isInteger(this.re) ? this.re.toFixed(1) : String(this.re);
  }
}

/** A block of memory that any number of tensors view. */
export class Storage {
  /** Where the bytes are. Replaced as a whole when a lowered execution gives a write a memory of its own. */
  memory: Memory;
  /**
   * Whether the next write must go to a copy: set on what a lowered execution shares between values that the
   * program keeps apart (torch._functionalize gives every write a new value).
   */
  copyOnWrite = false;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  get byteLength(): number {
    return this.memory.bytes.length;
  }

  copy(): Storage {
    return new Storage(new Memory(this.memory.bytes.slice()));
  }

  /** To be called before anything writes. */
  prepareWrite(): void {
    if (!this.copyOnWrite) return;
    this.memory = new Memory(this.memory.bytes.slice());
    this.copyOnWrite = false;
  }
}

/** Bytes, with the typed arrays over them that were asked for. */
export class Memory {
  /** 8-byte aligned in its buffer. */
  readonly bytes: Uint8Array;
  #f32: Float32Array | undefined;
  #f64: Float64Array | undefined;
  #i32: Int32Array | undefined;
  #u32: Uint32Array | undefined;
  #i16: Int16Array | undefined;
  #u16: Uint16Array | undefined;
  #i8: Int8Array | undefined;
  #i64: BigInt64Array | undefined;
  #u64: BigUint64Array | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  }

  static zeros(byteLength: number): Memory {
    return new Memory(new Uint8Array(byteLength));
  }

  get float32(): Float32Array {
    return (this.#f32 ??= this.#over(Float32Array));
  }
  get float64(): Float64Array {
    return (this.#f64 ??= this.#over(Float64Array));
  }
  get int32(): Int32Array {
    return (this.#i32 ??= this.#over(Int32Array));
  }
  get uint32(): Uint32Array {
    return (this.#u32 ??= this.#over(Uint32Array));
  }
  get int16(): Int16Array {
    return (this.#i16 ??= this.#over(Int16Array));
  }
  get uint16(): Uint16Array {
    return (this.#u16 ??= this.#over(Uint16Array));
  }
  get int8(): Int8Array {
    return (this.#i8 ??= this.#over(Int8Array));
  }
  get int64(): BigInt64Array {
    return (this.#i64 ??= this.#over(BigInt64Array));
  }
  get uint64(): BigUint64Array {
    return (this.#u64 ??= this.#over(BigUint64Array));
  }

  /** Whole elements only: the last bytes of a storage may be less than one. */
  #over<T>(type: {
    new (buffer: ArrayBufferLike, offset: number, length: number): T;
    BYTES_PER_ELEMENT: number;
  }): T {
    const { buffer, byteOffset, length } = this.bytes;
    return new type(buffer, byteOffset, Math.floor(length / type.BYTES_PER_ELEMENT));
  }
}

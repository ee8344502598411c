import { heap } from "./heap.ts";

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
    return this.memory.byteLength;
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

/**
 * What is made while a step runs whose values the interpreter gives back: it lies in the heap, where the fast kernels
 * compute. Outside of a step memory is the garbage collector's.
 */
export const stepMemory: { made: Memory[] | null } = { made: null };

/** The typed arrays over a memory, as far as they were asked for. */
interface Views {
  float32?: Float32Array;
  float64?: Float64Array;
  int32?: Int32Array;
  uint32?: Uint32Array;
  int16?: Int16Array;
  uint16?: Uint16Array;
  int8?: Int8Array;
  int64?: BigInt64Array;
  uint64?: BigUint64Array;
}

const NO_VIEWS: Readonly<Views> = Object.freeze({});

/** A Buffer's slices would be no copies, so it is taken for the plain bytes that it is. */
function aligned(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  const plain = bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer, byteOffset, length);
  return byteOffset % 8 === 0 ? plain : plain.slice();
}

/** Bytes, with the typed arrays over them that were asked for. */
export class Memory {
  readonly byteLength: number;
  /** Where the bytes are in the heap; -1 when they are elsewhere. */
  address = -1;
  /** How many of a running program's values lie in it, when it is in the heap. */
  uses = 0;
  #bytes: Uint8Array | undefined;
  #views: Views = NO_VIEWS;

  constructor(bytes: Uint8Array | number, address = -1) {
    this.byteLength = typeof bytes === "number" ? bytes : bytes.length;
    this.address = address;
    if (typeof bytes !== "number") this.#bytes = aligned(bytes);
  }

  static zeros(byteLength: number): Memory {
    const block = stepMemory.made !== null && byteLength > 0 ? Memory.inHeap(byteLength) : null;
    if (block === null) return new Memory(new Uint8Array(byteLength));
    stepMemory.made!.push(block);
    block.bytes.fill(0);
    return block;
  }

  /** Of bytes that nobody has written; the step that runs gives it back. null when the heap is full. */
  static ofStep(byteLength: number): Memory | null {
    const block = stepMemory.made === null ? null : Memory.inHeap(byteLength);
    if (block !== null) stepMemory.made!.push(block);
    return block;
  }

  /** Of bytes that nobody has written, to be released. null when the heap is full. */
  static inHeap(byteLength: number): Memory | null {
    const address = heap.allocate(byteLength);
    return address < 0 ? null : new Memory(byteLength, address);
  }

  /** A copy in the heap for as long as anybody holds it, if there is room; the bytes themselves otherwise. */
  static lasting(bytes: Uint8Array): Memory {
    const wanted = bytes.length > 0 && heap.used + bytes.length <= MOST_LASTING;
    const block = wanted ? Memory.inHeap(bytes.length) : null;
    if (block === null) return new Memory(bytes.slice());
    block.bytes.set(bytes);
    block.uses = Number.POSITIVE_INFINITY;
    lasting.register(block, { address: block.address, byteLength: block.byteLength }, block);
    return block;
  }

  /** 8-byte aligned in their buffer. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= new Uint8Array(heap.buffer, this.address, this.byteLength));
  }

  /** Give a block of the heap back. Not to be used any more. */
  release(): void {
    if (this.address < 0) return;
    if (this.uses === Number.POSITIVE_INFINITY) lasting.unregister(this);
    heap.release(this.address, this.byteLength);
    this.address = -1;
    this.#views = NO_VIEWS;
    this.#bytes = NOTHING;
  }

  /** Move out of the heap, to where the garbage collector cares for it. */
  leaveHeap(): void {
    if (this.address < 0) return;
    const bytes = this.bytes.slice();
    this.release();
    this.#bytes = bytes;
  }

  get float32(): Float32Array {
    return this.#views.float32 ?? (this.#own().float32 = this.#over(Float32Array));
  }
  get float64(): Float64Array {
    return this.#views.float64 ?? (this.#own().float64 = this.#over(Float64Array));
  }
  get int32(): Int32Array {
    return this.#views.int32 ?? (this.#own().int32 = this.#over(Int32Array));
  }
  get uint32(): Uint32Array {
    return this.#views.uint32 ?? (this.#own().uint32 = this.#over(Uint32Array));
  }
  get int16(): Int16Array {
    return this.#views.int16 ?? (this.#own().int16 = this.#over(Int16Array));
  }
  get uint16(): Uint16Array {
    return this.#views.uint16 ?? (this.#own().uint16 = this.#over(Uint16Array));
  }
  get int8(): Int8Array {
    return this.#views.int8 ?? (this.#own().int8 = this.#over(Int8Array));
  }
  get int64(): BigInt64Array {
    return this.#views.int64 ?? (this.#own().int64 = this.#over(BigInt64Array));
  }
  get uint64(): BigUint64Array {
    return this.#views.uint64 ?? (this.#own().uint64 = this.#over(BigUint64Array));
  }

  /** Most blocks are never looked at, and have none. */
  #own(): Views {
    if (this.#views === NO_VIEWS) this.#views = {};
    return this.#views;
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

/** Of the heap's 4 GiB, one is left for what programs compute. */
const MOST_LASTING = 3 * 2 ** 30;

const lasting = new FinalizationRegistry<{ address: number; byteLength: number }>(({ address, byteLength }) =>
  heap.release(address, byteLength),
);

const NOTHING = new Uint8Array(0);

/**
 * The memory that the fast kernels compute in: blocks of one WebAssembly memory. It is shared memory, not because
 * threads share it but because arrays over it stay good when it grows.
 */
import { type SharedMemory, sharedMemory } from "../webassembly.ts";

const PAGE = 65536;
/** Cache lines are as long; every dtype is aligned. */
const LINE = 64;
/** Grown by so much at least, in pages. */
const STEP = 256;
const MOST_PAGES = 65536;

class Heap {
  #memory: SharedMemory | undefined;
  #buffer: SharedArrayBuffer | undefined;
  /** The first byte that no block ever had; address 0 is none. */
  #top = LINE;
  #full = false;
  /** The bytes of blocks that are in use, rounded up. */
  used = 0;
  readonly #free: number[][] = [];

  /** Made when it is first asked for. */
  get memory(): SharedMemory {
    this.#memory ??= sharedMemory();
    return this.#memory;
  }

  /** As it is now: not to be kept, since a new one is made when the memory grows. */
  get buffer(): SharedArrayBuffer {
    this.#buffer ??= this.memory.buffer;
    return this.#buffer;
  }

  /** The address of a block of so many bytes, which hold anything; -1 when there is no room, and for no number. */
  allocate(bytes: number): number {
    if (!(bytes >= 0)) return -1;
    const kind = kindOf(bytes);
    const size = sizeOf(kind);
    const free = this.#free[kind];
    if (free !== undefined && free.length > 0) {
      this.used += size;
      return free.pop()!;
    }
    if (this.#top + size > this.buffer.byteLength && !this.#grow(size)) return -1;
    const address = this.#top;
    this.#top += size;
    this.used += size;
    return address;
  }

  /** Give a block back, with the bytes it was allocated for. */
  release(address: number, bytes: number): void {
    const kind = kindOf(bytes);
    this.used -= sizeOf(kind);
    const free = this.#free[kind];
    if (free === undefined) this.#free[kind] = [address];
    else free.push(address);
  }

  #grow(bytes: number): boolean {
    if (this.#full) return false;
    const present = this.buffer.byteLength / PAGE;
    // By an eighth, so that a growing heap is not grown often.
    const wanted = Math.max(Math.ceil(bytes / PAGE) + 1, STEP, present >>> 3);
    const pages = Math.min(wanted, MOST_PAGES - present);
    if (pages * PAGE < bytes) return false;
    try {
      this.memory.grow(pages);
    } catch {
      this.#full = true;
      return false;
    }
    this.#buffer = undefined;
    return true;
  }
}

/** Blocks of one kind are of one size: multiples of a line to 1 KiB, then four sizes to each power of two. */
function kindOf(bytes: number): number {
  if (bytes <= 1024) return Math.max((bytes + LINE - 1) >>> 6, 1);
  const power = Math.floor(Math.log2(bytes - 1));
  return 4 * (power - 10) + Math.ceil(bytes / 2 ** (power - 2)) + 12;
}

function sizeOf(kind: number): number {
  if (kind <= 16) return kind * LINE;
  const power = Math.floor((kind - 17) / 4) + 10;
  return (kind - 12 - 4 * (power - 10)) * 2 ** (power - 2);
}

export const heap = new Heap();

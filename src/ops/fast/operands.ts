/** Operands and results of the fast kernels: where they lie in the heap. */
import { dtypes } from "../../tensor/dtype.ts";
import { numelOf } from "../../tensor/geometry.ts";
import { heap } from "../../tensor/heap.ts";
import { Memory, Storage } from "../../tensor/storage.ts";
import { Tensor, type TensorSpec } from "../../tensor/tensor.ts";
import { UnplannedError } from "../kernel.ts";

/** The first element's address. What lies elsewhere is copied for as long as the step runs. */
export function addressOf(t: Tensor): number {
  const { memory } = t.storage!;
  if (memory.address < 0) return borrow(memory, t);
  return memory.address + t.offset * t.dtype.itemsize;
}

function borrow(memory: Memory, t: Tensor): number {
  const { itemsize } = t.dtype;
  let extent = 1;
  for (let d = 0; d < t.rank; d++) extent += (t.sizes[d]! - 1) * t.strides[d]!;
  const start = t.offset * itemsize;
  const block = room(extent * itemsize);
  block.bytes.set(memory.bytes.subarray(start, start + extent * itemsize));
  return block.address;
}

/** The address of the first element of what is to be written. @throws UnplannedError when it is not in the heap. */
export function targetAddress(t: Tensor): number {
  const { storage } = t;
  storage!.prepareWrite();
  const { memory } = storage!;
  if (memory.address < 0) throw new UnplannedError();
  return memory.address + t.offset * t.dtype.itemsize;
}

/** Memory of the step's own. @throws UnplannedError when there is none. */
export function room(bytes: number): Memory {
  const block = Memory.ofStep(bytes);
  if (block === null) throw new UnplannedError();
  return block;
}

/** A dense result whose elements are still to be written. @throws UnplannedError when the heap is full. */
export function resultOf({ sizes, dtype, strides }: TensorSpec): Tensor {
  return new Tensor(new Storage(room(numelOf(sizes) * dtype.itemsize)), dtype, sizes, strides);
}

/** Whether a planner may take it on: float32 elements, at least one of them. */
export function isFloat32(t: unknown): t is Tensor {
  return t instanceof Tensor && t.dtype === dtypes.float32 && t.numel > 0 && t.number === null;
}

/** A result of one float32 tensor with elements, whose memory is laid out as its sizes say. */
export function isPlainFloat32(spec: TensorSpec | readonly TensorSpec[] | null): spec is TensorSpec {
  return (
    spec !== null &&
    !("length" in spec) &&
    spec.dtype === dtypes.float32 &&
    spec.strides === undefined &&
    !spec.sizes.includes(0)
  );
}

/** The number at an address of the heap. */
export function floatAt(address: number): number {
  return new Float32Array(heap.buffer, address, 1)[0]!;
}

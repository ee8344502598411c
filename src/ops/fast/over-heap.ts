import { heap } from "../../tensor/heap.ts";
import { lazyModule } from "../../webassembly.ts";

/** The kernels of a module, in base64, that works on the tensors' heap; made when they are first asked for. */
export function overHeap<Exports>(wasm: string): () => Exports {
  const instantiate = lazyModule(wasm);
  let exports: Exports | undefined;
  return () => (exports ??= instantiate(heap.memory) as Exports);
}

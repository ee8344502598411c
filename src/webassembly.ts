/** WebAssembly, as far as it is used here: its types come with the DOM's only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (options: { initial: number; maximum: number; shared: boolean }) => SharedMemory;
};

/** A memory that grows in pages of 64 KiB; arrays over it stay good when it does. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  /** @throws RangeError when there is no more. */
  grow(pages: number): number;
}

/** A memory of one page that may grow to the 4 GiB that WebAssembly can address. */
export function sharedMemory(): SharedMemory {
  return new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
}

/** What a module in base64 compiles to; made when it is first asked for. */
export function lazyModule(base64: string): (memory?: SharedMemory) => unknown {
  let module: object | undefined;
  return (memory) => {
    module ??= new WebAssembly.Module(Buffer.from(base64, "base64"));
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  };
}

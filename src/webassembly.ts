/** WebAssembly, as far as it is used here: its types come with the DOM's only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What a module in base64 compiles to; made when it is first asked for. */
export function lazyModule(base64: string): () => unknown {
  let module: object | undefined;
  return () => {
    module ??= new WebAssembly.Module(Buffer.from(base64, "base64"));
    return new WebAssembly.Instance(module).exports;
  };
}

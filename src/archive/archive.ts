import type { InputError } from "../errors.ts";
import type { DocumentSource } from "./document-source.ts";
import type { PayloadMeta } from "./payload.ts";
import type { ByteSource } from "./source.ts";
import type { TorchSave } from "./torch-save.ts";

/** `pt2`: torch >= 2.8. `legacy`: torch <= 2.7. `json`: the document alone, without weights. */
export type ArchiveFormat = "pt2" | "legacy" | "json";

/** An entry of the zip, as its directory says. */
export interface ArchiveEntry {
  readonly name: string;
  /** Bytes after decompression. */
  readonly size: number;
  readonly compressedSize: number;
  readonly compressed: boolean;
}

/** Something in the archive that is read when it is asked for. */
export interface ArchiveFile {
  /** Its name in the archive; one inside a torch.save file is `outer!inner`. */
  readonly entry: string;
  readonly size: number;
  read(): Promise<Uint8Array>;
  /** The same to be read by ranges. */
  open(): Promise<ByteSource>;
}

/** A weight or a constant. */
export interface Payload {
  /** As the archive's config has it; made up from the pickle where a torch.save file holds the tensors. */
  readonly config: PayloadMeta;
  /** Where its bytes are. Payloads with the same `entry` are views of one storage. */
  readonly entry: string;
  /** null when the archive has no such entry. */
  readonly size: number | null;
  /**
   * The whole storage, of which the tensor is an as_strided view; empty for a tensor that was saved without
   * values. Where `config.use_pickle` says so it is a torch.save file, or the pickle of an object.
   */
  read(): Promise<Uint8Array>;
  /** The same, a stretch of some megabytes after another with its offset: a weight need not fit into memory. */
  eachChunk(visit: (bytes: Uint8Array, offset: number) => void): Promise<void>;
}

/** One exported program. */
export interface Model {
  readonly name: string;
  /** The name of the document's entry; empty for a bare document. */
  readonly entry: string;
  /** The bytes of the JSON document: one copy, kept by nobody else. */
  document(): Promise<Uint8Array>;
  /** The same to be read by ranges, as `decodeDocument` does: a document of gigabytes need not be in memory. */
  documentSource(): Promise<DocumentSource>;
  /** Parameters and persistent buffers, by fully qualified name; reads their list, not their bytes. */
  weights(): Promise<ReadonlyMap<string, Payload>>;
  /** Tensor constants, other buffers and custom objects. */
  constants(): Promise<ReadonlyMap<string, Payload>>;
  /** The (args, kwargs) that the program was exported with; undefined when there are none. */
  sampleInputs(): Promise<TorchSave | undefined>;
}

/** An open archive. Nothing but its directory has been read. */
export interface Archive {
  readonly format: ArchiveFormat;
  /** Empty for a bare document. */
  readonly entries: readonly ArchiveEntry[];
  /** At least one, in the order of the archive, which is torch's. */
  readonly models: readonly Model[];
  /** What `torch.export.save(..., extra_files=...)` added, by the name it was given. */
  extraFiles(): ReadonlyMap<string, ArchiveFile>;
  /**
   * Everything that is wrong with the archive and does not keep its documents from being read, without
   * reading weights. A document's checksum is compared when the document is read, so ask after that.
   */
  faults(): Promise<readonly InputError[]>;
  /** Reads every entry and compares its checksum; what differs is in `faults` from then on. */
  verifyChecksums(progress?: (done: number, total: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Runs `make` once, when it is first asked for. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

import type { Archive } from "./archive.ts";
import { toDocumentSource } from "./document-source.ts";
import { archiveFault } from "./faults.ts";
import { LEGACY_DOCUMENT, openLegacy } from "./legacy.ts";
import { openPt2 } from "./pt2.ts";
import { findRoot } from "./pt2-layout.ts";
import { describeFile, describeZip, isJsonObject, isZip, SNIFF_BYTES } from "./sniff.ts";
import { type ByteSource, bytesSource, fileSource } from "./source.ts";
import { openZip } from "./zip.ts";
import { findZipEnd } from "./zip-end.ts";

/** The document alone, as torch._export.serde.serialize writes it: no weights, no sample inputs. */
function openDocument(source: ByteSource, close: () => Promise<void>): Archive {
  const none = async () => new Map();
  const model = {
    name: "model",
    entry: "",
    document: () => source.read(0, source.size),
    documentSource: async () => toDocumentSource(source),
    weights: none,
    constants: none,
    sampleInputs: async () => undefined,
  };
  return {
    format: "json",
    entries: [],
    models: [model],
    extraFiles: () => new Map(),
    verifyChecksums: async () => {},
    faults: async () => [],
    close,
  };
}

async function openZipArchive(source: ByteSource, close: () => Promise<void>): Promise<Archive> {
  const zip = await openZip(source);
  const legacy = zip.find(LEGACY_DOCUMENT);
  if (legacy) return openLegacy(zip, legacy, close);
  const root = findRoot(zip);
  if (root !== undefined) return openPt2(zip, root, close);
  throw archiveFault("archive/not-an-archive", `this is ${describeZip(zip)}, not an exported program`);
}

/** Like `openArchive`, over any source; the archive owns it when this succeeds. */
export async function openSource(source: ByteSource): Promise<Archive> {
  const close = () => source.close();
  const head = await source.read(0, Math.min(source.size, SNIFF_BYTES));
  if (isZip(head)) return openZipArchive(source, close);
  if (isJsonObject(head)) return openDocument(source, close);
  const what = describeFile(head);
  if (what !== undefined) throw archiveFault("archive/not-an-archive", `this is ${what}`);
  if (await findZipEnd(source)) {
    throw archiveFault(
      "archive/corrupt",
      "the file ends as a zip but does not begin as one, which torch refuses",
    );
  }
  throw archiveFault("archive/not-an-archive", "the file is neither a zip nor a JSON document");
}

/**
 * Opens what torch.export.save wrote, a path or its bytes, and reads no more than its directory: documents,
 * weights and constants are read when they are asked for.
 *
 * Throws an `InputError` whose `rule` is one of `archiveFaults` when there is no program to read, and an
 * ordinary error with a `code` (ENOENT, EACCES, EISDIR) when there is no file to read. What is wrong besides is
 * in `faults()`.
 */
export async function openArchive(source: string | Uint8Array): Promise<Archive> {
  const opened = typeof source === "string" ? await fileSource(source) : bytesSource(source);
  try {
    return await openSource(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

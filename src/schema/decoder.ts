import { type DocumentSource, memorySource } from "../archive/document-source.ts";
import { InputError } from "../errors.ts";
import { Document } from "./document.ts";
import { jsonPathAt } from "./json-path.ts";
import { Fault } from "./reader.ts";
import { SCHEMA_VERSION, tables } from "./tables.generated.ts";
import type { ExportedProgram, PayloadConfig } from "./types.generated.ts";
import { ValueDecoder } from "./value-decoder.ts";

/**
 * Decodes a serialized ExportedProgram.
 *
 * @throws InputError `schema/invalid-document` with the JSON path and the offset, or `schema/unsupported-version`.
 */
export function decodeDocument(bytes: Uint8Array | DocumentSource): Document {
  const source = bytes instanceof Uint8Array ? memorySource(bytes) : bytes;
  const decoder = new ValueDecoder(source);
  try {
    const root = decoder.root(tables.ExportedProgram!) as ExportedProgram;
    if (Number(root.schema_version.major) !== SCHEMA_VERSION[0]) throw wrongMajor(root.schema_version.major);
    const { oddities, fidelity, namesTool } = decoder;
    return new Document(source, root, oddities, fidelity, namesTool, (text) => decoder.numberOf(text));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw unsupportedVersion(source) ?? invalid(source, error);
  }
}

/**
 * Decodes a list of payloads, in which equal metadata becomes one and the same object. undefined when it is not what
 * torch writes: what is wrong with it, and what else it holds, is told by who takes it as any JSON.
 */
export function decodePayloadConfig(source: DocumentSource): PayloadConfig | undefined {
  const decoder = new ValueDecoder(source);
  try {
    const root = decoder.root(tables.PayloadConfig!) as PayloadConfig;
    return decoder.oddities.length === 0 ? root : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function invalid(source: DocumentSource, fault: Fault): InputError {
  const path = jsonPathAt(source, fault.offset);
  return new InputError("schema/invalid-document", `${path === "" ? "document" : path}: ${fault.message}`, {
    help: "the file was written by another tool, edited, or damaged; save it again with torch.export.save",
    data: { path, offset: fault.offset },
  });
}

/** A document of another major version may have any form: say that, rather than where it first differs. */
function unsupportedVersion(source: DocumentSource): InputError | undefined {
  // torch writes the version after the graphs.
  const tail = Math.max(0, source.size - (1 << 20));
  const text = Buffer.from(source.read(tail, source.size - tail)).toString("latin1");
  const major = /"schema_version"\s*:\s*\{\s*"major"\s*:\s*(\d+)/.exec(text)?.[1];
  return major === undefined || Number(major) === SCHEMA_VERSION[0] ? undefined : wrongMajor(major);
}

function wrongMajor(major: number | bigint | string): InputError {
  return new InputError(
    "schema/unsupported-version",
    `schema version ${major} is not supported; this version reads ${SCHEMA_VERSION[0]}.x`,
    { help: "export the program again with torch 2.5 or newer", data: { major: Number(major) } },
  );
}

import type { Archive, Model } from "./archive/archive.ts";
import { openArchive } from "./archive/open.ts";
import { Program } from "./program/program.ts";
import { decodeDocument } from "./schema/decoder.ts";

/** A file with exported programs. Nothing but the archive's directory has been read. */
export interface OpenedFile {
  readonly archive: Archive;
  /** The names of the models, in the order of the archive. */
  readonly models: readonly string[];
  /**
   * Reads and decodes a model; the first when no name is given. Never reads a weight.
   *
   * @throws InputError when the document is broken, RangeError when there is no such model.
   */
  program(model?: string): Promise<Program>;
  /** Programs read their nodes' metadata from the file on demand: close it when you are done with them. */
  close(): Promise<void>;
}

/**
 * Opens a `.pt2` archive, a legacy archive of torch <= 2.7, or a bare JSON document, by path or by its bytes.
 *
 * @throws InputError (`rule` is one of `archive/*`) when it is not one; an Error with a `code` when there is no
 *   file to read.
 */
export async function open(source: string | Uint8Array): Promise<OpenedFile> {
  const archive = await openArchive(source);
  return {
    archive,
    models: archive.models.map(({ name }) => name),
    program: async (name) => readProgram(modelNamed(archive, name)),
    close: () => archive.close(),
  };
}

/** A model of an archive; the first when no name is given. @throws RangeError when there is none of that name. */
export function modelNamed({ models }: Pick<Archive, "models">, name: string | undefined): Model {
  const model = name === undefined ? models[0] : models.find((one) => one.name === name);
  if (model !== undefined) return model;
  if (name === undefined) throw new RangeError("the archive holds no exported program");
  throw new RangeError(
    `no model '${name}'; the archive has ${models.map((one) => `'${one.name}'`).join(", ")}`,
  );
}

export async function readProgram(model: Model): Promise<Program> {
  return new Program(decodeDocument(await model.documentSource()), model.name);
}

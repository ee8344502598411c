import type { Archive, Model, Payload } from "../archive/archive.ts";
import { InputError } from "../errors.ts";

/** The weights and constants of a model by qualified name, as the archive lists them; their bytes are not read. */
export interface Payloads {
  /** null where the list cannot be read, which is a finding of its own. */
  readonly weights: ReadonlyMap<string, Payload> | null;
  readonly constants: ReadonlyMap<string, Payload> | null;
}

/** null for a bare document, which has none. */
export async function readPayloads({ format }: Archive, model: Model): Promise<Payloads | null> {
  if (format === "json") return null;
  return {
    weights: await listed(() => model.weights()),
    constants: await listed(() => model.constants()),
  };
}

async function listed<T>(list: () => Promise<T>): Promise<T | null> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** What differed in earlier versions of the format. Everything that knows of an older file stands here. */
import type { Document } from "./document.ts";
import type { Reader } from "./reader.ts";

/** Stands for a list or dict that the file does not have, so that a copy does not have it either. */
export const ABSENT_LIST: readonly never[] = Object.freeze([]);
export const ABSENT_DICT: ReadonlyMap<string, unknown> = new Map<string, unknown>();

/** Before schema 8.3, `as_none` held an empty list instead of `true`. Past it, when it does. */
export function isLegacyNone(key: string, reader: Reader): boolean {
  if (key !== "as_none" || reader.peek() !== 0x5b) return false;
  reader.next();
  reader.expect(0x5d);
  return true;
}

/** The torch that wrote the document; older files do not say, and torch reads that as this text. */
export function torchVersionOf(document: Document): string {
  return document.root.torch_version ?? "<=2.4";
}

/** `TRAINING`, `ATEN`, ...: the first verifier; before `verifiers` there was one `dialect`. */
export function dialectOf(document: Document): string {
  const { root } = document;
  const dialect = root.verifiers[0] ?? document.extra(root, "dialect");
  return typeof dialect === "string" ? dialect : "";
}

/** Keys that earlier versions wrote and this one does not: not worth a word. */
export const FORMER_KEYS: ReadonlySet<string> = new Set(["ExportedProgram.dialect"]);

import type { InputError } from "../errors.ts";
import { archiveFault } from "./faults.ts";
import type { ByteSource } from "./source.ts";

const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const END_SIGNATURE = 0x06054b50;
/** The ZIP64 record and its locator, which stand between the central directory and the end record. */
const ZIP64_SIZE = 56 + 20;

export interface ZipEnd {
  /** Where the archive ends; bytes may follow. torch reads such files. */
  readonly end: number;
  /** What is known to be wrong before the directory is read. */
  readonly fault: InputError | undefined;
}

function findSignature(view: DataView): number {
  for (let at = view.byteLength - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) <= view.byteLength) return at;
  }
  return -1;
}

/**
 * A program's sample inputs are themselves a stored zip, so a file that was cut behind them ends with an end
 * record: theirs. It gives itself away: the directory it names does not reach up to it.
 */
function gapFault(view: DataView, at: number, position: number): InputError | undefined {
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (size === 0xffffffff || offset === 0xffffffff) return undefined;
  const gap = position - offset - size;
  if (gap === 0 || gap === ZIP64_SIZE) return undefined;
  return archiveFault(
    "archive/truncated",
    "the file ends in the middle of an entry: its own directory is gone",
    {
      size: position,
    },
  );
}

/** Finds the end record of a zip; undefined when there is none. Reads 64 KiB at most. */
export async function findZipEnd(source: ByteSource): Promise<ZipEnd | undefined> {
  const length = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const start = source.size - length;
  const tail = await source.read(start, length);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const at = length < END_SIZE ? -1 : findSignature(view);
  if (at < 0) return undefined;
  const end = start + at + END_SIZE + view.getUint16(at + 20, true);
  return { end, fault: gapFault(view, at, start + at) };
}

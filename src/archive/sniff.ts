import type { Zip } from "./zip.ts";

/** How many bytes `describeFile` looks at. */
export const SNIFF_BYTES = 512;

const ascii = (head: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...head.subarray(from, to));

/** Whether a file begins as a zip: with an entry, or with one of the end records of an empty one. */
export function isZip(head: Uint8Array): boolean {
  return ["PK\x03\x04", "PK\x05\x06", "PK\x06\x06"].includes(ascii(head, 0, 4));
}

/** Whether a file begins as a JSON object, behind white space and a byte order mark. */
export function isJsonObject(head: Uint8Array): boolean {
  return /^(\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*["}]/.test(ascii(head, 0, SNIFF_BYTES));
}

/** What files begin with, at which offset, and what they are then. */
const magics: readonly (readonly [offset: number, magic: string, what: string])[] = [
  [4, "ET12", "an ExecuTorch program (.pte), which is already lowered"],
  [4, "TFL3", "a TensorFlow Lite model"],
  [0, "GGUF", "a GGUF model"],
  [0, "\x1f\x8b", "gzip data: unpack it first"],
  [0, "\x28\xb5\x2f\xfd", "Zstandard data: unpack it first"],
  [0, "\xfd7zXZ\x00", "xz data: unpack it first"],
  [0, "BZh", "bzip2 data: unpack it first"],
  [0, "7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"],
  [257, "ustar", "a tar archive: unpack it first"],
  [0, "\x89HDF\r\n", "an HDF5 file"],
  [0, "\x93NUMPY", "a NumPy array (.npy)"],
  [0, "\x7fELF", "a compiled library or program"],
  [0, "version https://git-lfs", "a Git LFS pointer, not the file itself: run git lfs pull"],
  [0, "%PDF", "a PDF document"],
];

/** torch.save before 1.6, or with _use_new_zipfile_serialization=False, begins with this number, pickled. */
const OLD_TORCH_SAVE = "\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";

/** safetensors: the header's length in eight bytes, then the header, a JSON object. */
function isSafetensors(head: Uint8Array): boolean {
  return head.length > 9 && head[7] === 0 && head[6] === 0 && ascii(head, 8, 10) === '{"';
}

/** protobuf's ModelProto: field 1, ir_version, a small number; then field 2, 7 or 8. */
function isOnnx(head: Uint8Array): boolean {
  return head[0] === 0x08 && head[1]! > 0 && head[1]! < 0x20 && [0x12, 0x3a, 0x42].includes(head[2] ?? 0);
}

/** What a file is that is no archive and no document, from its beginning; undefined when it cannot be told. */
export function describeFile(head: Uint8Array): string | undefined {
  if (head.length === 0) return "an empty file";
  for (const [offset, magic, what] of magics) {
    if (ascii(head, offset, offset + magic.length) === magic) return what;
  }
  const text = ascii(head, 0, SNIFF_BYTES);
  if (text.startsWith(OLD_TORCH_SAVE))
    return "a checkpoint that torch.save wrote in its format of before 1.6";
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return "a Python pickle";
  if (isSafetensors(head)) return "a safetensors file";
  if (isOnnx(head)) return "an ONNX model";
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) return "a web page: the download went wrong";
  if (head.every((byte) => byte === 0)) return "nothing but zeros: the download did not finish";
  return undefined;
}

/** What a zip is that holds no exported program, from the names of its entries. */
export function describeZip(zip: Zip): string {
  const has = (pattern: RegExp) => zip.entries.some((entry) => pattern.test(entry.name));
  if (has(/^[^/]+\/\.data\/extern_modules$/)) return "a torch.package archive";
  if (has(/^[^/]+\/data\.pkl$/)) {
    return has(/^[^/]+\/code\//)
      ? "a TorchScript program (torch.jit.save)"
      : "a checkpoint that torch.save wrote";
  }
  if (has(/^\[Content_Types\]\.xml$/)) return "an Office document";
  if (has(/^[^/]+\.npy$/)) return "NumPy arrays (.npz)";
  if (has(/\.pt2$/)) return "a zip of .pt2 files: unpack it first";
  const count = zip.entries.length;
  return count === 0
    ? "an empty zip"
    : `a zip of ${count === 1 ? "one entry" : `${count} entries`}, ${JSON.stringify(zip.entries[0]!.name)} first`;
}

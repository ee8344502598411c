import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openArchive } from "./open.ts";
import { isJsonObject } from "./sniff.ts";
import { makeZip, ruleOf } from "./testing.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

function safetensors(): Buffer {
  const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, bytes(header), Buffer.alloc(4)]);
}

describe("a file that is something else is called what it is", () => {
  it.each([
    ["an empty file", Buffer.alloc(0)],
    ["a safetensors file", safetensors()],
    ["ExecuTorch program", bytes("\x18\x00\x00\x00ET12\x00\x00")],
    ["an ONNX model", bytes("\x08\x07\x12\x07pytorch\x1a\x052.0.1:")],
    ["a Python pickle", bytes("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94.")],
    ["its format of before 1.6", bytes("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.")],
    ["gzip data", gzipSync("x")],
    ["a GGUF model", bytes("GGUF\x03\x00\x00\x00")],
    ["a Git LFS pointer", bytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")],
    ["a web page", bytes("<!DOCTYPE html><html></html>")],
    ["nothing but zeros", Buffer.alloc(1000)],
    ["a tar archive", Buffer.concat([Buffer.alloc(257, "a"), bytes("ustar\x0000"), Buffer.alloc(248)])],
    ["an HDF5 file", bytes("\x89HDF\r\n\x1a\n")],
    ["neither a zip nor a JSON document", deflateSync("x")],
    ["neither a zip nor a JSON document", bytes("[1, 2]")],
    ["neither a zip nor a JSON document", bytes("P")],
    ["a TorchScript program", makeZip([{ name: "m/data.pkl" }, { name: "m/code/__torch__.py" }])],
    [
      "a checkpoint that torch.save wrote",
      makeZip([{ name: "archive/data.pkl" }, { name: "archive/data/0" }]),
    ],
    ["a torch.package archive", makeZip([{ name: "m/.data/extern_modules" }])],
    ["NumPy arrays (.npz)", makeZip([{ name: "arr_0.npy" }])],
    ["an Office document", makeZip([{ name: "[Content_Types].xml" }])],
    ["a zip of .pt2 files", makeZip([{ name: "models/a.pt2" }])],
    ['a zip of 2 entries, "a" first', makeZip([{ name: "a" }, { name: "b" }])],
    ["a zip of one entry", makeZip([{ name: "a" }])],
    ["an empty zip", makeZip([])],
  ])("%s", async (what, file) => {
    await expect(openArchive(file)).rejects.toThrow(what);
    expect(await ruleOf(() => openArchive(file))).toBe("archive/not-an-archive");
  });
});

it("tells a JSON object from what begins like one", () => {
  const json = ['{"a":1}', "{}", ' \n\t{ "a"', "\xef\xbb\xbf{\r\n}"];
  for (const text of json) expect(isJsonObject(bytes(text)), text).toBe(true);
  for (const text of ["{", "{a}", "[{}]", '"{}"', ""]) expect(isJsonObject(bytes(text)), text).toBe(false);
});

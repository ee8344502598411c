import { describe, expect, it } from "vitest";
import { MAX_PICKLE_BYTES, readPickle } from "./pickle.ts";
import type { PickleTensor, PickleTuple, PickleValue } from "./pickle-values.ts";
import { fixture, ruleOf } from "./testing.ts";

const pickles = JSON.parse(new TextDecoder().decode(fixture("pickles.json"))) as Record<string, string>;
const load = (name: string): PickleValue => readPickle(Buffer.from(pickles[name]!, "base64"));
const read = (...parts: (string | number[])[]): PickleValue =>
  readPickle(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
    ),
  );
const refusal = (...parts: (string | number[])[]): Promise<string> => ruleOf(() => read(...parts));

const tuple = (...items: PickleValue[]): PickleTuple => ({ kind: "tuple", items });

function tensor(fields: Partial<PickleTensor>): PickleTensor {
  return {
    kind: "tensor",
    dtype: "float32",
    sizes: [2],
    strides: [1],
    offset: 0,
    storageKey: "0",
    storageDevice: "cpu",
    storageBytes: 8,
    requiresGrad: false,
    isParameter: false,
    conj: false,
    neg: false,
    ...fields,
  };
}

describe("values, in every protocol", () => {
  const plain = [0, 1, 2, 3, 4, 5];

  it.each(plain)("reads integers exactly and apart from booleans and floats: protocol %i", (protocol) => {
    const big = [2n ** 31n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 70n];
    const small = [0n, 1n, 255n, 256n, -1n, 65536n, -(2n ** 31n)];
    expect(load(`scalars/${protocol}`)).toEqual([null, true, false, ...small, ...big]);
    const floats = load(`floats/${protocol}`) as number[];
    expect(floats).toEqual([0, -0, 1, 1.5, -2.25, 1e308, Infinity, -Infinity]);
  });

  it.each(plain)("reads strings: protocol %i", (protocol) => {
    expect(load(`strings/${protocol}`)).toEqual([
      "",
      "plain",
      "é",
      "日本",
      "😀",
      "a\nb",
      "\\u0041",
      "x".repeat(300),
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5])("reads bytes: protocol %i", (protocol) => {
    const bytes = (load(`bytes/${protocol}`) as Uint8Array[]).map((b) => [...b]);
    expect(bytes).toEqual([[], [0, 255], [97, 98]]);
  });

  it.each(plain)("reads containers: protocol %i", (protocol) => {
    const tuples = [tuple(), tuple(1n), tuple(1n, 2n), tuple(1n, 2n, 3n), tuple(1n, 2n, 3n, 4n)];
    const dicts = [new Map(), new Map([["a", [1n, [2n]]]]), new Map([["b", 2n]])];
    expect(load(`containers/${protocol}`)).toEqual([...tuples, ...dicts, new Set([1n, 2n])]);
    expect(load(`frozen/${protocol}`)).toEqual([new Set([1n]), { kind: "complex", re: 1, im: -2 }]);
  });

  it.each([2, 3, 4, 5])("reads tensors that share a storage: protocol %i", (protocol) => {
    const base = tensor({ sizes: [2, 3], strides: [3, 1], storageBytes: 24 });
    const transposed = { ...base, sizes: [3, 2], strides: [1, 3] };
    const rows = { ...base, sizes: [1, 3], offset: 3 };
    expect(load(`shared/${protocol}`)).toEqual([base, transposed, rows, base]);
  });
});

describe("what else torch.save writes", () => {
  it("reads dtypes, devices, layouts and sizes", () => {
    const dtypes = ["float32", "bfloat16", "float8_e4m3fn"].map((name) => ({ kind: "dtype", name }));
    expect(load("dtypes")).toEqual(dtypes);
    const cuda = { kind: "device", type: "cuda", index: 1 };
    const strided = { kind: "layout", name: "strided" };
    expect(load("devices")).toEqual([
      cuda,
      { kind: "device", type: "cpu", index: null },
      strided,
      tuple(1n, 2n),
    ]);
  });

  it("reads parameters, buffers and tensors with Python attributes", () => {
    expect(load("parameter")).toEqual(tensor({ isParameter: true, requiresGrad: true }));
    expect(load("frozen-parameter")).toEqual(tensor({ isParameter: true }));
    expect(load("buffer")).toEqual(tensor({}));
    expect(load("tagged")).toEqual(tensor({ sizes: [1], storageBytes: 4 }));
  });

  it("reads dtypes that have no storage class, and tensors without bytes", () => {
    const uint16 = tensor({ dtype: "uint16", storageBytes: 4 });
    expect(load("untyped")).toEqual([
      uint16,
      tensor({ dtype: "float8_e5m2", storageKey: "1", storageBytes: 2 }),
    ]);
    const nowhere = { storageKey: null, storageBytes: 0 };
    expect(load("meta")).toEqual(tensor({ ...nowhere, storageDevice: "meta" }));
    const fake = tensor({ ...nowhere, sizes: [2, 3], strides: [3, 1] });
    const parameter = tensor({ ...nowhere, sizes: [1], requiresGrad: true, isParameter: true });
    expect(load("fake")).toEqual(tuple(tuple(fake, parameter), new Map()));
  });

  it("keeps the lazy conjugate and negative bits", () => {
    const [conjugate, imaginary] = load("lazy-bits") as unknown as PickleTensor[];
    expect(conjugate).toMatchObject({ dtype: "complex64", conj: true, neg: false });
    expect(imaginary).toMatchObject({ dtype: "float32", strides: [2], offset: 1, conj: false, neg: true });
  });

  it("reads a state dict, whose _metadata attribute it drops", () => {
    const dict = load("state-dict") as Map<string, PickleTensor>;
    expect([...dict.keys()]).toEqual(["linear.weight", "linear.bias"]);
  });
});

describe("what is refused", () => {
  it.each([
    ["evil", "builtins.eval"],
    ["range", "builtins.xrange"],
    ["sparse", "torch._utils._rebuild_sparse_tensor"],
    ["quantized", "torch._utils._rebuild_qtensor"],
  ])("%s, by its name", (name, refused) => {
    const refusing = () => readPickle(Buffer.from(pickles[name]!, "base64"), "data.pkl");
    expect(refusing).toThrow(refused);
    expect(refusing).toThrow(/^data\.pkl: /);
    try {
      refusing();
    } catch (error) {
      expect(error).toMatchObject({ rule: "archive/pickle", data: { name: refused, entry: "data.pkl" } });
    }
  });

  it("a global, however it is asked for", async () => {
    const calls = [["cos\nsystem\n)R."], ["(S'ls'\nios\nsystem\n."], ["(cos\nsystem\no."]];
    for (const call of calls) expect(await refusal(...call)).toBe("archive/pickle");
    expect(await refusal("\x80\x04\x8c\x02os\x8c\x06system\x93.")).toBe("archive/pickle");
    // What JavaScript's objects inherit is no function of the list.
    expect(await refusal("cbuiltins\nconstructor\n.")).toBe("archive/pickle");
    expect(await refusal("ctorch\n__proto__\n.")).toBe("archive/pickle");
    expect(await refusal("ctorch\nTensor\n)\x81.")).toBe("archive/pickle");
  });

  it("opcodes that torch.save does not write, and later protocols", async () => {
    for (const opcode of [0x82, 0x83, 0x84, 0x92, 0x97, 0x98, 0xff]) {
      expect(await refusal("N", [opcode, 0, 0, 0, 0], ".")).toBe("archive/corrupt");
    }
    expect(await refusal("\x80\x06N.")).toBe("archive/unsupported");
  });

  it("a result that is no data", async () => {
    for (const global of ["torch\nFloatStorage", "torch\nTensor", "collections\nOrderedDict"]) {
      expect(await refusal(`(lc${global}\na.`), global).toBe("archive/corrupt");
    }
    expect(await refusal("(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nK\x01tQ.")).toBe(
      "archive/corrupt",
    );
  });

  it.each([
    ["nothing", ""],
    ["no end", "N"],
    ["an empty stack", "."],
    ["a stack that a mark guards", "N(."],
    ["a missing mark", "t."],
    ["an unknown memo", "h\x05."],
    ["nothing to remember", "q\x00."],
    ["a string beyond the end", "X\xff\xff\xff\x7fabc."],
    ["a string of eight-byte length", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff."],
    ["a string that is not UTF-8", "X\x01\x00\x00\x00\xff."],
    ["an odd dict", "(Nd."],
    ["an append to None", "NNa."],
    ["an item of None", "NNNs."],
    ["an addition to None", "N(N\x90."],
    ["state of None", "NNb."],
    ["a call of None", "N)R."],
    ["arguments that are no tuple", "ccollections\nOrderedDict\nNR."],
    ["an integer that is none", "I1x\n."],
    ["a float that is none", "Fx\n."],
    ["a long of megabytes", "\x8b\x00\x00\x10\x00."],
    ["escapes of Python 2", "S'\\x41'\n."],
    ["a persistent id that is no storage", "NQ."],
    ["a tensor of nothing", "ctorch._utils\n_rebuild_tensor_v2\n)R."],
    ["a parameter of nothing", "ctorch._utils\n_rebuild_parameter\n)R."],
  ])("%s", async (_, text) => {
    expect(await refusal(text)).toBe("archive/corrupt");
  });

  it("a tensor whose numbers make no sense", async () => {
    const build = (tail: string) =>
      refusal(
        `ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nK\x01tQ${tail}tR.`,
      );
    expect(await build("I0\n(I1\nt(I1\ntI00\nN")).toBe("nothing was thrown");
    expect(await build("I-1\n(I1\nt(I1\ntI00\nN")).toBe("archive/corrupt");
    expect(await build("I0\n(I-1\nt(I1\ntI00\nN")).toBe("archive/corrupt");
    expect(await build("I0\n(I1\nt(I1\nI1\ntI00\nN")).toBe("archive/corrupt");
    expect(await build("I0\n(F1.0\nt(I1\ntI00\nN")).toBe("archive/corrupt");
  });
});

describe("bombs", () => {
  it("a container that holds itself", async () => {
    expect(await refusal("]q\x00h\x00a.")).toBe("archive/corrupt");
    expect(await refusal("}q\x00Nh\x00s.")).toBe("archive/corrupt");
  });

  it("lists that unfold to billions", async () => {
    const bomb = ["]q\x00"];
    for (let i = 0; i < 12; i++) bomb.push(`](${"h\x00".repeat(10)}eq\x00`);
    expect(await refusal(...bomb, ".")).toBe("archive/too-large");
  });

  it("nesting", async () => {
    expect(await refusal("(".repeat(100_000), "t".repeat(100_000), ".")).toBe("archive/corrupt");
    expect(await refusal("]", "\x85".repeat(100_000), ".")).toBe("archive/corrupt");
    expect(read("N", "\x85".repeat(400), ".")).toMatchObject({ kind: "tuple" });
  });

  it("objects by the million, steps and bytes", async () => {
    expect(await refusal("(", "}".repeat(1_100_000), "t.")).toBe("archive/too-large");
    expect(await ruleOf(() => readPickle(new Uint8Array(MAX_PICKLE_BYTES + 1)))).toBe("archive/too-large");
  });

  it("a long list that is copied again and again", async () => {
    const started = performance.now();
    const list = ["](", "N".repeat(200_000), "eq\x00cbuiltins\nset\nq\x01"];
    const copy = "h\x01h\x00\x85R0";
    expect(await refusal(...list, copy.repeat(100_000), ".")).toBe("archive/too-large");
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("a long string that is encoded again and again", async () => {
    const text = [
      "X\x40\x42\x0f\x00",
      "a".repeat(1_000_000),
      "q\x00X\x06\x00\x00\x00latin1q\x01c_codecs\nencode\nq\x02",
    ];
    expect(await refusal(...text, "h\x02h\x00h\x01\x86R0".repeat(10_000), ".")).toBe("archive/too-large");
  });
});

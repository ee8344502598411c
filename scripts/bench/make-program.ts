/**
 * Large programs out of a real one: copies of a Whisper decoder, conds and metadata and all, side by side in one
 * graph, each with names, weights and caches of its own.
 *
 *   npx tsx scripts/bench/make-program.ts NODES FILE.pt2 [cache|plain]
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { bytesSource } from "../../src/archive/source.ts";
import { openZip } from "../../src/archive/zip.ts";
import { open } from "../../src/open.ts";

const TEMPLATES = {
  /** With the cache operators of ExecuTorch in its branches. */
  cache: new URL("../../fixtures/whisper_decoder_flag.pt2", import.meta.url),
  /** With none but torch's operators. */
  plain: new URL("../../fixtures/whisper_decoder_copying.pt2", import.meta.url),
};
export type Template = keyof typeof TEMPLATES;

// biome-ignore lint/suspicious/noExplicitAny: the template's JSON, taken apart as it stands
type Json = Record<string, any>;

/** The nodes of a JSON document, those of subgraphs too. */
function countNodes(graph: Json): number {
  let count = graph.nodes.length;
  for (const node of graph.nodes) {
    for (const { arg } of node.inputs) if (arg.as_graph) count += countNodes(arg.as_graph.graph);
  }
  return count;
}

/** As Python's json.dumps writes it. */
function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${dumps(item)}`)
    .join(", ")}}`;
}

/** Every value of the main graph gets the suffix; subgraphs have scopes of their own and stay as they are. */
function rename(value: unknown, names: ReadonlySet<string>, suffix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names, suffix));
  if (typeof value !== "object" || value === null) return value;
  // An argument's name is the operator's, whatever the values are called.
  const isArgument = "arg" in value && "kind" in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const isName = (key === "name" || key === "as_name") && !isArgument && names.has(item as string);
      return [key, isName ? item + suffix : key === "graph" ? item : rename(item, names, suffix)];
    }),
  );
}

/** The list of an archive's tensors, in which those of every copy are one and the same payload. */
function repeatConfig(bytes: Uint8Array, suffixes: readonly string[]): string {
  const { config } = JSON.parse(Buffer.from(bytes).toString()) as Json;
  const entries = suffixes.flatMap((suffix) =>
    Object.entries(config).map(([name, meta]) => `${JSON.stringify(name + suffix)}: ${dumps(meta)}`),
  );
  return `{"config": {${entries.join(", ")}}}`;
}

/** A tree spec whose positional arguments, or whose one result, come once for each copy. */
function repeatTree(text: string, copies: number): string {
  const [protocol, tree] = JSON.parse(text) as [number, Json];
  const repeated = (items: Json[]): Json[] => Array.from({ length: copies }, () => items).flat();
  const [args, ...keywords] = tree.children_spec as Json[];
  if (args === undefined) {
    return dumps([protocol, { type: "builtins.tuple", context: "null", children_spec: repeated([tree]) }]);
  }
  const all = { ...args, children_spec: repeated(args.children_spec) };
  return dumps([protocol, { ...tree, children_spec: [all, ...keywords] }]);
}

/** Writes a .pt2 of at least `nodes` nodes and returns how many it has. */
export async function makeProgram(nodes: number, path: string, from: Template = "cache"): Promise<number> {
  const template = readFileSync(TEMPLATES[from]);
  const file = await open(template);
  const document: Json = JSON.parse(Buffer.from(await file.archive.models[0]!.document()).toString());
  const { graph, signature } = document.graph_module;
  const perCopy = countNodes(graph);
  const copies = Math.ceil(nodes / perCopy);
  const names = new Set<string>([
    ...Object.keys(graph.tensor_values),
    ...graph.nodes.map((n: Json) => n.name),
  ]);
  const out = new ZipFile(path);
  const zip = await openZip(bytesSource(template));
  const suffixes = Array.from({ length: copies }, (_, copy) => `_${copy}`);
  for (const entry of zip.entries.filter(({ name }) => !name.endsWith("/models/model.json"))) {
    const bytes = await zip.read(entry);
    out.begin(entry.name);
    out.write(entry.name.endsWith("_config.json") ? repeatConfig(bytes, suffixes) : bytes);
    out.end();
  }
  out.begin(file.archive.models[0]!.entry);
  const each = (make: (suffix: string) => string[]): void => {
    for (let copy = 0; copy < copies; copy++) {
      const items = make(`_${copy}`).join(", ");
      if (items !== "") out.write(copy === 0 ? items : `, ${items}`);
    }
  };
  const list = (items: unknown[]) => (suffix: string) =>
    items.map((item) => dumps(rename(item, names, suffix)));
  const named = (spec: Json, suffix: string): Json => {
    const [kind, body] = Object.entries(rename(spec, names, suffix) as Json)[0]!;
    const key = Object.keys(body).find((k) => k.endsWith("_name"));
    return { [kind]: key === undefined ? body : { ...body, [key]: body[key] + suffix } };
  };
  out.write('{"graph_module": {"graph": {"inputs": [');
  each(list(graph.inputs));
  out.write('], "outputs": [');
  each(list(graph.outputs));
  out.write('], "nodes": [');
  each(list(graph.nodes));
  out.write('], "tensor_values": {');
  each((suffix) =>
    Object.entries(graph.tensor_values).map(([name, meta]) => `"${name}${suffix}": ${dumps(meta)}`),
  );
  const rest = { ...graph };
  for (const key of ["inputs", "outputs", "nodes", "tensor_values"]) delete rest[key];
  out.write(`}, ${dumps(rest).slice(1, -1)}}, "signature": {"input_specs": [`);
  each((suffix) => signature.input_specs.map((spec: Json) => dumps(named(spec, suffix))));
  out.write('], "output_specs": [');
  each((suffix) => signature.output_specs.map((spec: Json) => dumps(named(spec, suffix))));
  const others = { ...document };
  delete others.graph_module;
  const { signature: whole, ...entry } = document.graph_module.module_call_graph[0];
  const { inputs, outputs, ...once } = whole;
  const specs = {
    ...once,
    in_spec: repeatTree(once.in_spec, copies),
    out_spec: repeatTree(once.out_spec, copies),
    forward_arg_names: suffixes.flatMap((suffix) =>
      once.forward_arg_names.map((name: string) => name + suffix),
    ),
  };
  out.write(`]}, "module_call_graph": [${dumps(entry).slice(0, -1)}, "signature": {"inputs": [`);
  each(list(inputs));
  out.write('], "outputs": [');
  each(list(outputs));
  out.write(
    `], ${dumps(specs).slice(1)}}], "metadata": {}, "treespec_namedtuple_fields": {}}, ${dumps(others).slice(1)}`,
  );
  out.end();
  out.finish();
  await file.close();
  return copies * perCopy;
}

/** A zip of stored entries that are written in pieces, as torch writes it: sizes stand behind them and in the directory. */
class ZipFile {
  readonly #fd: number;
  readonly #directory: Buffer[] = [];
  #at = 0;
  #name = Buffer.alloc(0);
  #start = 0;
  #size = 0;
  #crc = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "w");
  }

  #put(bytes: Uint8Array): void {
    writeSync(this.#fd, bytes);
    this.#at += bytes.length;
  }

  begin(name: string): void {
    this.#name = Buffer.from(name);
    this.#start = this.#at;
    this.#size = this.#crc = 0;
    this.#put(
      Buffer.concat([
        header("504b0304", 30, [
          [6, 0x808],
          [26, this.#name.length],
        ]),
        this.#name,
      ]),
    );
  }

  write(data: string | Uint8Array): void {
    const bytes = Buffer.from(data as string);
    this.#put(bytes);
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
  }

  end(): void {
    const sizes = (bytes: Buffer, at: number): Buffer => {
      for (const [i, value] of [this.#crc, this.#size, this.#size].entries())
        bytes.writeUInt32LE(value, at + 4 * i);
      return bytes;
    };
    this.#put(sizes(header("504b0708", 16, []), 4));
    const entry = sizes(
      header("504b0102", 46, [
        [8, 0x808],
        [28, this.#name.length],
      ]),
      16,
    );
    entry.writeUInt32LE(this.#start, 42);
    this.#directory.push(entry, this.#name);
  }

  finish(): void {
    const directory = Buffer.concat(this.#directory);
    const count = this.#directory.length / 2;
    const end = header("504b0506", 22, [
      [8, count],
      [10, count],
    ]);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(this.#at, 16);
    this.#put(Buffer.concat([directory, end]));
    closeSync(this.#fd);
  }
}

function header(
  magic: string,
  length: number,
  fields: readonly (readonly [at: number, value: number])[],
): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(magic, 0, "hex");
  for (const [at, value] of fields) bytes.writeUInt16LE(value, at);
  return bytes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [nodes, path, from] = process.argv.slice(2);
  console.log(`${await makeProgram(Number(nodes), path!, from as Template | undefined)} nodes`);
}

/**
 * Large programs out of a real one: copies of the Whisper decoder, conds and metadata and all, side by side in one
 * graph, each with names, weights and caches of its own.
 *
 *   npx tsx scripts/bench/make-program.ts NODES FILE.pt2
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { open } from "../../src/open.ts";

const TEMPLATE = new URL("../../fixtures/whisper_decoder_flag.pt2", import.meta.url);

interface Json {
  [key: string]: any;
}

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
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${dumps(item)}`).join(", ")}}`;
}

/** Every value of the main graph gets the suffix; subgraphs have scopes of their own and stay as they are. */
function rename(value: unknown, names: ReadonlySet<string>, suffix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names, suffix));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const isName = (key === "name" || key === "as_name") && names.has(item as string);
      return [key, isName ? item + suffix : key === "graph" ? item : rename(item, names, suffix)];
    }),
  );
}

/** Writes a .pt2 of at least `nodes` nodes and returns how many it has. */
export async function makeProgram(nodes: number, path: string): Promise<number> {
  const file = await open(readFileSync(TEMPLATE));
  const document: Json = JSON.parse(Buffer.from(await file.archive.models[0]!.document()).toString());
  const { graph, signature } = document.graph_module;
  const perCopy = countNodes(graph);
  const copies = Math.ceil(nodes / perCopy);
  const names = new Set<string>([...Object.keys(graph.tensor_values), ...graph.nodes.map((n: Json) => n.name)]);
  const out = new ZipFile(path, "bench/models/model.json");
  const each = (make: (suffix: string) => string[]): void => {
    for (let copy = 0; copy < copies; copy++) {
      out.write((copy === 0 ? "" : ", ") + make(`_${copy}`).join(", "));
    }
  };
  const list = (items: unknown[]) => (suffix: string) => items.map((item) => dumps(rename(item, names, suffix)));
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
  each((suffix) => Object.entries(graph.tensor_values).map(([name, meta]) => `"${name}${suffix}": ${dumps(meta)}`));
  const rest = { ...graph };
  for (const key of ["inputs", "outputs", "nodes", "tensor_values"]) delete rest[key];
  out.write(`}, ${dumps(rest).slice(1, -1)}}, "signature": {"input_specs": [`);
  each((suffix) => signature.input_specs.map((spec: Json) => dumps(named(spec, suffix))));
  out.write('], "output_specs": [');
  each((suffix) => signature.output_specs.map((spec: Json) => dumps(named(spec, suffix))));
  const others = { ...document };
  delete others.graph_module;
  out.write(`]}, "module_call_graph": [], "metadata": {}, "treespec_namedtuple_fields": {}}, ${dumps(others).slice(1)}`);
  out.finish();
  await file.close();
  return copies * perCopy;
}

/** A zip with one stored entry that is written in pieces, as torch writes it: sizes only in the directory. */
class ZipFile {
  readonly #fd: number;
  readonly #name: Buffer;
  #size = 0;
  #crc = 0;

  constructor(path: string, name: string) {
    this.#fd = openSync(path, "w");
    this.#name = Buffer.from(name);
    writeSync(this.#fd, Buffer.concat([header("504b0304", 30, [[6, 0x808]], this.#name.length, 26), this.#name]));
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    writeSync(this.#fd, bytes);
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
  }

  finish(): void {
    const descriptor = header("504b0708", 16, [], 0, 14);
    descriptor.writeUInt32LE(this.#crc, 4);
    descriptor.writeUInt32LE(this.#size, 8);
    descriptor.writeUInt32LE(this.#size, 12);
    writeSync(this.#fd, descriptor);
    const at = 30 + this.#name.length + this.#size + descriptor.length;
    const entry = header("504b0102", 46, [[8, 0x808]], this.#name.length, 28);
    entry.writeUInt32LE(this.#crc, 16);
    entry.writeUInt32LE(this.#size, 20);
    entry.writeUInt32LE(this.#size, 24);
    const end = header("504b0506", 22, [[8, 1], [10, 1]], 0, 20);
    end.writeUInt32LE(entry.length + this.#name.length, 12);
    end.writeUInt32LE(at, 16);
    writeSync(this.#fd, Buffer.concat([entry, this.#name, end]));
    closeSync(this.#fd);
  }
}

function header(magic: string, length: number, fields: [number, number][], name: number, nameAt: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(magic, 0, "hex");
  for (const [at, value] of [...fields, [nameAt, name]] as [number, number][]) bytes.writeUInt16LE(value, at);
  return bytes;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [nodes, path] = process.argv.slice(2);
  console.log(`${await makeProgram(Number(nodes), path!)} nodes`);
}

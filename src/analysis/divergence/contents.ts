import type { Node } from "../../program/program.ts";
import { forTarget } from "../cache/operators.ts";
import { count, isDense, keyOf, type Layout, mayMeet, moved } from "./layout.ts";
import type { Writer } from "./machine.ts";

/** What is in a tensor: equal numbers for what is certainly equal. Where its elements lie makes no difference. */
export type Content = number;

/** A write into a part of something, which lies as if the whole were contiguous. */
interface Entry {
  readonly at: Layout;
  readonly key: string;
  readonly content: Content;
}

interface Written {
  readonly base: Content;
  readonly entries: readonly Entry[];
}

interface Made {
  readonly node: Node;
  readonly content: Content;
}

/** Gives equal things equal numbers. */
export class Contents {
  readonly #known = new Map<string, Content>();
  /** What nodes made, by their operator and what they made it of. */
  readonly #made = new Map<string, Made[]>();
  readonly #parts = new Map<Content, { readonly of: Content; readonly at: Layout }>();
  readonly #written = new Map<Content, Written>();

  of(what: string, parts: readonly Content[] = []): Content {
    const key = `${what}(${parts.join()})`;
    let content = this.#known.get(key);
    if (content === undefined) this.#known.set(key, (content = this.#known.size));
    return content;
  }

  /** What a node makes of such parts: the same as another node that calls the operator with the same numbers, unless by chance. */
  made(node: Node, output: number, parts: readonly Content[]): Content {
    const key = `${node.target}.${output}.${node.outputs[0]?.meta?.dtype}(${parts.join()})`;
    const known = this.#made.get(key) ?? [];
    const same = known.find(
      (one) => one.node === node || (!isRandom(node.target) && isSameCall(one.node, node)),
    );
    if (same !== undefined) return same.content;
    const content = this.of(`${node.id}.${output}`, parts);
    if (known.push({ node, content }) === 1) this.#made.set(key, known);
    return content;
  }

  /** What a content is made of by writes into parts of it. */
  taken(content: Content): Written {
    return this.#written.get(content) ?? { base: content, entries: [] };
  }

  written(base: Content, entries: readonly Entry[]): Content {
    if (entries.length === 0) return base;
    const content = this.of(`written ${entries.map(({ key }) => key).join(";")}`, [
      base,
      ...entries.map((entry) => entry.content),
    ]);
    if (!this.#written.has(content)) this.#written.set(content, { base, entries });
    return content;
  }

  /** The part of a content of these sizes that lies there when the whole is contiguous. */
  part(whole: Content, sizes: readonly number[], at: Layout): Content {
    const key = keyOf(at);
    if (key === keyOf(contiguous(sizes))) return whole;
    const { base, entries } = this.taken(whole);
    const seen = entries.filter((entry) => mayMeet(entry.at, at));
    const last = seen.at(-1);
    if (last !== undefined) {
      if (last.key === key) return last.content;
      const within = covers(last.at, at) ? moved(at, last.at, contiguous(last.at.sizes)) : undefined;
      if (within !== undefined) return this.part(last.content, last.at.sizes, within);
      const parts = seen.map((entry) => entry.content);
      return this.of(`part ${key} of ${seen.map((entry) => entry.key).join(";")}`, [
        this.part(base, sizes, at),
        ...parts,
      ]);
    }
    const outer = this.#parts.get(base);
    const further = outer && moved(at, contiguous(sizes), outer.at);
    if (outer !== undefined && further !== undefined) return this.#partOf(outer.of, further);
    return this.#partOf(base, at);
  }

  #partOf(of: Content, at: Layout): Content {
    const content = this.of(`part ${keyOf(at)}`, [of]);
    if (!this.#parts.has(content)) this.#parts.set(content, { of, at });
    return content;
  }
}

/** Who wrote a memory, and where that was copied from. */
interface WriterOf extends Writer {
  readonly from: readonly MemoryState[];
}

/** A piece of memory, with what is in it. */
export class MemoryState {
  /** In the order of the run. */
  readonly writers: WriterOf[] = [];
  readonly #contents: Contents;
  readonly #layout: Layout;
  readonly #plain: Layout;
  readonly #whole: string;
  #content: Content;

  constructor(contents: Contents, layout: Layout, content: Content) {
    this.#contents = contents;
    this.#layout = layout;
    this.#plain = contiguous(layout.sizes);
    this.#whole = keyOf(this.#plain);
    this.#content = content;
  }

  get layout(): Layout {
    return this.#layout;
  }

  /** `from`: the memories that the content was copied from. */
  write(place: Layout, content: Content, { kind, node }: Writer, from: readonly MemoryState[] = []): void {
    this.writers.push({ kind, node, from });
    if (count(place) === 0 || this.read(place) === content) return;
    const at = moved(place, this.#layout, this.#plain) ?? place;
    const key = keyOf(at);
    if (key === this.#whole) {
      this.#content = content;
      return;
    }
    const { base, entries } = this.#contents.taken(this.#content);
    const kept = entries.filter((entry) => entry.key !== key && !covers(at, entry.at));
    // Writes that do not meet have no order.
    let before = kept.length;
    while (before > 0 && !mayMeet(kept[before - 1]!.at, at) && kept[before - 1]!.key > key) before--;
    kept.splice(before, 0, { at, key, content });
    this.#content = this.#contents.written(base, kept);
  }

  read(place: Layout): Content {
    const at = moved(place, this.#layout, this.#plain) ?? place;
    return this.#contents.part(this.#content, this.#layout.sizes, at);
  }
}

function contiguous(sizes: readonly number[]): Layout {
  const strides = new Array<number>(sizes.length);
  let stride = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= Math.max(sizes[i]!, 1);
  }
  return { sizes, strides, offset: 0 };
}

/** Whether all of the second lies in the first: a slice of it, its dimensions in any order, or any view of a piece of memory. */
function covers(a: Layout, b: Layout): boolean {
  if (isDense(a)) {
    const last = b.sizes.reduce((sum, size, i) => sum + (size - 1) * b.strides[i]!, b.offset);
    return a.offset <= b.offset && last < a.offset + count(a);
  }
  const lengths = new Map<number, number>();
  for (const [i, size] of b.sizes.entries()) {
    if (size <= 1) continue;
    if (lengths.has(b.strides[i]!)) return false;
    lengths.set(b.strides[i]!, size);
  }
  let rest = b.offset - a.offset;
  if (rest < 0) return false;
  const dims = a.sizes.map((size, i) => ({ size, stride: a.strides[i]! })).filter(({ size }) => size > 1);
  for (const { size, stride } of dims.sort((x, y) => y.stride - x.stride)) {
    const start = Math.floor(rest / stride);
    if (start + (lengths.get(stride) ?? 1) > size) return false;
    lengths.delete(stride);
    rest -= start * stride;
  }
  return rest === 0 && lengths.size === 0;
}

/** Gives other values at each call, or whatever the memory holds. */
const isRandom = forTarget((target) =>
  /\.\w*(rand|normal|bernoulli|uniform|multinomial|dropout|exponential|geometric|cauchy|poisson|rrelu|empty)/.test(
    target,
  ),
);

const signatures = new WeakMap<Node, string>();

/** Whether two calls of one operator have the same numbers at the same arguments; which tensors they have is not looked at. */
function isSameCall(a: Node, b: Node): boolean {
  return a.target === b.target && signature(a) === signature(b);
}

function signature(node: Node): string {
  let known = signatures.get(node);
  if (known === undefined) {
    const inputs = node.source.inputs.map(({ name, arg }) => [name, arg]);
    const text = JSON.stringify(inputs, (_, value) => (typeof value === "bigint" ? String(value) : value));
    signatures.set(node, (known = text.replace(/"name":"[^"]*"/g, "")));
  }
  return known;
}

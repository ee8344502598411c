import type { Node, Value } from "../../program/program.ts";
import { copiedValue, forTarget } from "../cache/operators.ts";
import { type Content, type Contents, MemoryState } from "./contents.ts";
import type { Fx } from "./functional.ts";
import { count, type Layout, layoutOf } from "./layout.ts";
import type { Domain, Writer } from "./machine.ts";

/** What values are without numbers: what was computed of what. */
export class Symbolic implements Domain<Content, MemoryState> {
  readonly #contents: Contents;
  readonly #decide: (predicate: Content) => boolean;
  readonly #decisions: Map<Node, boolean>;
  readonly #negated: Map<Content, Content>;
  /** The nodes that have written something. */
  readonly ran = new Set<Node | null>();
  observe?: (fx: Fx, content: Content, reads: () => readonly MemoryState[]) => void;

  constructor(
    contents: Contents,
    negated: Map<Content, Content>,
    decide: (predicate: Content) => boolean,
    decisions: Map<Node, boolean>,
  ) {
    this.#decisions = decisions;
    this.#contents = contents;
    this.#negated = negated;
    this.#decide = decide;
  }

  layoutOf(value: Value): Layout {
    return layoutOf(value);
  }

  memory(value: Value, content: Content): MemoryState {
    return new MemoryState(this.#contents, layoutOf(value), content);
  }

  read(memory: MemoryState, at: Layout): Content {
    return memory.read(at);
  }

  write(
    memory: MemoryState,
    at: Layout,
    content: Content,
    writer: Writer,
    from: readonly MemoryState[] = [],
  ): void {
    this.ran.add(writer.node);
    memory.write(at, content, writer, from);
  }

  unknown(value: Value): Content {
    return this.#contents.of(`unknown ${value.id}`);
  }

  input(index: number, value: Value): MemoryState {
    return this.memory(value, this.#contents.of(`input ${index}`));
  }

  compute(node: Node, value: Value, parts: readonly Content[]): Content {
    const { target } = node;
    const [first] = parts;
    if (first !== undefined && isSame(node, value)) return first;
    if (isDifference(target) && parts.length === 2 && first === parts[1]) return this.#contents.of("zero");
    const content = this.#contents.made(node, value.node === node ? value.index : 0, parts);
    if (isNegation(target) && value.meta?.dtype === 12) this.#negated.set(content, first!);
    return content;
  }

  decide(node: Node, predicate: Content): boolean {
    let [at, inverted]: [Content, boolean] = [predicate, false];
    for (let next = this.#negated.get(at); next !== undefined; next = this.#negated.get(at)) {
      [at, inverted] = [next, !inverted];
    }
    const decision = this.#decide(at) !== inverted;
    this.#decisions.set(node, decision);
    return decision;
  }
}

const mayCopy = forTarget((target) =>
  /^torch\.ops\.aten\.(clone|contiguous|_to_copy|to|lift_fresh_copy|detach|alias|copy_|copy|reshape|view|_unsafe_view)\./.test(
    target,
  ),
);
const isDifference = forTarget((target) => /^torch\.ops\.aten\.sub_?\./.test(target));
const isNegation = forTarget((target) => /^torch\.ops\.aten\.(logical|bitwise)_not\./.test(target));

/** Whether a node makes what it is given. */
function isSame(node: Node, value: Value): boolean {
  if (copiedValue(node) !== null) return true;
  if (!mayCopy(node.target)) return false;
  const from = node.operands.find((operand) => operand !== null);
  return from?.meta?.dtype === value.meta?.dtype && count(layoutOf(value)) > 0;
}

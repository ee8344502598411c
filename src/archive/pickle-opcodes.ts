import { archiveFault } from "./faults.ts";
import { loadStorage, malformed, resolveGlobal } from "./pickle-globals.ts";
import { extentOf, latin1, type PickleMachine, tupleOf } from "./pickle-machine.ts";
import { isTuple, kindOf, type PickleCallable, type PickleSlot, type PickleValue } from "./pickle-values.ts";

type Opcode = (m: PickleMachine) => void;

/** No integer of a saved program is longer; decimals cost the square of their length to read. */
const MAX_INTEGER_BYTES = 1024;

/** A little-endian integer in two's complement, as LONG1 and LONG4 hold it. */
function readLong(m: PickleMachine, length: number): bigint {
  if (length > MAX_INTEGER_BYTES) throw malformed(`an integer has ${length} bytes`);
  const bytes = m.bytes(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return BigInt.asIntN(length * 8, value);
}

/** A decimal integer of a text opcode; LONG ends it with an L. */
function parseInteger(text: string): bigint {
  const digits = text.replace(/L$/, "").trim();
  if (digits.length > MAX_INTEGER_BYTES || !/^[+-]?\d+$/.test(digits)) throw malformed("an integer is none");
  return BigInt(digits.replace("+", ""));
}

/** Protocol 0 writes the booleans as the integers 00 and 01. */
function parseInt0(text: string): PickleSlot {
  return text === "00" ? false : text === "01" ? true : parseInteger(text);
}

function parseFloat0(text: string): number {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  if (Object.hasOwn(special, text)) return special[text]!;
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw malformed("a float is none");
  return value;
}

/** Python's raw-unicode-escape: latin-1, but for \uXXXX and \UXXXXXXXX. */
function unescapeText(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    if (code > 0x10ffff) throw malformed("a string holds a character beyond Unicode");
    return short ? String.fromCharCode(code) : String.fromCodePoint(code);
  });
}

/** The quoted str of Python 2; escapes would need its parser, and torch's files hold none. */
function unquote(text: string): string {
  const match = /^(['"])([^\\]*)\1$/.exec(text);
  if (match === null) throw malformed("a quoted string is none, or holds escapes");
  return match[2]!;
}

function build(m: PickleMachine, callable: PickleSlot, args: readonly PickleSlot[]): void {
  if (kindOf(callable) === "class") {
    const { name } = callable as { name: string };
    throw archiveFault("archive/pickle", `the pickle makes a ${name} in a way pt2lint does not know`, {
      name,
    });
  }
  if (kindOf(callable) !== "callable") throw malformed("it calls something that is no function");
  for (const arg of args) {
    m.spend(extentOf(arg));
    // _rebuild_from_type_v2 hands the items of a tuple on.
    if (isTuple(arg)) for (const item of arg.items) m.spend(extentOf(item));
  }
  m.push((callable as PickleCallable).call(args));
}

function reduce(m: PickleMachine): void {
  const args = m.pop();
  const callable = m.pop();
  if (!isTuple(args)) throw malformed("it calls a function without a tuple of arguments");
  build(m, callable, args.items);
}

/** The state of a dict is its Python attributes, such as the `_metadata` of a state dict: not needed. */
function setState(m: PickleMachine): void {
  m.pop();
  if (!(m.top() instanceof Map)) throw malformed("it sets the state of something that has none");
}

function extendList(m: PickleMachine, items: readonly PickleSlot[]): void {
  const list = m.top();
  if (!Array.isArray(list)) throw malformed("it appends to something that is no list");
  for (const item of items) list.push(item as PickleValue);
}

function extendDict(m: PickleMachine, items: readonly PickleSlot[]): void {
  const dict = m.top();
  if (!(dict instanceof Map)) throw malformed("it sets an item of something that is no dict");
  if (items.length % 2 !== 0) throw malformed("a key has no value");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i] as PickleValue, items[i + 1] as PickleValue);
}

function extendSet(m: PickleMachine, items: readonly PickleSlot[]): void {
  const set = m.top();
  if (!(set instanceof Set)) throw malformed("it adds to something that is no set");
  for (const item of items) set.add(item as PickleValue);
}

function makeDict(m: PickleMachine): void {
  const items = m.popMark();
  m.push(new Map());
  extendDict(m, items);
}

function popped(m: PickleMachine, count: number): PickleSlot[] {
  const items: PickleSlot[] = [];
  for (let i = 0; i < count; i++) items.unshift(m.pop());
  return items;
}

function stackGlobal(m: PickleMachine): void {
  const [module, name] = popped(m, 2);
  if (typeof module !== "string" || typeof name !== "string") throw malformed("a global has no name");
  m.push(resolveGlobal(module, name));
}

function protocol(m: PickleMachine): void {
  const version = m.byte();
  if (version > 5)
    throw archiveFault("archive/unsupported", `the pickle has protocol ${version}`, { version });
}

function setPair(m: PickleMachine): void {
  const pair = popped(m, 2);
  extendDict(m, pair);
}

function appendOne(m: PickleMachine): void {
  const item = m.pop();
  extendList(m, [item]);
}

function withMark(extend: (m: PickleMachine, items: readonly PickleSlot[]) => void): Opcode {
  return (m) => {
    const items = m.popMark();
    extend(m, items);
  };
}

/** INST and OBJ, the classes of protocol 0 and 1: arguments above a mark. */
function instance(m: PickleMachine): void {
  const callable = resolveGlobal(m.line(), m.line());
  build(m, callable, m.popMark());
}

function object(m: PickleMachine): void {
  const [callable = null, ...args] = m.popMark();
  build(m, callable, args);
}

const named: Readonly<Record<string, Opcode>> = {
  "(": (m) => m.mark(),
  "0": (m) => void (m.dropMark() || m.pop()),
  "1": (m) => void m.popMark(),
  "2": (m) => m.push(m.top()),
  F: (m) => m.push(parseFloat0(m.line())),
  I: (m) => m.push(parseInt0(m.line())),
  J: (m) => m.push(BigInt(m.int32())),
  K: (m) => m.push(BigInt(m.byte())),
  L: (m) => m.push(parseInteger(m.line())),
  M: (m) => m.push(BigInt(m.uint16())),
  N: (m) => m.push(null),
  P: (m) => m.push(loadStorage(m.line())),
  Q: (m) => m.push(loadStorage(m.pop())),
  R: reduce,
  S: (m) => m.push(unquote(m.line())),
  T: (m) => m.push(latin1(m.bytes(m.uint32()))),
  U: (m) => m.push(latin1(m.bytes(m.byte()))),
  V: (m) => m.push(unescapeText(m.line())),
  X: (m) => m.push(m.text(m.uint32())),
  a: appendOne,
  b: setState,
  c: (m) => m.push(resolveGlobal(m.line(), m.line())),
  d: makeDict,
  "}": (m) => m.push(new Map()),
  e: withMark(extendList),
  g: (m) => m.recall(Number(parseInteger(m.line()))),
  h: (m) => m.recall(m.byte()),
  i: instance,
  j: (m) => m.recall(m.uint32()),
  l: (m) => m.push(m.popMark() as PickleValue[]),
  "]": (m) => m.push([]),
  o: object,
  p: (m) => m.remember(Number(parseInteger(m.line()))),
  q: (m) => m.remember(m.byte()),
  r: (m) => m.remember(m.uint32()),
  s: setPair,
  t: (m) => m.push(tupleOf(m.popMark())),
  ")": (m) => m.push(tupleOf([])),
  u: withMark(extendDict),
  G: (m) => m.push(m.float64()),
  B: (m) => m.push(m.bytes(m.uint32()).slice()),
  C: (m) => m.push(m.bytes(m.byte()).slice()),
};

const numbered: Readonly<Record<number, Opcode>> = {
  128: protocol,
  // NEWOBJ is the class called with a tuple of arguments: for what is allowed here, a call.
  129: reduce,
  133: (m) => m.push(tupleOf(popped(m, 1))),
  134: (m) => m.push(tupleOf(popped(m, 2))),
  135: (m) => m.push(tupleOf(popped(m, 3))),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  138: (m) => m.push(readLong(m, m.byte())),
  139: (m) => m.push(readLong(m, m.uint32())),
  140: (m) => m.push(m.text(m.byte())),
  141: (m) => m.push(m.text(m.uint64())),
  142: (m) => m.push(m.bytes(m.uint64()).slice()),
  143: (m) => m.push(new Set()),
  144: withMark(extendSet),
  145: (m) => m.push(new Set(m.popMark() as PickleValue[])),
  147: stackGlobal,
  148: (m) => m.remember(m.memo.size),
  // A frame's length is a hint for readers of streams.
  149: (m) => void m.uint64(),
  150: (m) => m.push(m.bytes(m.uint64()).slice()),
};

/**
 * What a pickle may do, by opcode. Left out, besides STOP: the extension registry (EXT1 to EXT4), the
 * constructor with keywords (NEWOBJ_EX) and out-of-band buffers, none of which torch.save writes.
 */
export const opcodes: readonly (Opcode | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => numbered[code] ?? named[String.fromCharCode(code)],
);

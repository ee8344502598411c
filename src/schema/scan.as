/**
 * The tokens of JSON text: see src/schema/scanner.ts, which holds the other end. WebAssembly, because it runs at full
 * speed from its first byte, where JavaScript is interpreted until it is hot: most documents are read by then.
 */

/** A token: its kind, where it starts, a number that says what it is, and where it ends. */
const SLOT: usize = 16;
/** Kinds of tokens that stand for several. All others go by their first byte. reader.ts has them too. */
const KEY: i32 = 256;
const DICT: i32 = 257;
const META: i32 = 258;
const TENSOR: i32 = 259;
const NAME: i32 = 260;
const NODE: i32 = 261;

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const OPEN: u32 = 0x7b;
const CLOSE: u32 = 0x7d;
/** Longer strings are seldom repeated, and hashing them would cost more than it saves. */
const LONGEST_STRING: usize = 64;
const LONGEST_META: usize = 4096;
/** Longer arguments are seldom repeated either. */
const LONGEST_ARGUMENT: usize = 512;
/** Less than half of what reader.ts looks at. */
const LONGEST_NODE: usize = 0x10000;

/** Where the next allocation goes. */
let heap: usize = (__heap_base + 15) & ~15;
/** Hash table: indices of entries, from 1. Entries: hash, start, length. */
let slots: usize = 0;
let mask: u32 = 0;
let entries: usize = 0;
let capacity: u32 = 0;
let count: u32 = 0;
/** Where scanning stopped: the first byte that is in no token yet. */
let stopped: usize = 0;
/** Whether the last token was the key "metadata". */
let atMetadata: bool = false;

export function allocate(size: usize): usize {
  const start = heap;
  heap = (heap + size + 15) & ~15;
  const missing = <i32>((heap + 0xffff) >>> 16) - memory.size();
  if (missing > 0 && memory.grow(max(missing, memory.size() >> 2)) < 0 && memory.grow(missing) < 0) unreachable();
  return start;
}

export function stop(): usize {
  return stopped;
}

/** The start of a string's bytes, by its number, and their length. */
export function bytesOf(id: u32): usize {
  return load<u32>(entries + id * 12, 4);
}
export function lengthOf(id: u32): usize {
  return load<u32>(entries + id * 12, 8);
}

/** The number of the bytes, by which equal ones are known; numbers are given from 0 on. */
export function intern(start: usize, end: usize): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let p = start; p < end; p++) hash = (hash ^ load<u8>(p)) * 0x01000193;
  return find(start, end - start, hash);
}

/** The same for what is no string; eight bytes at once. */
function internLong(start: usize, end: usize): u32 {
  let hash: u64 = <u64>(end - start);
  let p = start;
  for (; p + 8 <= end; p += 8) hash = mix(hash ^ load<u64>(p));
  for (; p < end; p++) hash = mix(hash ^ load<u8>(p));
  return find(start, end - start, <u32>hash);
}

// @ts-ignore: decorator
@inline
function mix(hash: u64): u64 {
  const product = hash * 0x9e3779b97f4a7c15;
  return product ^ (product >>> 32);
}

/** The number that the bytes have been given; -1 when they have none. */
export function lookUp(start: usize, end: usize): i32 {
  let hash: u32 = 0x811c9dc5;
  for (let p = start; p < end; p++) hash = (hash ^ load<u8>(p)) * 0x01000193;
  return probe(start, end - start, hash);
}

/** Where `probe` stopped: at the place of the next entry when it found none. */
let slot: u32 = 0;
function probe(start: usize, length: usize, hash: u32): i32 {
  if (count * 2 >= mask) rehash();
  slot = (hash ^ (hash >>> 15)) & mask;
  for (;;) {
    const entry = load<u32>(slots + (<usize>slot << 2));
    if (entry == 0) return -1;
    const known = entries + (entry - 1) * 12;
    if (load<u32>(known) == hash && load<u32>(known, 8) == <u32>length) {
      if (memory.compare(load<u32>(known, 4), start, length) == 0) return entry - 1;
    }
    slot = (slot + 1) & mask;
  }
  return -1;
}

function find(start: usize, length: usize, hash: u32): u32 {
  const known = probe(start, length, hash);
  if (known >= 0) return known;
  const copy = allocate(length);
  memory.copy(copy, start, length);
  const made = entries + count * 12;
  store<u32>(made, hash);
  store<u32>(made, copy, 4);
  store<u32>(made, length, 8);
  store<u32>(slots + (<usize>slot << 2), ++count);
  return count - 1;
}

function rehash(): void {
  const size: u32 = mask == 0 ? 4096 : (mask + 1) << 1;
  const grown = allocate(<usize>size << 2);
  const moved = allocate(<usize>size * 6);
  memory.copy(moved, entries, <usize>count * 12);
  slots = grown;
  entries = moved;
  mask = size - 1;
  for (let entry: u32 = 0; entry < count; entry++) {
    const hash = load<u32>(moved + <usize>entry * 12);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (load<u32>(grown + (<usize>slot << 2)) != 0) slot = (slot + 1) & mask;
    store<u32>(grown + (<usize>slot << 2), entry + 1);
  }
}

/** Digits, letters and the signs and point of a number. */
// @ts-ignore: decorator
@inline
function isWordByte(c: u32): bool {
  return c - 0x30 <= 9 || (c | 0x20) - 0x61 <= 25 || c == 0x2d || c == 0x2b || c == 0x2e;
}

// @ts-ignore: decorator
@inline
function pastSpace(p: usize, end: usize): usize {
  while (p < end) {
    const c = load<u8>(p);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
    p++;
  }
  return p;
}

/** The closing quote of a string whose text begins at `p`; `end` when it is not before that. */
function closingQuote(p: usize, end: usize): usize {
  const quotes = i8x16.splat(QUOTE as i8);
  const backslashes = i8x16.splat(BACKSLASH as i8);
  while (p < end) {
    const bytes = v128.load(p);
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)));
    if (found == 0) {
      p += 16;
      continue;
    }
    p += ctz(found);
    if (p >= end) break;
    if (load<u8>(p) == QUOTE) return p;
    p += 2;
  }
  return end;
}

/** The end of `{"...": "...", ...}` at `p`; 0 for anything else, `end + 1` when it goes on behind `end`. */
function endOfDict(p: usize, end: usize): usize {
  p = pastSpace(p + 1, end);
  if (p < end && load<u8>(p) == CLOSE) return p + 1;
  for (;;) {
    for (let part = 0; part < 2; part++) {
      p = pastSpace(p, end);
      if (p >= end) return end + 1;
      if (load<u8>(p) != QUOTE) return 0;
      p = closingQuote(p + 1, end) + 1;
      p = pastSpace(p, end);
      if (p >= end) return end + 1;
      if (part == 0 && load<u8>(p++) != 0x3a) return 0;
    }
    const c = load<u8>(p++);
    if (c == CLOSE) return p;
    if (c != 0x2c) return 0;
  }
  return 0;
}

/** Whether `text` stands at `p`, of which `length` bytes are compared. */
// @ts-ignore: decorator
@inline
function standsAt(p: usize, text: usize, length: usize): bool {
  return load<u64>(p) == load<u64>(text) && memory.compare(p, text, length) == 0;
}

const AS_TENSOR = memory.data<u8>([0x7b,0x22,0x61,0x73,0x5f,0x74,0x65,0x6e,0x73,0x6f,0x72,0x22,0x3a,0x20,0x7b,0x22,0x6e,0x61,0x6d,0x65,0x22,0x3a,0x20,0x22]);
const AS_NAME = memory.data<u8>([0x7b,0x22,0x6e,0x61,0x6d,0x65,0x22,0x3a,0x20,0x22]);
const AS_META = memory.data<u8>([0x7b,0x22,0x64,0x74,0x79,0x70,0x65,0x22,0x3a,0x20]);
const AS_NODE = memory.data<u8>([0x7b,0x22,0x74,0x61,0x72,0x67,0x65,0x74,0x22,0x3a]);
const METADATA = memory.data<u8>([0x6d,0x65,0x74,0x61,0x64,0x61,0x74,0x61]);

/** Past the plain short string whose text begins at `p`, which gets a number; 0 when it is none. */
let lastId: u32 = 0;
function plainString(p: usize, end: usize): usize {
  const start = p;
  const limit = min(end, p + LONGEST_STRING + 1);
  let hash: u32 = 0x811c9dc5;
  for (; p < limit; p++) {
    const c: u32 = load<u8>(p);
    if (c == QUOTE) {
      lastId = find(start, p - start, hash);
      return p + 1;
    }
    if (c == BACKSLASH || c >= 0x80 || c < 0x20) return 0;
    hash = (hash ^ c) * 0x01000193;
  }
  return 0;
}

/** Tells the end of an object that stands for one token, in `kind` which one; 0 when it is none. */
let kind: i32 = 0;
function wholeObject(p: usize, end: usize): usize {
  if (standsAt(p, AS_TENSOR, 24)) {
    const past = plainString(p + 24, end);
    if (past == 0 || past + 2 > end || load<u16>(past) != 0x7d7d) return 0;
    kind = TENSOR;
    return past + 2;
  }
  if (standsAt(p, AS_META, 10)) {
    const past = endOfObject(p, end, LONGEST_META);
    if (past != 0) kind = META;
    return past;
  }
  if (!standsAt(p, AS_NAME, 10)) return 0;
  const past = plainString(p + 10, end);
  if (past == 0 || past + 1 > end || load<u8>(past) != CLOSE) return 0;
  kind = NAME;
  return past + 1;
}

/** The end of the object at `p`, unless it is long or has an escape in it; `end + 1` when it goes on behind `end`. */
function endOfObject(p: usize, end: usize, longest: usize): usize {
  const start = p;
  const limit = min(end, p + longest);
  let depth = 0;
  /** All bits where the block begins in a string. */
  let carry: u32 = 0;
  for (; p < limit; p += 16) {
    const bytes = v128.load(p);
    const valid: u32 = limit - p >= 16 ? 0xffff : (1 << <u32>(limit - p)) - 1;
    const escapes = places(bytes, BACKSLASH) & valid;
    // By byte, whether the quotes up to it are odd.
    let inside = places(bytes, QUOTE) & valid;
    inside ^= inside << 1;
    inside ^= inside << 2;
    inside ^= inside << 4;
    inside ^= inside << 8;
    inside = (inside ^ carry) & 0xffff;
    carry = inside >>> 15 != 0 ? 0xffff : 0;
    const opens = places(bytes, OPEN) & valid & ~inside;
    const closes = places(bytes, CLOSE) & valid & ~inside;
    const most = <i32>popcnt(closes);
    if (depth > most) depth += <i32>popcnt(opens) - most;
    else
      for (let braces = opens | closes; braces != 0; braces &= braces - 1) {
        const bit = braces & -braces;
        if (opens & bit) depth++;
        else if (--depth == 0) {
          if (escapes & (bit - 1)) return 0;
          const past = p + <usize>ctz(bit) + 1;
          lastId = internLong(start, past);
          return past;
        }
      }
    if (escapes != 0) return 0;
  }
  return limit < start + longest ? end + 1 : 0;
}

/** A bit for each of the bytes that is this one. */
// @ts-ignore: decorator
@inline
function places(bytes: v128, byte: u32): u32 {
  return i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(byte as i8)));
}

/** The memory for the records of nodes, and where the next one goes. Without any, nodes are read by their tokens. */
let recordsStart: usize = 0;
let recordsEnd: usize = 0;
let records: usize = 0;
/** What is kept for the next record, of a thousand items. */
const LEAST_ROOM: usize = 0x4000;

export function recordTo(start: usize, size: usize): void {
  recordsStart = start;
  recordsEnd = start + size;
}

/** While a node is read: the end of what may be, and whether that was too near. */
let nodeEnd: usize = 0;
let isCut: bool = false;

/** Past `text`, which is ASCII, when it stands at `p`; 0 when it does not. */
function past(p: usize, text: string): usize {
  const length = <usize>text.length;
  const expected = changetype<usize>(text);
  if (p + length > nodeEnd) {
    isCut = true;
    return 0;
  }
  // Eight characters at once, of which the text has two bytes each.
  for (let i: usize = 0; i < length; i += 8) {
    const bytes = i16x8.extend_low_i8x16_u(v128.load64_zero(p + i));
    const differ = i16x8.bitmask(i16x8.ne(bytes, v128.load(expected + (i << 1))));
    if (length - i >= 8 ? differ != 0 : (differ & ((1 << <i32>(length - i)) - 1)) != 0) return 0;
  }
  return p + length;
}

/** `plainString` within a node. */
function pastString(p: usize): usize {
  const after = plainString(p, nodeEnd);
  if (after == 0 && p + LONGEST_STRING >= nodeEnd) isCut = true;
  return after;
}

/** `endOfObject` or `endOfDict` within a node: what they gave. */
function pastObject(after: usize): usize {
  if (after <= nodeEnd) return after;
  isCut = true;
  return 0;
}

/** Four words: for a tensor the numbers of the argument's name, of the tensor's, and the kind; else -1, a number, a range. */
function writeItem(at: usize, first: i32, second: u32, third: usize, fourth: usize): void {
  store<i32>(at, first);
  store<u32>(at, second, 4);
  store<u32>(at, <u32>third, 8);
  store<u32>(at, <u32>fourth, 12);
}

/** Whether the node names values only as tensors that are arguments of their own. */
let isSimple: bool = false;

/** Whether an Argument names no value, by four letters of its key behind `as_`: as_none, as_int, as_ints, ... */
// @ts-ignore: decorator
@inline
function isConstant(p: usize): bool {
  switch (load<u32>(p)) {
    case 0x656e6f6e: // none
    case 0x22746e69: // int"
    case 0x73746e69: // ints
    case 0x6c6f6f62: // bool, bools
    case 0x616f6c66: // float, floats
    case 0x69727473: // string, strings
    case 0x6c616373: // scalar_type
    case 0x6f6d656d: // memory_format
    case 0x6f79616c: // layout
    case 0x69766564: // device
    case 0x706d6f63: // complex
      return true;
  }
  return false;
}

/** Past a NamedArgument, of which an item is written; 0 when it is none, is long, or has a graph in it. */
function pastInput(start: usize, item: usize): usize {
  let p = past(start, '{"name": "');
  if (p == 0 || (p = pastString(p)) == 0) return 0;
  const name = lastId;
  if ((p = past(p, ', "arg": ')) == 0) return 0;
  let q = past(p, '{"as_tensor": {"name": "');
  if (q != 0 && (q = pastString(q)) != 0 && (q = past(q, "}}")) != 0) {
    const tensor = lastId;
    const k = past(q, ', "kind": ');
    // 0 to 2 is all that there is (ArgumentKind).
    if (k != 0 && k + 2 <= nodeEnd && <u32>load<u8>(k) - 0x30 <= 2 && load<u8>(k + 1) == CLOSE) {
      writeItem(item, name, tensor, load<u8>(k) - 0x30, 0);
      return k + 2;
    }
  }
  if (past(p, '{"as_graph"') != 0 || past(p, '{"as_string_to') != 0) return 0;
  if (past(p, '{"as_') == 0 || !isConstant(p + 5)) isSimple = false;
  const after = pastObject(endOfObject(start, nodeEnd, LONGEST_ARGUMENT));
  if (after != 0) writeItem(item, -1, lastId, start, after);
  return after;
}

/** Past an Argument that is an output, of which an item is written; 0 when it is none or is long. */
function pastOutput(start: usize, item: usize): usize {
  let p = past(start, '{"as_tensor": {"name": "');
  if (p != 0 && (p = pastString(p)) != 0 && (p = past(p, "}}")) != 0) {
    writeItem(item, 0, lastId, 0, 0);
    return p;
  }
  if (past(start, "{") == 0) return 0;
  isSimple = false;
  const after = pastObject(endOfObject(start, nodeEnd, LONGEST_ARGUMENT));
  if (after != 0) writeItem(item, -1, lastId, start, after);
  return after;
}

/** Items written by the last list. */
let items: i32 = 0;
/** Past a list of inputs or outputs and its bracket, of which items are written from `item` on; else 0. */
function pastItems(p: usize, item: usize, areInputs: bool): usize {
  items = 0;
  let q = past(p, "]");
  if (q != 0) return q;
  for (;;) {
    if (item + SLOT > recordsEnd) return 0;
    p = areInputs ? pastInput(p, item) : pastOutput(p, item);
    if (p == 0) return 0;
    items++;
    item += SLOT;
    if ((q = past(p, "]")) != 0) return q;
    if ((p = past(p, ", ")) == 0) return 0;
  }
  return 0;
}

/**
 * Past a Node as torch writes it, of which a record is written: the numbers of its target and its name (-1 for null),
 * `is_hop_single_tensor_return` (-1 for null), the range of its metadata, how many inputs and outputs, the number of its
 * shape, and their items. Nodes have one shape when they differ only in which tensors they name, in their own name and in
 * their metadata; -1 when they name values in lists or otherwise. 0 when it is none, is long, or has subgraphs; `end + 1`
 * when it may go on behind `end`.
 */
function pastNode(start: usize, end: usize): usize {
  nodeEnd = min(end, start + LONGEST_NODE);
  isCut = false;
  const p = wholeNode(start);
  if (p != 0) {
    kind = NODE;
    return p;
  }
  return isCut && nodeEnd == end ? end + 1 : 0;
}

const RECORD: usize = 32;

/** The number of a record's shape: behind the record stands, for a moment, what makes it. */
function shapeOf(record: usize, inputs: i32, outputs: i32): i32 {
  const count = <usize>(inputs + outputs);
  const shape = record + RECORD + count * SLOT;
  const end = shape + 16 + count * 12;
  if (!isSimple || end > recordsEnd) return -1;
  store<u32>(shape, load<u32>(record));
  store<i32>(shape, load<i32>(record, 8), 4);
  store<i32>(shape, inputs, 8);
  store<i32>(shape, outputs, 12);
  for (let i: usize = 0; i < count; i++) {
    const item = record + RECORD + i * SLOT;
    const isTensor = load<i32>(item) >= 0;
    const to = shape + 16 + i * 12;
    store<u32>(to, load<u32>(item));
    store<u32>(to, isTensor ? 0 : load<u32>(item, 4), 4);
    store<u32>(to, isTensor ? load<u32>(item, 8) : 0, 8);
  }
  return <i32>internLong(shape, end);
}

function wholeNode(start: usize): usize {
  const record = records;
  isSimple = true;
  let p = past(start, '{"target": "');
  if (p == 0 || (p = pastString(p)) == 0) return 0;
  store<u32>(record, lastId);
  if ((p = past(p, ', "inputs": [')) == 0) return 0;
  if ((p = pastItems(p, record + RECORD, true)) == 0) return 0;
  const inputs = items;
  store<i32>(record, inputs, 20);
  if ((p = past(p, ', "outputs": [')) == 0) return 0;
  if ((p = pastItems(p, record + RECORD + <usize>inputs * SLOT, false)) == 0) return 0;
  store<i32>(record, items, 24);
  if ((p = past(p, ', "metadata": ')) == 0 || past(p, "{") == 0) return 0;
  store<u32>(record, <u32>p, 12);
  if ((p = pastObject(endOfDict(p, nodeEnd))) == 0) return 0;
  store<u32>(record, <u32>p, 16);
  if ((p = past(p, ', "is_hop_single_tensor_return": ')) == 0) return 0;
  let q = past(p, "null");
  let value = -1;
  if (q == 0 && (q = past(p, "false")) != 0) value = 0;
  if (q == 0 && (q = past(p, "true")) != 0) value = 1;
  if (q == 0) return 0;
  store<i32>(record, value, 8);
  if ((p = past(q, ', "name": "')) == 0 || (p = pastString(p)) == 0) return 0;
  store<u32>(record, lastId, 4);
  if ((p = past(p, "}")) == 0) return 0;
  store<i32>(record, shapeOf(record, inputs, items), 28);
  lastId = <u32>record;
  records = record + RECORD + <usize>(inputs + items) * SLOT;
  return p;
}

/**
 * Writes the tokens from `p` on to `tape`, at most `most` of them, and returns how many. A token that may go on behind
 * `end` is left for the next time, unless nothing comes behind it (`isLast`). With `isPlain` every token stands for
 * itself alone. A string has its number where it is plain and short, -2 where it does not end, else -1; a small integer
 * has its value. 32 bytes behind `end` must be readable.
 */
export function scan(p: usize, end: usize, isLast: bool, isPlain: bool, tape: usize, most: i32): i32 {
  let tokens = 0;
  if (!isPlain) records = recordsStart;
  for (; tokens < most; tokens++) {
    p = pastSpace(p, end);
    if (p >= end) break;
    const c: u32 = load<u8>(p);
    let past = p + 1;
    let id = -1;
    kind = c;
    if (c == QUOTE) {
      past = plainString(p + 1, end);
      if (past != 0) id = lastId;
      else {
        past = closingQuote(p + 1, end) + 1;
        if (past > end) {
          if (!isLast) break;
          past = end;
          id = -2;
        }
      }
      const colon = pastSpace(past, end);
      if (colon >= end && !isLast) break;
      if (colon < end && load<u8>(colon) == 0x3a && id >= 0 && !isPlain) {
        kind = KEY;
        atMetadata = colon - p > 9 && past - p == 10 && load<u64>(p + 1) == load<u64>(METADATA);
        past = colon + 1;
      }
    } else if (c == OPEN) {
      if (!isPlain) {
        if (!isLast && end - p < 128) break;
        let whole = atMetadata ? endOfDict(p, end) : wholeObject(p, end);
        if (whole == 0 && !atMetadata && recordsEnd != 0 && standsAt(p, AS_NODE, 10)) {
          // The rest comes next time, when there is room for records again.
          if (records + LEAST_ROOM > recordsEnd && tokens > 0) break;
          whole = pastNode(p, end);
        }
        if (whole > end && !isLast) break;
        if (whole != 0 && whole <= end) {
          if (atMetadata) kind = DICT;
          else id = lastId;
          past = whole;
        }
      }
      atMetadata = false;
    } else if (isWordByte(c)) {
      let value: i32 = 0;
      let digits = true;
      for (past = p; past < end; past++) {
        const d: u32 = load<u8>(past);
        if (!isWordByte(d)) break;
        if (d - 0x30 <= 9) value = value * 10 + (d - 0x30);
        else digits = false;
      }
      if (past >= end && !isLast) break;
      if (digits && past - p <= 9 && (c != 0x30 || past - p == 1)) id = value;
    }
    store<i32>(tape, kind);
    store<i32>(tape, <i32>p, 4);
    store<i32>(tape, id, 8);
    store<i32>(tape, <i32>past, 12);
    tape += SLOT;
    p = past;
  }
  stopped = p;
  return tokens;
}

/**
 * The sort, the partial sort and the selection of C++'s standard library as GCC's has them (introsort, by Musser):
 * they decide in which order torch leaves equal elements where it does not promise one.
 */

/** Whether element `a` comes before element `b`. */
type Before = (a: number, b: number) => boolean;

/** Shorter ranges are sorted by insertion. */
const SHORT = 16;
const depthOf = (count: number): number => 2 * Math.floor(Math.log2(count));

function swap(x: Uint32Array, i: number, j: number): void {
  [x[i], x[j]] = [x[j]!, x[i]!];
}

function siftUp(
  x: Uint32Array,
  first: number,
  hole: number,
  top: number,
  value: number,
  before: Before,
): void {
  let at = hole;
  for (let parent = (at - 1) >> 1; at > top && before(x[first + parent]!, value); parent = (at - 1) >> 1) {
    x[first + at] = x[first + parent]!;
    at = parent;
  }
  x[first + at] = value;
}

/** Fill a hole in a heap from below, down to a leaf, and let `value` rise from there. */
function refill(
  x: Uint32Array,
  first: number,
  hole: number,
  length: number,
  value: number,
  before: Before,
): void {
  let at = hole;
  let child = hole;
  while (child < (length - 1) >> 1) {
    child = 2 * (child + 1);
    if (before(x[first + child]!, x[first + child - 1]!)) child--;
    x[first + at] = x[first + child]!;
    at = child;
  }
  if (length % 2 === 0 && child === (length - 2) >> 1) {
    x[first + at] = x[first + 2 * child + 1]!;
    at = 2 * child + 1;
  }
  siftUp(x, first, at, hole, value, before);
}

/** The first `middle - first` of all in a heap whose top is their last. */
function heapSelect(x: Uint32Array, first: number, middle: number, last: number, before: Before): void {
  const length = middle - first;
  for (let parent = (length - 2) >> 1; parent >= 0; parent--) {
    refill(x, first, parent, length, x[first + parent]!, before);
  }
  for (let i = middle; i < last; i++) {
    if (!before(x[i]!, x[first]!)) continue;
    const value = x[i]!;
    x[i] = x[first]!;
    refill(x, first, 0, length, value, before);
  }
}

/** std::partial_sort: the first ones of all, in order. */
export function partialSort(
  x: Uint32Array,
  first: number,
  middle: number,
  last: number,
  before: Before,
): void {
  heapSelect(x, first, middle, last, before);
  for (let end = middle - 1; end > first; end--) {
    const value = x[end]!;
    x[end] = x[first]!;
    refill(x, first, 0, end - first, value, before);
  }
}

function insertionSort(x: Uint32Array, first: number, last: number, before: Before): void {
  for (let i = first + 1; i < last; i++) {
    const value = x[i]!;
    let at = i;
    // Told apart, because numbers with NaN among them have no order to go by.
    const whole = i - first < SHORT && before(value, x[first]!);
    while (at > first && (whole || before(value, x[at - 1]!))) {
      x[at] = x[at - 1]!;
      at--;
    }
    x[at] = value;
  }
}

/** The median of three elements to the front. */
function medianToFront(x: Uint32Array, front: number, a: number, b: number, c: number, before: Before): void {
  const [p, q, r] = [x[a]!, x[b]!, x[c]!];
  if (before(p, q)) swap(x, front, before(q, r) ? b : before(p, r) ? c : a);
  else swap(x, front, before(p, r) ? a : before(q, r) ? c : b);
}

/** Where the elements begin that do not come before the pivot, after they have been put there. */
function partition(x: Uint32Array, first: number, last: number, before: Before): number {
  medianToFront(x, first, first + 1, first + ((last - first) >> 1), last - 1, before);
  const pivot = x[first]!;
  let [low, high] = [first + 1, last];
  for (;;) {
    while (before(x[low]!, pivot)) low++;
    do high--;
    while (before(pivot, x[high]!));
    if (low >= high) return low;
    swap(x, low, high);
    low++;
  }
}

/** std::sort of the places from `first` up to `last`. */
export function introsort(x: Uint32Array, first: number, last: number, before: Before): void {
  const open: (readonly [first: number, last: number, depth: number])[] = [
    [first, last, depthOf(last - first)],
  ];
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    let [start, end, depth] = range;
    for (; end - start > SHORT && depth > 0; depth--) {
      const cut = partition(x, start, end, before);
      open.push([cut, end, depth - 1]);
      end = cut;
    }
    if (end - start > SHORT) partialSort(x, start, end, end, before);
  }
  insertionSort(x, first, last, before);
}

/** std::nth_element: what comes before the place `nth` in order, and what comes after it, on either side of it. */
export function nthElement(x: Uint32Array, first: number, nth: number, last: number, before: Before): void {
  let [start, end] = [first, last];
  for (let depth = depthOf(end - start); end - start > 3; depth--) {
    if (depth === 0) {
      heapSelect(x, start, nth + 1, end, before);
      return swap(x, start, nth);
    }
    const cut = partition(x, start, end, before);
    if (cut <= nth) start = cut;
    else end = cut;
  }
  insertionSort(x, start, end, before);
}

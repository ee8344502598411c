/**
 * The names torch.fx gives: unique in a graph, and no name of Python's shadowed. Mirrors `_Namespace` of
 * torch/fx/graph.py, since what torch prints depends on it: a placeholder `input` prints as `input_1`.
 */

const PYTHON_WORDS =
  "False None True and as assert async await break class continue def del elif else except finally for from global " +
  "if import in is lambda nonlocal not or pass raise return try while with yield";

/** `dir(builtins)` of Python 3.11, without the exceptions. */
const BUILTINS =
  "Ellipsis NotImplemented __build_class__ __debug__ __doc__ __import__ __loader__ __name__ __package__ __spec__ abs " +
  "aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright " +
  "credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash " +
  "help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct " +
  "open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super " +
  "tuple type vars zip";

/** Every generated function of torch.fx sees these, whatever its graph. */
const GLOBALS = ["inf", "nan", "NoneType", "torch", "device", "fx_pytree", "pytree"];

const KEYWORDS: ReadonlySet<string> = new Set(PYTHON_WORDS.split(" "));
const ILLEGAL: ReadonlySet<string> = new Set([...KEYWORDS, ...BUILTINS.split(" "), ...GLOBALS]);
const NAME = /^([a-zA-Z_][0-9a-zA-Z_]*?)(?:_(\d+))?$/;

export function isPythonKeyword(name: string): boolean {
  return KEYWORDS.has(name);
}

/** Gives out names, each once. */
export class Namespace {
  readonly #used = new Set<string>();
  readonly #count = new Map<string, number>();
  readonly #globals = new Map<string, string>();

  /** A namespace of a function's text, in which torch's globals are taken. */
  static forCode(): Namespace {
    const namespace = new Namespace();
    for (const name of GLOBALS) namespace.global(name);
    return namespace;
  }

  /** A name like the candidate that nothing has yet. */
  create(candidate: string): string {
    return this.#create(candidate, ILLEGAL);
  }

  /** The name of a function from outside torch, such as `math.trunc`; the same one each time. */
  global(qualifiedName: string): string {
    let name = this.#globals.get(qualifiedName);
    if (name === undefined) {
      name = this.#create(qualifiedName, NONE);
      this.#globals.set(qualifiedName, name);
    }
    return name;
  }

  #create(wanted: string, illegal: ReadonlySet<string>): string {
    let candidate = wanted;
    if (!NAME.test(candidate)) {
      candidate = candidate.replace(/[^0-9a-zA-Z_]+/g, "_") || "_unnamed";
      if (/^\d/.test(candidate)) candidate = `_${candidate}`;
    }
    const [, base = candidate, suffix] = NAME.exec(candidate) ?? [];
    let number = Number(suffix ?? 0);
    if (suffix === undefined || this.#used.has(candidate)) {
      number = this.#count.get(base) ?? 0;
      if (illegal.has(candidate)) candidate = `${base}_${++number}`;
    }
    while (this.#used.has(candidate)) candidate = `${base}_${++number}`;
    this.#used.add(candidate);
    this.#count.set(base, number);
    return candidate;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The name torch.fx takes for a call that has none: its function's, in snake case. */
export function nameOfTarget(target: string): string {
  const parts = target.split(".");
  const isOverload = target.startsWith("torch.ops.") && parts[2] !== "higher_order";
  const name = (isOverload ? parts.slice(3) : parts.slice(-1)).join(".");
  return snakeCase(/^__.*__$/.test(name) ? name.slice(2, -2) : name);
}

export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])([A-Z])/g, "_$1").toLowerCase();
}

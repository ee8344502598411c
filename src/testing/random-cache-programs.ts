/** Random programs whose caches are updated, aliased, read, written and viewed, in random order, as text (docs/program-text.md). */
import fc from "fast-check";

/** One line of a program, by numbers: what it does and to what are taken from them. */
interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** The lines of the branches, for a cond. */
  readonly yes: readonly Step[];
  readonly no: readonly Step[];
}

/** A program, by numbers: what makes a counterexample shrink. */
interface Plan {
  /** Whether it keeps to what is known to be safe: left alone, most programs go wrong. */
  readonly isCareful: boolean;
  readonly steps: readonly Step[];
  readonly returns: readonly number[];
}

const number = fc.nat(999);
const line = (branches: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<Step> =>
  fc.record({ kind: number, a: number, b: number, c: number, yes: branches, no: branches });
const inBranch = fc.array(line(fc.constant([])), { maxLength: 3 });

/** The text of a random program. */
export const cacheProgram: fc.Arbitrary<string> = fc
  .record<Plan>({
    isCareful: fc.boolean(),
    steps: fc.array(line(inBranch), { minLength: 1, maxLength: 7 }),
    returns: fc.array(number, { minLength: 1, maxLength: 3 }),
  })
  .map((plan) => new Writer(plan).text());

interface Tensor {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly memory: Memory;
}

/** What a careful program keeps in mind of memory. */
interface Memory {
  /** An input, or a buffer. */
  readonly isGiven: boolean;
  /** What an update or a cond with one made: read it, and do nothing else with it. */
  readonly isResult: boolean;
  isUsed: boolean;
  isClosed: boolean;
}

const given = (): Memory => ({ isGiven: true, isResult: false, isUsed: false, isClosed: false });
const made = (): Memory => ({ isGiven: false, isResult: false, isUsed: false, isClosed: false });

function contiguous(sizes: readonly number[]): number[] {
  return sizes.map((_, i) => sizes.slice(i + 1).reduce((product, size) => product * size, 1));
}

const CACHE = [1, 2, 4, 2];
/** What attention and products read a cache with, in every graph. */
const READERS = `q: "f32[1, 2, 1, 2]", m: "f32[2, 2]"`;
const aten = (name: string, ...args: readonly (string | number)[]): string =>
  `torch.ops.aten.${name}(${args.join(", ")})`;
const execute = (name: string, ...args: readonly string[]): string =>
  `torch.ops.executorch.${name}.default(${args.join(", ")})`;

function meta({ sizes, strides, offset }: Pick<Tensor, "sizes" | "strides" | "offset">): string {
  const isPlain = strides.join() === contiguous(sizes).join();
  return `"f32[${sizes.join(", ")}]${isPlain ? "" : `[${strides.join(", ")}]`}${offset > 0 ? `+${offset}` : ""}"`;
}

/** The lines of one graph. */
class Body {
  readonly lines: string[] = [];
  readonly tensors: Tensor[];
  readonly #isCareful: boolean;
  readonly #names: { count: number };

  constructor(tensors: readonly Tensor[], isCareful: boolean, names: { count: number }) {
    this.tensors = [...tensors];
    this.#isCareful = isCareful;
    this.#names = names;
  }

  name(of: string): string {
    return `${of}_${this.#names.count++}`;
  }

  /** A line that makes a tensor. */
  make(of: string, call: string, like: Omit<Tensor, "name" | "memory">, memory = made()): Tensor {
    const tensor = { ...like, name: this.name(of), memory };
    this.lines.push(`${tensor.name}: ${meta(like)} = ${call}`);
    this.tensors.push(tensor);
    return tensor;
  }

  fresh(of: string, call: string, sizes: readonly number[], memory = made()): Tensor {
    return this.make(of, call, { sizes, strides: contiguous(sizes), offset: 0 }, memory);
  }

  /** One of those that fit, the later ones more often. */
  pick(choice: number, fits: (tensor: Tensor) => boolean = () => true): Tensor | undefined {
    const found = this.tensors.filter(fits);
    const near = choice % 3 === 0 ? found : found.slice(-4);
    return near[Math.floor(choice / 3) % Math.max(near.length, 1)];
  }

  mayUse({ memory }: Tensor): boolean {
    return !this.#isCareful || !memory.isClosed;
  }

  /** What is computed of a tensor lies in the order of its dimensions only if the tensor does. */
  mayCompute(tensor: Tensor): boolean {
    const isOrdered = tensor.strides.every((stride, i) => i === 0 || stride <= tensor.strides[i - 1]!);
    return isOrdered && this.mayUse(tensor) && (!this.#isCareful || !tensor.memory.isResult);
  }

  mayWrite(tensor: Tensor): boolean {
    return this.mayCompute(tensor);
  }

  mayUpdate(tensor: Tensor): boolean {
    const { memory } = tensor;
    if (!this.mayCompute(tensor)) return false;
    return !this.#isCareful || (memory.isGiven && !memory.isUsed);
  }

  step(step: Step): void {
    STEPS[step.kind % STEPS.length]!(this, step);
  }
}

type Line = (body: Body, step: Step) => void;

const isCacheLike = ({ sizes }: Tensor): boolean => sizes.length === 4 && sizes[3] === 2;

const update: Line = (body, { a, b }) => {
  const cache = body.pick(a, (one) => isCacheLike(one) && body.mayUpdate(one));
  if (cache === undefined) return;
  const fits = (one: Tensor): boolean =>
    isCacheLike(one) &&
    one.sizes[2]! <= cache.sizes[2]! &&
    one.memory !== cache.memory &&
    body.mayCompute(one);
  const value = body.pick(b, fits);
  if (value === undefined) return;
  value.memory.isUsed = true;
  cache.memory.isClosed = true;
  const memory = { ...made(), isResult: true };
  body.fresh("update", execute("update_cross_attn_cache", value.name, cache.name), cache.sizes, memory);
};

const alias: Line = (body, { a, b }) => {
  const [x, y] = [body.pick(a, (one) => body.mayCompute(one)), body.pick(b, (one) => body.mayCompute(one))];
  if (x === undefined || y === undefined) return;
  const name = body.name("alias");
  const like = ({ sizes }: Tensor) => ({ sizes, strides: contiguous(sizes), offset: 0 });
  body.lines.push(`${name}: (${meta(like(x))}, ${meta(like(y))}) = ${execute("alias", x.name, y.name)}`);
  for (const [i, one] of [x, y].entries()) {
    one.memory.isUsed = true;
    body.tensors.push({ ...like(one), name: `${name}[${i}]`, memory: { ...made(), isResult: true } });
  }
};

const read: Line = (body, { a, b }) => {
  const from = body.pick(a, (one) => one.sizes.length === 4 && body.mayUse(one));
  if (from === undefined) return;
  from.memory.isUsed = true;
  const { name, sizes } = from;
  const [batch, heads, rows, columns] = sizes as [number, number, number, number];
  if (b % 4 === 0) body.fresh("sum", aten("sum.default", name), []);
  else if (b % 4 === 1) body.fresh("sum", aten("sum.dim_IntList", name, "[-1]"), [batch, heads, rows]);
  else if (b % 4 === 2 && columns === 2)
    body.fresh("product", aten("matmul.default", name, "m"), [batch, heads, rows, 2]);
  else if (columns === 2)
    body.fresh("attention", aten("scaled_dot_product_attention.default", "q", name, name), [1, 2, 1, 2]);
};

const compute: Line = (body, { a, b, c }) => {
  const from = body.pick(a, (one) => body.mayCompute(one));
  if (from === undefined) return;
  from.memory.isUsed = true;
  const { name, sizes } = from;
  const other = body.pick(c, (one) => one.sizes.join() === sizes.join() && body.mayCompute(one));
  if (b % 6 === 0) body.fresh("mul", aten("mul.Tensor", name, (c % 3) + 1), sizes);
  else if (b % 6 === 1 && other) body.fresh("add", aten("add.Tensor", name, other.name), sizes);
  else if (b % 6 === 2) body.fresh("neg", aten("neg.default", name), sizes);
  else if (b % 6 === 3) body.fresh("zeros", aten("zeros_like.default", name), sizes);
  else body.fresh("clone", aten("clone.default", name), sizes);
};

const write: Line = (body, { a, b, c }) => {
  const to = body.pick(a, (one) => body.mayWrite(one));
  if (to === undefined) return;
  const from = body.pick(
    c,
    (one) => one.sizes.join() === to.sizes.join() && one.memory !== to.memory && body.mayCompute(one),
  );
  const { name, sizes, strides, offset } = to;
  to.memory.isUsed = true;
  const call =
    b % 4 === 0
      ? aten("add_.Tensor", name, c % 5)
      : b % 4 === 1
        ? aten("mul_.Tensor", name, 2)
        : b % 4 === 2 && from
          ? aten("copy_.default", name, from.name)
          : aten("zero_.default", name);
  body.make("written", call, { sizes, strides, offset }, to.memory);
};

const view: Line = (body, { a, b, c }) => {
  const from = body.pick(a, (one) => isCacheLike(one) && body.mayCompute(one));
  if (from === undefined) return;
  const { name, sizes, strides, offset, memory } = from;
  if (b % 4 === 0) {
    const swap = <T>([x, y, z, w]: readonly T[]): T[] => [x!, y!, w!, z!];
    body.make(
      "transpose",
      aten("transpose.int", name, -2, -1),
      { sizes: swap(sizes), strides: swap(strides), offset },
      memory,
    );
    return;
  }
  const start = c % sizes[2]!;
  const length = 1 + (Math.floor(c / 8) % (sizes[2]! - start));
  const part = { sizes: [1, 2, length, 2], strides, offset: offset + start * strides[2]! };
  body.make("slice", aten("slice.Tensor", name, 2, start, start + length), part, memory);
};

/** Each as often as it stands here. */
const STEPS: readonly Line[] = [
  ...new Array<Line>(5).fill(update),
  ...new Array<Line>(5).fill(read),
  ...new Array<Line>(3).fill(compute),
  ...new Array<Line>(3).fill(write),
  ...new Array<Line>(2).fill(view),
  alias,
];

class Writer {
  readonly #plan: Plan;
  readonly #names = { count: 0 };
  readonly #branches: string[] = [];
  readonly #body: Body;

  constructor(plan: Plan) {
    this.#plan = plan;
    const input = (name: string, sizes: readonly number[]): Tensor => ({
      name,
      sizes,
      strides: contiguous(sizes),
      offset: 0,
      memory: given(),
    });
    const tensors = [input("v", [1, 2, 2, 2]), input("w", CACHE), input("b_c", CACHE), input("b_d", CACHE)];
    this.#body = new Body(tensors, plan.isCareful, this.#names);
  }

  text(): string {
    const body = this.#body;
    for (const step of this.#plan.steps) {
      if (step.kind % 6 === 0) this.#cond(step);
      else if (step.kind % 31 === 7)
        body.lines.push(`${body.name("set")}: "b8[]" = ${aten("fill_.Scalar", "b_f", "True")}`);
      else body.step(step);
    }
    const returned = this.#plan.returns.flatMap(
      (choice) => body.pick(choice, (one) => body.mayUse(one)) ?? [],
    );
    if (this.#plan.isCareful)
      returned.push(...body.tensors.filter(({ memory }) => memory.isResult && !memory.isUsed));
    const names = [...new Set(returned.map(({ name }) => name))];
    return [
      `def forward(p: "b8[]", ${READERS}, v: "f32[1, 2, 2, 2]", w: "f32[1, 2, 4, 2]", b_c: "f32[1, 2, 4, 2]" = buffer("c"), b_d: "f32[1, 2, 4, 2]" = buffer("d"), b_f: "b8[]" = buffer("f")):`,
      ...body.lines.map((text) => `    ${text}`),
      `    return (${names.join(", ")}${names.length === 1 ? "," : ""})`,
      ...this.#branches,
      "",
    ].join("\n");
  }

  #cond({ a, b, c, yes, no }: Step): void {
    const body = this.#body;
    const { isCareful } = this.#plan;
    const cache = body.pick(a, (one) => isCacheLike(one) && body.mayUpdate(one));
    if (cache === undefined) return;
    const fits = (one: Tensor): boolean => isCacheLike(one) && one.sizes[2]! <= cache.sizes[2]!;
    const value = body.pick(b, (one) => fits(one) && body.mayCompute(one));
    if (value === undefined || (isCareful && cache.memory === value.memory)) return;
    const operands = [...new Set([cache, value])];
    const name = body.name("cond");
    const graphs = [yes, no].map((steps, i) => {
      const graph = `${i === 0 ? "true" : "false"}_graph_${name.slice(5)}`;
      const usual = isCareful || c % 4 !== 0 ? (i === c % 2 ? "update" : "clone") : null;
      this.#branches.push("", ...this.#branch(graph, operands, usual, isCareful ? [] : steps));
      return graph;
    });
    const predicate = c % 3 === 0 ? "b_f" : "p";
    const passed = [...operands.map((one) => one.name), "q", "m"].join(", ");
    const like = { sizes: cache.sizes, strides: contiguous(cache.sizes), offset: 0 };
    body.lines.push(
      `${name}: (${meta(like)},) = torch.ops.higher_order.cond(${predicate}, ${graphs.join(", ")}, (${passed}))`,
    );
    value.memory.isUsed = true;
    cache.memory.isClosed = true;
    body.tensors.push({ ...like, name: `${name}[0]`, memory: { ...made(), isResult: true } });
  }

  /** A branch that updates its first input, hands out a copy of it, or does what the steps say. */
  #branch(
    graph: string,
    operands: readonly Tensor[],
    usual: "update" | "clone" | null,
    steps: readonly Step[],
  ): string[] {
    const inputs = operands.map((operand, i): Tensor => ({ ...operand, name: `x${i}`, memory: given() }));
    const body = new Body(inputs, false, this.#names);
    for (const step of steps) body.step(step);
    const [cache, value = cache] = inputs as [Tensor, Tensor?];
    const { sizes } = cache;
    let result: Tensor | undefined;
    if (usual === "update" && value !== cache)
      result = body.fresh("update", execute("update_cross_attn_cache", value!.name, cache.name), sizes);
    else if (usual === null)
      result = body.tensors.slice(inputs.length).findLast((one) => one.sizes.join() === sizes.join());
    result ??= body.fresh("clone", aten("clone.default", cache.name), sizes);
    return [
      `def ${graph}(${[...inputs.map((input) => `${input.name}: ${meta(input)}`), READERS].join(", ")}):`,
      ...body.lines.map((text) => `    ${text}`),
      `    return (${result.name},)`,
    ];
  }
}

import { EXECUTORCH_SCHEMAS } from "./executorch.ts";
import { LIBRARY_SCHEMAS } from "./library-schemas.ts";
import { Operator } from "./operator.ts";
import { lookUp } from "./operator-table.ts";
import { parseSchema } from "./schema-string.ts";

const PREFIX = "torch.ops.";

/** The operators a program may call: torch's, ExecuTorch's two, those of well-known libraries, and what a user declares. */
export class OperatorRegistry {
  readonly #byTarget = new Map<string, Operator | undefined>();
  readonly #declared = new Map<string, Operator>();

  constructor() {
    for (const schema of [...EXECUTORCH_SCHEMAS, ...Object.values(LIBRARY_SCHEMAS)]) this.declare(schema);
  }

  /**
   * The operator of a node's target: `torch.ops.aten.add.Tensor`, `torch.ops.aten.relu.default`,
   * `#ns:name.overload` (torch/_export/serde ExtensionHandler) or `aten::add.Tensor`. undefined for
   * higher-order operators, plain Python functions and what nobody declared.
   */
  find(target: string): Operator | undefined {
    const known = this.#byTarget.get(target);
    if (known !== undefined || this.#byTarget.has(target)) return known;
    const name = qualifiedName(target);
    const operator = name === undefined ? undefined : (this.#declared.get(name) ?? fromTable(name));
    this.#byTarget.set(target, operator);
    return operator;
  }

  /**
   * Add an operator by its schema string, `mylib::my_op(Tensor x, Tensor(a!) y) -> Tensor`. It replaces one of
   * the same name. Throws an InputError that names the column of a fault.
   */
  declare(schemaText: string, tags: readonly string[] = []): Operator {
    const operator = new Operator(schemaText, tags, parseSchema(schemaText));
    this.#declared.set(operator.qualifiedName, operator);
    this.#byTarget.clear();
    return operator;
  }
}

function fromTable(name: string): Operator | undefined {
  const line = lookUp(name);
  return line && new Operator(line.schema, line.tags === "" ? [] : line.tags.split(" "));
}

/** `torch.ops.NS.NAME.OVERLOAD` -> `NS::NAME.OVERLOAD`. */
function qualifiedName(target: string): string | undefined {
  if (target.startsWith(PREFIX)) {
    const dot = target.indexOf(".", PREFIX.length);
    if (dot < 0) return undefined;
    return withoutDefault(`${target.slice(PREFIX.length, dot)}::${target.slice(dot + 1)}`);
  }
  if (target.startsWith("#")) return withoutDefault(target.slice(1).replace(":", "::"));
  return target.includes("::") ? withoutDefault(target) : undefined;
}

function withoutDefault(name: string): string {
  return name.endsWith(".default") ? name.slice(0, -".default".length) : name;
}

import { type OpSchema, parseSchema } from "./schema-string.ts";

/** One overload of an operator: its schema and what torch says of it. */
export class Operator {
  /** As torch writes it in errors: `aten::add.Tensor`, without `.default`. */
  readonly qualifiedName: string;
  /** The schema as torch prints it. */
  readonly schemaText: string;
  /** torch's tags, and `composite` and `view` (scripts/facts/ops.py). */
  readonly tags: readonly string[];
  #schema: OpSchema | undefined;

  constructor(schemaText: string, tags: readonly string[], schema?: OpSchema) {
    this.qualifiedName = schema === undefined ? nameOf(schemaText) : qualifiedNameOf(schema);
    this.schemaText = schemaText;
    this.tags = tags;
    this.#schema = schema;
  }

  /** Parsed when first asked for. */
  get schema(): OpSchema {
    this.#schema ??= parseSchema(this.schemaText);
    return this.#schema;
  }

  /** As a document has it: `torch.ops.aten.add.Tensor`, `torch.ops.aten.relu.default`. */
  get target(): string {
    const { namespace, name, overload } = this.schema;
    return `torch.ops.${namespace}.${name}.${overload === "" ? "default" : overload}`;
  }

  has(tag: string): boolean {
    return this.tags.includes(tag);
  }
}

/** `ns::name.overload` of a parsed schema. */
function qualifiedNameOf(schema: OpSchema): string {
  return `${schema.namespace}::${schema.name}${schema.overload === "" ? "" : `.${schema.overload}`}`;
}

function nameOf(schemaText: string): string {
  return schemaText.slice(0, schemaText.indexOf("("));
}

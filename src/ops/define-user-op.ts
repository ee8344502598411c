import { InputError } from "../errors.ts";
import { type Definition, defineOp, type Kernel } from "./kernel.ts";
import type { SchemaArguments } from "./schema-types.ts";

/** The functions of a definition; a schema has one of these sets. */
const FORMS = [["meta", "run"], ["view"], ["composite"], ["update"]] as const;

/**
 * Defines an operator by its schema string, from which the types of the arguments follow.
 *
 * Unlike pt2lint's own hundreds of operators, which are looked at when they are needed, it is checked at once.
 *
 * @throws TypeError when the schema cannot be read, or the definition lacks a function.
 */
export function defineUserOp<const S extends string>(
  schema: S,
  definition: Definition<SchemaArguments<S>>,
): Kernel {
  const kernel = defineOp(schema, definition);
  try {
    kernel.schema;
  } catch (error) {
    const { message } = error as Error;
    const help = error instanceof InputError && error.help !== undefined ? `\n${error.help}` : "";
    throw new TypeError(`defineOp: ${message}${help}`);
  }
  const has = (part: string) =>
    typeof (definition as unknown as Record<string, unknown> | undefined)?.[part] === "function";
  if (FORMS.filter((form) => form.every(has)).length !== 1) {
    const forms = FORMS.map((form) => form.map((part) => `'${part}'`).join(" and ")).join(", or ");
    throw new TypeError(`defineOp: ${kernel.name}: a definition has the functions ${forms}, and only these`);
  }
  return kernel;
}

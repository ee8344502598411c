import { type Arguments, type Definition, Kernel } from "./kernel.ts";
import { lookUp } from "./operator-table.ts";

/**
 * Defines an operator by its name in the operator table, for families whose members differ in their names only; the
 * types of the arguments are the caller's to give.
 *
 * @throws RangeError when the table has no such operator.
 */
export function tableOp<A = Arguments>(name: string, definition: Definition<A>): Kernel {
  const line = lookUp(name);
  if (line === undefined) throw new RangeError(`the operator table has no ${name}`);
  return new Kernel(line.schema, definition as Definition<never>);
}

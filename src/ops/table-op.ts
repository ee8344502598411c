import { type Arguments, type Definition, Kernel } from "./kernel.ts";

/**
 * Defines an operator by its name in the operator table, for families whose members differ in their names only; the
 * types of the arguments are the caller's to give.
 * The table is looked at when the operator is first used.
 */
export function tableOp<A = Arguments>(name: string, definition: Definition<A>): Kernel {
  return new Kernel(name, definition as Definition<never>);
}

import { InputError } from "../errors.ts";
import { archiveFault } from "./faults.ts";
import { checkResult } from "./pickle-check.ts";
import { malformed } from "./pickle-globals.ts";
import { PickleMachine } from "./pickle-machine.ts";
import { opcodes } from "./pickle-opcodes.ts";
import type { PickleSlot, PickleValue } from "./pickle-values.ts";

/** The longest pickle that is read. It holds names and sizes, not values: a state dict takes 200 bytes a tensor. */
export const MAX_PICKLE_BYTES = 2 ** 26;
/** The most opcodes that are run: a tensor takes about 60, and a hostile one makes an object of 200 bytes. */
const MAX_PICKLE_STEPS = 1_000_000;

const STOP = 0x2e;

function run(machine: PickleMachine): PickleSlot {
  for (let step = 0; step < MAX_PICKLE_STEPS; step++) {
    const at = machine.position;
    const code = machine.byte();
    if (code === STOP) return machine.pop();
    const opcode = opcodes[code];
    if (opcode === undefined) throw malformed(`0x${code.toString(16)} at byte ${at} is no opcode it may use`);
    opcode(machine);
  }
  throw archiveFault("archive/too-large", `the pickle takes more than ${MAX_PICKLE_STEPS} steps`);
}

/**
 * Reads a pickle (protocols 0 to 5) as torch.save writes them, into plain data. Nothing is imported and
 * nothing is executed: the few functions that torch.save uses are stood in for, and any other is refused by
 * its name with `archive/pickle`; a pickle that breaks its own rules is `archive/corrupt`. `entry` is named in
 * the errors.
 */
export function readPickle(bytes: Uint8Array, entry = ""): PickleValue {
  try {
    if (bytes.length > MAX_PICKLE_BYTES) {
      throw archiveFault("archive/too-large", `the pickle has ${bytes.length} bytes`, { size: bytes.length });
    }
    const result = run(new PickleMachine(bytes));
    checkResult(result);
    return result;
  } catch (error) {
    if (!(error instanceof InputError) || entry === "") throw error;
    throw new InputError(error.rule, `${entry}: ${error.message}`, {
      help: error.help,
      data: { ...error.data, entry },
    });
  }
}

/** Faults in guards, which are text that torch compiles. */
import type { Fault } from "./fault.ts";

const guardFault = (name: string, code: string): Fault => ({
  name,
  rules: ["graph/guard"],
  places: (document) => {
    const guards = document.guards_code ?? [];
    const break_ = () => (document.guards_code = [...guards, code]);
    return [{ at: `guards_code[${guards.length}]`, break: break_ }];
  },
});

export const guardFaults: readonly Fault[] = [
  guardFault("a guard that is no Python", "L['x'].size()[0] => 2"),
  guardFault("a guard that never holds", "3 == 4"),
  guardFault("a guard on an input that there is not", "L['nobody_at_all'].size()[0] == 2"),
  guardFault("a guard with a name that nothing has", "s77 >= 2"),
];

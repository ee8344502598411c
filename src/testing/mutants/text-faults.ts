/** Faults in the texts within a document that torch parses: guards, and what nodes keep of where they come from. */
import type { Fault } from "./fault.ts";
import type { AnyJson } from "./json.ts";

const guardFault = (name: string, code: (document: AnyJson) => string): Fault => ({
  name,
  rules: ["graph/guard"],
  places: (document) => {
    const guards = (document.guards_code ??= []);
    return [
      {
        at: `guards_code[${guards.length}]`,
        break: () => void (document.guards_code = [...guards, code(document)]),
      },
    ];
  },
});

export const textFaults: readonly Fault[] = [
  guardFault("a guard that is no Python", () => "L['x'].size()[0] => 2"),
  guardFault("a guard that never holds", () => "3 == 4"),
  guardFault("a guard on an input that there is not", () => "L['nobody_at_all'].size()[0] == 2"),
  guardFault("a guard with a name that nothing has", () => "s77 >= 2"),
];

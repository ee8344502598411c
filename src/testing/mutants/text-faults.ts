/** Faults in the texts within a document that torch parses: guards, and what nodes keep of where they come from. */
import type { Fault, Place } from "./fault.ts";
import { nodesOf } from "./json.ts";

const guardFault = (name: string, code: string): Fault => ({
  name,
  rules: ["graph/guard"],
  places: (document) => {
    const guards = document.guards_code ?? [];
    const break_ = () => (document.guards_code = [...guards, code]);
    return [{ at: `guards_code[${guards.length}]`, break: break_ }];
  },
});

/** Cuts a text of a node's metadata where its grammar needs what follows. */
const metadataFault = (key: string, cut: string): Fault => ({
  name: `${key} cut at ${cut}`,
  rules: ["graph/node-metadata"],
  places: (document) =>
    nodesOf(document).flatMap(({ node, at }): Place[] => {
      // Commas in brackets do not count.
      const end =
        key === "nn_module_stack" && /[[(]/.test(node.metadata[key])
          ? -1
          : (node.metadata[key]?.lastIndexOf(cut) ?? -1);
      const break_ = () => (node.metadata[key] = node.metadata[key].slice(0, end));
      return end < 0 ? [] : [{ at: `${at}.metadata.${key}`, break: break_ }];
    }),
});

export const textFaults: readonly Fault[] = [
  guardFault("a guard that is no Python", "L['x'].size()[0] => 2"),
  guardFault("a guard that never holds", "3 == 4"),
  guardFault("a guard on an input that there is not", "L['nobody_at_all'].size()[0] == 2"),
  guardFault("a guard with a name that nothing has", "s77 >= 2"),
  metadataFault("nn_module_stack", ","),
];

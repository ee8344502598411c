import { expect, it } from "vitest";
import { metadataFault } from "./node-texts.ts";

const nodes = (inner: string) =>
  `[{"name": "a", "target": "b", "graph_id": 1, "pass_name": "", "action": "create", "from_node": ${inner}}]`;

// What torch.export.load of 2.13 takes and refuses.
it.each([
  ["nn_module_stack", "L__self__,,__main__.M;L__self__l,l,torch.nn.Linear"],
  ["nn_module_stack", "L['self'].a[0],a[(1, 2)],M"],
  ["source_fn_stack", "linear,torch.nn.functional.linear;a,b"],
  ["custom", '{"a": [1, null]}'],
  ["from_node", nodes("[]")],
  ["from_node", nodes(nodes("null"))],
  ["from_node", "null"],
  ["from_node", ""],
  ["torch_fn", "anything"],
])("%s may be %s", (key, text) => expect(metadataFault(new Map([[key, text]]))).toBeUndefined());

it.each([
  ["nn_module_stack", "L__self__,,__main__.M;", "'', which is not a name, a path and a type"],
  ["nn_module_stack", "garbage", "'garbage', which is not a name, a path and a type"],
  ["nn_module_stack", "a,b,c,d", "'a,b,c,d', which is not a name, a path and a type"],
  ["source_fn_stack", "linear", "'linear', which is not a name and a function"],
  ["custom", "{", "no JSON"],
  ["from_node", nodes("[]").slice(0, -1), "no JSON"],
  ["from_node", '{"name": "a"}', "no list of nodes"],
  ["from_node", nodes('["a"]'), "something that is no node"],
  ["from_node", nodes("5"), "no list of nodes"],
])("%s may not be %s", (key, text, problem) => {
  const fault = metadataFault(new Map([[key, text]]));
  expect(fault?.key).toBe(key);
  expect(fault?.problem).toContain(problem);
});

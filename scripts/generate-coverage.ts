/** Writes docs/operators.md: which operators the interpreter runs. */
import { writeFileSync } from "node:fs";
import { hopTargets } from "../src/interpreter/hop/index.ts";
import { definedKernels, findKernel } from "../src/ops/kernels.ts";
import { allOperators } from "../src/ops/operator-table.ts";

const nameOf = (schema: string): string => schema.slice(0, schema.indexOf("("));
const isRandom = (tags: string): boolean => tags.split(" ").includes("nondeterministic_seeded");

const core = [...allOperators()].filter(({ tags }) => tags.split(" ").includes("core"));
const missing = core.filter(({ schema }) => findKernel(nameOf(schema)) === undefined);
const aten = [...allOperators()]
  .map(({ schema }) => nameOf(schema))
  .filter((name) => name.startsWith("aten::"));
const runs = aten.filter((name) => findKernel(name) !== undefined);
const defined = [...definedKernels()].sort();

const namespaces = [...new Set(defined.map((name) => name.slice(0, name.indexOf("::"))))];

const text = `# Operators that run

Made by \`npm run generate\`. \`pt2lint ops PATH\` lists what one program uses.

- Core ATen: ${core.length - missing.length} of ${core.length} run.${missing.length === 0 ? "" : ` Missing: ${missing.map(({ schema, tags }) => `\`${nameOf(schema)}\`${isRandom(tags) ? " (random)" : ""}`).join(", ")}.`}
- All of ATen: ${runs.length} of ${aten.length} overloads run, in-place, \`out=\` and \`_copy\` variants among them, which
  follow from the operators below.
- Higher-order operators: ${hopTargets.map((target) => `\`${target.split(".").at(-1)}\``).join(", ")}, and the vmap targets of
  \`torch._functorch.predispatch\`.
- Python's: \`_operator.*\`, \`math.*\`, \`torch.sym_*\`.

Random operators draw from a generator of pt2lint's own: shapes, dtypes and distributions are torch's, values are not.
A sparse COO tensor is held as the dense one that it stands for; a program that returns one gets that.

## Defined operators

${namespaces
  .map((namespace) => {
    const own = defined.filter((name) => name.startsWith(`${namespace}::`));
    return `### ${namespace}\n\n${own.map((name) => `\`${name.slice(namespace.length + 2)}\``).join(", ")}\n`;
  })
  .join("\n")}`;

writeFileSync(new URL("../docs/operators.md", import.meta.url), text);

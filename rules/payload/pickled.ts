import { defineRule } from "../../src/lint/rule.ts";

const OBJECT = /^(custom|opaque)_obj_/;

export const pickled = defineRule({
  id: "payload/pickled",
  severity: "warning",
  reportedBy: "reader",
  presets: ["recommended", "strict"],
  summary: "a tensor is stored as a pickle",
  description: `
torch.export.save stores a tensor as its bytes, and what has no plain bytes, such as a tensor subclass, as a pickle
(\`use_pickle\`). Loading it runs \`torch.load\`, which may execute code, and needs the classes that it names;
AOTInductor and ExecuTorch cannot read it. pt2lint does not look into it.

Custom objects are pickled as a matter of course and are not reported.
`,
  data: { name: "the qualified name", entry: "the entry of the archive" },
  messages: { pickled: "'{name}' is stored as a pickle" },
  examples: { valid: [], invalid: [] },
  create: (ctx) => ({
    program: () => {
      for (const list of [ctx.payloads?.weights, ctx.payloads?.constants]) {
        for (const [name, { config, entry }] of list ?? []) {
          if (!config.use_pickle || OBJECT.test(config.path_name)) continue;
          ctx.report({
            at: null,
            message: "pickled",
            data: { name, entry },
            help: "turn the tensor into a plain one before the program is saved",
          });
        }
      }
    },
  }),
});

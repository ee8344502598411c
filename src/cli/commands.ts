import { levels, presets } from "../lint/config.ts";
import type { Format } from "../report/index.ts";
import type { CommandSpec } from "./command-spec.ts";

const formats = ["stylish", "json", "sarif", "github", "junit"] as const satisfies readonly Format[];

const config = {
  type: "string",
  alias: "c",
  describe: "Config file, instead of the pt2lint.config.{ts,mjs,js} or pt2lint.json nearest upward",
} as const;

const preset = {
  type: "string",
  choices: presets,
  describe: "The rules to start from, recommended when neither this nor the config says",
} as const;

const color = {
  type: "boolean",
  negatable: true,
  describe: "Colour, or none with --no-color; else as NO_COLOR, FORCE_COLOR and the terminal say",
} as const;

const output = {
  type: "string",
  alias: "o",
  describe: "Write to this file instead of standard output",
} as const;

/** For people, or for programs. */
const textOrJson = <const Text extends string>(describe: Text) =>
  ({ type: "string", alias: "f", choices: ["stylish", "json"], default: "stylish", describe }) as const;

const model = {
  type: "string",
  value: "NAME",
  describe: "Which model of an archive with several [default: the first]",
} as const;

/** How a program is called: what `run` and `diff` have in common. */
const calls = {
  model,
  inputs: {
    type: "list",
    describe:
      "A .safetensors file with the inputs of a call, named as placeholders; repeat it for further calls",
  },
  set: {
    type: "list",
    value: "NAME=VALUE",
    describe: "NAME=VALUE: an input that is a number, a boolean or None",
  },
  seed: { type: "count", describe: "Make up inputs from this seed, instead of the archive's sample inputs" },
  rtol: {
    type: "string",
    value: "X",
    describe: "Relative tolerance, instead of torch.testing's for the dtype",
  },
  atol: {
    type: "string",
    value: "X",
    describe: "Absolute tolerance, instead of torch.testing's for the dtype",
  },
  precise: { type: "boolean", describe: "Only reference kernels, which accumulate in float64" },
} as const;

/** Every command, in the order of the help. `lint` is the one that runs when none is named. */
export const commands = {
  lint: {
    describe: "Find what breaks or changes results when a program is lowered (the default command)",
    operands: { name: "paths", many: true, describe: "Files, folders (searched for *.pt2) and globs" },
    options: {
      format: {
        type: "string",
        alias: "f",
        choices: formats,
        default: "stylish",
        describe: "How findings are written",
      },
      "output-file": output,
      rule: {
        type: "list",
        value: "ID=LEVEL",
        describe: `Set a rule, as in cond/arity=off; ID may hold *, LEVEL is ${levels.join(", ")}`,
      },
      preset,
      config,
      quiet: { type: "boolean", describe: "Write errors only, and count the rest" },
      "max-warnings": { type: "count", describe: "Exit with 1 when there are more warnings than this" },
      weights: {
        type: "string",
        choices: ["none", "crc", "scan"],
        default: "none",
        describe: "Read the weights too: compare checksums, or look for NaN and infinity",
      },
      confirm: {
        type: "boolean",
        describe: "Run programs to see which findings on caches are true: eagerly, and lowered in every way",
      },
      baseline: { type: "string", describe: "Do not report the findings that this file lists" },
      "update-baseline": {
        type: "boolean",
        describe: "Write the present findings to the file of --baseline, and exit with 0",
      },
      inline: {
        type: "boolean",
        negatable: true,
        describe:
          "With --no-inline, suppressions within an archive do not count: for archives that are not trusted",
      },
      "source-root": {
        type: "string",
        value: "DIR",
        describe: "Folder to look for the recorded Python files in, so that findings name them there",
      },
      "path-map": {
        type: "list",
        value: "FROM=TO",
        describe: "FROM=TO: put TO in place of a recorded path's beginning, as in /build/repo=.",
      },
      color,
    },
    examples: [
      ["$0 model.pt2", "findings, each with its line of Python"],
      ["$0 exports/ 'more/**/*.pt2'", "every program in a folder and of a glob"],
      ["$0 model.pt2 -f sarif -o pt2lint.sarif", "for code scanning"],
      ["$0 model.pt2 --rule 'cache/*=off'", "without the rules of one family"],
      ["$0 decoder.pt2 --confirm", "run it, and show for each finding on a cache what goes wrong"],
      ["$0 exports/ --baseline known.json", "what is new since known.json was written"],
    ],
  },
  run: {
    describe: "Run a program in the reference interpreter",
    operands: { name: "path", many: false, describe: "A .pt2 file" },
    options: {
      ...calls,
      semantics: {
        type: "string",
        choices: ["eager", "lowered"],
        default: "eager",
        describe: "As ep.module() runs it, or as a compiler that believes the schemas may",
      },
      output: {
        type: "string",
        alias: "o",
        describe: "Write output.N, gradient.NAME, buffer.FQN and input.NAME to this .safetensors file",
      },
      expect: {
        type: "list",
        describe:
          "Compare with this .safetensors file, one for each --inputs; exit with 1 when a tensor differs",
      },
      probe: {
        type: "list",
        value: "GLOB",
        describe:
          "Print the values of the nodes that match, as in 'add*' or 'cond/*/mul'; with --output, save them",
      },
      format: textOrJson("How results are written"),
      config,
      color,
    },
    examples: [
      ["$0 run model.pt2", "on the archive's sample inputs"],
      ["$0 run model.pt2 --inputs in.safetensors -o out.safetensors", "what it computes, in a file"],
      ["$0 run model.pt2 --inputs in.safetensors --expect torch.safetensors", "does it agree with torch?"],
    ],
  },
  diff: {
    describe: "Run a program eagerly and lowered, and say where they part",
    operands: { name: "path", many: false, describe: "A .pt2 file" },
    options: {
      ...calls,
      format: textOrJson("How the verdict is written"),
      config,
      color,
    },
    examples: [
      ["$0 diff decoder.pt2", "safe, or the first value that differs, its node and its line of Python"],
    ],
  },
  ops: {
    describe: "List the operators that a program uses, and whether they can be run",
    operands: { name: "path", many: false, describe: "A .pt2 file, or a program's JSON document" },
    options: {
      model,
      format: textOrJson("A table, or JSON"),
      config,
      color,
    },
    examples: [
      ["$0 ops model.pt2", "operators by how often they are used; exits with 1 when one cannot be run"],
    ],
  },
  show: {
    describe: "Print the program the way torch prints it, with the findings in place",
    operands: { name: "path", many: false, describe: "A .pt2 file, or a program's JSON document" },
    options: { "output-file": output, config, color },
    examples: [["$0 show model.pt2", "the graph, its branches, its signature and the findings"]],
  },
  rules: {
    describe: "List the rules and how they are set here",
    operands: null,
    options: {
      format: textOrJson("A table, or all that is known of each rule"),
      preset,
      config,
      color,
    },
    examples: [
      ["$0 rules --preset executorch", "what is on for a program that ExecuTorch shall run"],
      ["$0 rules --format json", "for a program to read"],
    ],
  },
  init: {
    describe: "Write a config and a CI job to start from",
    operands: null,
    options: {
      ci: {
        type: "string",
        choices: ["github", "none"],
        default: "github",
        describe: "The CI service to write a job for",
      },
      paths: {
        type: "string",
        value: "PATH",
        describe: "Where the programs are, for the CI job [default: the folder]",
      },
      force: { type: "boolean", describe: "Write over files that are there" },
    },
    examples: [["$0 init", "pt2lint.json and .github/workflows/pt2lint.yml"]],
  },
  explain: {
    describe: "Say what a rule finds, why it matters and what to do",
    operands: { name: "rule", many: false, describe: "The rule's id, as findings show it" },
    options: { config, color },
    examples: [["$0 explain cond/branch-aliases-input", "what the rule is about"]],
  },
  completion: {
    describe: "Print a script with which a shell completes options, rules and commands",
    operands: {
      name: "shell",
      many: false,
      optional: true,
      choices: ["bash", "zsh", "fish"],
      describe: "The shell [default: the one that $SHELL names]",
    },
    options: {},
    examples: [
      ["$0 completion bash >> ~/.bashrc", "for bash"],
      ["$0 completion zsh >> ~/.zshrc", "for zsh"],
      ["$0 completion fish > ~/.config/fish/completions/pt2lint.fish", "for fish"],
    ],
  },
} as const satisfies Record<string, CommandSpec>;

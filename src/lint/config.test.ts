import { describe, expect, it } from "vitest";
import { ConfigError, defineConfig, type ResolveOptions, resolveConfig } from "./config.ts";
import type { Rule } from "./rule.ts";

function rule(id: string, severity: Rule["severity"], presets: Rule["presets"]): Rule {
  const meta = { summary: "", description: "", data: {}, messages: {}, examples: { valid: [], invalid: [] } };
  return { id, severity, presets, ...meta, create: () => ({}) };
}

const rules = [
  rule("cond/arity", "error", ["recommended"]),
  rule("cond/operands-alias", "warning", ["strict"]),
  rule("cache/updated-twice", "warning", ["recommended"]),
  rule("cache/verbose", "info", []),
  rule("portability/dtype", "warning", ["executorch"]),
];

const levelsOf = (config: unknown) => Object.fromEntries(resolveConfig(config, { rules }).severities);

function problemsOf(config: unknown, origin?: string): readonly string[] {
  try {
    resolveConfig(config, { rules, origin });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe("presets", () => {
  const off = { "cond/operands-alias": "off", "cache/verbose": "off", "portability/dtype": "off" };
  const recommended = { "cond/arity": "error", "cache/updated-twice": "warning" };

  it.each([
    [{}, { ...recommended, ...off }],
    [{ preset: "recommended" }, { ...recommended, ...off }],
    [{ preset: "strict" }, { ...recommended, ...off, "cond/operands-alias": "warning" }],
    [{ preset: "executorch" }, { ...recommended, ...off, "portability/dtype": "warning" }],
    [{ preset: "aoti" }, { ...recommended, ...off }],
    [
      { preset: "all" },
      {
        ...recommended,
        "cond/operands-alias": "warning",
        "cache/verbose": "info",
        "portability/dtype": "warning",
      },
    ],
  ])("%j", (config, expected) => {
    expect(levelsOf(config)).toEqual(expected);
  });
});

describe("settings", () => {
  it("go on top of the preset", () => {
    const config = defineConfig({ rules: { "cond/arity": "off", "cache/verbose": "error" } });
    expect(levelsOf(config)).toMatchObject({ "cond/arity": "off", "cache/verbose": "error" });
  });

  it("take patterns, and the later entry wins", () => {
    expect(levelsOf({ rules: { "*": "off", "cond/*": "info", "cond/arity": "warning" } })).toEqual({
      "cond/arity": "warning",
      "cond/operands-alias": "info",
      "cache/updated-twice": "off",
      "cache/verbose": "off",
      "portability/dtype": "off",
    });
    expect(levelsOf({ rules: { "cond/arity": "warning", "cond/*": "info" } })["cond/arity"]).toBe("info");
  });

  it("read everything but the star literally", () => {
    expect(problemsOf({ rules: { "c.nd/*": "off" } })).toHaveLength(1);
  });
});

describe("overrides", () => {
  const resolveWith = (overrides: ResolveOptions["overrides"]) =>
    Object.fromEntries(
      resolveConfig({ preset: "all", rules: { "cond/*": "info" } }, { rules, overrides }).severities,
    );

  it("win over preset and settings, in their order", () => {
    expect(
      resolveWith({
        preset: "recommended",
        rules: [
          ["cond/arity", "off"],
          ["cond/a*", "error"],
        ],
      }),
    ).toEqual({
      "cond/arity": "error",
      "cond/operands-alias": "info",
      "cache/updated-twice": "warning",
      "cache/verbose": "off",
      "portability/dtype": "off",
    });
  });

  it("are named as what they are when they are wrong", () => {
    expect(() => resolveWith({ rules: [["cond/artiy", "eror"]] })).toThrow(
      [
        '--rule "cond/artiy": no such rule; did you mean "cond/arity"? \'pt2lint rules\' lists them',
        '--rule "cond/artiy": must be one of off, info, warning, error, not "eror"; did you mean "error"?',
      ].join("\n"),
    );
  });
});

describe("plugins", () => {
  const house = rule("house/no-cond", "warning", ["recommended"]);

  it("bring rules that presets and settings reach", () => {
    expect(levelsOf({ plugins: [{ rules: [house] }] })["house/no-cond"]).toBe("warning");
    expect(levelsOf({ plugins: [{ rules: [house] }], rules: { "house/*": "off" } })["house/no-cond"]).toBe(
      "off",
    );
    expect(resolveConfig({ plugins: [{ rules: [house] }] }, { rules }).rules.at(-1)).toBe(house);
  });

  it.each([
    ["a name", ["pt2lint-plugin-house"], /plugins\[0\]: must be the plugin itself, not its name/],
    ["no rules", [{}], /plugins\[0\]: must be an object with a list of rules/],
    [
      "no rule",
      [{ rules: [{ id: "a/b" }] }],
      /plugins\[0\]\.rules\[0\]: must be a rule made with defineRule/,
    ],
    ["a bad id", [{ rules: [rule("Shout", "error", [])] }], /rules\[0\]\.id: must look like "family\/name"/],
    [
      "a bad severity",
      [{ rules: [rule("a/b", "fatal" as "error", [])] }],
      /\.severity: must be one of info, warning/,
    ],
    [
      "no text",
      [{ rules: [{ ...house, summary: 1 }] }],
      /rules\[0\]\.summary: is missing or of the wrong kind/,
    ],
    ["a known id", [{ rules: [rule("cond/arity", "error", [])] }], /already a rule "cond\/arity"/],
    ["no list", {}, /plugins: must be a list/],
  ])("are refused with %s", (_name, plugins, problem) => {
    expect(problemsOf({ plugins })).toEqual([expect.stringMatching(problem)]);
  });
});

describe("operators", () => {
  it("are passed on", () => {
    const operators = [
      "mylib::op(Tensor x) -> Tensor",
      "my::f.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)",
    ];
    expect(resolveConfig({ operators }, { rules }).operators).toEqual(operators);
  });

  it("are refused when they are no schema", () => {
    expect(problemsOf({ operators: ["mylib.op", 3] })).toEqual([
      expect.stringMatching(
        /^operators\[0\]: .*column.*; write a schema such as "mylib::op\(Tensor x\) -> Tensor"$/,
      ),
      'operators[1]: must be a schema such as "mylib::op(Tensor x) -> Tensor", not 3',
    ]);
  });
});

describe("problems", () => {
  it("say what, where and what to do, all at once", () => {
    const config = {
      presset: "strict",
      preset: "strickt",
      rules: { "cond/artiy": "error", "cond/*": "warn" },
    };
    expect(problemsOf(config, "pt2lint.json")).toEqual([
      'pt2lint.json: presset: unknown key; did you mean "preset"? (known: preset, rules, plugins, operators, kernels, suppressions)',
      'pt2lint.json: preset: must be one of recommended, strict, executorch, aoti, all, not "strickt"; did you mean "strict"?',
      'pt2lint.json: rules["cond/artiy"]: no such rule; did you mean "cond/arity"? \'pt2lint rules\' lists them',
      'pt2lint.json: rules["cond/*"]: must be one of off, info, warning, error, not "warn"; did you mean "warning"?',
    ]);
  });

  it.each([null, [], "strict", 3])("refuse a config that is %j", (config) => {
    expect(problemsOf(config)).toEqual([
      expect.stringMatching(/^config: must be an object such as \{.+\}, not /),
    ]);
  });

  it("do not take inherited names for keys", () => {
    expect(problemsOf({ constructor: 1, toString: 2 })).toHaveLength(2);
  });
});

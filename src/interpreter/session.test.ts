import { describe, expect, it } from "vitest";
import { programFromText } from "../lint/program-text.ts";
import { tensor } from "../tensor/create.ts";
import { Scalar } from "../tensor/scalar.ts";
import { prepareProgram } from "./prepare.ts";
import { Session } from "./session.ts";
import type { RuntimeValue } from "./value.ts";

function sessionOf(text: string): Session {
  const { program, registry } = programFromText(text);
  return new Session(prepareProgram(program, registry), new Map(), registry);
}

const call = (text: string, inputs: Record<string, RuntimeValue>) =>
  sessionOf(text).call(new Map(Object.entries(inputs)));

describe("a call is refused", () => {
  const constants = `
def forward(x: "f32[2]", flag = False, scale = 3.0, mode = "sum", mask = None):
    return (x,)
`;
  const x = tensor([1, 2]);

  it("for another value of what export took for a constant, as torch's guards refuse it", () => {
    const same = { flag: Scalar.bool(false), scale: Scalar.int(3), mode: "sum", mask: tensor([1]) };
    expect(call(constants, { x, ...same }).outputs).toEqual([x]);
    expect(() => call(constants, { x, flag: Scalar.bool(true) })).toThrow(
      "guard failed: flag == False; it is True",
    );
    expect(() => call(constants, { x, scale: Scalar.float(5) })).toThrow(
      "guard failed: scale == 3.0; it is 5.0",
    );
    expect(() => call(constants, { x, mode: "max" })).toThrow('guard failed: mode == "sum"; it is "max"');
    expect(() => call(constants, { x, mode: x })).toThrow('guard failed: mode == "sum"; it is int64[2]');
    expect(() => call(constants, { x, scale: "3.0" })).toThrow('guard failed: scale == 3.0; it is "3.0"');
    expect(() => call(constants, { x, scale: Scalar.complex(3, 1) })).toThrow("guard failed: scale == 3.0");
    const text = 'def forward(x: "f32[2]", mode = "3"):\n    return (x,)\n';
    expect(() => call(text, { x, mode: Scalar.int(3) })).toThrow('guard failed: mode == "3"; it is 3');
  });

  it("for a name that is no input's", () => {
    expect(() => call(constants, { x, flg: Scalar.bool(false) })).toThrow(
      `the program has no input 'flg'; did you mean "flag"?`,
    );
  });

  it("for another kind of number than the program takes", () => {
    const symbolic = 'def forward(n: "Sym(s0)", f: "SymFloat(zf0)"):\n    return (n, f)\n';
    const f = Scalar.float(1.5);
    expect(call(symbolic, { n: Scalar.int(7), f }).outputs).toEqual([Scalar.int(7), f]);
    expect(() => call(symbolic, { n: Scalar.float(2.5), f })).toThrow(
      "guard failed: n is an integer; it is 2.5",
    );
    expect(() => call(symbolic, { n: null, f })).toThrow("guard failed: n is an integer; it is None");
    expect(() => call(symbolic, { n: Scalar.int(2), f: x })).toThrow(
      "guard failed: f is a number; it is int64[2]",
    );
  });
});

describe("operators that nobody has", () => {
  it("are named before anything runs, also those that a higher-order operator is given", () => {
    const text = `
def forward(token: "?" = token(), x: "f32[2]"):
    other: "f32[2]" = torch.ops.mylib.other.default(x)
    with_effects: ("?", "f32[2]") = torch.ops.higher_order.with_effects(token, torch.ops.mylib.log.default, other)
    return (with_effects[0], with_effects[1])
`;
    const missing =
      /torch\.ops\.mylib\.other\.default .*\n.*torch\.ops\.mylib\.log\.default {2}\(main \/ with_effects\)/;
    expect(() => sessionOf(text)).toThrow(missing);
  });
});

describe("a call that makes no sense", () => {
  it.each([
    ["torch.ops.aten.add.Tensor(x)", "the argument 'other' is missing"],
    ["torch.ops.aten.add.Tensor(x, y)", "nothing defines y"],
    ["torch.ops.aten.relu.default(x, by=2)", "torch.ops.aten.relu.default has no argument 'by'"],
    ["_operator.add(x, y)", "nothing defines y"],
  ])("%s is refused before anything runs, with its node", (made, message) => {
    const text = `def forward(x: "f32[2]"):\n    made: "f32[2]" = ${made}\n    return (made,)\n`;
    let error: unknown;
    try {
      sessionOf(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: "InputError", rule: "run/malformed-program" });
    expect((error as Error).message).toMatch(new RegExp(`^\\S+ in main / made: ${message}$`));
  });

  it("so are outputs that nobody defines", () => {
    expect(() => sessionOf('def forward(x: "f32[2]"):\n    return (y,)\n')).toThrow(
      "the outputs of main: nothing defines y",
    );
  });

  it("tells of arguments of another kind in the words of the program, with the node", () => {
    const text =
      'def forward(x: "f32[2]"):\n    cat: "f32[2]" = torch.ops.aten.cat.default(x)\n    return (cat,)\n';
    expect(() => call(text, { x: tensor([1, 2], { dtype: "float32" }) })).toThrow(
      /^torch\.ops\.aten\.cat\.default in main \/ cat: an argument is not what its schema says; 'pt2lint lint' says/,
    );
  });

  it("tells which value cannot be written back", () => {
    const text = `
def forward(x: "f32[2]", y: "f32[3]"):
    add: "f32[3]" = torch.ops.aten.add.Tensor(y, 1)
    mutates input("x") = add
    return (add,)
`;
    const inputs = { x: tensor([1, 2], { dtype: "float32" }), y: tensor([1, 2, 3], { dtype: "float32" }) };
    expect(() => call(text, inputs)).toThrow("the value of input.x after the call: cannot expand [3] to [2]");
  });
});

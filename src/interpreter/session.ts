/** A program with its state, to be called any number of times. */
import type { Model } from "../archive/archive.ts";
import { mode } from "../ops/kernel.ts";
import { seedRandomNumbers } from "../ops/random-numbers.ts";
import { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import type { OutputSpec } from "../schema/types.generated.ts";
import { copyInto } from "../tensor/copy.ts";
import { numberTensor } from "../tensor/number.ts";
import { Scalar } from "../tensor/scalar.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkInputs, checkNames } from "./check-inputs.ts";
import { discard, Execution, eager, leaveHeap, type Observer, type Semantics } from "./execution.ts";
import { type PreparedProgram, prepareProgram, wellFormed } from "./prepare.ts";
import { StateReader } from "./state.ts";
import { flatten, isTensor, type RuntimeValue } from "./value.ts";
import { inputLabel, writableInputs } from "./writable.ts";

/** What a call gave. */
export interface CallResult {
  /** What the user's function returned, flattened; numbers and None too. */
  readonly outputs: readonly RuntimeValue[];
  /**
   * All of it by name: `output.N`, `gradient.NAME` of a training step's parameters and inputs, and, as they are after the
   * call, `buffer.FQN` and `input.NAME` for what the program may write. Numbers are 0-dimensional tensors, and None is left out. Buffers and inputs are not copies: the next call
   * may write them.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Values for the user's inputs, by the names of their placeholders. */
export type Inputs = ReadonlyMap<string, RuntimeValue>;

/** How a call is run. */
export interface CallOptions {
  readonly semantics?: Semantics;
  /** Sees the values of each node; they are good until it returns. */
  readonly observe?: Observer;
  /** Give all buffers, parameters, constants and inputs in the result, not just those that the program may write. */
  readonly all?: boolean;
  /** Runs the graph, given the values of its inputs; for what a lowered execution does before and after. */
  readonly around?: <T>(inputs: readonly RuntimeValue[], run: () => T) => T;
  /** Gives the graph's outputs instead of running it. */
  readonly instead?: (inputs: readonly RuntimeValue[]) => readonly RuntimeValue[];
}

export class Session {
  readonly prepared: PreparedProgram;
  /** The values of parameters, buffers and constants, by position among the program's inputs. */
  readonly state: ReadonlyMap<number, RuntimeValue>;
  readonly registry: OperatorRegistry;
  /** Only reference kernels, which accumulate in float64. */
  precise = false;
  readonly #writable: ReadonlySet<number>;

  constructor(
    prepared: PreparedProgram,
    state: ReadonlyMap<number, RuntimeValue>,
    registry: OperatorRegistry,
    writable = writableInputs(prepared.program, registry, state),
  ) {
    this.prepared = prepared;
    this.state = state;
    this.registry = registry;
    this.#writable = writable;
  }

  /** The same program with other values for its parameters, buffers and constants. */
  withState(state: ReadonlyMap<number, RuntimeValue>): Session {
    const session = new Session(this.prepared, state, this.registry, this.#writable);
    session.precise = this.precise;
    return session;
  }

  /**
   * Reads a model's weights and makes it ready.
   *
   * @throws MissingOperatorsError before a weight is read; InputError when weights are missing.
   */
  static async open(model: Model, program: Program, registry = new OperatorRegistry()): Promise<Session> {
    const prepared = prepareProgram(program, registry);
    return new Session(prepared, await new StateReader(model).read(program), registry);
  }

  get program(): Program {
    return this.prepared.program;
  }

  /**
   * Calls the program; what it writes to buffers stays for the next call, and inputs that it writes to are written.
   *
   * @throws InputError when inputs are missing, or do not fit what the program was exported for; NodeError when a node
   *   fails.
   */
  call(
    inputs: Inputs,
    { semantics = eager, observe, around, instead, all = false }: CallOptions = {},
  ): CallResult {
    checkNames(this.program, inputs.keys());
    const values = this.inputValues(inputs);
    checkInputs(this.program, values);
    // Every call draws the same random numbers, so that two semantics can be compared.
    seedRandomNumbers(0);
    const execution = new Execution(this.prepared, semantics, observe);
    const run = () => instead?.(values) ?? execution.runGraphBetween(this.prepared.graphs[0]!, values);
    const { precise } = mode;
    mode.precise ||= this.precise;
    try {
      const outputs = around === undefined ? run() : around(values, run);
      const { users, gradients } = this.#settle(outputs, values);
      for (const user of [...users, ...gradients.values()]) leaveHeap(user);
      discard(outputs);
      const tensors = this.#named(users, values, all);
      for (const [name, gradient] of gradients) tensors.set(name, gradient);
      return { outputs: users, tensors };
    } catch (error) {
      execution.abandon();
      throw error;
    } finally {
      mode.precise = precise;
    }
  }

  #named(
    outputs: readonly RuntimeValue[],
    inputs: readonly RuntimeValue[],
    all: boolean,
  ): Map<string, Tensor> {
    const result = new Map<string, Tensor>();
    for (const [i, output] of outputs.entries()) {
      if (isTensor(output)) result.set(`output.${i}`, output);
      else if (output instanceof Scalar) result.set(`output.${i}`, numberTensor(output));
    }
    for (const [index, value] of inputs.entries()) {
      if ((all || this.#writable.has(index)) && isTensor(value))
        result.set(inputLabel(this.program, index), value);
    }
    return result;
  }

  /** The main graph's inputs in order. */
  inputValues(inputs: Inputs): RuntimeValue[] {
    return this.program.inputs.map(({ kind, name }, index) => {
      if (kind === "user_input" || kind === "constant_input") return inputs.get(name);
      return kind === "token" ? null : this.state.get(index);
    });
  }

  /** Write mutations back where the signature says, and keep what the user's function returned, and gradients. */
  #settle(outputs: readonly RuntimeValue[], inputs: readonly RuntimeValue[]) {
    const { program } = this;
    const specs = program.document.root.graph_module.signature.output_specs;
    const writeBack = (kind: string, name: string, value: RuntimeValue): void => {
      const target = program.inputs.findIndex((input) => input.kind === kind && input.name === name);
      if (target < 0) return;
      wellFormed(`the value of ${inputLabel(program, target)} after the call`, () =>
        write(inputs[target], value),
      );
    };
    const users: RuntimeValue[] = [];
    const gradients = new Map<string, Tensor>();
    for (const [i, spec] of specs.entries()) {
      const value = outputs[i];
      if ("buffer_mutation" in spec) writeBack("buffer", spec.buffer_mutation.buffer_name, value);
      else if ("parameter_mutation" in spec) {
        writeBack("parameter", spec.parameter_mutation.parameter_name, value);
      } else if ("user_input_mutation" in spec) {
        writeBack("user_input", spec.user_input_mutation.user_input_name, value);
      } else if ("user_output" in spec || "loss_output" in spec) users.push(...flatten(value));
      else {
        const name = gradientName(spec);
        if (name !== undefined && isTensor(value)) gradients.set(name, value);
      }
    }
    return { users, gradients };
  }
}

/** The name of what an output is the gradient of: of a parameter, or of an input of the user's. */
function gradientName(spec: OutputSpec): string | undefined {
  if ("gradient_to_parameter" in spec) return `gradient.${spec.gradient_to_parameter.parameter_name}`;
  if ("gradient_to_user_input" in spec) return `gradient.${spec.gradient_to_user_input.user_input_name}`;
  return undefined;
}

function write(target: RuntimeValue, value: RuntimeValue): void {
  if (!isTensor(target) || !isTensor(value) || value === target) return;
  target.storage?.prepareWrite();
  copyInto(target, value);
}

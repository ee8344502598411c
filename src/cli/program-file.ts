/** Opening a program for the commands that work on one. */
import type { Model } from "../archive/archive.ts";
import { InputError } from "../errors.ts";
import { MissingOperatorsError } from "../interpreter/missing-operators.ts";
import { NodeError } from "../interpreter/node-error.ts";
import type { ResolvedConfig } from "../lint/config.ts";
import { registryOf } from "../lint/lint.ts";
import { type OpenedFile, open } from "../open.ts";
import { registerKernels } from "../ops/kernels.ts";
import type { OperatorRegistry } from "../ops/registry.ts";
import type { Program } from "../program/program.ts";
import { UsageError } from "./arguments.ts";
import { loadConfig } from "./load-config.ts";
import { writeNote } from "./output.ts";

/** A program that is open, with what the config says of operators. */
export interface ProgramFile {
  readonly path: string;
  readonly model: Model;
  readonly program: Program;
  readonly registry: OperatorRegistry;
  readonly config: ResolvedConfig;
}

/** Opens a program, does something with it, and closes it. What is wrong with the file, or with a call, is the user's to mend. */
export async function withProgram<T>(
  path: string,
  options: { readonly config: string | undefined; readonly model?: string | undefined },
  use: (opened: ProgramFile) => Promise<T>,
): Promise<T> {
  const config = await loadConfig(options, process.cwd());
  try {
    const file = await open(path);
    try {
      const model = modelOf(file, path, options.model);
      const program = await file.program(model.name);
      registerKernels(config.kernels);
      return await use({ path, model, program, registry: registryOf(config), config });
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asUsage(error, path);
  }
}

function modelOf({ archive }: OpenedFile, path: string, name: string | undefined): Model {
  const { models } = archive;
  const [first] = models;
  if (first === undefined) throw new UsageError(`${path}: the file holds no program`);
  const list = models.map((one) => `'${one.name}'`).join(", ");
  if (name === undefined) {
    if (models.length > 1) {
      writeNote(`pt2lint: model '${first.name}', the first of ${list}; choose another with --model`);
    }
    return first;
  }
  const model = models.find((one) => one.name === name);
  if (model !== undefined) return model;
  throw new UsageError(`${path}: there is no model '${name}'`, `the archive has ${list}`);
}

/** What is wrong with a program or with a call, as the user's to mend; anything else as it is. */
export function asUsage(error: unknown, path: string): unknown {
  if (error instanceof InputError) return new UsageError(`${path}: ${error.message}`, error.help);
  if (error instanceof NodeError) {
    const [head = "", ...rest] = error.message.split("\n");
    return new UsageError(`${path}: ${head}`, rest.map((line) => line.trim()).join("\n"));
  }
  if (error instanceof MissingOperatorsError) {
    const [head = "", ...rest] = error.message.split("\n");
    const hint = "give them kernels with defineOp in the config; see docs/writing-an-operator.md";
    return new UsageError(`${path}: ${head}`, [...rest.map((line) => line.trim()), hint].join("\n"));
  }
  return error;
}

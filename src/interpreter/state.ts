/** A program's parameters, buffers and constants as tensors that keep their sharing. */
import type { Model, Payload } from "../archive/archive.ts";
import { archiveFault } from "../archive/faults.ts";
import { elementBytes, type TensorMeta } from "../archive/payload.ts";
import { MAX_ARRAY_BYTES } from "../archive/source.ts";
import { InputError } from "../errors.ts";
import type { Program } from "../program/program.ts";
import { dtypeOfCode } from "../tensor/dtype.ts";
import { Memory, Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";
import { OpaqueObject, type RuntimeValue } from "./value.ts";

/** Reads payloads when they are asked for; those in one file share its storage. */
export class StateReader {
  readonly #model: Model;
  readonly #storages = new Map<string, Promise<Storage>>();

  constructor(model: Model) {
    this.#model = model;
  }

  /**
   * What the program's inputs that are no user inputs hold, by position among all its inputs.
   *
   * @throws InputError when the archive has no bytes for one.
   */
  async read(program: Program): Promise<Map<number, RuntimeValue>> {
    const [weights, constants] = [await this.#model.weights(), await this.#model.constants()];
    const result = new Map<number, RuntimeValue>();
    for (const [index, { kind, name }] of program.inputs.entries()) {
      if (kind === "user_input" || kind === "constant_input" || kind === "token") continue;
      const payload =
        kind === "parameter" || kind === "buffer"
          ? (weights.get(name) ?? constants.get(name))
          : (constants.get(name) ?? weights.get(name));
      if (kind === "custom_obj") result.set(index, new OpaqueObject(name));
      else if (payload === undefined) throw this.#missing(kind, name);
      else result.set(index, await this.#tensor(name, payload));
    }
    return result;
  }

  #missing(kind: string, name: string): InputError {
    const bare = this.#model.entry === "";
    const message = bare
      ? `the document alone has no values for its ${kind.replace("_", " ")} '${name}'`
      : `the archive has no values for the ${kind.replace("_", " ")} '${name}'`;
    return new InputError("run/no-weights", message, {
      help: bare
        ? "run the .pt2 archive that torch.export.save wrote"
        : "save the program again with torch.export.save",
    });
  }

  async #tensor(name: string, payload: Payload): Promise<Tensor> {
    const { config, entry, size } = payload;
    const meta = config.tensor_meta;
    if (meta === null || size === null) throw this.#missing("tensor", name);
    let storage = this.#storages.get(entry);
    if (storage === undefined) {
      // Read once; the archive's bytes are not to be written to.
      storage = payload.read().then((bytes) => {
        return new Storage(Memory.lasting(bytes.length > 0 ? bytes : zeros(name, meta)));
      });
      this.#storages.set(entry, storage);
    }
    const integers = (list: readonly { as_int?: number }[]): number[] => list.map(({ as_int }) => as_int!);
    return new Tensor(
      await storage,
      dtypeOfCode(meta.dtype),
      integers(meta.sizes),
      integers(meta.strides),
      meta.storage_offset.as_int ?? 0,
    );
  }
}

/** What torch makes of an entry without bytes, as fake weights have it: the first tensor's elements, all 0. */
function zeros(name: string, { sizes, dtype }: TensorMeta): Uint8Array {
  const bytes = sizes.reduce((product, { as_int }) => product * as_int!, elementBytes(dtype)!);
  if (bytes > MAX_ARRAY_BYTES) {
    const message = `'${name}' is stored without values and would have ${bytes} bytes, more than fit into one array`;
    throw archiveFault("archive/too-large", message, { name, size: bytes });
  }
  return new Uint8Array(bytes);
}

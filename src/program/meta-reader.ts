import { OrderedDict } from "../schema/ordered-dict.ts";
import type { TensorMeta } from "../schema/types.generated.ts";

/** Gives the metadata of tensors as they are defined, which is the order that torch writes it in. */
export class MetaReader {
  readonly #metas: ReadonlyMap<string, TensorMeta>;
  #place = 0;

  constructor(metas: ReadonlyMap<string, TensorMeta>) {
    this.#metas = metas;
  }

  next(name: string): TensorMeta | undefined {
    const metas = this.#metas;
    if (!(metas instanceof OrderedDict)) return metas.get(name);
    let place = metas.placeFrom(this.#place, name);
    // What a pass has merged or moved has an order of its own, which goes on where this one stands.
    if (place < 0) place = metas.placeOf(name);
    if (place < 0) return undefined;
    this.#place = place + 1;
    return metas.valueAt(place);
  }
}

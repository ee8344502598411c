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
    const place = metas.placeFrom(this.#place, name);
    if (place < 0) return metas.get(name);
    this.#place = place + 1;
    return metas.valueAt(place);
  }
}

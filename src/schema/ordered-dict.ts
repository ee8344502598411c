/**
 * A dict of a document whose keys differ, in their order. Most are gone through and not asked for a key, so what finds
 * one is made when it is first wanted. A pass may change it as a Map; places are those of the dict as it was read.
 */
export class OrderedDict<T> implements ReadonlyMap<string, T> {
  readonly #keys: readonly string[];
  readonly #values: readonly T[];
  #places: ReadonlyMap<string, number> | undefined;
  /** What it is since it was changed. */
  #changed: Map<string, T> | undefined;

  constructor(keys: readonly string[], values: readonly T[]) {
    this.#keys = keys;
    this.#values = values;
  }

  get size(): number {
    return this.#changed?.size ?? this.#keys.length;
  }

  /** The key's place; -1 when it is not there. */
  placeOf(key: string): number {
    return (this.#places ??= placesOf(this.#keys)).get(key) ?? -1;
  }

  has(key: string): boolean {
    return this.#changed?.has(key) ?? this.placeOf(key) >= 0;
  }

  get(key: string): T | undefined {
    return this.#changed === undefined ? this.#values[this.placeOf(key)] : this.#changed.get(key);
  }

  set(key: string, value: T): this {
    (this.#changed ??= new Map(this)).set(key, value);
    return this;
  }

  delete(key: string): boolean {
    return (this.#changed ??= new Map(this)).delete(key);
  }

  /** The key's place when it is the one that stands at `place`, or soon after it; -1 otherwise, which says nothing. */
  placeFrom(place: number, key: string): number {
    for (let i = place; i < place + LOOKAHEAD; i++) if (this.#keys[i] === key) return i;
    return -1;
  }

  valueAt(place: number): T | undefined {
    return this.#values[place];
  }

  forEach(visit: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  *entries(): MapIterator<[string, T]> {
    if (this.#changed !== undefined) yield* this.#changed;
    else for (let i = 0; i < this.#keys.length; i++) yield [this.#keys[i]!, this.#values[i]!];
  }

  keys(): MapIterator<string> {
    return this.#changed?.keys() ?? this.#keys.values();
  }

  values(): MapIterator<T> {
    return this.#changed?.values() ?? this.#values.values();
  }

  /** As console.log shows it. */
  [Symbol.for("nodejs.util.inspect.custom")](): ReadonlyMap<string, T> {
    return new Map(this);
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }
}

/** In a loop, since `new Map` of a list of pairs takes three times as long. */
function placesOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let i = 0; i < keys.length; i++) places.set(keys[i]!, i);
  return places;
}

const LOOKAHEAD = 4;

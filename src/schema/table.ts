/** The vocabulary of tables.generated.ts: what the decoder and the writer need to know of a type. */
export type Type =
  | { readonly kind: "int" | "float" | "str" | "bool" | "lazy" }
  | { readonly kind: "list" | "dict" | "optional"; readonly of: Type }
  | StructTable
  | UnionTable
  | EnumTable;

export interface FieldTable {
  readonly name: string;
  readonly type: Type;
  /** True when a valid document may leave the key out. */
  readonly mayBeAbsent?: boolean;
}

export interface StructTable {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: readonly FieldTable[];
  /** Makes the object from its fields' values in table order, so that all of one type share a shape. */
  readonly create: (values: readonly unknown[]) => object;
}

export interface Alternative extends FieldTable {
  readonly create: (value: unknown) => object;
}

export interface UnionTable {
  readonly kind: "union";
  readonly name: string;
  readonly fields: readonly Alternative[];
}

export interface EnumTable {
  readonly kind: "enum";
  readonly name: string;
  readonly values: ReadonlyMap<number, string>;
}

export type TypeTables = Readonly<Record<string, StructTable | UnionTable | EnumTable>>;

/** Stands for a type by name until `link` has seen them all. */
export function ref(name: string): Type {
  return { kind: "ref", name } as unknown as Type;
}

/** Replaces every `ref` by the table it names. */
export function link(tables: Record<string, StructTable | UnionTable | EnumTable>): TypeTables {
  const resolve = (type: Type): Type => {
    if ((type.kind as string) === "ref") return tables[(type as StructTable).name] as Type;
    return "of" in type ? { kind: type.kind, of: resolve(type.of) } : type;
  };
  for (const table of Object.values(tables)) {
    if (table.kind === "enum") continue;
    for (const field of table.fields as { name: string; type: Type }[]) field.type = resolve(field.type);
  }
  return tables;
}

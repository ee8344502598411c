/** The names that torch gives the schema's layouts and memory formats, by number and the other way round. 0 has none. */
import { Layout, MemoryFormat } from "./types.generated.ts";

export const layoutsByName: Readonly<Record<string, number>> = {
  sparse_coo: Layout.SparseCoo,
  sparse_csr: Layout.SparseCsr,
  sparse_csc: Layout.SparseCsc,
  sparse_bsr: Layout.SparseBsr,
  sparse_bsc: Layout.SparseBsc,
  mkldnn: Layout._mkldnn,
  strided: Layout.Strided,
};

export const memoryFormatsByName: Readonly<Record<string, number>> = {
  contiguous_format: MemoryFormat.ContiguousFormat,
  channels_last: MemoryFormat.ChannelsLast,
  channels_last_3d: MemoryFormat.ChannelsLast3d,
  preserve_format: MemoryFormat.PreserveFormat,
};

const byNumber = (numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(numbers).map(([name, number]) => [number, name]));

export const layoutNames = byNumber(layoutsByName);
export const memoryFormatNames = byNumber(memoryFormatsByName);

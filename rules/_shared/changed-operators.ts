/** How the operators of newer torches differ from those of the table: native_functions.yaml of 2.14.1 against 2.13.0. */
import type { Program } from "../../src/program/program.ts";
import { isFromTorch } from "./torch-version.ts";

interface Changes {
  readonly since: readonly [major: number, minor: number];
  /** Gone, by their targets. */
  readonly removed: readonly string[];
  /** With other arguments. */
  readonly changed: readonly string[];
}

const CHANGES: readonly Changes[] = [
  {
    since: [2, 14],
    removed: ["cholesky.default", "cholesky.out", "qr.default", "qr.Q"].map(
      (name) => `torch.ops.aten.${name}`,
    ),
    changed: ["_cdist_backward", "_pdist_backward", "_cudnn_attention_forward"].map(
      (name) => `torch.ops.aten.${name}.default`,
    ),
  },
];

function changesFor(program: Program): readonly Changes[] {
  return CHANGES.filter(({ since }) => isFromTorch(program, ...since));
}

/** The operators that the torch that wrote the program does not have any more, with the torch that they went with. */
export function removedOperators(program: Program): ReadonlyMap<string, string> {
  return new Map(
    changesFor(program).flatMap(({ removed, since }) => removed.map((name) => [name, since.join(".")])),
  );
}

/** The operators whose arguments are, in that torch, not those of the table. */
export function changedOperators(program: Program): readonly string[] {
  return changesFor(program).flatMap(({ changed }) => changed);
}

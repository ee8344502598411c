/** Export wrote none of it: what came behind did. */
const PASS =
  "`torch.export` writes no such program: a pass, a converter or an edit of the document behind it did. Lint between two passes to find which (docs/writing-a-pass.md), mend it there, or export again.";

/**
 * What to do about a finding, where the rule's description does not say it itself: by the rule's id, or else by its
 * family.
 */
const MENDING: Readonly<Record<string, string>> = {
  archive:
    "Fetch the file again in full (a fresh download, `git lfs pull`), or save the program again with `torch.export.save`. Do not unpack and pack an archive by hand: torch's reader wants it as torch writes it.",
  "archive/compiled-package":
    "Nothing, when compiled code is all that is wanted. To lint the program, save it too, with `torch.export.save`, and give pt2lint that file.",
  "archive/not-an-archive":
    "Give pt2lint what `torch.export.save` wrote: not a checkpoint of `torch.save`, TorchScript or safetensors. Run `git lfs pull` where the file is a pointer.",
  "archive/pickle":
    "Save the program again in a torch that you trust. For inputs of your own classes nothing needs to be done: give others with `--inputs`.",
  "archive/unsafe-path":
    "Take the file from whom you trust, and unpack it with nothing that follows such names.",
  arguments: PASS,
  "cond/arity": PASS,
  graph: PASS,
  "graph/dead-node":
    "Delete the line of Python that made it, or use what it computes: an operator that was meant to work in place ends in `_`.",
  "graph/device":
    "Move all weights, buffers and inputs to one device before export, or name that device in the call; a pass that moves weights has to move all of them.",
  "graph/functionalized-in-branch":
    "Write the buffer behind the `torch.cond` instead of in a branch: return the new value from both branches.",
  "graph/interface":
    "Return tensors and numbers from `forward`, a list or a dict of them too, and pass everything else in as an attribute of the module.",
  "graph/vmap-nesting":
    "Call `torch.vmap` outside of the body, or write the operator for batches by hand in it.",
  "loop/arity": PASS,
  payload: `${PASS} Its lists of weights and constants belong to the program that they were saved with.`,
  "payload/non-finite":
    "Look at the checkpoint that was loaded before export, and train or convert it again. A mask of infinities is in order: `--rule payload/non-finite=off`, or an entry of `suppressions`.",
  "payload/pickled":
    "Turn the weight into a plain tensor before export (`dequantize()`, `to_dense()`), or load it only where its class is.",
  "payload/shared-mutation":
    "Give one of the two a `clone()` before export if they are meant to be apart, or write and read the same one if not.",
  "payload/unused":
    "Remove the parameter from the module before export, or let the pass that dropped its use drop its entry too.",
  "portability/device":
    "Take the device from an input, `torch.zeros(2, device=x.device)`, export on the device that the program shall run on, or move the program with `torch.export.passes.move_to_device_pass`.",
  "portability/dtype":
    "Compute in float32, float16 or bfloat16, and split complex numbers into two real tensors.",
  "portability/initial-state":
    "Write the whole buffer before it is read, or run `InitializedMutableBufferPass` with its name when lowering to ExecuTorch.",
  "portability/literal":
    "Use a large finite number that the dtype holds, `torch.finfo(x.dtype).min`, or `masked_fill` with a bool mask behind the softmax.",
  "portability/operator":
    "Write the computation with other operators, give it a decomposition (`run_decompositions(table)`), or let a partitioner take the node.",
  "portability/result-overwritten":
    "Copy the result, `clone()`, behind the `torch.cond` and before the next one, or use it up before that.",
  schema:
    "Export and save the program again. Where another tool writes or edits documents, mend that: torch's schema says what each type holds.",
  "schema/newer-version": "Nothing. A newer pt2lint, once there is one, sees what the new fields say.",
  signature: PASS,
  "signature/constant-written":
    'Register the tensor: `self.register_buffer("c", c)` in the module\'s `__init__`.',
};

/** The families and rules whose descriptions end with what to do have no entry. */
export function mendingOf(id: string): string | undefined {
  return MENDING[id] ?? MENDING[id.slice(0, id.indexOf("/"))];
}

/** The rules and families that have an entry. */
export const mendedIds: readonly string[] = Object.keys(MENDING);

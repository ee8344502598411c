"""Write src/ops/facts/operators.json: what an installed torch says of its operators.

    python scripts/facts/ops.py [OUTPUT]

One line an operator: its schema as it is registered at run time, then its tags. Beside torch's own tags:
`composite` (it has a CompositeImplicitAutograd kernel, so only a TRAINING graph holds it unbroken),
`decomposed` (ExportedProgram.run_decompositions breaks it down by default) and `view` (OpOverload.is_view).
scripts/generate-ops.ts reads nothing else.
"""

import json
import pathlib
import sys

import torch
import torch._inductor.inductor_prims  # noqa: F401  registers its operators
import torch.ao.quantization.fx._decomposed  # noqa: F401  registers quantized_decomposed
from torch.export.exported_program import default_decompositions

# TorchScript's own machinery, test helpers and profiling never stand in an exported program.
LEFT_OUT = {"static_runtime", "profiler", "_test", "_inductor_test", "debug_mode_ops", "onnx", "onnx_symbolic"}
DECOMPOSED = set(default_decompositions())
DEFAULT_OUTPUT = pathlib.Path(__file__).parents[2] / "src/ops/facts/operators.json"


def overload_of(schema):
    """The OpOverload of a schema, or None where only TorchScript can call it."""
    namespace, name = schema.name.split("::")
    try:
        packet = getattr(getattr(torch.ops, namespace), name)
        return getattr(packet, schema.overload_name or "default")
    except (AttributeError, RuntimeError):
        return None


def key_of(schema):
    return schema.name + ("." + schema.overload_name if schema.overload_name else "")


def tags_of(schema):
    key = key_of(schema)
    tags = set()
    overload = overload_of(schema)
    if overload is not None:
        tags |= {tag.name for tag in overload.tags}
        if overload.is_view:
            tags.add("view")
        if overload in DECOMPOSED:
            tags.add("decomposed")
    if torch._C._dispatch_has_kernel_for_dispatch_key(key, "CompositeImplicitAutograd"):
        tags.add("composite")
    # Nearly all operators carry these two, and no analysis asks for them.
    return sorted(tags - {"pt2_compliant_tag", "generated"})


def main():
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUTPUT
    # What the dispatcher does not know (prim::*, aten::add.str) is TorchScript's and takes no part in export.
    dispatched = set(torch._C._dispatch_get_all_op_names())
    lines = {}
    for schema in torch._C._jit_get_all_schemas():
        if schema.name.split("::")[0] in LEFT_OUT or key_of(schema) not in dispatched:
            continue
        lines[str(schema)] = tags_of(schema)
    version = torch.__version__.split("+")[0]
    body = ",\n".join("  " + json.dumps([text, " ".join(lines[text])]) for text in sorted(lines))
    output.write_text(f'{{"torch": "{version}",\n"operators": [\n{body}\n]}}\n')
    print(f"{len(lines)} operators of torch {version} -> {output.name}")


if __name__ == "__main__":
    main()

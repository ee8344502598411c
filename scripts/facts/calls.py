"""Write src/ops/facts/calls.json: what an installed torch accepts in the call of a node.

    python scripts/facts/calls.py [OUTPUT]

- `kinds`: for each type of a schema, the alternatives of the document's Argument that torch turns into it. Measured:
  an operator with one argument of that type is called with a value of each kind.
- `numbers`: the operators that take a number where their schema says Tensor.
- `functions`: the plain Python functions that a node may call, with how few and how many arguments each takes.
- `higherOrder`: the names of the higher-order operators.

scripts/generate-ops.ts reads nothing else.
"""

import inspect
import json
import pathlib
import sys

import torch
import torch._higher_order_ops  # noqa: F401  registers most higher-order operators
import torch._higher_order_ops.flat_apply  # noqa: F401
import torch._higher_order_ops.triton_kernel_wrap  # noqa: F401
import torch._inductor.fx_passes.reinplace  # noqa: F401
import torch.export.custom_ops  # noqa: F401
from torch._export.serde.serialize import _SYM_OPS
from torch._export.verifier import Verifier
from torch.fx.experimental.symbolic_shapes import ShapeEnv

DEFAULT_OUTPUT = pathlib.Path(__file__).parents[2] / "src/ops/facts/calls.json"

TYPES = [
    "Tensor", "Tensor[]", "Tensor?[]", "Tensor[][]", "int", "SymInt", "float", "bool", "SymBool", "Scalar", "str",
    "ScalarType", "Device", "Layout", "MemoryFormat", "Generator", "int[]", "int[2]", "SymInt[]", "SymInt[2]",
    "float[]", "float[2]", "bool[]", "bool[2]", "str[]", "Scalar[]", "DeviceIndex", "QScheme",
]  # fmt: skip


def values():
    tensor, env = torch.zeros(2), ShapeEnv()
    integer, number, flag = env.create_unbacked_symint(), env.create_unbacked_symfloat(), env.create_unbacked_symbool()
    return {
        "as_none": None, "as_tensor": tensor, "as_tensors": [tensor], "as_optional_tensors": [tensor, None],
        "as_nested_tensors": [[tensor]], "as_int": 1, "as_ints": [1, 2], "as_int_lists": [(1, 2)], "as_float": 1.5,
        "as_floats": [1.5, 2.0], "as_float_lists": [[1.0, 2.0]], "as_bool": True, "as_bools": [True, False],
        "as_string": "cpu", "as_strings": ["a", "b"], "as_complex": 1j, "as_sym_int": integer,
        "as_sym_ints": [integer, 1], "as_sym_float": number, "as_sym_floats": [number], "as_sym_bool": flag,
        "as_sym_bools": [flag], "as_scalar_type": torch.float32, "as_memory_format": torch.contiguous_format,
        "as_layout": torch.strided, "as_device": torch.device("cpu"), "as_operator": torch.ops.aten.add.Tensor,
        "as_string_to_argument": {"a": 1},
    }  # fmt: skip


def kinds():
    library = torch.library.Library("pt2lint_facts", "DEF")
    accepted = {}
    for number, type_ in enumerate(TYPES):
        # The schema grammar has Generator in its optional form only.
        text = "Generator?" if type_ == "Generator" else type_
        name = f"take_{number}"
        library.define(f"{name}({text} a) -> ()")
        library.impl(name, lambda a: None, "CompositeExplicitAutograd")
        operator = getattr(torch.ops.pt2lint_facts, name).default
        accepted[type_] = [kind for kind, value in values().items() if takes(operator, value)]
    return accepted


def takes(operator, value):
    try:
        operator(value)
    except Exception:
        return False
    return True


def numbers():
    names = {name.split(".")[0] for name in torch._C._dispatch_get_all_op_names()}
    return sorted(n for n in names if torch._C._should_allow_numbers_as_tensors(n.split("::")[1]))


def verifier_functions():
    """What torch/_export/verifier.py allows beside operators. The second list is local to a method there."""
    predispatch = torch._functorch.predispatch
    vmap = [
        "_add_batch_dim", "_remove_batch_dim", "_vmap_increment_nesting", "_vmap_decrement_nesting",
        "lazy_load_decompositions", "_make_dual", "_unpack_dual", "_jvp_increment_nesting", "_jvp_decrement_nesting",
        "_unwrap_for_grad", "_enter_dual_level", "_exit_dual_level",
    ]  # fmt: skip
    return [
        *Verifier().allowed_builtin_ops(),
        torch.autograd.grad_mode.set_grad_enabled,
        torch._C._set_grad_enabled,
        torch.amp.autocast_mode._enter_autocast,
        torch.amp.autocast_mode._exit_autocast,
        torch.export.custom_ops._call_custom_autograd_function_in_pre_dispatch,
        torch.fx.experimental.symbolic_shapes.cast_symbool_to_symint_guardless,
        torch.sym_sum,
        *(getattr(predispatch, name) for name in vmap),
    ]


def target(function):
    """As GraphModuleSerializer.serialize_operator writes it."""
    return f"{function.__module__}.{function.__name__}"


def arity(function):
    parameters = inspect.signature(function).parameters.values()
    required = [p for p in parameters if p.default is p.empty]
    return [len(required), len(parameters)]


def main():
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUTPUT
    functions = {target(f): arity(f) for f in _SYM_OPS}
    for function in verifier_functions():
        functions.setdefault(target(function), None)
    facts = {
        "torch": torch.__version__.split("+")[0],
        "kinds": kinds(),
        "numbers": numbers(),
        "functions": dict(sorted(functions.items())),
        "higherOrder": sorted(torch._ops._higher_order_ops),
    }
    body = ",\n".join(f"{json.dumps(key)}: {lines(value)}" for key, value in facts.items())
    output.write_text(f"{{{body}}}\n")
    print(f"{len(facts['kinds'])} types, {len(functions)} functions, {len(facts['higherOrder'])} higher-order operators")


def lines(value):
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n}"


if __name__ == "__main__":
    main()

"""Run one call of an operator and say what it did with storages; shared by scripts/facts/aliasing.py."""

import torch
from torch._export.serde.serialize import (
    _TORCH_TO_SERIALIZE_DTYPE,
    _TORCH_TO_SERIALIZE_LAYOUT,
    _TORCH_TO_SERIALIZE_MEMORY_FORMAT,
)
from torch.utils._pytree import tree_leaves, tree_map_only

LARGEST_STORAGE = 1 << 16


def fresh(tensor):
    """The same values, strides and offset in a storage of its own, with a version counter of its own."""
    storage = tensor.untyped_storage()
    plain = tensor
    copy = torch.empty(0, dtype=plain.dtype, device=plain.device)
    copy.set_(storage.clone(), plain.storage_offset(), plain.size(), plain.stride())
    if tensor.is_conj():
        copy = torch._conj(copy)
    if tensor.is_neg():
        copy = torch._neg_view(copy)
    return copy


def contents(storage):
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy().tobytes()


def is_plain(tensor):
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter)
        and tensor.layout == torch.strided
        and not tensor.is_quantized
        and not tensor.is_nested
        and tensor.dtype in _TORCH_TO_SERIALIZE_DTYPE
        and (tensor.device.type == "meta" or tensor.untyped_storage().nbytes() <= LARGEST_STORAGE)
    )


def meta_of(tensor):
    """A compact TensorMeta: dtype, sizes, strides, offset, device, conj and neg bits."""
    meta = [
        int(_TORCH_TO_SERIALIZE_DTYPE[tensor.dtype]),
        list(tensor.size()),
        list(tensor.stride()),
        tensor.storage_offset(),
    ]
    if tensor.device.type != "cpu" or tensor.is_conj() or tensor.is_neg():
        meta.append(tensor.device.type)
    if tensor.is_conj() or tensor.is_neg():
        meta.append((1 if tensor.is_conj() else 0) + (2 if tensor.is_neg() else 0))
    return meta


class Document:
    """The arguments of a call as a saved program has them (torch/_export/serde/serialize.py)."""

    def __init__(self):
        self.tensors = []  # in order of first appearance: (argument, index in its list or -1, tensor)

    def name(self, argument, index, tensor):
        self.tensors.append((argument, index, tensor))
        return {"name": f"t{len(self.tensors) - 1}"}

    def argument(self, name, value):
        if value is None:
            return {"as_none": True}
        if isinstance(value, torch.Tensor):
            return {"as_tensor": self.name(name, -1, value)}
        if isinstance(value, bool):
            return {"as_bool": value}
        if isinstance(value, int):
            return {"as_int": value}
        if isinstance(value, float):
            return {"as_float": value if value - value == 0 else str(value)}
        if isinstance(value, complex):
            return {"as_complex": {"real": value.real, "imag": value.imag}}
        if isinstance(value, str):
            return {"as_string": value}
        if isinstance(value, torch.dtype):
            return {"as_scalar_type": int(_TORCH_TO_SERIALIZE_DTYPE[value])}
        if isinstance(value, torch.memory_format):
            return {"as_memory_format": int(_TORCH_TO_SERIALIZE_MEMORY_FORMAT[value])}
        if isinstance(value, torch.layout):
            return {"as_layout": int(_TORCH_TO_SERIALIZE_LAYOUT[value])}
        if isinstance(value, torch.device):
            return {"as_device": {"type": value.type, "index": value.index}}
        if isinstance(value, (list, tuple)):
            return self.list(name, value)
        raise TypeError(f"no document for {type(value)}")

    def list(self, name, values):
        if any(isinstance(v, torch.Tensor) for v in values):
            if all(isinstance(v, torch.Tensor) for v in values):
                return {"as_tensors": [self.name(name, i, v) for i, v in enumerate(values)]}
            return {
                "as_optional_tensors": [
                    {"as_none": True} if v is None else {"as_tensor": self.name(name, i, v)}
                    for i, v in enumerate(values)
                ]
            }
        if all(isinstance(v, bool) for v in values) and values:
            return {"as_bools": list(values)}
        if all(isinstance(v, int) for v in values):
            return {"as_ints": list(values)}
        if all(isinstance(v, (float, int)) for v in values):
            return {"as_floats": [float(v) for v in values]}
        raise TypeError("no document for this list")


def bound(func, args, kwargs):
    """Arguments by name, without those equal to their default."""
    out = {}
    for i, argument in enumerate(func._schema.arguments):
        if i < len(args):
            value = args[i]
        elif argument.name in kwargs:
            value = kwargs[argument.name]
        else:
            continue
        if argument.has_default_value():
            default = argument.default_value
            if value is None and default is None:
                continue
            if isinstance(value, (bool, int, float, str)) and type(value) is type(default) and value == default:
                continue
        out[argument.name] = value
    return out


def observe(func, args, kwargs):
    """One case: [target, arguments, input metas, output metas, truth], or None where it says nothing."""
    leaves = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    if any(not is_plain(x) for x in leaves) or any(isinstance(x, torch.Generator) for x in tree_leaves(kwargs)):
        return None
    args, kwargs = tree_map_only(torch.Tensor, fresh, (tuple(args), dict(kwargs)))
    named = bound(func, args, kwargs)
    document = Document()
    try:
        arguments = {name: document.argument(name, value) for name, value in named.items()}
    except (TypeError, KeyError):
        return None
    inputs = [tensor for _, _, tensor in document.tensors]
    metas = [meta_of(x) for x in inputs]
    versions = [x._version for x in inputs]
    storages = [x.untyped_storage()._cdata for x in inputs]
    before = [None if x.device.type == "meta" else contents(x.untyped_storage()) for x in inputs]
    result = func(*args, **kwargs)
    outputs = flat_outputs(result) if func._schema.returns else []
    if any(x is not None and not is_plain(x) for x in outputs):
        return None
    keep = [x.untyped_storage() for x in inputs]
    # Where the call gave an argument another storage (set_), the old pointer is what names it.
    writes = []
    for i, x in enumerate(inputs):
        bump = x._version != versions[i]
        same = keep[i]._cdata == storages[i]
        changed = before[i] is not None and same and contents(keep[i]) != before[i]
        if bump or changed or not same:
            writes.append([i, ("v" if bump else "") + ("b" if changed else "") + ("" if same else "s")])
    fresh_storages = {}
    sharing = []
    for x in outputs:
        if x is None:
            sharing.append(None)
            continue
        pointer = x.untyped_storage()._cdata
        sources = [i for i, s in enumerate(storages) if s == pointer]
        sharing.append(sources if sources else -1 - fresh_storages.setdefault(pointer, len(fresh_storages)))
    where = [[argument, index] for argument, index, _ in document.tensors]
    target = "torch.ops." + func._schema.name.replace("::", ".") + "." + (func._overloadname or "default")
    outs = [None if x is None else meta_of(x) for x in outputs]
    return [target, arguments, where, metas, outs, sharing, writes]


def flat_outputs(result):
    """The tensors of a result in order; None keeps its place, numbers have none."""
    if result is None:
        return [None]
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        out = []
        for x in result:
            if x is None or isinstance(x, (torch.Tensor, list, tuple)):
                out.extend(flat_outputs(x))
        return out
    return []

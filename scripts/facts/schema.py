"""Writes src/schema/facts/schema.json: what torch's own dataclasses say about the exported document.

Run it with a Python that has torch:  python scripts/facts/schema.py
It reads the live classes of torch._export.serde.schema, so the facts are those of the installed version.
"""

import dataclasses
import enum
import json
import pathlib
import types
import typing

import torch
from torch._export.serde import schema
from torch._export.serde.union import _Union

OUT = pathlib.Path(__file__).parents[2] / "src" / "schema" / "facts" / "schema.json"


def type_of(annotation):
    """A nested list in our own notation: "int", "Name", ["list", T], ["dict", T], ["optional", T]."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_of(args[0])
    if origin in (typing.Union, types.UnionType):
        (inner,) = [a for a in args if a is not type(None)]
        return ["optional", type_of(inner)]
    if origin is list:
        return ["list", type_of(args[0])]
    if origin is dict:
        assert args[0] is str
        return ["dict", type_of(args[1])]
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__


def default_of(field):
    if field.default_factory is not dataclasses.MISSING:
        return {"default": field.default_factory()}
    if field.default is not dataclasses.MISSING:
        return {"default": field.default}
    return {}


def describe(cls):
    if issubclass(cls, enum.IntEnum):
        return {"kind": "enum", "values": {m.name: m.value for m in cls}}
    union = issubclass(cls, _Union)
    hints = typing.get_type_hints(cls, include_extras=True)
    fields = [
        {"name": f.name, "type": type_of(hints[f.name]), **({} if union else default_of(f))}
        for f in dataclasses.fields(cls)
    ]
    return {"kind": "union" if union else "struct", "fields": fields}


def main():
    # What only a compiled package or another tool holds is no part of an exported program.
    skipped = {"AOTInductorModelPickleData", "ExternKernelNode", "ExternKernelNodes"}
    classes = {
        name: cls
        for name, cls in vars(schema).items()
        if isinstance(cls, type)
        and cls.__module__ == schema.__name__
        and name not in skipped
    }
    facts = {
        "torch": torch.__version__.split("+")[0],
        "schemaVersion": list(schema.SCHEMA_VERSION),
        "treespecVersion": schema.TREESPEC_VERSION,
        "types": {name: describe(classes[name]) for name in sorted(classes)},
    }
    OUT.write_text(json.dumps(facts, indent=1) + "\n")
    print(f"{OUT.name}: {len(facts['types'])} types")


main()

"""Arguments for operators that nobody wrote samples for, and variations of those that have some."""

import random

import torch

SHAPES = [
    (), (1,), (0,), (3,), (4,), (6,), (1, 1), (2, 3), (1, 3), (3, 1), (3, 3), (0, 3), (4, 4), (2, 4), (1, 4, 4),
    (2, 3, 4), (2, 1, 4), (1, 3, 4), (2, 0, 4), (3, 3, 3), (2, 4, 4, 4), (1, 4, 2, 2), (2, 3, 1, 1), (1, 1, 1, 1),
    (2, 4, 3, 3), (2, 1, 3, 3), (2, 2, 2, 2, 2), (1, 3, 2, 2, 2),
]  # fmt: skip
STRINGS = {
    "mode": ["constant", "reflect", "replicate", "circular", "nearest", "bilinear", "linear", "trunc", "floor",
             "complete", "reduced", "bicubic"],
    "indexing": ["ij", "xy"], "equation": ["i", "ij", "ij->ji", "i->i", "ii->i", "i,i->i", "ij,jk->ik", "...",
                                           "ij->i", "...->...", "ij,ij->ij", "i,j->ij", "ii", "ji", "ijk->kji"],
    "UPLO": ["L", "U"], "UPLO ": ["L"], "reduce": ["sum", "mean", "prod", "amax", "amin"], "side": ["left", "right"],
    "ord": ["fro", "nuc"], "approximate": ["none", "tanh"], "norm": [None, "ortho", "forward", "backward"],
    "interpolation": ["linear", "nearest", "lower", "higher", "midpoint"], "padding": ["valid", "same"],
    "pad_mode": ["constant", "reflect"], "rounding_mode": [None, "trunc", "floor"], "driver": [None],
    "ord.str": ["fro", "nuc"],
}  # fmt: skip
DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64, torch.bfloat16, torch.int32]
FORMATS = [torch.contiguous_format, torch.preserve_format, torch.channels_last]
INTEGER_NAMES = ("index", "indices", "target", "offsets", "idx", "batch_sizes", "lengths", "boundaries", "sections")


def values(shape, dtype, rng):
    if dtype == torch.bool:
        return torch.randint(0, 2, shape).bool()
    if dtype.is_floating_point or dtype.is_complex:
        return torch.rand(shape, dtype=torch.float32 if dtype.is_floating_point else dtype).to(dtype) + 0.01
    return torch.randint(0, rng.choice([1, 2, 4]), shape, dtype=dtype)


def relaid(tensor, rng):
    """The same sizes with other strides: transposed, stepped, expanded, channels last, with an offset."""
    kind = rng.randrange(8)
    sizes, rank = tensor.size(), tensor.dim()
    try:
        if kind == 0 and rank >= 2:
            a, b = rng.sample(range(rank), 2)
            return tensor.transpose(a, b).contiguous().transpose(a, b)
        if kind == 1 and rank >= 1:
            d = rng.randrange(rank)
            return torch.repeat_interleave(tensor, 2, d).select_scatter(tensor.select(d, 0), d, 0).narrow(d, 0, 2 * sizes[d])[
                tuple(slice(None, None, 2) if i == d else slice(None) for i in range(rank))
            ]
        if kind == 2 and rank >= 1:
            d = rng.randrange(rank)
            return tensor.narrow(d, 0, 1).expand(sizes) if sizes[d] else tensor
        if kind == 3 and rank in (4, 5):
            return tensor.contiguous(memory_format=torch.channels_last if rank == 4 else torch.channels_last_3d)
        if kind == 4:
            return torch.cat([tensor.reshape(-1)[:0].new_zeros(2), tensor.reshape(-1)])[2:].view(sizes)
        if kind == 5 and rank >= 2:
            order = list(range(rank))
            rng.shuffle(order)
            inverse = [order.index(i) for i in range(rank)]
            return tensor.permute(order).contiguous().permute(inverse)
        if kind == 6 and rank >= 1:
            d = rng.randrange(rank)
            wide = torch.cat([tensor, tensor], d)
            return wide.narrow(d, rng.choice([0, sizes[d]]), sizes[d])
        if kind == 7 and tensor.is_complex():
            return tensor.conj()
    except RuntimeError:
        pass
    return tensor


class Arguments:
    """Random arguments for one schema."""

    def __init__(self, schema, seed):
        self.schema = schema
        self.rng = random.Random(seed)

    def draw(self):
        rng = self.rng
        self.shape = rng.choice(SHAPES)
        self.dtype = rng.choice([torch.float32] * 5 + DTYPES)
        kwargs = {}
        for argument in self.schema.arguments:
            if not argument.has_default_value() or rng.random() < 0.55:
                kwargs[argument.name] = self.value(str(argument.real_type), argument.name)
        return kwargs

    def tensor(self, name):
        rng = self.rng
        dtype = self.dtype if rng.random() < 0.85 else rng.choice(DTYPES)
        if any(word in name for word in INTEGER_NAMES) and rng.random() < 0.9:
            dtype = torch.int64
        if name in ("mask", "condition") and rng.random() < 0.9:
            dtype = torch.bool
        shape = self.shape if rng.random() < 0.7 else rng.choice(SHAPES)
        if name in ("weight", "bias", "running_mean", "running_var") and len(self.shape) > 1 and rng.random() < 0.8:
            shape = (self.shape[1],)
        if dtype.is_complex and rng.random() < 0.2:
            return values(shape, dtype, rng).conj()
        made = values(shape, dtype, rng)
        return relaid(made, rng) if rng.random() < 0.35 else made

    def integers(self, name, length=None):
        rng = self.rng
        if any(word in name for word in ("size", "shape")) and rng.random() < 0.7:
            sizes = list(self.shape)
            kind = rng.randrange(5)
            if kind == 0:
                sizes = [-1]
            elif kind == 1:
                rng.shuffle(sizes)
            elif kind == 2 and sizes:
                sizes[rng.randrange(len(sizes))] = 1
            elif kind == 3:
                sizes = [1, *sizes]
            return sizes[-length:] if length else sizes
        if name in ("dim", "dims", "axes") and rng.random() < 0.5:
            order = list(range(len(self.shape)))
            rng.shuffle(order)
            return order[: rng.randint(0, len(order))] if rng.random() < 0.6 else order
        return [rng.choice([0, 0, 1, 1, 2, 3, -1]) for _ in range(length or rng.randint(0, 4))]

    def value(self, kind, name):
        rng = self.rng
        if kind.startswith("Optional["):
            return None if rng.random() < 0.4 else self.value(kind[9:-1], name)
        if kind.startswith("List["):
            element = kind[5:-1]
            if element in ("int", "SymInt"):
                return self.integers(name, rng.choice([None, None, 1, 2, 3]))
            many = rng.randint(1, 3)
            shared = rng.random() < 0.7 and element == "Tensor"
            if shared:
                shape = rng.choice(SHAPES)
                return [values(shape, self.dtype, rng) for _ in range(many)]
            return [self.value(element, name) for _ in range(many)]
        return self.scalar(kind, name)

    def scalar(self, kind, name):
        rng = self.rng
        if kind == "Tensor":
            return self.tensor(name)
        if kind in ("int", "SymInt"):
            if name in ("dtype", "out_dtype"):
                return rng.choice(DTYPES)
            if name == "layout":
                return torch.strided
            if name == "device":
                return torch.device("cpu")
            if name == "memory_format":
                return rng.choice(FORMATS)
            if "size" in name and self.shape and rng.random() < 0.4:
                return rng.choice(self.shape)
            return rng.choice([0, 0, 0, 1, 1, 1, 2, 2, 3, 4, -1, -1, -2])
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "float":
            return rng.choice([0.0, 0.5, 1.0, 2.0, 1e-5])
        if kind == "number":
            return rng.choice([0, 1, 2, 0.5, 1.0])
        if kind == "str":
            return rng.choice(STRINGS.get(name, ["none", "sum", "mean"]))
        if kind == "Device":
            return torch.device(rng.choice(["cpu", "cpu", "cpu", "meta"]))
        if kind == "ScalarType":
            return rng.choice(DTYPES)
        if kind == "Layout":
            return torch.strided
        if kind == "MemoryFormat":
            return rng.choice(FORMATS)
        if kind == "Generator":
            return None
        raise TypeError(kind)

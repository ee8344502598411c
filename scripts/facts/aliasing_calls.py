"""Calls written by hand: what random arguments do not hit, and what decides between a view and a copy."""

import itertools

import torch
import torch.ao.quantization.fx._decomposed  # noqa: F401  registers quantized_decomposed

A, P = torch.ops.aten, torch.ops.prims


def layouts():
    """Tensors of one dtype in the layouts that torch tells apart."""
    x = torch.rand(2, 4, 4, 4)
    yield from (x, x.to(memory_format=torch.channels_last), x.transpose(1, 2), x[:, ::2], x[:, :1], x[:1], x[1:])
    yield from (x[:, :1].to(memory_format=torch.channels_last), x[0], x[0, 0].t(), torch.rand(3), torch.rand(()))
    yield from (torch.rand(1, 4).expand(3, 4), torch.rand(0, 3), torch.rand(2, 0, 3).transpose(0, 2), torch.rand(6)[::2])
    yield from (torch.rand(1, 1, 1, 1), torch.rand(1, 8, 1, 1), torch.rand(2, 3, 2, 2, 2).permute(0, 4, 1, 2, 3))
    yield torch.rand(2, 3, 2, 2, 2).contiguous(memory_format=torch.channels_last_3d)


def conversions():
    formats = [None, torch.preserve_format, torch.contiguous_format, torch.channels_last]
    for x, dtype, copy, form in itertools.product(
        layouts(), (torch.float32, torch.float16), (False, True), formats
    ):
        more = {"copy": copy, "memory_format": form}
        yield A.to.dtype, (x, dtype), more
        yield A.to.dtype_layout, (x,), {"dtype": dtype, **more}
        yield A.to.device, (x, torch.device("cpu"), dtype), more
        yield A.to.other, (x, torch.rand(2).to(dtype)), more
    for x, device in itertools.product(layouts(), ("cpu", "cpu:0", "meta")):
        yield A.to.device, (x, torch.device(device), torch.float32), {}
        yield A.to.dtype_layout, (x,), {"device": torch.device(device)}
    for x, form in itertools.product(layouts(), [*formats[2:], torch.channels_last_3d, None]):
        yield A.contiguous.default, (x,), {} if form is None else {"memory_format": form}
        yield A._to_copy.default, (x,), {}
        yield A.clone.default, (x,), {"memory_format": form}


def reshapes():
    for x in layouts():
        n = x.numel()
        shapes = [[-1], [n], [1, -1], [n, 1], list(x.size()), list(x.size())[::-1], [*x.size(), 1], [1, *x.size()]]
        shapes += [[2, -1], [-1, 2], [-1, 4], [4, -1], [-1, x.size(-1)] if x.dim() else [1], [0], [2, 2, -1], [-1, 2, 2]]
        for shape in shapes:
            yield A.reshape.default, (x, shape), {}
            yield A.view.default, (x, shape), {}
            yield A._unsafe_view.default, (x, shape), {}
        for start, end in itertools.combinations_with_replacement(range(x.dim()), 2):
            yield A.flatten.using_ints, (x, start, end), {}
        yield A.reshape_as.default, (x, torch.rand(n)), {}
        yield A.ravel.default, (x,), {}


def in_place():
    for x in layouts():
        yield A.zero_.default, (x,), {}
        yield A.fill_.Scalar, (x, 1), {}
        yield A.copy_.default, (x, x), {}
        yield A.copy_.default, (x, torch.rand(())), {}
        yield A.add_.Tensor, (x, x), {}
        yield A.masked_fill_.Scalar, (x, x > 0.5, 1), {}
        for name in ("t_", "squeeze_", "detach_", "requires_grad_", "relu_", "sigmoid_"):
            yield getattr(A, name).default, (x,), {}
        yield A.unsqueeze_.default, (x, 0), {}
        yield A.transpose_.default, (x, 0, -1), {}
        yield A.as_strided_.default, (x, [1], [1]), {}
        yield A.index_put_.default, (x, [torch.tensor([0])], torch.rand(())), {}
        yield A.set_.default, (x,), {}
        yield A.resize_.default, (x, list(x.size())), {}
        yield A.resize_.default, (x, [2]), {}
        yield A.dropout_.default, (x, 0.5, True), {}
        yield A.clamp_.default, (x, 0.1, 0.2), {}
    for y in (torch.rand(3), torch.rand(0)):
        out = torch.empty(0)
        yield A.add.out, (y, y), {"out": torch.empty_like(y)}
        yield A.mul.out, (y, y), {"out": out}
        yield A.cat.out, ([y, y],), {"out": out}
        yield A.sort.values, (y,), {"values": out, "indices": torch.empty(0, dtype=torch.int64)}
    for name in ("_foreach_zero_", "_foreach_neg_", "_foreach_sqrt_"):
        yield getattr(A, name).default, ([torch.rand(3), torch.rand(0), torch.rand(2, 2)],), {}
    yield A._foreach_copy_.default, ([torch.rand(3), torch.rand(2)], [torch.rand(3), torch.rand(2)]), {}
    yield A._foreach_addcmul_.Scalar, ([torch.rand(3)], [torch.rand(3)], [torch.rand(3)]), {}
    yield A._foreach_addcdiv_.Scalar, ([torch.rand(3)], [torch.rand(3)], [torch.rand(3)]), {}


def optimizers():
    v = lambda: [torch.rand(3), torch.rand(2, 2)]  # noqa: E731
    step = lambda: [torch.tensor(1.0), torch.tensor(1.0)]  # noqa: E731
    scales = [{}, {"grad_scale": torch.tensor(2.0), "found_inf": torch.tensor(0.0)}]
    for scale, amsgrad in itertools.product(scales, (False, True)):
        common = {"lr": 0.1, "weight_decay": 0.1, "eps": 1e-5, "maximize": False, **scale}
        adam = {**common, "beta1": 0.9, "beta2": 0.99, "amsgrad": amsgrad}
        for op in (A._fused_adam_, A._fused_adamw_):
            yield op.default, (v(), v(), v(), v(), v() if amsgrad else [], step()), adam
        yield A._fused_adagrad_.default, (v(), v(), v(), step()), {**common, "lr_decay": 0.1}
        sgd = {"weight_decay": 0.1, "momentum": 0.9, "lr": 0.1, "dampening": 0.0, "nesterov": False, **scale}
        yield A._fused_sgd_.default, (v(), v(), v()), {**sgd, "maximize": False, "is_first_step": amsgrad}


def weights():
    one, few = torch.ones(1), torch.ones(3)
    for x, w in ((torch.rand(1), one), (torch.rand(2, 1), one), (torch.rand(()), torch.ones(())), (torch.rand(2, 3), few)):
        yield A.cov.default, (x,), {"aweights": w}
        yield A.cov.default, (x,), {"fweights": w.long()}
        yield A.cov.default, (x,), {"aweights": w, "fweights": w.long()}


def recurrent():
    for bias, layers, both, batch_first, train in itertools.product((True, False), (1, 2), (False, True), (False, True), (False, True)):
        for kind, op in ((torch.nn.LSTM, A.lstm), (torch.nn.GRU, A.gru), (torch.nn.RNN, A.rnn_tanh)):
            weights = kind(4, 5, layers, bias=bias, bidirectional=both)._flat_weights
            x = torch.rand(1 if layers == 1 else 3, 1 if layers == 1 else 3, 4)
            h = torch.rand(layers * (2 if both else 1), x.size(0 if batch_first else 1), 5)
            hidden = [h, h.clone()] if kind is torch.nn.LSTM else h
            yield op.input, (x, hidden, weights, bias, layers, 0.0, train, both, batch_first), {}
            if not batch_first:
                packed = torch.nn.utils.rnn.pack_padded_sequence(x, [x.size(0)] * x.size(1))
                yield op.data, (packed.data, packed.batch_sizes, hidden, weights, bias, layers, 0.0, train, both), {}
    w = torch.nn.LSTMCell(4, 5)
    x, h = torch.rand(2, 4), torch.rand(2, 5)
    yield A.lstm_cell.default, (x, [h, h.clone()], w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh), {}


def quantization():

    Q = torch.ops.quantized_decomposed
    x, s, z = torch.rand(2, 4), torch.tensor(0.1), torch.tensor(0)
    q = torch.zeros(2, 4, dtype=torch.int8)
    per = (torch.rand(2) + 0.1, torch.zeros(2, dtype=torch.int64))
    rows = (torch.rand(2, 1) + 0.1, torch.zeros(2, 1, dtype=torch.int64))
    ends, i8 = (-128, 127), torch.int8
    yield Q.quantize_per_tensor.default, (x, 0.1, 0, *ends, i8), {}
    yield Q.dequantize_per_tensor.default, (q, 0.1, 0, *ends, i8), {}
    for overload in ("tensor", "tensor2"):
        bounds = ends if overload == "tensor" else (torch.tensor(-128), torch.tensor(127))
        yield getattr(Q.quantize_per_tensor, overload), (x, s, z, *bounds, i8), {}
        yield getattr(Q.dequantize_per_tensor, overload), (q, s, z, *bounds, i8), {}
    yield Q.quantize_per_channel.default, (x, *per, 0, *ends, i8), {}
    yield Q.dequantize_per_channel.default, (q, *per, 0, *ends, i8), {}
    yield Q.quantize_per_token.default, (x, *rows, *ends, i8), {}
    yield Q.dequantize_per_token.default, (q, *rows, *ends, i8, torch.float32), {}
    yield Q.choose_qparams.tensor, (x, *ends, 1e-5, i8), {}
    yield Q.choose_qparams_symmetric.tensor, (x, *ends, 1e-5, i8), {}
    yield Q.choose_qparams_per_token.default, (x, i8), {}
    yield Q.choose_qparams_per_token_asymmetric.default, (x, i8), {}
    yield Q.quantize_per_channel_group.default, (x, rows[0].expand(2, 2).clone(), rows[1].expand(2, 2).int().clone(), *ends, i8, 2), {}
    yield Q.dequantize_per_channel_group.default, (q, rows[0].expand(2, 2).clone(), rows[1].expand(2, 2).int().clone(), *ends, i8, 2, torch.float32), {}
    for dtype in (torch.float32, torch.float16):
        yield Q.convert_element_type.no_fuse, (x, dtype), {}
        yield P.convert_element_type.default, (x, dtype), {}


def explicit_calls():
    torch.manual_seed(0)
    for group in (conversions, reshapes, in_place, optimizers, weights, recurrent, quantization):
        yield from group()

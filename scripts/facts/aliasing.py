"""Call torch's operators and record which storages their results share and what they write.

    python scripts/facts/aliasing.py measure RAW.jsonl [PART PARTS [samples|modules|random]]
    python scripts/facts/aliasing.py select RAW.jsonl...

`measure` calls every overload of aten, prims and quantized_decomposed: on what
torch.testing._internal.common_methods_invocations runs it with (caught before CompositeImplicitAutograd
operators are broken up, as export catches them, and after), on variations of that, and on random arguments.
`select` writes a well-spread part of the cases to src/ops/facts/aliasing-cases.json.gz, which
src/ops/aliasing/cases.test.ts demands to be equal, one by one. Each overload runs in a process of its own,
because some internal ones crash on arguments they do not expect.
"""

import collections
import contextlib
import importlib.util
import json
import os
import pathlib
import random
import signal
import sys
import time
import types
import unittest
import warnings

import torch
from torch._dispatch.python import enable_pre_dispatch, enable_python_dispatcher
from torch._subclasses.schema_check_mode import SchemaCheckMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from aliasing_calls import explicit_calls
from aliasing_cases import fresh, is_plain, observe
from aliasing_inputs import Arguments, relaid

NAMESPACES = {"aten", "prims", "quantized_decomposed"}
OUTPUT = pathlib.Path(__file__).parents[2] / "src/ops/facts/aliasing-cases.json.gz"
# They touch files, processes, devices or autograd; none has a tensor's aliasing to tell.
LEFT_OUT = {"aten::from_file", "aten::_foobar", "aten::backward", "aten::record_stream", "aten::_cuda_getCurrentRawStream"}


class PreDispatch(SchemaCheckMode):
    """Sees each call before composite operators are broken up. Only torch's own modes may stand on the
    pre-dispatch stack, so this is one by name."""

    def __init__(self, sink):
        TorchDispatchMode.__init__(self, torch._C.DispatchKey.PreDispatch)
        self._dispatch_key = torch._C.DispatchKey.PreDispatch
        self.sink = sink

    def __torch_dispatch__(self, func, _types, args=(), kwargs=None):
        self.sink(func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


class PostDispatch(TorchDispatchMode):
    def __init__(self, sink):
        super().__init__()
        self.sink = sink

    def __torch_dispatch__(self, func, _types, args=(), kwargs=None):
        self.sink(func, args, kwargs or {})
        return func(*args, **(kwargs or {}))


class Cases:
    """Distinct cases of one process, written as they come."""

    def __init__(self, stream):
        self.stream = stream
        self.seen = set()

    def record(self, func, args, kwargs):
        try:
            case = observe(func, args, kwargs)
        except Exception:
            return False
        if case is None:
            return False
        line = json.dumps(case, separators=(",", ":"))
        if line not in self.seen:
            self.seen.add(line)
            self.stream.write(line + "\n")
        return True


def in_child(work, seconds):
    """Run `work` in a forked process that is killed after `seconds`."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    signal.alarm(seconds)
    status = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        with torch.no_grad():
            work()
        status = 0
    finally:
        os._exit(status)


def overloads():
    dispatched = set(torch._C._dispatch_get_all_op_names())  # the rest is TorchScript's
    for schema in torch._C._jit_get_all_schemas():
        namespace, name = schema.name.split("::")
        if name.startswith(("_test_", "_nested_")):
            continue  # torch's own tests, and what belongs to nested tensors
        key = schema.name + ("." + schema.overload_name if schema.overload_name else "")
        if namespace not in NAMESPACES or schema.name in LEFT_OUT or key not in dispatched:
            continue
        try:
            yield getattr(getattr(getattr(torch.ops, namespace), name), schema.overload_name or "default")
        except (AttributeError, RuntimeError):
            continue


def takes_tensors(func):
    texts = [str(a.type) for a in func._schema.arguments]
    return any("Tensor" in text for text in texts) or "Tensor" in str(func._schema)


def random_calls(func, cases, seed=0):
    """More for what may alias: an annotation that does not write, or a composite."""
    composite = func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd)
    is_out = any(a.is_out for a in func._schema.arguments)
    # How many calls should succeed, and how long to try.
    enough, seconds = (25, 0.15) if is_out else (300, 1.5) if composite or func.is_view else (60, 0.5)
    draw = Arguments(func._schema, f"{func} {seed}")
    torch.manual_seed(seed)
    end = time.monotonic() + seconds
    successes = 0
    while time.monotonic() < end and successes < enough:
        try:
            kwargs = draw.draw()
        except Exception:
            continue
        successes += cases.record(func, (), kwargs)


def keep_in(calls):
    """A sink that only keeps calls: under a mode, the keys that bump versions are already behind us."""

    def sink(func, args, kwargs):
        leaves = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        if func.namespace in NAMESPACES and len(calls[func]) < 40 and all(map(is_plain, leaves)):
            calls[func].append(tree_map_only(torch.Tensor, fresh, (args, kwargs)))

    return sink


def watched(calls, run):
    """Run something twice: before composite operators are broken up, and after."""
    for mode in (PreDispatch, PostDispatch):
        try:
            with contextlib.ExitStack() as stack:
                if mode is PreDispatch:
                    stack.enter_context(enable_python_dispatcher())
                    stack.enter_context(enable_pre_dispatch())
                stack.enter_context(mode(keep_in(calls)))
                run()
        except Exception:
            pass  # torch's samples of refusals, and modes that an operator does not support


def replay(calls, cases, seed):
    """Record the kept calls and variations of them."""
    rng = random.Random(seed)
    for func, recorded in calls.items():
        for args, kwargs in recorded:
            cases.record(func, args, kwargs)
            for _ in range(2):
                vary = lambda x: relaid(x, rng) if is_plain(x) and rng.random() < 0.7 else x  # noqa: E731
                try:
                    cases.record(func, *tree_map_only(torch.Tensor, vary, (args, kwargs)))
                except Exception:
                    pass


def samples_of(info, cases, seed):
    """Everything torch's own samples of one operator call, and variations of it."""
    calls = collections.defaultdict(list)
    for dtype in (torch.float32, torch.int64, torch.complex64, torch.bool):
        if dtype not in info.dtypes:
            continue
        try:
            samples = list(info.sample_inputs("cpu", dtype, requires_grad=False))
        except Exception:
            continue
        for sample in random.Random(seed).sample(samples, min(len(samples), 16)):
            watched(calls, lambda sample=sample: info(sample.input, *sample.args, **sample.kwargs))
    replay(calls, cases, f"{info.name} {seed}")


def modules_of(info, cases, seed):
    """Everything torch's own samples of one nn.Module call, in training and in evaluation."""
    calls = collections.defaultdict(list)
    for training in (True, False):
        inputs = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
        )
        for sample in list(inputs)[:12]:
            if sample.forward_input is None:
                continue
            made = info.module_cls(*sample.constructor_input.args, **sample.constructor_input.kwargs)
            made.train(training)
            given = sample.forward_input
            watched(calls, lambda made=made, given=given: made(*given.args, **given.kwargs))
    replay(calls, cases, f"{info.name} {seed}")


def explicit(cases, _seed):
    for func, args, kwargs in explicit_calls():
        cases.record(func, args, kwargs)


def sample_database():
    """torch's OpInfos. Their module imports a test package that the samples themselves do not need."""
    if importlib.util.find_spec("expecttest") is None:
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_methods_invocations import op_db

    from torch.testing._internal.common_modules import module_db

    return op_db, module_db


def measure(path, part=0, parts=1, kind="samples modules random"):
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    log = open(path + ".log", "w")
    work = []
    operators, modules = sample_database()
    if "samples" in kind:
        work += [(i.formatted_name, lambda cases, seed, i=i: samples_of(i, cases, seed)) for i in operators]
    composite = torch._C.DispatchKey.CompositeImplicitAutograd
    calls = sorted(overloads(), key=lambda f: not f.has_kernel_for_dispatch_key(composite))
    if "modules" in kind:
        work += [(i.name, lambda cases, seed, i=i: modules_of(i, cases, seed)) for i in modules]
        work += [("by hand", explicit)]
    if "random" in kind:
        work += [(str(f), lambda cases, seed, f=f: random_calls(f, cases, seed)) for f in calls if takes_tensors(f)]
    work.sort(key=lambda pair: pair[0].endswith("out"))
    for name, call in work[part::parts]:
        for seed in range(4):

            def run(call=call, seed=seed):
                with open(path, "a", buffering=1) as stream:
                    call(Cases(stream), seed)

            status = in_child(run, 20)
            if status == 0:
                break
            # It crashed on arguments it did not expect: try others.
            print(name, status, file=log, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        measure(sys.argv[2], *map(int, sys.argv[3:5]), *sys.argv[5:])
    else:
        from aliasing_select import select

        select(sys.argv[2:], OUTPUT)

"""Choose among measured cases: of each operator and each kind of truth a few, spread over what differs."""

import collections
import gzip
import json
import random

# Of one operator: cases of each outcome, and in all. The composites and views are many; the plain are few.
EACH_OUTCOME = 7
EACH_PLAIN = 1


def outcome_of(case):
    """What a case shows: how outputs share, what was written, and roughly what kind of input did it."""
    _, arguments, _, inputs, _, sharing, writes = case
    shapes = tuple("empty" if 0 in meta[1] else "scalar" if not meta[1] else "some" for meta in inputs[:2])
    shared = tuple(tuple(s) if isinstance(s, list) else s for s in sharing)[:6]
    return (shared, tuple(tuple(w) for w in writes)[:6], shapes, tuple(sorted(arguments)))


def writes_into_conjugated(case):
    """Into a lazily conjugated `out` torch writes through a copy, and not every kernel tells its version."""
    _, _, where, inputs, _, _, _ = case
    return any(len(meta) > 5 and (name.startswith("out") or case[0].startswith("torch.ops.prims.resize")) for (name, _), meta in zip(where, inputs))


def is_plain(cases):
    """Whether all an operator ever did was to make new tensors."""
    return all(not case[6] and all(isinstance(s, int) for s in case[5]) for case in cases) and all(
        len({s for s in case[5] if isinstance(s, int)}) == len(case[5]) for case in cases
    )


def select(paths, output):
    by_target = collections.defaultdict(dict)
    for path in paths:
        for line in open(path):
            try:
                by_target[json.loads(line)[0]][line.strip()] = None
            except ValueError:
                continue  # the last line of a process that crashed
    chosen = []
    rng = random.Random(0)
    for target in sorted(by_target):
        if "._test_" in target or "._nested_" in target:
            continue
        cases = [json.loads(line) for line in by_target[target] if len(line) < 2500]
        cases = [case for case in cases if not writes_into_conjugated(case)]
        plain = is_plain(cases)
        buckets = collections.defaultdict(list)
        for case in cases:
            buckets[json.dumps(case[5]) if plain else repr(outcome_of(case))].append(case)
        # Past the first few hundred outcomes there is nothing new.
        for key in sorted(buckets)[: 4 if plain else 48]:
            bucket = buckets[key]
            chosen += rng.sample(bucket, min(len(bucket), EACH_PLAIN if plain else EACH_OUTCOME))
    text = "\n".join(json.dumps(case, separators=(",", ":")) for case in chosen) + "\n"
    with open(output, "wb") as stream, gzip.GzipFile("", "wb", 9, stream, mtime=0) as zipped:
        zipped.write(text.encode())
    print(f"{len(chosen)} cases of {len(by_target)} operators -> {output.name}")

"""Every kernel of the package, with the kinds of arguments that it is called with.

This is a program in which nothing is compiled. Public calls reach all kernels, for both
floats; those that Python would get as machine code are noted. It prints what is wrong
with their trees. ``python -m tests.language.every_kernel FOLDER`` writes the text of
each for LLVM into a folder: where a change of the language should change no kernel,
compare two folders.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import pkgutil
import sys
from pathlib import Path
from types import SimpleNamespace

if __name__ == "__main__":
    os.environ["SYNAPSE_COMPILE"] = "0"

import numpy as np

import architect
import synapse
from synapse import Trainer, evolve, optimizers, reward
from synapse.engine import exact
from synapse.engine.by_source.index import sort_by_key
from synapse.engine.exact import events, runs, streams
from synapse.engine.language import entries, lazy_parts
from synapse.engine.language.decorators import Kernel
from synapse.engine.language.memory import STORE
from synapse.engine.language.tree import (
    BOOL,
    INT,
    NOTHING,
    ArrayKind,
    BundleKind,
)
from synapse.engine.lowering import orders, runner
from synapse.engine.lowering.loops import lower_rows
from synapse.engine.online import calls as online
from synapse.engine.quiet import kernels as quiet
from synapse.engine.rtrl import loops as rtrl
from tests.language.trees import problems_of, statements_of, translated

HAS_RIVER = importlib.util.find_spec("river") is not None
PACKAGES = [
    *("synapse.engine", "synapse.evolve", "synapse.analysis"),
    *["synapse.river"] * HAS_RIVER,
]
WITH_EXAMPLES = online, quiet, streams, runs, events, rtrl
FLOATS = "float64", "float32"
FOR_PYTHON = "for Python"
OF_LOWERING = BundleKind(STORE, "int64"), INT, INT, ArrayKind(INT, 1)


def every_kernel(floats=FLOATS):
    """What expects the result of a kernel, FOR_PYTHON or a kind, by its function and
    the kinds of its arguments."""
    noted = {}
    entry = Kernel.entry
    address = Kernel.address
    entry_of = runner._entry_of

    def noted_entry(kernel, examples):
        noted[kernel.part, entries.kinds_of(examples)] = FOR_PYTHON
        return entry(kernel, examples)

    def noted_address(kernel, examples, result=BOOL):
        noted[kernel.part, entries.kinds_of(examples)] = result
        return address(kernel, examples, result)

    def noted_loop(loop, size_of_float):
        rows = [ArrayKind("uint32", 1)] * (loop is lower_rows)
        noted[loop, (*OF_LOWERING, *rows)] = FOR_PYTHON
        return entry_of(loop, size_of_float)

    Kernel.entry = noted_entry
    Kernel.address = noted_address
    runner._entry_of = noted_loop
    try:
        for dtype in floats:
            kind = np.dtype(dtype)
            store = SimpleNamespace(dtype=kind, scalar=kind.type(0))
            for module in WITH_EXAMPLES:
                calls = module.calls_for(store)
                for name in calls.examples:
                    calls[name]
            call_all(dtype)
    finally:
        Kernel.entry = entry
        Kernel.address = address
        runner._entry_of = entry_of
    alone = [kinds for function, kinds in noted if function is exact.train_epochs.part]
    for kinds in alone:
        team = entries.kind_of(exact.Team(0, 2, *exact.new_team()))
        noted[exact.train_by_team.part, (*kinds, team)] = FOR_PYTHON
    return noted


def lazy_parts_of(program):
    """The lazy parts that kernels call, with the kinds of their arguments."""
    for instance in program.instances.values():
        for lazy in statements_of(instance.body, "lazy"):
            label, count, number, _ = lazy.parts
            name, scalar = label.split()
            numbers = number.parts if number.form == "literal" else range(count)
            for part in (lazy_parts._parts[name][k] for k in numbers):
                yield part.function, lazy_parts._kinds_of(part, scalar)


def every_tree(kernels):
    """The trees of kernels and of every lazy part that one calls, each with its
    function and the kinds of its arguments."""
    waiting = list(kernels)
    for kernel in waiting:
        program = translated(*kernel)
        yield kernel, program
        for part in lazy_parts_of(program):
            if part not in waiting:
                waiting.append(part)


def all_kernels():
    """The kernels of all modules."""
    for package in map(importlib.import_module, PACKAGES):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(info.name)).values():
                if isinstance(value, Kernel):
                    yield value


def train(net, data, **options):
    Trainer(net, **options).train(*data, epochs=2, progress=False, seed=0)


def call_all(dtype):
    """Call what has kernels without examples."""
    orders.COMPILE_THRESHOLD = 0
    rng = np.random.default_rng(0)
    data = rng.normal(size=(2, 3, 2)), rng.random((2, 3, 1))
    elman = architect.Elman(2, 3, 1, seed=0, dtype=dtype)
    wide = architect.Perceptron(2, 9, 1, seed=0, dtype=dtype)
    for net in (elman, wide, architect.LSTM(2, 1, 1, seed=0, dtype=dtype)):
        synapse.gradient(net, *data, threads=2)
        net.clear()
        net.run(data[0][0], traces=False)
    sparse = SimpleNamespace(
        data=np.ones(1), indices=np.zeros(1, int), indptr=np.array([0, 1]), shape=(1, 2)
    )
    train(wide, (sparse, [[0.5]]), rule="bptt", optimizer="adam")
    renewal = synapse.learning.ContinualBackprop(0.5, 1)
    for name in sorted({*optimizers.names()} - {"LBFGS"}):
        net = architect.Perceptron(2, 1, seed=0, dtype=dtype)
        net.output.squash = "identity"
        rule = {"DEKF": "rtrl", "RLS": "online"}.get(name, "bptt")
        train(net, data, rule=rule, optimizer=getattr(optimizers, name)())
    for options in (
        {"rule": "bptt", "optimizer": optimizers.LBFGS(), "l2": 0.1},
        {"rule": "rtrl", "optimizer": optimizers.DEKF()},
        {"rule": "rtrl"},
        {"optimizer": optimizers.Adam(), "renewal": renewal},
    ):
        train(elman, data, **options)
    pending = architect.Elman(1, 20, 1, seed=0, dtype=dtype)  # clone() completes steps
    pending.rule = "rtrl"
    pending.run([[1.0], [0.5]])
    pending.clone()
    wide.run(data[0][0])
    synapse.Scale.fixed([0.0, 0.0], [1.0, 1.0])._standard(data[0][0], np.dtype(dtype))
    Trainer(wide).test(*data)
    synapse.tie(wide.connections[:2])
    wide.hidden[0][0].activate()
    wide.hidden[0].propagate(0.1)
    net = architect.Perceptron(2, 1, squash="identity", seed=0, dtype=dtype)
    reward.TD(net, scale_rewards=True).run(data[0][0], np.ones(3))
    evolve_all()
    if HAS_RIVER:
        from synapse.river import NetworkRegressor

        NetworkRegressor(hidden=2, seed=0).learn_one({"a": 1.0}, 1.0)


def evolve_all():
    """Call the kernels of evolution and of analysis, which have no float."""
    rows = [[0, 0], [0, 1]]

    def observe(state, inputs):
        inputs[0] = state[0]

    def step(state, outputs):
        return state[0] > 2.0

    for task in (
        evolve.fitness.dataset(rows, [[0], [1]]),
        evolve.fitness.Environment(observe, step, [[0.3]], inputs=1, outputs=1),
        evolve.fitness.description_length([rows], [[0, 1]], 2),
    ):
        evolve.neat(task, population=8, seed=0, max_evaluations=20, progress=False)
    for squash in ("logistic", "relu"):
        evolve.Genome.minimal(2, 1, squash=squash, seed=0).activate([0.0, 1.0])
    edges = {"source": list("abc"), "target": list("bca")}
    synapse.analysis.rewire(edges, seed=0)
    keys, rows = np.zeros((2, 0), np.uint32)
    sort_by_key(keys, rows, rows, np.zeros(2, np.int64), rows.copy(), rows)


def every_text(floats=FLOATS):
    """The text for LLVM of every kernel, with a name."""
    results = every_kernel(floats)
    for kernel, _ in every_tree(results):
        result = results.get(kernel, NOTHING)
        text = entries.text_of(*kernel, None if result is FOR_PYTHON else result)
        function, kinds = kernel
        digest = hashlib.sha256(repr((kinds, result)).encode()).hexdigest()[:8]
        yield f"{name_of(function)}.{digest}", text


def write(folder):
    """Write the text for LLVM of every kernel into files."""
    folder.mkdir()
    for name, text in every_text():
        (folder / f"{name}.ll").write_text(text)


def name_of(function):
    return f"{function.__module__}.{function.__name__}"


def check():
    """Print, as JSON, the names of all functions that are compiled, of kernels and lazy
    parts that none of them has reached, and what is wrong with the trees."""
    reached, wrong = set(), []
    for (function, _), program in every_tree(every_kernel()):
        reached.add(function)
        wrong += problems_of(program)
    parts = [
        part.function for several in lazy_parts._parts.values() for part in several
    ]
    missed = {*parts, *(kernel.part for kernel in all_kernels())} - reached
    answer = {"names": reached, "missed": missed}
    names = {key: sorted(map(name_of, functions)) for key, functions in answer.items()}
    print(json.dumps(names | {"wrong": wrong}))


if __name__ == "__main__":
    write(Path(sys.argv[1])) if sys.argv[1:] else check()

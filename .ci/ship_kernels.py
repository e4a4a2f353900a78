"""Compile the kernels of usual calls into the package, for the next wheel.

    python .ci/ship_kernels.py
    python -m build --wheel

The calls run here, and the kernels that they request are compiled for each of `TARGETS`
without being run. The wheel is for every system, because other processors, systems and
versions of LLVM do not find files of their own in it, and compile as before. The files
are ignored by git and by the source distribution. Delete them, or run this program
again, after an edit of the engine.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "synapse" / "engine" / "kernels"
TARGETS = {
    "x86_64-unknown-linux-gnu": ("x86-64-v3", "x86-64-v4"),
    "aarch64-unknown-linux-gnu": ("generic",),
}
"""The levels of processors by system, as LLVM names both."""
LIMIT = 3_000_000
"""Bytes that a compressed wheel may spend on kernels."""

os.environ["SYNAPSE_SHIPPED_KERNELS"] = "0"
for variable in ("SYNAPSE_CPU", "SYNAPSE_SPEED", "SYNAPSE_COMPILE"):
    os.environ.pop(variable, None)
sys.path.insert(0, str(ROOT))

import zlib

from llvmlite import binding as llvm

import architect
import synapse
from synapse import optimizers
from synapse.engine.language import code_files, entries, lazy_parts, machine
from synapse.engine.language.processors import Processor
from synapse.engine.language.tree import NOTHING

ARCHITECTURES = architect.Perceptron, architect.Elman, architect.LSTM, architect.GRU
OPTIMIZERS = (
    None,
    optimizers.SGD(momentum=0.9),
    optimizers.RMSprop(),
    optimizers.Adam(),
    optimizers.AdamW(),
)
SEQUENCES = [[[0.0, 1.0], [1.0, 0.0]]] * 2


def usual_calls() -> None:
    """Make the calls whose kernels are shipped."""
    for dtype in ("float64", "float32"):
        call_by_hand(dtype)
        for kind in ARCHITECTURES:
            net = kind(2, 3, 1, seed=0, dtype=dtype)
            net.activate([0.0, 1.0])
            net.propagate(0.1, [1.0])
            net.peek([0.0, 1.0])
            net.clear()
            for traces in (True, False):
                for sequences in (SEQUENCES[0], SEQUENCES):
                    net.run(sequences, traces=traces)
            for rule in ("online", "bptt", "rtrl"):
                for optimizer in OPTIMIZERS:
                    for batch in (1, 2):
                        train(net.clone(), rule, optimizer, batch)
        train(classifier(dtype), "bptt", optimizers.Adam(), 2)
        train(classifier(dtype), "online", None, 1)


def call_by_hand(dtype: str) -> None:
    """Call two neurons, and add a connection between two calls."""
    a, b = synapse.Neuron(dtype=dtype), synapse.Neuron(dtype=dtype)
    a.project(b)
    for target in (b, a):
        a.activate(1.0)
        b.activate()
        b.propagate(rate=0.1, target=0.0)
        a.propagate(rate=0.1)
        b.project(target)


def classifier(dtype: str) -> architect.Network:
    """Return a network whose outputs compete."""
    squashes = {"squash": "relu", "output_squash": "softmax"}
    return architect.Perceptron(2, 3, 2, seed=0, dtype=dtype, **squashes)


def train(net: architect.Network, rule: str, optimizer: object, batch: int) -> None:
    """Train and test a network."""
    trainer = synapse.Trainer(net, rule=rule, optimizer=optimizer, batch_size=batch)
    outputs = len(net.output)
    targets = [[[1.0, 0.0][:outputs]] * 2] * 2
    trainer.train(SEQUENCES, targets, epochs=2, progress=False)
    trainer.test(SEQUENCES, targets)
    synapse.gradient(net, SEQUENCES, targets)


def main() -> None:
    """Compile, and print how many bytes they take."""
    requested = {}
    code_of = code_files.code_of

    def noted(function, kinds, translate, make):
        requested[function, kinds] = translate, make
        return code_of(function, kinds, translate, make)

    code_files.code_of = noted
    usual_calls()
    for name, parts in lazy_parts._parts.items():
        if name.startswith("synapse.engine."):
            for part in parts:
                for scalar in ("float64", "float32"):
                    kinds = lazy_parts._kinds_of(part, scalar)
                    entries.address_of(part.function, kinds, NOTHING)
    shutil.rmtree(SHIPPED, ignore_errors=True)
    os.environ["SYNAPSE_CACHE_DIR"] = str(SHIPPED)
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    for triple, levels in TARGETS.items():
        for level in levels:
            before = {*SHIPPED.glob("*")}
            processor = Processor(triple, "").named(level)
            machine.processor = lambda processor=processor: processor
            for cached in (machine.tile, machine.description):
                cached.cache_clear()
            for (function, kinds), (translate, make) in requested.items():
                code_of(function, kinds, translate, make)
            files = {*SHIPPED.glob("*")} - before
            print(f"{triple} {level}: {len(files)} kernels, {size_of(files):,} bytes")
    total = size_of(SHIPPED.glob("*"))
    print(
        f"LLVM {'.'.join(map(str, llvm.llvm_version_info))}, {total:,} bytes compressed"
    )
    if total > LIMIT:
        raise SystemExit(f"A wheel may have {LIMIT:,} bytes of kernels.")


def size_of(files) -> int:
    """The bytes of files in a wheel, each of which is compressed by itself."""
    return sum(len(zlib.compress(file.read_bytes())) for file in files)


if __name__ == "__main__":
    main()

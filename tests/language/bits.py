"""The last bits of some trainings, by level of processors and version of LLVM.

``python -m tests.language.bits`` computes them for each level that this machine has,
and keeps them in `KEPT`. Do so where a change of kernels is meant to change last bits,
or for a new version of LLVM. Then they are checked on other machines.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import architect
import synapse
from synapse.engine.language import machine
from synapse.engine.language.processors import levels_of
from tests.helpers.processes import python

KEPT = Path(__file__).parents[1] / "golden" / "bits.json"
SEQUENCES = [[[0.3, 0.7], [0.9, 0.2], [0.1, 0.8]]] * 3
TARGETS = [[[1.0], [0.0], [0.5]]] * 3
CALLS = {
    "perceptron, float32, online": (architect.Perceptron, (2, 70, 1), "float32", {}),
    "Elman, rtrl": (architect.Elman, (2, 21, 1), "float64", {"rule": "rtrl"}),
    "LSTM, bptt, Adam": (
        *(architect.LSTM, (2, 21, 1), "float64"),
        {"rule": "bptt", "optimizer": "adam", "rate": 0.01, "batch_size": 3},
    ),
    "GRU, online, batches": (architect.GRU, (2, 21, 1), "float64", {"batch_size": 3}),
}

CODE = """\
import json

from tests.language.bits import bits

print(json.dumps(bits()))
"""


def name_of_version() -> str:
    """The name of a version of LLVM on a system, in the file."""
    version = ".".join(map(str, machine.llvm.llvm_version_info))
    return f"LLVM {version}, {machine.llvm.get_process_triple()}"


def levels() -> list[str]:
    """The levels of this machine."""
    if machine.processor().is_x86:
        return levels_of(machine.llvm.get_host_cpu_features())[1:]
    return ["generic"]


def bits() -> dict[str, str]:
    """A digest of the weights and outputs after each training."""
    digests = {}
    for name, (kind, sizes, dtype, options) in CALLS.items():
        net = kind(*sizes, seed=7, dtype=dtype)
        trainer = synapse.Trainer(net, **options)
        trainer.train(SEQUENCES, TARGETS, epochs=5, shuffle=False, progress=False)
        numbers = [net.weights, net.biases, *net.run(SEQUENCES), net.run(SEQUENCES[0])]
        content = b"".join(each.tobytes() for each in numbers)
        digests[name] = hashlib.sha256(content).hexdigest()
    return digests


def bits_of(
    level: str, interpreter: Sequence[str] = (sys.executable,)
) -> dict[str, str]:
    """The digests of a process that computes as a level does, or as its machine."""
    variables = {"SYNAPSE_CPU": level, "SYNAPSE_SPEED": "3"}
    return json.loads(python("-c", CODE, interpreter=interpreter, **variables))


if __name__ == "__main__":
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    kept[name_of_version()] = {level: bits_of(level) for level in levels()}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

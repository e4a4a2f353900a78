"""The peers: which there are, what each can run, and how its worker is started."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..cases import ACTIVATE, LSTM, PERCEPTRON, Case

HERE = Path(__file__).resolve().parent
NPM_FOLDER = HERE.parent / ".peers"
NODE_PACKAGES = {
    "synaptic": "synaptic@1.1.4",
    "neataptic": "neataptic@1.4.7",
    "brain.js": "brain.js@1.6.1",
    "brain-beta": "brain-beta@npm:brain.js@2.0.0-beta.24",
}
RAISED_LIMIT = "--max-optimized-bytecode-size=100000000"


@dataclass(frozen=True)
class Peer:
    """One column: a library, and the way it is used."""

    name: str
    family: str
    label: str
    module: str  # of this folder, .py or .js
    precision: str
    kinds: tuple[str, ...]
    needs: str = ""  # a Python package, or a folder of node_modules
    flags: tuple[str, ...] = ()
    smallest: int = 0  # connections
    largest: int = 10**12
    otherwise: str = "has no such network"  # why it runs no other
    # Kinds in which a step does less than that of the others
    learns_less: tuple[str, ...] = ()

    @property
    def is_node(self) -> bool:
        """Whether it runs in node."""
        return self.module.endswith(".js")

    def why_not(self, case: Case) -> str:
        """Why it cannot run this case here; empty if it can."""
        if case.kind not in self.kinds:
            return self.otherwise
        if not self.smallest <= case.connections <= self.largest:
            return self.otherwise
        if self.is_node:
            if shutil.which("node") is None:
                return "node is not installed"
            installed = (NPM_FOLDER / "node_modules" / self.needs).is_dir()
            return "" if installed else "its npm package is not installed"
        missing = self.needs and importlib.util.find_spec(self.needs) is None
        return f"{self.needs} is not installed" if missing else ""

    def command(self, spec: str) -> list[str]:
        """How its worker is started."""
        if not self.is_node:
            return [sys.executable, "-m", "benchmarks.peers.worker", spec]
        flags = ["--max-old-space-size=16000", *self.flags]
        return ["node", *flags, str(HERE / "worker.js"), spec]


ALL = (PERCEPTRON, LSTM, ACTIVATE)
FLAT = (PERCEPTRON, ACTIVATE)
PEERS = [
    Peer("synapse", "synapse", "Synapse", "ours.py", "float64", ALL),
    Peer(
        "synapse-f32",
        "synapse",
        "Synapse, float32",
        "ours.py",
        "float32",
        (PERCEPTRON,),
        smallest=50_000,
        otherwise="measured on large perceptrons only",
    ),
    Peer("numpy", "numpy", "NumPy by hand", "by_hand.py", "float64", FLAT),
    Peer("numpy-f32", "numpy", "NumPy by hand, float32", "by_hand.py", "float32", FLAT),
    Peer(
        "torch",
        "torch",
        "PyTorch eager",
        "eager.py",
        "float32",
        ALL,
        "torch",
        learns_less=(LSTM,),
    ),
    Peer(
        "torch-ops",
        "torch-ops",
        "torch ops by hand",
        "torch_ops.py",
        "float32",
        FLAT,
        "torch",
    ),
    Peer(
        "torch-ops-f64",
        "torch-ops",
        "torch ops by hand, float64",
        "torch_ops.py",
        "float64",
        FLAT,
        "torch",
    ),
    Peer("synaptic", "synaptic", "Synaptic", "synaptic.js", "float64", ALL, "synaptic"),
    Peer(
        "synaptic-v8",
        "synaptic",
        "Synaptic, V8 limit raised",
        "synaptic.js",
        "float64",
        (LSTM,),
        "synaptic",
        (RAISED_LIMIT,),
        largest=2_000,
        otherwise="measured on small LSTMs only",
    ),
    Peer(
        "neataptic",
        "neataptic",
        "Neataptic",
        "neataptic.js",
        "float64",
        ALL,
        "neataptic",
    ),
    Peer(
        "brain",
        "brain",
        "brain.js 1.6",
        "brain.js",
        "float32 weights",
        FLAT,
        "brain.js",
    ),
    Peer(
        "brain-beta",
        "brain",
        "brain.js 2 beta",
        "brain.js",
        "float32 weights",
        FLAT,
        "brain-beta",
    ),
]
FAMILIES = list(dict.fromkeys(peer.family for peer in PEERS))
ONE_OF_EACH = [
    next(peer for peer in PEERS if peer.family == family) for family in FAMILIES
]


def chosen(names: str) -> list[Peer]:
    """The peers of families, or by their own names."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    all_names = {peer.name for peer in PEERS} | set(FAMILIES)
    unknown = [name for name in wanted if name not in all_names]
    if unknown:
        listed = ", ".join(sorted(all_names))
        raise SystemExit(f"There is no peer {unknown[0]!r}. There are: {listed}.")
    return [peer for peer in PEERS if peer.family in wanted or peer.name in wanted]

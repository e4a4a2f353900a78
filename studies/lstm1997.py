"""The LSTM of Hochreiter and Schmidhuber 1997 in plain NumPy, from the equations of its appendix alone.

    python -m studies lstm1997 20     # embedded Reber strings, 20 seeds of every reading of the paper

It shares no code with Synapse, to tell whether a table that differs from its paper does so because of the
rule. Gers, Schmidhuber and Cummins 2000 add forget gates, Gers, Schraudolph and Schmidhuber 2002 peepholes.
A step is truncated real-time recurrent learning: errors that reach the net input of a gate or cell go no
further back, and every weight changes at every step. It is the exact gradient of a network whose recurrent
connections bring numbers from outside (``tests/studies/test_lstm1997.py``). The tables' rule "truncated",
SnAp-1, also follows a weight's effect through a recurrent connection back to the neuron that it leads to.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synapse.experiments import sweep
from synapse.tasks import EmbeddedReber, SampleBatch

Array = NDArray[np.float64]


def logistic(x: Array) -> Array:
    """f: the squash of gates and outputs, within 0 and 1."""
    return 1.0 / (1.0 + np.exp(-x))


class Lstm1997:
    """Memory blocks with input and output gates, which may also have forget gates and peepholes.

    Weights are drawn within `weights`; biases of gates are given, because each paper has its own.

    Parameters
    ----------
    inputs, blocks, cells, outputs : int
        Number of inputs, of memory blocks, of cells in each, and of outputs.
    gate_biases : dict of str to sequence of float
        Initial bias of each block's gate: "input", "output", and "forget" if there are forget gates.
    squashed : bool
        Whether cells have g, within -2 and 2, and h, within -1 and 1; otherwise both are the identity (2002).
    fed_back : bool
        Whether gates lead to all gates and cells, as in 1997.
    peepholes : bool
        Whether each cell's state leads to the gates of its block, as in 2002.
    shortcut, output_biases, cell_biases : bool
        Whether inputs lead to the outputs, and whether outputs and cells have biases.
    rng : numpy.random.Generator
        Source of the initial weights.

    Examples
    --------
    >>> gates = {"input": [0.0] * 4, "output": [-1.0, -2.0, -3.0, -4.0]}
    >>> net = Lstm1997(7, 4, 1, 7, gates, rng=np.random.default_rng(0))
    >>> net.size
    264
    """

    def __init__(
        self,
        inputs: int,
        blocks: int,
        cells: int,
        outputs: int,
        gate_biases: dict[str, list[float]],
        *,
        rng: np.random.Generator,
        squashed: bool = True,
        fed_back: bool = True,
        peepholes: bool = False,
        shortcut: bool = False,
        output_biases: bool = False,
        cell_biases: bool = False,
        weights: float = 0.2,
    ) -> None:
        self.squashed, self.fed_back, self.shortcut = squashed, fed_back, shortcut
        self.output_biases, self.cell_biases = output_biases, cell_biases
        self.gates = list(gate_biases)
        self.block = np.repeat(np.arange(blocks), cells)  # of each cell
        count = len(self.block)
        width = inputs + count + fed_back * blocks * len(self.gates)
        self.w = {name: rng.uniform(-weights, weights, (blocks, width)) for name in self.gates}
        self.w["cell"] = rng.uniform(-weights, weights, (count, width))
        self.w["out"] = rng.uniform(-weights, weights, (outputs, count + shortcut * inputs))
        self.bias = {name: np.array(given) for name, given in gate_biases.items()}
        self.bias["cell"] = rng.uniform(-weights, weights, count) * cell_biases
        self.bias["out"] = rng.uniform(-weights, weights, outputs) * output_biases
        self.peep = {name: rng.uniform(-weights, weights, count) * peepholes for name in self.gates}
        self.peepholes = peepholes
        self.clear()

    @property
    def size(self) -> int:
        """Number of weights that are learned."""
        biases = sum(self.bias[name].size for name in self.gates)
        biases += self.output_biases * self.bias["out"].size + self.cell_biases * self.bias["cell"].size
        peeps = self.peepholes * sum(each.size for each in self.peep.values())
        return int(sum(each.size for each in self.w.values()) + biases + peeps)

    def clear(self) -> None:
        """Begin a new sequence: states, outputs and their derivatives are 0."""
        self.state = np.zeros(len(self.block))
        self.hidden = np.zeros(len(self.block))
        self.gate = {name: np.zeros(len(self.w[name])) for name in self.gates}
        # ds_c / dw for the weights, then the bias, of cell c and of the input and forget gate of its block.
        memory = [name for name in ("cell", "input", "forget") if name in self.w]
        self.trace = {name: np.zeros((len(self.block), self.w["cell"].shape[1] + 1)) for name in memory}
        # ds_c / dw for the peephole of cell v of its block.
        self.peep_trace = {name: np.zeros((len(self.block),) * 2) for name in memory if name != "cell"}

    def activate(self, inputs: Array) -> Array:
        """One step; returns the outputs."""
        b = self.block
        fed_back = [self.gate[name] for name in self.gates] if self.fed_back else []
        self.u = np.concatenate([inputs, self.hidden, *fed_back])
        before = self.state
        gate = {name: self._gate(name, before) for name in self.gates if name != "output"}
        net = self.w["cell"] @ self.u + self.bias["cell"]
        g, g_slope = self._g(net)
        keep = gate["forget"][b] if "forget" in gate else np.ones(len(b))
        self.state = keep * before + gate["input"][b] * g
        gate["output"] = self._gate("output", self.state)
        u = np.append(self.u, 1.0)
        own = b[:, None] == b[None, :]  # cells v of the block of c
        for name, of_state in (("input", g), ("forget", before)):
            if name in self.trace:
                slope = of_state * (gate[name] * (1.0 - gate[name]))[b]
                self.trace[name] = keep[:, None] * self.trace[name] + np.outer(slope, u)
                self.peep_trace[name] = keep[:, None] * self.peep_trace[name] + own * np.outer(slope, before)
        self.trace["cell"] = keep[:, None] * self.trace["cell"] + np.outer(gate["input"][b] * g_slope, u)
        self.gate = gate
        self.h, self.h_slope = self._h(self.state)
        self.hidden = gate["output"][b] * self.h
        self.seen = np.concatenate([self.hidden, inputs]) if self.shortcut else self.hidden
        self.outputs = logistic(self.w["out"] @ self.seen + self.bias["out"])
        return self.outputs

    def learn(self, rate: float, targets: Array, *, slope: bool = True) -> None:
        """Change all weights after a step: squared error, or cross-entropy without `slope`."""
        b, blocks = self.block, len(self.w["input"])
        error = targets - self.outputs
        if slope:
            error = error * self.outputs * (1.0 - self.outputs)
        to_hidden = self.w["out"][:, : len(b)].T @ error
        y = self.gate["output"]
        at_gate = y * (1.0 - y) * np.bincount(b, to_hidden * self.h, blocks)
        at_state = y[b] * self.h_slope * to_hidden
        self.w["out"] += rate * np.outer(error, self.seen)
        self.w["output"] += rate * np.outer(at_gate, self.u)
        self.bias["output"] += rate * at_gate
        self.bias["out"] += rate * error * self.output_biases
        self.peep["output"] += rate * at_gate[b] * self.state * self.peepholes
        for name, trace in self.trace.items():
            change = rate * at_state[:, None] * trace
            if name != "cell":
                change = np.stack([change[b == i].sum(0) for i in range(blocks)])
                self.peep[name] += rate * (at_state @ self.peep_trace[name]) * self.peepholes
            self.w[name] += change[:, :-1]
            self.bias[name] += change[:, -1] * (name != "cell" or self.cell_biases)

    def _gate(self, name: str, state: Array) -> Array:
        peeps = np.bincount(self.block, self.peep[name] * state, len(self.bias[name]))
        return logistic(self.w[name] @ self.u + peeps + self.bias[name])

    def _g(self, x: Array) -> tuple[Array, Array]:
        y = logistic(x)
        return (4.0 * y - 2.0, 4.0 * y * (1.0 - y)) if self.squashed else (x, np.ones_like(x))

    def _h(self, x: Array) -> tuple[Array, Array]:
        y = logistic(x)
        return (2.0 * y - 1.0, 2.0 * y * (1.0 - y)) if self.squashed else (x, np.ones_like(x))


READINGS: dict[str, dict[str, Any]] = {
    "3 blocks of 2, rate 0.5": {},
    "3 blocks of 2, rate 0.2": {"rate": 0.2},
    "3 blocks of 2, rate 0.1": {"rate": 0.1, "most": 60_000},
    "4 blocks of 1, rate 0.5": {"blocks": 4, "cells": 1},
    "never cleared": {"cleared": False},
    "biases at outputs": {"output_biases": True},
    "targets are all legal symbols": {"legal": True},
    "cross-entropy, rate 0.1": {"slope": False, "rate": 0.1},
}
"""How the paper can be read: what differs from its table's last row."""
EVERY = 500
"""Training strings between two tests."""


def trial(seed: int, reading: str) -> dict[str, Any]:
    """Train on 256 strings, picked at random, until these and 256 others are right at every symbol."""
    return learned(seed, **READINGS[reading])


def learned(
    seed: int,
    blocks: int = 3,
    cells: int = 2,
    rate: float = 0.5,
    slope: bool = True,
    cleared: bool = True,
    output_biases: bool = False,
    legal: bool = False,
    most: int = 30_000,
) -> dict[str, Any]:
    """A trial with the settings of a reading."""
    rng = np.random.default_rng([seed, 1])
    task = EmbeddedReber(targets="legal" if legal else "next")
    both = task.batch(512, np.random.default_rng([seed, 2]))
    gates = {
        "input": rng.uniform(-0.2, 0.2, blocks).tolist(),
        "output": [-1.0 - i for i in range(blocks)],
    }
    net = Lstm1997(7, blocks, cells, 7, gates, rng=rng, output_biases=output_biases)
    strings = [(sample.inputs, sample.targets) for sample in both]
    for trained in range(1, most + 1):
        inputs, targets = strings[rng.integers(256)]
        if cleared:
            net.clear()
        for row, target in zip(inputs, targets, strict=True):
            net.activate(row)
            net.learn(rate, target, slope=slope)
        if trained % EVERY == 0 and _wrong(net, both, 16) == 0 and _wrong(net, both, 512) == 0:
            return {"solved": True, "strings": trained, "wrong": 0}
    return {"solved": False, "strings": None, "wrong": _wrong(net, both, 512)}


def _wrong(net: Lstm1997, samples: SampleBatch, most: int) -> int:
    """How many of the first samples have a wrong step, each from a cleared context."""
    wrong = 0
    for sample in samples[:most]:
        net.clear()
        wrong += not sample.right(np.array([net.activate(row) for row in sample.inputs]))
    return wrong


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    with ProcessPoolExecutor() as pool:
        found = sweep(
            trial, grid={"reading": list(READINGS)}, seeds=seeds, store="lstm1997.db", executor=pool
        )
    print(found.summary(rate="solved", median="strings"))

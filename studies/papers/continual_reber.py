"""Continual embedded Reber grammar: Gers, Schmidhuber and Cummins 2000, table 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Network
from synapse.errors import DivergenceError
from synapse.initializers import Seed
from synapse.objects.state import preserved_context
from synapse.tasks import ContinualReber, SampleBatch

from ._learn import TEST, train, trainer
from ._memory_blocks import memory_blocks
from ._paper_table import Measure, PaperTable, Published, Row
from ._until_wrong import learn_until_wrong

SYMBOLS, STREAMS = 100_000, 10
"""Number of symbols of a test stream, and number of test streams."""

GOOD = 1000
"""A network is tested on all streams if the first one is right for more symbols than this."""

PAPER = "7-4x2-7"
BIASES = [-0.5, -1.0, -1.5, -2.0]


def _network(name: str, seed: int) -> Network:
    if name == PAPER:
        # The inputs of cells are not squashed, so that the traces of the online rule cover their weights.
        return memory_blocks(
            7,
            4,
            2,
            7,
            input_gate_biases=BIASES,
            output_gate_biases=BIASES,
            forget_gate_biases=[-bias for bias in BIASES],
            squashed_input=False,
            output_biases=True,
            recurrent_gates=False,
            input_to_output=True,
            seed=seed,
        )
    import architect

    return architect.LSTM(7, 16, 7, seed=seed)


def right_symbols(network: Network, seed: Seed, most: int = SYMBOLS) -> int:
    """Number of symbols of a fresh stream before the first wrong one, from a cleared context."""
    stream, done, size = ContinualReber().stream(seed), 0, 200
    with preserved_context(network):
        network.clear()
        while done < most:
            part = stream.take(min(size, most - done))
            right = part.right_steps(network.run(part.inputs))
            if not right.all():
                return done + int(np.argmin(right))
            done, size = done + len(part), min(4 * size, 20_000)
    return done


def _lengths(network: Network, seed: int) -> list[int]:
    """Right symbols of the test streams, only of the first one if that fails early."""
    found = [right_symbols(network, np.random.default_rng([seed, TEST, 0]))]
    if found[0] > GOOD:
        found += [right_symbols(network, np.random.default_rng([seed, TEST, i])) for i in range(1, STREAMS)]
    return found


def trial(
    seed: int, network: str, rule: str, rate: float, decay: float, piece: int, most: int
) -> dict[str, Any]:
    """Train on streams that end at the first wrong symbol or, with `piece`, on streams of so many symbols."""
    net = _network(network, seed)
    paper = (
        _on_pieces(net, seed, rule, rate, piece, most)
        if piece
        else _until_wrong(net, seed, rate, decay, most)
    )
    return {**paper, "length": float(np.mean(_lengths(net, seed)))}


def _perfect(net: Network, seed: int) -> bool:
    lengths = _lengths(net, seed)
    return len(lengths) == STREAMS and min(lengths) == SYMBOLS


def _on_pieces(net: Network, seed: int, rule: str, rate: float, piece: int, most: int) -> dict[str, Any]:
    task, rng, every = ContinualReber(piece), np.random.default_rng([seed, 1]), 20_000 // piece

    def draw() -> SampleBatch:
        return task.batch(every, rng)

    found = train(trainer(net, rule, rate), draw, lambda: _perfect(net, seed), every=every, most=most)
    return {**found, "symbols": found["needed"] and found["needed"] * piece}


def _until_wrong(net: Network, seed: int, rate: float, decay: float, most: int) -> dict[str, Any]:
    task, rng, symbols = ContinualReber(), np.random.default_rng([seed, 1]), 0
    for streams in range(1, most + 1):
        try:
            done = learn_until_wrong(net, task.stream(rng), rate, SYMBOLS, decay)
        except DivergenceError:
            return {"needed": None, "trained": streams, "diverged": True, "symbols": None}
        symbols += min(done + 1, SYMBOLS)
        if (done > GOOD or streams % 100 == 0) and _perfect(net, seed):
            return {"needed": streams, "trained": streams, "diverged": False, "symbols": symbols}
    return {"needed": None, "trained": most, "diverged": False, "symbols": None}


DEFAULT = "LSTM 7-16-7"

TABLE = PaperTable(
    trial,
    [
        Row("LSTM 7-16-7, online, rate 0.1", rule="online"),
        Row("LSTM 7-16-7, truncated, rate 0.1", seeds=10, rule="truncated"),
        Row("LSTM 7-16-7, exact online, rate 0.1", seeds=3, rule="exact online", most=3000),
        Row("LSTM 7-16-7, through time, Adam 0.01", seeds=10, rule="through time", rate=0.01),
        *(
            Row(
                f"7-4x2-7, online, rate 0.5{', decay 0.99' if decay < 1 else ''}",
                Published(figure, "V"),
                seeds=2,
                network=PAPER,
                rule="online",
                rate=0.5,
                decay=decay,
                piece=0,
                most=1000,
            )
            for decay, figure in (
                (1.0, "18 % perfect, 18,889 streams"),
                (0.99, "62 % perfect, 14,087 streams"),
            )
        ),
    ],
    (
        Measure("symbols", "training symbols"),
        Measure("length", "length"),
        Measure("needed", "training streams"),
    ),
    shared={"network": DEFAULT, "rate": 0.1, "decay": 1.0, "piece": 200, "most": 10_000},
)

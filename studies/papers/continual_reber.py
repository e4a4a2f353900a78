"""Continual embedded Reber grammar: Gers, Schmidhuber and Cummins 2000, table 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from synapse import Network
from synapse._initializer import Seed
from synapse.objects.snapshots import preserved_context
from synapse.tasks import SampleBatch

from ..tasks import ContinualReber
from ._learn import TEST, train, trainer
from ._lstm1997 import FORGET, INPUT, OUTPUT, Lstm, clear, follow, lstm
from ._paper_table import Measure, PaperTable, Published, Row

SYMBOLS = 100_000
STREAMS = 10
"""Number of symbols of a test stream, and number of test streams."""

GOOD = 1000
"""A network is tested on all streams if the first one is right for more symbols than
this."""

LONG = 10_000
"""The same for the paper's own rule, whose streams are many."""

PAPER = "7-4x2-7"
BIASES = [-0.5, -1.0, -1.5, -2.0]


def right_symbols(network: Network, seed: Seed, most: int = SYMBOLS) -> int:
    """Number of symbols of a fresh stream before the first wrong one, from a cleared
    context."""
    stream = ContinualReber().stream(seed)
    done = 0
    size = 200
    with preserved_context(network):
        network.clear()
        while done < most:
            piece = stream.take(min(size, most - done))
            right = piece.right_steps(network.run(piece.inputs))
            if not right.all():
                return done + int(np.argmin(right))
            done, size = done + len(piece), min(4 * size, 20_000)
    return done


def _lengths(network: Network, seed: int) -> list[int]:
    """Right symbols of the test streams, only of the first one if that fails early."""
    lengths_right = [right_symbols(network, np.random.default_rng([seed, TEST, 0]))]
    if lengths_right[0] > GOOD:
        lengths_right += [
            right_symbols(network, np.random.default_rng([seed, TEST, i]))
            for i in range(1, STREAMS)
        ]
    return lengths_right


def trial(
    seed: int, network: str, rule: str, rate: float, piece: int, most: int
) -> dict[str, Any]:
    """Train the paper's network by its own rule, or `architect.LSTM` on streams of
    `piece` symbols."""
    if rule == "paper":
        return papers_rule(seed, rate, most)
    import architect

    net = architect.LSTM(7, 16, 7, seed=seed)
    training = _on_pieces(net, seed, rule, rate, piece, most)
    return {**training, "length": float(np.mean(_lengths(net, seed)))}


def papers_rule(seed: int, rate: float, most: int) -> dict[str, Any]:
    """Train the paper's network by its own rule on streams that end at the first wrong
    symbol."""
    rng = np.random.default_rng([seed, 1])
    biases = {INPUT: BIASES, OUTPUT: BIASES, FORGET: [-bias for bias in BIASES]}
    net = lstm(
        7, 4, 2, 7, biases, rng=rng, fed_back=False, shortcut=True, output_biases=True
    )
    drawn = ContinualReber().stream(rng)
    begin = np.zeros(0, int)
    symbols = 0
    for streams in range(1, most + 1):
        if not len(
            begin
            # more strings; a stream begins at one and cuts its last one
        ):
            piece = drawn.take(2 * SYMBOLS)
            begins = piece.inputs[:, 0] > 0
            begin = 1 + np.flatnonzero(begins[1:] & (piece.inputs[:-1, -1] > 0))
            begin = begin[begin < SYMBOLS]
        clear(net, 0.0)
        end = begin[0] + SYMBOLS
        done = follow(
            net, piece.inputs[begin[0] : end], piece.targets[begin[0] : end], 0.49, rate
        )
        symbols += min(done + 1, SYMBOLS)
        begin = begin[begin > begin[0] + done]
        if done > LONG and min(papers_lengths(net, seed, LONG)) == SYMBOLS:
            return {"needed": streams, "symbols": symbols, "length": float(SYMBOLS)}
    return {
        "needed": None,
        "symbols": None,
        "length": float(np.mean(papers_lengths(net, seed, 0))),
    }


def papers_lengths(net: Lstm, seed: int, least: int) -> list[int]:
    """Right symbols of the test streams, up to the first stream that has fewer than
    `least`."""
    lengths = []
    for i in range(STREAMS):
        stream = ContinualReber().stream(np.random.default_rng([seed, TEST, i]))
        done = 0
        size = 500
        clear(net, 0.0)
        while done < SYMBOLS:
            piece = stream.take(min(size, SYMBOLS - done))
            right = follow(net, piece.inputs, piece.targets, 0.49, 0.0)
            done, size = done + right, 4 * size
            if right < len(piece):
                break
        lengths.append(done)
        if done < least:
            break
    return lengths


def _perfect(net: Network, seed: int) -> bool:
    lengths = _lengths(net, seed)
    return len(lengths) == STREAMS and min(lengths) == SYMBOLS


def _on_pieces(
    net: Network, seed: int, rule: str, rate: float, piece: int, most: int
) -> dict[str, Any]:
    task = ContinualReber(piece)
    rng = np.random.default_rng([seed, 1])
    every = 20_000 // piece

    def draw() -> SampleBatch:
        return task.batch(every, rng)

    training = train(
        trainer(net, rule, rate),
        draw,
        lambda: _perfect(net, seed),
        every=every,
        most=most,
    )
    return {**training, "symbols": training["needed"] and training["needed"] * piece}


TABLE = PaperTable(
    trial,
    [
        Row(
            f"{PAPER}, paper's rule, rate 0.5",
            Published("18 % perfect, 18,889 streams", "V", 18_889),
            seeds=20,
            network=PAPER,
            rule="paper",
            rate=0.5,
            piece=0,
            most=30_000,
        ),
        Row("LSTM 7-16-7, online, rate 0.1", rule="online"),
        Row("LSTM 7-16-7, truncated, rate 0.1", seeds=20, rule="truncated"),
        Row(
            "LSTM 7-16-7, exact online, rate 0.1",
            seeds=3,
            rule="exact online",
            most=3000,
        ),
        Row(
            "LSTM 7-16-7, through time, Adam 0.01",
            seeds=20,
            rule="through time",
            rate=0.01,
        ),
    ],
    (
        Measure("symbols", "training symbols"),
        Measure("length", "length"),
        Measure("needed", "training streams"),
    ),
    shared={"network": "LSTM 7-16-7", "rate": 0.1, "piece": 200, "most": 10_000},
)

"""Continual embedded Reber grammar: Gers, Schmidhuber and Cummins 2000, table 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import Network
from ...errors import DivergenceError
from ...initializers import Seed
from ...learning._until_wrong import learn_until_wrong
from ...objects.state import preserved_context
from ...tasks import ContinualReber, Samples
from ._learn import TEST, train, trainer
from ._networks import memory_blocks
from ._table import Measure, Published, Row, Table

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

    def draw() -> Samples:
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


def _case(network: str, rule: str, rate: float, decay: float, piece: int, most: int) -> dict[str, Any]:
    return {"network": network, "rule": rule, "rate": rate, "decay": decay, "piece": piece, "most": most}


DEFAULT, MOST = "LSTM 7-16-7", 10_000

TABLE = Table(
    name="continual_reber",
    title="Continual embedded Reber grammar",
    text="""
Strings of the embedded Reber grammar follow each other without marks, and the context is never cleared
within a stream (`synapse.tasks.ContinualReber`; Gers, Schmidhuber and Cummins 2000, table 2). The
targets of a step are all symbols that can come next; a step is right if all outputs are within 0.49 of
their targets. A network has solved the task ("perfect" in the paper) when it makes no error in ten fresh
streams of 100,000 symbols each, from a cleared context. "Length" is the mean number of symbols before
the first error in these streams (of the first stream only, where that ends within 1,000 symbols).

- `7-4x2-7` is the network of the paper: 4 blocks of 2 cells with forget gates, 424 weights, wired neuron
  by neuron; the cells' inputs are not squashed here, so that the traces of the online rule cover their
  weights. It is trained as in the paper: a training stream ends at the first wrong prediction or after
  100,000 symbols, with the rate 0.5 at the start of each stream, and in one row 0.99 times the rate at
  each step. The paper trains for up to 30,000 streams, and tests after each. The limit here is 1,000,
  for want of time, with two networks and a test after every 100 streams and after every stream that was
  right for more than 1,000 symbols. Cross-entropy is the cost.
- `LSTM 7-16-7` is the default of `architect.LSTM`. It is trained on streams of 200 symbols, each from a
  cleared context, that do not end at an error, at most 10,000 of them (exact online: 3,000); it is tested
  after every 20,000 symbols. Its numbers of streams are thus not those of the paper; compare symbols.

With the local rule, 28 of 30 seeds are perfect; the paper has 62 %. This is another training and a larger
network than there. Through time with Adam, no seed was perfect at any test. The networks of the paper had
far fewer streams than there, so those two rows say nothing about its figures.

Settings were chosen with seeds from 1000 on: streams of 50 to 300,000 symbols, 8 and 16 blocks, rates
0.1 and 0.3, 0.01 and 0.02 for Adam. Networks trained on a single long stream made errors at its first
symbols, because they never saw a cleared context again.
""",
    trial=trial,
    rows=[
        Row("LSTM 7-16-7, online, rate 0.1", _case(DEFAULT, "online", 0.1, 1.0, 200, MOST), None, 30),
        Row("LSTM 7-16-7, truncated, rate 0.1", _case(DEFAULT, "truncated", 0.1, 1.0, 200, MOST), None, 10),
        Row(
            "LSTM 7-16-7, exact online, rate 0.1",
            _case(DEFAULT, "exact online", 0.1, 1.0, 200, 3000),
            None,
            3,
        ),
        Row(
            "LSTM 7-16-7, through time, Adam 0.01",
            _case(DEFAULT, "through time", 0.01, 1.0, 200, MOST),
            None,
            10,
        ),
        Row(
            "7-4x2-7, online, rate 0.5",
            _case(PAPER, "online", 0.5, 1.0, 0, 1000),
            Published("18 % perfect, 18,889 streams", "V"),
            2,
        ),
        Row(
            "7-4x2-7, online, rate 0.5, decay 0.99",
            _case(PAPER, "online", 0.5, 0.99, 0, 1000),
            Published("62 % perfect, 14,087 streams", "V"),
            2,
        ),
    ],
    measures=(
        Measure("symbols", "training symbols"),
        Measure("length", "length"),
        Measure("needed", "training streams"),
    ),
)

"""The memory of exact gradients: one set of tapes a thread and width, whose history no bit depends on."""

import textwrap

import numpy as np
import pytest

from synapse import Trainer
from synapse.errors import DivergenceError
from synapse.learning._data import prepare_sequences
from synapse.learning._exact import ExactGradient

from ..engine.test_jit import run
from .helpers import SORTS, built, sequences

LENGTHS = (40, 3, 17, 70, 16, 1, 33, 70, 5, 64, 2, 40)
WHOLE = 2**62


def exact_of(net, threads=1):
    return ExactGradient(net, prepare_sequences(net, *sequences(net, LENGTHS)), threads)


def descent(exact, chosen, masked=False, **options):
    """The bits of one call; masked: every activation is halved."""
    if masked:
        neurons = len(exact.network)
        options["masks"] = lambda steps, samples: np.full((steps, neurons, samples), 0.5)
    chosen = np.asarray(chosen, np.uint64)
    share = np.full(len(chosen), 1.0 / len(chosen))
    cost = exact.network._cost(None)
    loss, weights, biases = exact.descent(chosen, share, cost, options.pop("window", WHOLE), **options)
    return np.float64(loss).tobytes() + weights.tobytes() + biases.tobytes()


CALLS = [
    {"chosen": [3, 7]},
    {"chosen": [1]},
    {"chosen": [0, 1, 2, 4, 5]},
    {"chosen": [5]},
    {"chosen": [1, 10], "context": True},
    {"chosen": list(range(12)), "window": 7},
    {"chosen": [2, 4, 6], "masked": True},
    {"chosen": [8, 10, 5]},
    {"chosen": [9]},
    {"chosen": [1], "context": True},
    {"chosen": [1]},
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sort", SORTS)
def test_no_bit_depends_on_what_tapes_were_used_for_before(sort, dtype):
    net = built(sort, dtype=dtype)
    net.activate(np.full(len(net.input), 0.3))
    kept = exact_of(net)
    for call in CALLS:
        assert descent(kept, **call) == descent(exact_of(net), **call)


def test_nor_on_numbers_that_had_left_the_finite_range():
    net = built("lstm")
    kept, weights = exact_of(net), net.weights
    for neuron in net["cells"]:
        neuron.squash = "identity"
    fresh = [descent(exact_of(net), chosen) for chosen in ([0, 1, 5], [4], [11, 2])]
    net.weights = weights * 1e160
    with pytest.raises(DivergenceError):
        descent(kept, [3, 7, 9])
    with pytest.raises(DivergenceError):
        descent(kept, [3])
    net.weights = weights
    assert [descent(kept, chosen) for chosen in ([0, 1, 5], [4], [11, 2])] == fresh


@pytest.mark.parametrize("threads", [1, 3])
def test_there_is_one_set_of_tapes_a_thread_and_width(threads):
    net = built("lstm")
    exact = exact_of(net, threads)
    for first in range(12):
        descent(exact, [first])
        descent(exact, np.arange(12)[: first + 1])
    assert len(exact._tapes) <= 2 * threads
    assert max(tapes.steps for tapes in exact._tapes.values()) == 80  # 70, in whole chunks


def test_unequal_lengths_take_no_more_memory_than_equal_ones():
    """Peaks of processes of their own; tapes for every length that is met would take six times as much."""

    def peak(lengths):
        script = f"""
            import resource
            import numpy as np
            import architect, synapse
            net = architect.LSTM(4, 48, 4, seed=0)
            rows = [np.full((length, 4), 0.5) for length in {lengths}]
            trainer = synapse.Trainer(net, 0.01, method="bptt", batch_size=2)
            trainer.train(rows, rows, 1, progress=False)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        """
        return int(run("-c", textwrap.dedent(script)))

    assert peak("range(40, 1000, 40)") < 1.3 * peak("[960] * 24")


def test_training_on_unequal_lengths_is_the_same_in_every_order_of_lengths():
    """The first epoch meets tapes that are new, the next ones of the longest sequence."""
    net, other = built("gru"), built("gru")
    inputs, targets = sequences(net, LENGTHS)
    trainer = Trainer(net, 0.05, method="bptt", batch_size=3)
    for _ in range(3):
        trainer.train(inputs, targets, 1, progress=False, shuffle=False)
        fresh = Trainer(other, 0.05, method="bptt", batch_size=3)
        fresh.train(inputs, targets, 1, progress=False, shuffle=False)
    assert net.weights.tobytes() == other.weights.tobytes()

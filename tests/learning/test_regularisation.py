"""Dropout while learning by exact gradients."""

from functools import partial

import numpy as np
import pytest

import architect
from synapse import Layer, Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.learning._data import prepare_sequences
from synapse.learning._gradient import ExactGradient
from synapse.learning._regularisation import Dropout
from tests.helpers.cases import all_refused, every_case

from .helpers import parameters

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(10, 5, 3))
TARGETS = RNG.random((10, 5, 2))


net = partial(architect.LSTM, 3, 4, 2, style="standard", seed=1)


def test_the_gradient_is_that_of_what_is_left():
    network = net()
    work = ExactGradient(network, prepare_sequences(network, INPUTS, TARGETS))
    call = np.arange(10), np.full(10, 0.1), network._cost(None), 2**62

    def descent():
        masks = Dropout(network, 0.3, {"cells": 0.2}).masks(np.random.default_rng(5))
        return work.descent(*call, masks=masks)

    exact = -descent()[1]
    rows = network._connection_rows()
    width = 1e-6
    for link, row in list(zip(network.connections, rows, strict=True))[::7]:
        before = link.weight
        ends = []
        for moved in (before + width, before - width):
            link.weight = moved
            ends.append(descent()[0])
        link.weight = before
        slope = (ends[0] - ends[1]) / (2 * width)
        assert (exact[row] if link.trainable else slope) == pytest.approx(
            slope, abs=1e-8
        )


def test_masks_leave_out_with_their_chance_and_keep_the_mean():
    network = net()
    masks = Dropout(network, {"cells": 0.25}, 0.0).masks(np.random.default_rng(0))
    mask = masks(500, 8)
    place = [network.neurons.index(neuron) for neuron in network["cells"]]
    assert set(np.unique(mask[:, place])) == {0.0, 4 / 3}
    assert mask[:, place].mean() == pytest.approx(1.0, abs=0.03)
    assert (np.delete(mask, place, axis=1) == 1.0).all()


def test_recurrent_dropout_stays_for_a_sequence():
    mask = Dropout(net(), 0.0, 0.5).masks(np.random.default_rng(0))(20, 8)
    assert (mask == mask[:1]).all()
    assert 0.0 in mask


@every_case(
    "options",
    [{"rule": "bptt"}, {"batch_size": 5}, {"rule": "rtrl", "batch_size": 5}],
)
def test_penalties_are_those_of_weights_that_learn_and_clipped_with_the_gradient(
    options,
):
    network = net()
    network.connections[1].weight = 100.0
    network.connections[1].trainable = False
    batches = []

    def moved(on_batch=None, **penalties):
        before = parameters(network)
        Trainer(network, 1.0, **options, **penalties, clip=0.1).train(
            INPUTS, TARGETS, epochs=1, on_batch=on_batch, progress=False
        )
        return np.linalg.norm(parameters(network) - before)

    first = moved(lambda batch: batches.append(batch) or True, l1=0.01, l2=0.1)
    assert first == pytest.approx(0.1)
    assert 0.1 < batches[0].gradient_norm < 5.0
    assert moved(l2=0.1) > 0.01


def test_wrong_arguments_are_refused():
    make = partial(Trainer, net(), rule="bptt")
    all_refused(
        [
            (lambda: make(dropout=1.0), ArgumentError, "below 1"),
            (lambda: make(dropout={"nobody": 0.1}), ArgumentError, "nobody"),
            (lambda: make(dropout={3: 0.1}), ArgumentTypeError, "one of the network"),
            (
                lambda: make(recurrent_dropout={Layer(2): 0.1}),
                ArgumentTypeError,
                "one of the network",
            ),
            (lambda: Trainer(net(), dropout=0.1), ArgumentError, 'rule="bptt"'),
            (
                lambda: make(dropout=0.1, optimizer=optimizers.LBFGS()),
                ArgumentError,
                "L-BFGS",
            ),
        ]
    )


@every_case("option", ["dropout", "recurrent_dropout"])
@every_case(
    "layer_of",
    [lambda net: "output", lambda net: Layer([net.hidden[0][0], net.output[0]])],
)
def test_outputs_are_never_left_out(layer_of, option):
    network = net()
    with pytest.raises(ArgumentError, match="cannot be applied to the outputs"):
        Trainer(network, rule="bptt", **{option: {layer_of(network): 0.5}})

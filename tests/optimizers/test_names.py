"""Names of optimizers, and classes of one's own under a name."""

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError


def test_all_have_names_and_one_of_ones_own_is_registered_once():
    names = optimizers.names()
    assert {"Adam", "SGD", "LBFGS", "RLS"} <= {*names} <= {*dir(optimizers)}

    class OnlySigns(optimizers.Optimizer):
        rate = 0.25

        def slots(self):
            return {}

        def find_change(self, state, parameters, gradient, rate):
            np.multiply(np.sign(gradient), rate, out=state.change)

    class WithSize(OnlySigns):
        def __init__(self, size):
            self.rate = size

    assert optimizers.register(OnlySigns) is OnlySigns is optimizers.OnlySigns
    assert {*optimizers.names()} == {*names, "OnlySigns"}
    net = architect.Perceptron(1, 1, seed=0)
    trainer = Trainer(net, rule="bptt", optimizer="only-signs")
    before = net.weights
    trainer.train([[1.0]], [[1.0]], epochs=1, progress=False)
    assert abs(net.weights - before) == pytest.approx(0.25)
    with pytest.raises(ArgumentError, match="'OnlySigns' is registered already"):
        optimizers.register(OnlySigns)
    for wrong, words in (
        (WithSize, "without arguments"),
        (OnlySigns(), "a subclass of Optimizer"),
        (optimizers.Optimizer, "a subclass of Optimizer"),
        (dict, "a subclass of Optimizer"),
    ):
        with pytest.raises(ArgumentTypeError, match=words):
            optimizers.register(wrong)

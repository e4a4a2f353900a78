"""Names of optimizers, and classes of one's own under a name."""

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError


def test_all_have_names_and_one_of_ones_own_is_registered_once():
    names = optimizers.names()
    assert {"Adam", "SGD", "LBFGS", "RLS"} <= {*names} <= {*dir(optimizers)}

    class SignSteps(optimizers.Optimizer):
        rate = 0.25

        def slots(self):
            return {}

        def find_change(self, state, parameters, gradient, rate):
            np.multiply(np.sign(gradient), rate, out=state.change)

    class WithSize(SignSteps):
        def __init__(self, size):
            self.rate = size

    assert optimizers.register(SignSteps) is SignSteps is optimizers.SignSteps
    assert {*optimizers.names()} == {*names, "SignSteps"}
    net = architect.Perceptron(1, 1, seed=0)
    trainer = Trainer(net, rule="bptt", optimizer="sign-steps")
    before = net.weights
    trainer.train([[1.0]], [[1.0]], epochs=1, progress=False)
    assert abs(net.weights - before) == pytest.approx(0.25)
    with pytest.raises(ArgumentError, match="'SignSteps' is registered already"):
        optimizers.register(SignSteps)
    for wrong, words in (
        (WithSize, "without arguments"),
        (SignSteps(), "a subclass of Optimizer"),
        (optimizers.Optimizer, "a subclass of Optimizer"),
        (dict, "a subclass of Optimizer"),
    ):
        with pytest.raises(ArgumentTypeError, match=words):
            optimizers.register(wrong)

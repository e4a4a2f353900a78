"""The five registries have one interface."""

import numpy as np
import pytest

import architect
from synapse import Layer, costs, initializers, optimizers, squashes
from synapse.errors import ArgumentTypeError


@pytest.mark.parametrize(
    "module", [squashes, costs, initializers, optimizers, architect]
)
def test_what_cannot_be_registered_is_refused_in_one_sentence(module):
    for wrong in (3, "name"):
        with pytest.raises(ArgumentTypeError, match="to register must be a"):
            module.register(wrong)


def test_an_initializer_is_given_with_or_without_a_call():
    forms = ("normal", initializers.normal, initializers.normal(), "NORMAL")
    for form in (*forms, initializers.normal(0.1), initializers.normal(scale=0.1)):
        drawn = Layer(3).project(Layer(2), initializer=form, seed=0).weights
        first = Layer(3).project(Layer(2), initializer="normal", seed=0).weights
        np.testing.assert_array_equal(drawn, first)

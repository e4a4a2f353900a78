"""The five registries have one interface."""

import numpy as np
import pytest

import architect
from synapse import Layer, costs, initializers, optimizers, squashes
from synapse.errors import ArgumentTypeError
from tests.helpers.processes import python


@pytest.mark.full
def test_all_five_registries_name_register_and_show_in_one_way():
    """In a process of its own: what is registered stays."""
    code = """if True:
        import numpy as np
        import pytest
        import architect
        from synapse import Network, costs, initializers, optimizers, squashes

        def linear_half(state):
            return 0.5 * state, 0.5

        def half_of_squares(target, output, derivative, outputs):
            return 0.5 * (target - output) ** 2, (target - output) * derivative

        def halves(rng, shape, fan_in, fan_out):
            return np.full(shape, 0.5)

        class HalfSteps(optimizers.SGD):
            pass

        class HalfNetwork(Network):
            pass

        items = {
            squashes: linear_half,
            costs: half_of_squares,
            initializers: halves,
            optimizers: HalfSteps,
            architect: HalfNetwork,
        }
        for module, item in items.items():
            name = item.__name__
            assert name not in module.names() and name not in dir(module)
            registered = module.register(item)
            assert module.names() == sorted(module.names())
            assert name in module.names() and name in dir(module)
            assert getattr(module, name) is registered
            assert not hasattr(module, "get")
            first = module.names()[0]
            with pytest.raises(AttributeError, match=f"Did you mean '{first}'"):
                getattr(module, first[:-1] + "__")
    """
    python("-c", code)


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

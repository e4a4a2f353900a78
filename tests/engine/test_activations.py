import pytest

from synapse import Neuron, squash
from synapse.engine import schema
from synapse.engine.functions import activations

BUILT_IN = [
    name
    for name in squash.names()
    if squash.get(name).code < schema.FIRST_CUSTOM and hasattr(activations, name)
]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_engine_calls_each_function_by_its_code(name):
    function = squash.get(name)
    assert getattr(schema, name.upper()) == function.code
    assert function.function is getattr(activations, name)
    neuron = Neuron(function, bias=0.7)
    neuron.deterministic = True
    assert (neuron.activate(), neuron.derivative) == pytest.approx(getattr(activations, name)(0.7), rel=1e-15)


def test_every_built_in_function_stands_in_the_engine():
    assert {"logistic", "tanh", "identity", "step", "sign", "relu", "elu", "softplus", "gaussian"} < set(
        BUILT_IN
    )

import pytest

from synapse import Neuron, squash
from synapse.engine.functions import activations, compiled

BUILT_IN = [
    name
    for name in squash.names()
    if squash.get(name).code < activations.FIRST_CUSTOM and hasattr(activations, name)
]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_engine_calls_each_function_by_its_code(name):
    function = squash.get(name)
    assert activations.ACTIVATIONS[name].code == function.code
    assert function.function is compiled.SQUASHES[name]
    neuron = Neuron(function, bias=0.7)
    neuron.deterministic = True
    assert (neuron.activate(), neuron.derivative) == pytest.approx(compiled.SQUASHES[name](0.7), rel=1e-15)


def test_every_built_in_function_stands_in_the_engine():
    assert {"logistic", "tanh", "identity", "step", "sign", "relu", "elu", "softplus", "gaussian"} < set(
        BUILT_IN
    )


def test_codes_are_places_in_the_table():
    codes = [one.code for one in activations.ACTIVATIONS.values()]
    assert codes == list(range(len(codes)))
    assert max(codes) < activations.FIRST_CUSTOM


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_plain_formula_is_what_kernels_compute(name):
    one = activations.ACTIVATIONS[name]
    for state in (-3.0, -0.4, 0.0, 0.2, 1.7):
        assert one.formula(state) == pytest.approx(compiled.SQUASHES[name](state), rel=1e-14, abs=1e-16)
        assert one.low <= one.formula(state)[0] <= one.high

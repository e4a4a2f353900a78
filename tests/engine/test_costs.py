import pytest

from synapse import Layer, Network, cost
from synapse.engine.functions import compiled, costs

BUILT_IN = ["cross_entropy", "squared_error", "mean_squared_error", "binary_misses"]


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_the_engine_calls_each_cost_by_its_code(name):
    measure = cost.get(name)
    assert costs.COSTS[name].code == measure.code
    assert measure.function is compiled.ERRORS[name]
    net = Network(Layer(1), [], Layer(2, bias=0.7))
    outputs = net.activate([0.0]).tolist()
    found = net.propagate(0.0, [1.0, 0.25], name)
    slopes = [neuron.derivative for neuron in net.output]
    each = [
        compiled.ERRORS[name](t, y, slope, 2.0)
        for t, y, slope in zip([1.0, 0.25], outputs, slopes, strict=True)
    ]
    assert found == pytest.approx(sum(value for value, _ in each), rel=1e-14)
    assert [neuron.error.projected for neuron in net.output] == pytest.approx([signal for _, signal in each])

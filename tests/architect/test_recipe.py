"""What holds for every recipe: seeds, initializers and floats do what they say."""

import numpy as np
import pytest

import architect
from synapse import initializers
from synapse.errors import SynapseError

from .helpers import INPUTS

RECIPES = {
    "Perceptron": lambda **options: architect.Perceptron(3, 4, 2, **options),
    "Residual": lambda **options: architect.Residual(3, 4, 4, 2, **options),
    "Elman": lambda **options: architect.Elman(3, 4, 2, **options),
    "Jordan": lambda **options: architect.Jordan(3, 4, 2, context_decay=0.5, **options),
    "NARX": lambda **options: architect.NARX(3, 4, 2, **options),
    "LSTM": lambda **options: architect.LSTM(3, 4, 2, **options),
    "GRU": lambda **options: architect.GRU(3, 4, 2, **options),
    "Random": lambda **options: architect.Random(3, 8, 2, gates=4, backward=6, **options),
}
every_recipe = pytest.mark.parametrize("build", RECIPES.values(), ids=RECIPES)


@every_recipe
def test_the_same_seed_gives_the_same_bits(build):
    one, other, third = (build(seed=seed) for seed in (7, 7, 8))
    assert one.weights.tobytes() + one.biases.tobytes() == other.weights.tobytes() + other.biases.tobytes()
    assert one.run(INPUTS).tobytes() == other.run(INPUTS).tobytes()
    assert (one.run(INPUTS) != third.run(INPUTS)).any()


@every_recipe
@pytest.mark.parametrize("initializer", ["glorot", "he", "orthogonal", initializers.constant(0.3)])
def test_every_initializer_builds(build, initializer):
    net = build(initializer=initializer, bias_initializer="zeros", seed=0)
    assert np.isfinite(net.run(INPUTS)).all()


@pytest.mark.parametrize("name", ["Perceptron", "Residual", "Elman", "Jordan", "NARX"])
def test_weights_and_biases_start_within_one_over_the_root_of_the_fan_in(name):
    """The fan-in is that of the neuron, whatever layers it comes from."""
    for neuron in (neuron for seed in range(5) for neuron in RECIPES[name](seed=seed)):
        learnt = [link.weight for link in neuron.incoming if link.trainable]
        limit = 1 / np.sqrt(max(1, len(learnt)))
        assert np.abs([*learnt, neuron.bias]).max() <= limit
        assert not learnt or np.abs([*learnt, neuron.bias]).max() > 0.1


@every_recipe
def test_single_precision_answers_alike(build):
    one, other = build(seed=1), build(seed=1, dtype="float32")
    assert other.run(INPUTS) == pytest.approx(one.run(INPUTS), abs=1e-5)
    assert (other.run(INPUTS) != one.run(INPUTS)).any()


@every_recipe
def test_the_output_squash_is_that_of_the_outputs_alone(build):
    net = build(output_squash="softplus", seed=0)
    assert [layer.squash.name for layer in net.layers].count("softplus") == 1
    assert net.output.squash.name == "softplus"


@every_recipe
def test_a_twin_goes_its_own_way(build):
    net = build(seed=0)
    twin = net.clone()
    assert twin.run(INPUTS).tobytes() == net.run(INPUTS).tobytes()
    twin.propagate(0.5, [1.0, 0.0])
    assert (twin.weights != net.weights).any()


@every_recipe
@pytest.mark.parametrize("options", [{"initializer": "absent"}, {"dtype": "float16"}, {"seed": "seven"}])
def test_what_cannot_be_drawn_is_refused(build, options):
    with pytest.raises(SynapseError):
        build(**options)

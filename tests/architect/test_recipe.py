"""What holds for every recipe: seeds, initializers and floats do what they say."""

import numpy as np
import pytest

from architect import GRU, LSTM, NARX, Elman, Jordan, Perceptron, Random, Residual
from synapse import initializers
from synapse.errors import ArgumentError, KindError, SynapseError

from .helpers import INPUTS

RECIPES = {
    "Perceptron": lambda **options: Perceptron(3, 4, 2, **options),
    "Residual": lambda **options: Residual(3, 4, 4, 2, **options),
    "Elman": lambda **options: Elman(3, 4, 2, **options),
    "Jordan": lambda **options: Jordan(3, 4, 2, context_decay=0.5, **options),
    "NARX": lambda **options: NARX(3, 4, 2, **options),
    "LSTM": lambda **options: LSTM(3, 4, 2, **options),
    "GRU": lambda **options: GRU(3, 4, 2, **options),
    "Random": lambda **options: Random(3, 8, 2, gates=4, backward=6, **options),
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


@pytest.mark.parametrize(
    ("net", "shown"),
    [
        (lambda: Jordan(3, 4, 2, seed=0), "<Jordan 3-4-2, 11 neurons, 30 connections>"),
        (lambda: Random(3, 6, 2, density=1.0, seed=0), "<Random 3-6-2, 11 neurons, 51 connections>"),
        (lambda: Residual(3, 4, 4, 2, seed=0), "<Residual 3-4-4-2, 17 neurons, 44 connections>"),
        (lambda: NARX(3, [4], 2, seed=0), "<NARX 3-4-2, 19 neurons, 70 connections>"),
        (lambda: GRU(3, 4, 2, seed=0), "<GRU 3-4-2, 26 neurons, 108 connections>"),
    ],
)
def test_its_repr_tells_its_sizes(net, shown):
    assert repr(net()) == shown


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (lambda: Perceptron(2), ArgumentError, "."),
        (lambda: Perceptron(2, 0), ArgumentError, "."),
        (lambda: Perceptron(2, 1.5), KindError, "."),
        (lambda: Elman(2, 1), ArgumentError, "."),
        (lambda: LSTM(2, 1, style="synaptic"), ArgumentError, "."),
        (lambda: LSTM(2, 3, 1, peepholes="some", style="synaptic"), ArgumentError, "."),
        (lambda: LSTM(2, 3, 1, cells_per_block=0, style="synaptic"), ArgumentError, "."),
        (lambda: LSTM(2, 3, 1, cell_squash="absent", style="synaptic"), SynapseError, "."),
        (lambda: Perceptron(2, 1, initializer="absent"), SynapseError, "."),
        (lambda: Perceptron(2, 1, dtype="float16"), ArgumentError, "."),
        (lambda: Jordan(2, 1), ArgumentError, "at least 3 sizes"),
        (lambda: Jordan(2, 0, 1), ArgumentError, "above 0, got 0"),
        (lambda: Jordan(2, 3, 1, context_decay=1.0), ArgumentError, "below 1, got 1.0"),
        (lambda: Jordan(2, 3, 1, context_decay=-0.1), ArgumentError, "got -0.1"),
        (lambda: Jordan(2, 3, 1, context_decay="much"), KindError, "(to be|Expected) a number"),
        (lambda: Random(2, 0, 1), ArgumentError, "got 0"),
        (lambda: Random(2, 3, 1, density=0.0), ArgumentError, "density of Random .* got 0.0"),
        (lambda: Random(2, 3, 1, density=1.1), ArgumentError, "at most 1, got 1.1"),
        (lambda: Random(2, 3, 1, density="all"), KindError, "a number"),
        (lambda: Random(2, 3, 1, gates=-1), ArgumentError, "got -1"),
        (lambda: Random(2, 3, 1, gates=1.0), KindError, "whole number"),
        (
            lambda: Random(2, 3, 1, density=1.0, gates=16),
            ArgumentError,
            "from 0 to 14, the number of connections",
        ),
        (lambda: Random(2, 3, 1, self_connections=4), ArgumentError, "from 0 to 3, the number of pairs"),
        (lambda: Random(2, 3, 1, backward=7), ArgumentError, "from 0 to 6, the number of pairs"),
        (lambda: Residual(2, 3, 1), ArgumentError, "at least 4 sizes"),
        (lambda: Residual(2, 3, 4, 1), ArgumentError, r"of one size, got \[3, 4\]"),
        (lambda: Residual(2, 3, 0, 1), ArgumentError, "got 0"),
        (lambda: Residual(2, 3, "3", 1), KindError, "whole number"),
        (lambda: NARX(1, 3, 1, input_delay=0), ArgumentError, "input_delay of NARX to be .* above 0, got 0"),
        (
            lambda: NARX(1, 3, 1, output_delay=0),
            ArgumentError,
            "output_delay of NARX to be .* above 0, got 0",
        ),
        (lambda: NARX(1, 3, 1, output_delay=-2), ArgumentError, "got -2"),
        (lambda: NARX(1, 3, 1, input_delay=1.5), KindError, "whole number"),
        (lambda: NARX(1, [], 1), ArgumentError, "at least 3 sizes"),
        (lambda: NARX(1, 0, 1), ArgumentError, "got 0"),
        (lambda: NARX(1, "three", 1), KindError, "whole number"),
        (lambda: GRU(2, 1), ArgumentError, "."),
        (lambda: GRU(2, -3, 1), ArgumentError, "."),
        (lambda: GRU(2, 3.5, 1), KindError, "."),
        (lambda: GRU(2, 3, 1, update_gate_bias=np.nan), SynapseError, "."),
        (lambda: GRU(2, 3, 1, squash="absent"), SynapseError, "."),
    ],
)
def test_wrong_arguments_are_refused(wrong, error, says):
    with pytest.raises(error, match=says):
        wrong()

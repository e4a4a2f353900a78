"""Records and rasters."""

from __future__ import annotations

import numpy as np
import pytest

import architect
from synapse import Layer, Neuron, draw
from synapse.errors import ArgumentError, KindError, UnknownNameError

from .helpers import outside, overlapping, shown

pytest.importorskip("matplotlib")

RNG = np.random.default_rng(0)


def test_record_is_what_each_neuron_held():
    net, twin = (architect.LSTM(2, 3, 1, style="synaptic", seed=0) for _ in range(2))
    inputs = RNG.normal(size=(5, 2))
    held = draw.record(net, inputs)
    assert held.shape == (5, len(net))
    for row, x in zip(held, inputs):
        twin.activate(x)
        assert row.tolist() == [neuron.activation for neuron in twin]
    states = draw.record(net, inputs, "state")
    assert states[-1].tolist() == [neuron.state for neuron in net]


def test_record_refuses_and_nothing_has_run():
    net = architect.Perceptron(2, 2, 1, seed=0)
    with pytest.raises(KindError, match="What is recorded must be a Network"):
        draw.record(net.input, [[0, 1]])
    with pytest.raises(UnknownNameError, match=r"named 'weight'\. Known: activation, state"):
        draw.record(net, [[0, 1]], "weight")
    with pytest.raises(ArgumentError, match="must be 2 numbers a step"):
        draw.record(net, [[0, 1, 2]])
    with pytest.raises(ArgumentError, match="must be finite"):
        draw.record(net, [[1, 1], [0, np.nan]])
    assert [neuron.activation for neuron in net] == [0.0] * 5


def test_an_image_with_a_row_a_neuron():
    values = RNG.random((7, 3))
    ax = draw.raster(values, ["a", "$b_1$", "c\nd"])
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), values.T)
    assert image.cmap.name == "cividis"
    names = [text for text, _ in shown(ax.figure)]
    assert {"a", "$b_1$", "c d", "step", "activation"} <= set(names)


def test_values_of_both_signs_have_zero_in_the_middle_of_their_colours():
    (image,) = draw.raster([[-1.0, 3.0]]).images
    assert (image.norm.vmin, image.norm.vmax) == (-3.0, 3.0)
    red, green, blue, _ = image.cmap(image.norm(0.0))
    assert max(red, green, blue) - min(red, green, blue) < 0.02


def test_layers_are_set_apart_and_named():
    net = architect.LSTM(2, 4, 1, style="synaptic", seed=0)
    ax = draw.raster(draw.record(net, RNG.random((20, 2))), net)
    assert [line.get_ydata()[0] for line in ax.lines if line.get_color() == "white"] == [
        1.5,
        5.5,
        9.5,
        13.5,
        17.5,
    ]
    assert [text.get_text() for text in ax.texts] == [layer.name for layer in net.layers]
    assert overlapping(ax.figure) == []
    assert outside(ax.figure) == []


def test_many_neurons_are_numbered_and_small_layers_named_without_overlap():
    net = architect.Perceptron(150, *[1] * 6, 40, 1, 1, seed=0)
    ax = draw.raster(RNG.random((30, len(net))), net)
    assert "input 0" not in [text for text, _ in shown(ax.figure)]
    assert overlapping(ax.figure) == []
    assert outside(ax.figure) == []


@pytest.mark.parametrize("values", [np.zeros((4, 2)), np.full((4, 2), np.nan), [[np.inf, 1.0]], [[5.0]]])
def test_one_value_and_values_that_are_no_numbers(values):
    ax = draw.raster(values)
    ax.figure.canvas.draw()
    (image,) = ax.images
    assert image.get_array().count() == np.isfinite(values).sum()


def test_refuses_other_shapes_and_numbers():
    for values in ([1.0, 2.0], np.zeros((2, 2, 2)), np.zeros((0, 3))):
        with pytest.raises(ArgumentError, match="a row a step and a column a neuron"):
            draw.raster(values)
    with pytest.raises(KindError, match="The values must be a matrix"):
        draw.raster("abc")
    with pytest.raises(ArgumentError, match=r"as many as the values have columns: 2\. Got 3\."):
        draw.raster([[0, 1]], Layer(3))
    with pytest.raises(KindError, match="The neurons must be a Network, a Layer"):
        draw.raster([[0, 1]], "ab")
    with pytest.raises(KindError, match="The neurons must be a Network, a Layer"):
        draw.raster([[0]], Neuron())

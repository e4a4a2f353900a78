"""Rasters."""

import numpy as np
import pytest

import architect
from synapse import Layer, Neuron, draw, record
from synapse.errors import ArgumentError, KindError

from .helpers import outside, overlapping, shown

RNG = np.random.default_rng(0)


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
    with record(net) as log:
        net.run(RNG.random((20, 2)))
    ax = draw.raster(log.activation, net)
    assert [line.get_ydata()[0] for line in ax.lines if line.get_color() == "white"] == [
        1.5,
        5.5,
        9.5,
        13.5,
        17.5,
    ]
    assert [text.get_text() for text in ax.texts] == [layer.name for layer in net.layers]
    rows = [text.get_text() for text in ax.get_yticklabels()]
    assert rows == [str(i) for layer in net.layers for i in range(len(layer))]  # layers are named once
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_many_neurons_are_numbered_and_small_layers_named_without_overlap():
    net = architect.Perceptron(150, *[1] * 6, 40, 1, 1, seed=0)
    ax = draw.raster(RNG.random((30, len(net))), net)
    assert "input 0" not in [text for text, _ in shown(ax.figure)]
    assert overlapping(ax.figure) == outside(ax.figure) == []


@pytest.mark.parametrize("values", [np.zeros((4, 2)), np.full((4, 2), np.nan), [[np.inf, 1.0]], [[5.0]]])
def test_one_value_and_values_that_are_no_numbers(values):
    ax = draw.raster(values)
    ax.figure.canvas.draw()
    (image,) = ax.images
    assert image.get_array().count() == np.isfinite(values).sum()


def test_refuses_other_shapes_and_numbers():
    for values in ([1.0, 2.0], np.zeros((2, 2, 2)), np.zeros((0, 3))):
        with pytest.raises(ArgumentError, match="a row for each step and a column for each neuron"):
            draw.raster(values)
    with pytest.raises(KindError, match="Expected the values to be a matrix"):
        draw.raster("abc")
    with pytest.raises(
        ArgumentError, match=r"Expected 2 neurons, one for each column of the values, got 3\."
    ):
        draw.raster([[0, 1]], Layer(3))
    with pytest.raises(KindError, match="Expected the neurons to be a Network, a Layer"):
        draw.raster([[0, 1]], "ab")
    with pytest.raises(KindError, match="Expected the neurons to be a Network, a Layer"):
        draw.raster([[0]], Neuron())


def test_a_log_is_drawn_as_it_is():
    net = architect.LSTM(2, 3, 1, seed=0)
    with record(net, "activation", "weight") as log:
        net.run(RNG.random((6, 2)))
    ax = draw.raster(log)
    np.testing.assert_array_equal(ax.images[0].get_array(), log.activation.T)
    assert [text.get_text() for text in ax.texts] == [layer.name for layer in net.layers]
    with record(net, "weight", connections=net.connections[:2]) as log:
        net.run(RNG.random((6, 2)))
    ax = draw.raster(log)
    assert [text.get_text() for text in ax.get_yticklabels()] == log.labels("weight")
    assert "weight" in {text for text, _ in shown(ax.figure)}


def test_a_log_of_several_numbers_without_activations_is_refused():
    net = architect.LSTM(2, 3, 1, seed=0)
    with record(net, "state", "weight") as log:
        net.run(RNG.random((6, 2)))
    with pytest.raises(ArgumentError, match=r"Pass one of them: log\.state or log\.weight"):
        draw.raster(log)

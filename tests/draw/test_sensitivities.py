"""Pictures of sensitivities."""

import numpy as np
import pytest

import architect
import synapse
from synapse import draw
from synapse.errors import ArgumentError, KindError

from .helpers import STANDARD, hand_wired, outside, overlapping

RNG = np.random.default_rng(0)


def learning(net, order=None, steps=4):
    net.learning_rule = ("rtrl", order)
    net.run(RNG.random((steps, len(net.input))))
    return net


def matrix_by_hand(net):
    """A column for each trainable parameter, neuron by neuron; NaN where there is no sensitivity."""
    rows, columns = {}, []
    for neuron in list(net)[len(net.input) :]:
        into = sorted((c for c in neuron.incoming if c.trainable), key=lambda c: c._at)
        columns += [c.sensitivity for c in into]
        columns += [neuron.bias_sensitivity] if neuron.trainable else []
    for neuron in net:
        if any(neuron in column for column in columns):
            rows[neuron] = [column.get(neuron, np.nan) for column in columns]
    return np.array(list(rows.values()))


def tied_and_frozen():
    net = architect.LSTM(2, 3, 1, seed=0)
    synapse.tie(net["cells"][0].incoming[:2])
    net["forget gates"].trainable = False
    net["cells"][1].incoming[0].trainable = False
    return net


@pytest.mark.parametrize("order", [None, 1, 2])
@pytest.mark.parametrize(
    "make",
    [
        hand_wired,
        tied_and_frozen,
        lambda: architect.Elman(2, 6, 1, seed=0),
        lambda: architect.GRU(2, 3, 1, seed=0),
    ],
)
def test_the_image_is_what_connections_and_neurons_show(make, order):
    net = learning(make(), order)
    (image,) = draw.sensitivities(net).images
    np.testing.assert_array_equal(image.get_array().filled(np.nan), matrix_by_hand(net))
    assert image.cmap.get_bad().tolist() == [1, 1, 1, 1]
    assert image.norm.vmax == -image.norm.vmin == np.abs(image.get_array()).max()


def test_it_fills_up_step_by_step():
    net = architect.Elman(1, 3, 1, seed=0)
    net.learning_rule = "rtrl"
    filled = []
    for _ in range(3):
        (image,) = draw.sensitivities(net, scale=0.5).images
        assert image.norm.vmax == 0.5
        filled.append(np.count_nonzero(image.get_array().filled(0.0)))
        net.activate([1.0])
    assert filled[0] == 0
    assert filled == sorted(set(filled))


@pytest.mark.parametrize("name", ["lstm", "elman", "hand", "large"])
def test_names_can_be_read(name):
    ax = draw.sensitivities(learning(STANDARD[name](), 1, steps=1))
    assert overlapping(ax.figure) == outside(ax.figure) == []
    assert ax.get_title(loc="left").endswith("sensitivities are kept")


def test_it_is_drawn_on_axes_that_are_given():
    from matplotlib import pyplot

    _, axes = pyplot.subplots()
    assert draw.sensitivities(learning(architect.Elman(1, 2, 1, seed=0)), axes, colour_bars=False) is axes
    assert len(axes.figure.axes) == 1


def test_what_has_no_sensitivities():
    perceptron = architect.Perceptron(2, 3, 1, seed=0)
    with pytest.raises(ArgumentError, match="Expected a network that keeps sensitivities"):
        draw.sensitivities(perceptron)
    perceptron.learning_rule = "rtrl"
    with pytest.raises(ArgumentError, match="Expected a network with a recurrent neuron"):
        draw.sensitivities(perceptron)
    net = learning(architect.Elman(1, 2, 1, seed=0))
    with pytest.raises(ArgumentError, match="scale"):
        draw.sensitivities(net, scale=0.0)
    with pytest.raises(KindError, match="colour_bars"):
        draw.sensitivities(net, colour_bars="no")

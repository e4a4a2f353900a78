"""Learning curves and traces."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, draw
from synapse.errors import ArgumentError, KindError

from .helpers import outside, overlapping, shown

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]] * 3, [[0], [1], [1], [0]] * 3


def result(seed=0, **options):
    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=seed), rate=0.5)
    return trainer.train(*XOR, epochs=12, progress=False, **{"seed": 0} | options)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_result_shows_its_errors_by_epoch():
    trained = result(validation=0.25)
    ax = draw.learning(trained)
    training, validation = ax.lines
    assert training.get_xdata().tolist() == list(range(1, 13))
    assert training.get_ydata().tolist() == trained.history["error"]
    assert validation.get_ydata().tolist() == trained.history["validation_error"]
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
    assert legend(ax) == ["training", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "error", "linear")


def test_several_trainings_have_colours_and_names():
    ax = draw.learning({"three": result(validation=0.25), "_six $": result(1).history}, log=True)
    assert legend(ax) == ["three", "three validation", r" _six \$"]
    colours = [line.get_color() for line in ax.lines]
    assert colours[0] == colours[1] != colours[2]
    assert ax.get_yscale() == "log"
    assert legend(draw.learning([result(), result(1)])) == ["0", "1"]
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_errors_of_zero_and_nan_are_gaps_of_a_logarithmic_scale():
    ax = draw.learning({"error": [1.0, 0.0, np.nan, 0.1]}, log=True)
    ax.figure.canvas.draw()
    assert ax.get_ylim()[0] > 0.01


def test_errors_below_zero_are_seen():
    assert draw.learning({"error": [1.0, -2.0]}).get_ylim()[0] < -2.0


@pytest.mark.parametrize(
    "given", [3, "error", {"three": 3}, [None], {"error": "abc"}, {"error": [[1.0], [2.0, 3.0]]}]
)
def test_learning_refuses_what_is_no_result(given):
    with pytest.raises(KindError):
        draw.learning(given)


@pytest.mark.parametrize("given", [[], {}, [{"error": [1.0]}] * 9])
def test_learning_refuses_none_and_too_many(given):
    with pytest.raises(ArgumentError, match="Expected 1 to 8 trainings"):
        draw.learning(given)


def test_traces_are_lines_with_names():
    values = np.random.default_rng(0).normal(size=(30, 4))
    layer = Layer(4, name="cells")
    ax = draw.traces(values, layer, what="state")
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], values.T)
    assert legend(ax) == [neuron.name for neuron in layer]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "state")


def test_many_traces_can_be_told_apart_and_read():
    ax = draw.traces(np.zeros((3, 32)) + np.arange(32), [f"_neuron {i} $x$" for i in range(32)])
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == len(legend(ax)) == 32
    assert overlapping(ax.figure) == outside(ax.figure) == []
    assert " _neuron 31 $x$" in [text for text, _ in shown(ax.figure)]


def test_traces_refuse_more_than_can_be_told_apart_and_other_shapes():
    with pytest.raises(
        ArgumentError, match=r"Expected at most 32 neurons.* got 33\. Use draw\.raster for more\."
    ):
        draw.traces(np.zeros((3, 33)))
    with pytest.raises(ArgumentError, match="a row for each step and a column for each neuron"):
        draw.traces([1.0, 2.0])
    with pytest.raises(ArgumentError, match="got 1"):
        draw.traces([[1.0, 2.0]], ["a"])


def test_traces_of_a_log_have_its_names():
    net = architect.LSTM(2, 3, 1, seed=0)
    with synapse.record(net, "state", neurons=net["cells"]) as log:
        net.run(np.ones((5, 2)))
    ax = draw.traces(log)
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], log.state.T)
    assert legend(ax) == ["cells 0", "cells 1", "cells 2"]
    assert ax.get_ylabel() == "state"

"""Recordings of spiking networks: marks of spikes, lines of the rest."""

import numpy as np

import architect
import synapse
from synapse import Layer, Network, draw
from synapse.errors import ArgumentError, ArgumentTypeError
from tests.helpers.cases import all_refused


def recorded(steps=30, adaptive=2):
    net = architect.Spiking(2, 4, 1, adaptive=adaptive, seed=0)
    with synapse.record(net) as log:
        net.run(np.random.default_rng(0).uniform(0.0, 2.0, (steps, 2)))
    return net, log


def test_every_spike_is_a_mark_below_its_own_neuron():
    net, log = recorded()
    ax = draw.spikes(log, np.full((30, 1), np.nan))
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["input", "voltages", "spikes", "adaptation", "output"]
    fired = log.of(net["spikes"], "activation") == 1.0
    (marks,) = ax.collections
    places = np.array([segment[0] for segment in marks.get_segments()])
    assert len(places) == fired.sum() > 10
    assert np.array_equal(np.sort(places[:, 0]), np.sort(np.nonzero(fired)[0]))
    rows = np.unique(places[:, 1])
    assert len(rows) == fired.any(axis=0).sum()
    # 2 inputs, 4 voltages, 2 adaptations and the output with its targets are lines
    assert len(ax.lines) == 10


def test_delays_have_no_rows():
    """The delay is longer than the network has neurons."""
    inputs, fired = Layer(2, name="in"), Layer(1, "spike", -0.5, name="out")
    inputs.project(fired, weights=1.0, delay=20)
    net = Network(inputs, fired)
    with synapse.record(net) as log:
        net.run(np.eye(30, 2))
    assert log.activation.shape == (30, 3)
    ax = draw.spikes(log)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["in", "out"]
    ax = draw.traces(log)
    assert [line.get_label() for line in ax.lines] == ["in 0", "in 1", "out 0"]


def test_chosen_groups_have_bands_in_their_order_and_milliseconds():
    net, log = recorded()
    with synapse.record(net, neurons=net["spikes"]) as part:
        net.run(np.random.default_rng(0).uniform(0.0, 2.0, (30, 2)))
    groups = {"two": net["spikes"][2:], "one": [net["spikes"][1]]}
    ax = draw.spikes(part, groups=groups, dt=0.5)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["two", "one"]
    fired = [part.of(group) == 1.0 for group in groups.values()]
    assert [len(marks.get_segments()) for marks in ax.collections] == [
        spikes.sum() for spikes in fired if spikes.any()
    ]
    assert ax.get_xlabel() == "time (ms)"
    assert ax.xaxis.get_major_formatter()(20.0) == "10"
    rates = [f"{spikes.mean() * 2000:,.0f} Hz" for spikes in fired if spikes.any()]
    assert [text.get_text() for text in ax.texts if "Hz" in text.get_text()] == rates
    layers = draw.spikes(log, groups=[net["spikes"], net["voltages"]])
    names = [text.get_text() for text in layers.get_yticklabels()]
    assert names == ["spikes", "voltages"]
    all_refused(
        [
            (lambda: draw.spikes(part), ArgumentError, "is not recorded"),
            (lambda: draw.spikes(part, groups=[]), ArgumentError, "none"),
            (lambda: draw.spikes(part, groups=[3]), ArgumentTypeError, "Layer"),
            (
                lambda: draw.spikes(part, groups={"a": [net.output[0]]}),
                ArgumentError,
                "not recorded",
            ),
            (lambda: draw.spikes(part, groups=groups, dt=0), ArgumentError, "dt"),
        ]
    )

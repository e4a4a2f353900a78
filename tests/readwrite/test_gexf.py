"""Activations over time, for the timeline of Gephi."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from synapse import errors, readwrite, record

from .formats import NETWORKS, assert_twins


def test_gexf_has_activations_over_time():
    net = NETWORKS["perceptron"]()
    steps = np.arange(40.0).reshape(4, 10) / 7
    text = readwrite.gexf_data(net, steps)
    nodes = ElementTree.fromstring(text).iter("{http://www.gexf.net/1.2draft}node")
    told = [[one.attrib for one in node.iter() if one.get("start")] for node in nodes]
    assert [[float(one["value"]) for one in node] for node in told] == steps.T.tolist()
    assert (told[0][2]["start"], told[0][2]["end"]) == ("2.0", "3.0")
    assert_twins(net, readwrite.from_gexf_data(text))


@pytest.mark.parametrize(
    ("activations", "error", "sentence"),
    [
        ([[0.5]], errors.ArgumentError, r"shape \(T, 10\), got shape \(1, 1\)"),
        (np.zeros(10), errors.ArgumentError, r"got shape \(10,\)"),
        (np.full((2, 10), np.nan), errors.ArgumentError, "(to be|Expected) finite numbers, .* got nan"),
        ("x", errors.KindError, "(to be|Expected) finite numbers"),
    ],
)
def test_activations_that_do_not_fit(activations, error, sentence, tmp_path):
    with pytest.raises(error, match=sentence):
        readwrite.write_gexf(NETWORKS["perceptron"](), tmp_path / "net", activations)
    assert list(tmp_path.iterdir()) == []


def test_a_log_is_the_timeline():
    net = NETWORKS["perceptron"]()
    with record(net, "state", "activation", neurons=list(net)[::-1]) as log:
        net.run(np.ones((3, len(net.input))))
    assert readwrite.gexf_data(net, log) == readwrite.gexf_data(net, log.activation[:, ::-1])
    with record(net, neurons=net.output) as log:
        net.run(np.ones((3, len(net.input))))
    with pytest.raises(errors.ArgumentError, match="is not recorded"):
        readwrite.gexf_data(net, log)

"""What notebooks show of layers, results, logs and tables: well-formed, true, and
without a word executed."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest

import architect
import synapse
from synapse import (
    Layer,
    Network,
    Neuron,
    analysis,
    experiments,
    forecasting,
    learning,
    record,
)
from synapse._html import curves
from tests.helpers.cases import all_hold

NASTY = '</td><script>alert("1")</script><img src=x onerror=alert(2)>'
SVG = "{http://www.w3.org/2000/svg}"


def parsed(shown):
    """A view as a tree: raises where a tag is wrong."""
    return ElementTree.fromstring(shown._repr_html_())


def titles(tree):
    """Of its curves; axes have none."""
    return [path.findtext(f"{SVG}title") for path in tree.iter(f"{SVG}path")]


def points(tree, title):
    """What a curve draws, (x, y)."""
    (drawn,) = (
        path.get("d")
        for path in tree.iter(f"{SVG}path")
        if path.findtext(f"{SVG}title") == title
    )
    return [[float(n) for n in point.split()] for point in drawn[1:].split("L")]


def cells(tree):
    return [
        ["".join(cell.itertext()) for cell in row.iter("td")] for row in tree.iter("tr")
    ][1:]


def test_a_result_draws_its_learning_curve():
    history = {
        "loss": [0.5, 0.25, 0.125],
        "rate": [0.1] * 3,
        "validation_loss": [0.6, 0.4, 0.5],
    }
    tree = parsed(learning.Result(0.125, 3, 1.0, history, "epochs", "cross_entropy"))
    assert titles(tree) == [None, "loss", "validation_loss"]
    places, heights = zip(*points(tree, "loss"), strict=True)
    assert [*places] == sorted(places)
    assert heights[1] - heights[0] == pytest.approx(
        2 * (heights[2] - heights[1]), abs=0.2
    )  # 0.25 and 0.125


def test_curves_skip_what_is_not_finite_and_are_logarithmic_over_orders_of_magnitude():
    (path,) = (
        p.get("d")
        for p in ElementTree.fromstring(
            curves({"a": [1.0, math.nan, 1.0, math.inf, 1e-4]}, "step")
        ).iter(f"{SVG}path")
        if p.findtext(f"{SVG}title")
    )
    assert path.count("M") == 3
    assert path.count("L") == 0
    tree = ElementTree.fromstring(curves({"a": [1.0, 0.01, 0.0001]}, "step"))
    heights = [y for _, y in points(tree, "a")]
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.1)


def test_a_long_name_beside_its_curve_is_cut_and_a_short_one_is_not():
    tree = ElementTree.fromstring(
        curves({"short": [1.0, 2.0], "a" * 30: [2.0, 1.0]}, "step")
    )
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert "short" in texts
    assert "a" * 19 + "…" in texts


def test_a_forecast_shows_its_interval_and_a_rolling_origin_its_errors():
    evaluation = forecasting.rolling_origin(
        forecasting.seasonal_naive, np.sin(np.arange(40.0)), 3
    )
    assert [row[:2] for row in cells(parsed(evaluation))] == [
        [str(i), f"{e:.6g}"] for i, e in enumerate(evaluation.rmse, 1)
    ]
    mean = np.arange(6.0).reshape(3, 2)
    tree = parsed(forecasting.Forecast(mean, mean - 1, mean + 1, 0.9))
    assert cells(tree)[2] == ["3", "4", "3", "5", "5", "4", "6"]
    assert titles(tree) == [None, "mean", "lower", "upper"]


def test_a_network_is_drawn_to_scale_and_names_that_would_meet_are_cut():
    svg = parsed(architect.LSTM(2, 3, 1, seed=0)).find(f"{SVG}svg")
    left, _, width, height = map(float, svg.get("viewBox").split())
    scale = float(svg.get("width")) / width
    assert float(svg.get("height")) / height == pytest.approx(scale, rel=4e-3)
    texts = list(svg.iter(f"{SVG}text"))
    assert all(left <= float(text.get("x")) <= left + width for text in texts)
    shown = [text.text for text in texts]
    assert shown[:4] == ["input", "input gates", "forget gat…", "candidates"]


def test_views_are_well_formed_and_names_are_text():
    """Of something of everything that has a view."""
    layer = Layer([Neuron(name=NASTY), Neuron(name="b")], name=NASTY)
    output = Layer(1, name=NASTY)
    layer.project(output, weights=0.5)
    net = Network(layer, output, name=NASTY)
    rows = np.ones((3, 2))
    with record(net, "activation", "weight") as log:
        net.run(rows)
    result = synapse.Trainer(net).train(rows, np.ones((3, 1)), epochs=3, progress=False)
    result.history[NASTY] = [0.5, math.nan, 0.25]
    trials = experiments.Trials(
        [{"seed": 0, NASTY: NASTY, "list": [NASTY, 1]}, {"seed": 1, "solved": True}]
    )
    allowed = "div table thead tbody tr th td svg path text title"

    def check(view):
        tree = parsed(view)
        tags = {element.tag.removeprefix(SVG) for element in tree.iter()}
        assert tags <= {*allowed.split()}
        assert "<script" not in view._repr_html_()
        first = repr(view).split("\n")[0].split(";")[0].rstrip(">")
        assert first in "".join(tree.itertext())

    views = {"layer": layer, "log": log, "result": result, "trials": trials}
    all_hold(check, views | {"table": analysis.effective_weights(net)})

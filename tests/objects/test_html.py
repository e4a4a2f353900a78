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


def cells(tree):
    return [
        ["".join(cell.itertext()) for cell in row.iter("td")] for row in tree.iter("tr")
    ][1:]


def nasty_net():
    layer = Layer([Neuron(name=NASTY), Neuron(name="b")], name=NASTY)
    output = Layer(1, name=NASTY)
    layer.project(output, weights=0.5)
    return Network(layer, [], output, name=NASTY)


def views():
    """Something of everything that has a view."""
    net = nasty_net()
    rows = np.ones((3, 2))
    with record(net, "activation", "weight") as log:
        net.run(rows)
    result = synapse.Trainer(net).train(rows, np.ones((3, 1)), epochs=3, progress=False)
    result.history[NASTY] = [0.5, math.nan, 0.25]
    trials = experiments.Trials(
        [{"seed": 0, NASTY: NASTY, "list": [NASTY, 1]}, {"seed": 1, "solved": True}]
    )
    return {
        "layer": net.input,
        "log": log,
        "result": result,
        "trials": trials,
        "table": analysis.effective_weights(net),
    }


@pytest.fixture(scope="module")
def seen():
    return views()


def test_a_result_draws_its_learning_curve(seen):
    history = {
        "loss": [0.5, 0.25, 0.125],
        "rate": [0.1] * 3,
        "validation_loss": [0.6, 0.4, 0.5],
    }
    result = learning.Result(0.125, 3, 1.0, history, "epochs", "cross_entropy")
    tree = parsed(result)
    titles = [path.findtext(f"{SVG}title") for path in tree.iter(f"{SVG}path")]
    assert titles == [None, "loss", "validation_loss"]
    (error,) = (
        p.get("d")
        for p in tree.iter(f"{SVG}path")
        if p.findtext(f"{SVG}title") == "loss"
    )
    points = [list(map(float, point.split())) for point in error[1:].split("L")]
    heights = [y for _, y in points]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
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
    (path,) = (p.get("d") for p in tree.iter(f"{SVG}path") if p.findtext(f"{SVG}title"))
    heights = [float(point.split()[1]) for point in path[1:].split("L")]
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=0.1)


def test_a_long_name_beside_its_curve_is_cut_and_a_short_one_is_not():
    tree = ElementTree.fromstring(
        curves({"short": [1.0, 2.0], "a" * 30: [2.0, 1.0]}, "step")
    )
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert "short" in texts
    assert "a" * 19 + "…" in texts


def test_a_forecast_shows_its_interval_and_a_rolling_origin_its_errors():
    series = np.sin(np.arange(40.0))
    evaluation = forecasting.rolling_origin(forecasting.seasonal_naive, series, 3)
    rows = cells(parsed(evaluation))
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[1] for row in rows] == [f"{value:.6g}" for value in evaluation.rmse]
    mean = np.arange(6.0).reshape(3, 2)
    forecast = forecasting.Forecast(mean, mean - 1, mean + 1, 0.9)
    tree = parsed(forecast)
    assert cells(tree)[2] == ["3", "4", "3", "5", "5", "4", "6"]
    names = [path.findtext(f"{SVG}title") for path in tree.iter(f"{SVG}path")]
    assert names == [None, "mean", "lower", "upper"]


def test_a_network_is_drawn_to_scale_and_names_that_would_meet_are_cut():
    svg = parsed(architect.LSTM(2, 3, 1, seed=0)).find(f"{SVG}svg")
    left, _, width, height = map(float, svg.get("viewBox").split())
    scale = float(svg.get("width")) / width
    assert float(svg.get("height")) / height == pytest.approx(scale, rel=4e-3)
    texts = list(svg.iter(f"{SVG}text"))
    assert all(left <= float(text.get("x")) <= left + width for text in texts)
    shown = [text.text for text in texts]
    assert shown[:4] == ["input", "input gates", "forget gat…", "candidates"]


def test_views_are_well_formed_and_names_are_text(seen):
    def check(view):
        tree = parsed(view)
        tags = {element.tag.removeprefix(SVG) for element in tree.iter()}
        assert tags <= {
            "div",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "svg",
            "path",
            "text",
            "title",
        }
        assert "<script" not in view._repr_html_()
        assert repr(view).split("\n")[0].split(";")[0].rstrip(">") in "".join(
            tree.itertext()
        )

    all_hold(check, seen)

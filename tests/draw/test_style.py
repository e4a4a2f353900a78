"""What holds for all pictures: whose axes, whose figures, what is left behind, and without matplotlib."""

import subprocess
import sys

import numpy as np
import pytest

import architect
from synapse import draw
from synapse.errors import KindError, MissingExtraError

from .helpers import pixels

mpl = pytest.importorskip("matplotlib")
plt = pytest.importorskip("matplotlib.pyplot")

NET = architect.LSTM(2, 2, 1, style="synaptic", seed=0)
VALUES = np.random.default_rng(0).normal(size=(9, 3))

PICTURES = {
    "network": lambda **options: draw.network(NET, **options),
    "blocks": lambda **options: draw.network(NET, blocks=True, **options),
    "raster": lambda **options: draw.raster(VALUES, **options),
    "hinton": lambda **options: draw.hinton(VALUES, **options),
    "learning": lambda **options: draw.learning({"error": [3.0, 1.0]}, **options),
    "forecast": lambda **options: draw.forecast(VALUES, VALUES, **options),
    "traces": lambda **options: draw.traces(VALUES, **options),
    "error_flow": lambda **options: draw.error_flow(NET, VALUES[:, :2], **options),
}


@pytest.fixture(params=PICTURES)
def picture(request):
    return PICTURES[request.param]


def test_draws_on_the_axes_given_and_returns_them(picture):
    _, (left, right) = plt.subplots(1, 2)
    before = plt.get_fignums()
    assert picture(ax=right) is right
    assert right.has_data() or right.texts
    assert not left.has_data()
    assert plt.get_fignums() == before


def test_makes_one_figure_where_none_is_given(picture):
    ax = picture()
    assert plt.get_fignums() == [ax.figure.number]


def test_draws_on_tiny_axes(picture):
    figure = plt.figure(figsize=(2, 2))
    ax = figure.add_axes((0.5, 0.5, 0.02, 0.02))
    picture(ax=ax)
    pixels(figure)


def test_changes_no_setting(picture):
    before = dict(mpl.rcParams)
    picture()
    assert dict(mpl.rcParams) == before


def test_does_not_depend_on_settings(picture):
    plain = pixels(picture().figure)
    with mpl.rc_context({"font.size": 30.0, "lines.linewidth": 9.0, "text.color": "red", "axes.grid": True}):
        assert pixels(picture().figure) == plain


def test_refuses_other_axes_and_leaves_no_figure(picture):
    with pytest.raises(KindError, match=r"Expected the ax to be a matplotlib Axes or None, got 3\."):
        picture(ax=3)
    assert plt.get_fignums() == []


def test_a_figure_is_closed_where_drawing_fails(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no pen")

    monkeypatch.setattr("matplotlib.axes.Axes.imshow", fail)
    with pytest.raises(RuntimeError, match="no pen"):
        draw.raster(VALUES)
    assert plt.get_fignums() == []


def test_without_matplotlib_it_says_what_brings_it(picture, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r'pip install "synapse-neurons\[draw\]"'):
        picture()
    with pytest.raises(MissingExtraError, match="Pictures need matplotlib"):
        draw.style()


def test_importing_the_package_imports_no_matplotlib():
    code = "import sys, synapse.draw; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_style_is_a_context():
    before = mpl.rcParams["axes.spines.top"]
    with draw.style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert mpl.rcParams["axes.spines.top"] == before


def test_all_that_is_drawn_can_be_drawn_again_on_one_figure():
    figure, axes = plt.subplots(2, 3, figsize=(12, 7), layout="constrained")
    for name, ax in zip(("network", "blocks", "raster", "hinton", "learning", "traces"), axes.flat):
        PICTURES[name](ax=ax)
    assert len(pixels(figure)) > 10_000

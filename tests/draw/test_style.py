"""What holds for all pictures: whose axes and figures, what is left behind, and those
of the gallery."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import draw
from synapse.errors import ArgumentTypeError, MissingExtraError
from synapse.evolve import Evolution, Genome
from tests.helpers import cases

from .helpers import all_pictures_hold, artists_of, pixels
from .test_lines import run_of

VALUES = np.random.default_rng(0).normal(size=(9, 3))


def net():
    return architect.LSTM(2, 2, 1, style="synaptic", seed=0)


def learner():
    elman = architect.Elman(2, 2, 1, seed=0)
    elman.rule = "rtrl"
    elman.run(VALUES[:, :2])
    return elman


def firing():
    spiking = architect.Spiking(2, 3, 1, seed=0)
    with synapse.record(spiking) as log:
        spiking.run(np.abs(VALUES[:, :2]))
    return log


PICTURES = {
    "network": lambda **options: draw.network(net(), **options),
    "bundles": lambda **options: draw.network(net(), detail="bundles", **options),
    "neurons": lambda **options: draw.network(net(), detail="matrix", **options),
    "raster": lambda **options: draw.raster(VALUES, **options),
    "spikes": lambda **options: draw.spikes(firing(), **options),
    "matrix": lambda **options: draw.matrix(net(), **options),
    "hinton": lambda **options: draw.hinton(VALUES, **options),
    "learning": lambda **options: draw.learning({"loss": [3.0, 1.0]}, **options),
    "returns": lambda **options: draw.returns(run_of([1.0, 2.0]), **options),
    "forecast": lambda **options: draw.forecast(VALUES, VALUES, **options),
    "traces": lambda **options: draw.traces(VALUES, **options),
    "error_flow": lambda **options: draw.error_flow(net(), VALUES[:, :2], **options),
    "sensitivities": lambda **options: draw.sensitivities(learner(), **options),
    "species": lambda **options: draw.species(
        Evolution(history={"best": [1.0, 2.0]}, species=[{0: 3}, {0: 1, 1: 2}]),
        **options,
    ),
    "growth": lambda **options: draw.growth(
        Evolution(milestones=[(0, Genome.minimal(2, 1, seed=0))]), **options
    ),
}


def test_every_picture_is_on_this_list():
    others = {"Explorer", "explore", "link", "sensitivity", "style"}
    assert set(draw.__all__) - others == PICTURES.keys() - {"bundles", "neurons"}


@pytest.mark.full
def test_pictures_draw_on_the_axes_given_and_return_them():
    from matplotlib import pyplot

    def check(picture):
        figure, (left, right) = pyplot.subplots(1, 2)
        assert picture(ax=right) is right
        assert right.has_data() or right.texts
        assert not left.has_data()
        assert pyplot.get_fignums() == [figure.number]
        tiny = pyplot.figure(figsize=(2, 2)).add_axes((0.5, 0.5, 0.02, 0.02))
        pixels(picture(ax=tiny).figure)
        with pytest.raises(
            ArgumentTypeError,
            match=r"`ax` must be a matplotlib Axes or None, got 3\.",
        ):
            picture(ax=3)

    all_pictures_hold(check, PICTURES)


@pytest.mark.full
def test_pictures_make_one_figure_in_their_own_style_and_change_no_setting():
    import matplotlib as mpl
    from matplotlib import pyplot

    odd = {
        "font.size": 30.0,
        "lines.linewidth": 9.0,
        "text.color": "red",
        "axes.grid": True,
    }

    def check(picture):
        before = dict(mpl.rcParams)
        ax = picture()
        assert dict(mpl.rcParams) == before
        assert pyplot.get_fignums() == [ax.figure.number]
        plain = pixels(ax.figure)
        with mpl.rc_context(odd):
            assert pixels(picture().figure) == plain, (
                "depends on settings, or differs every time"
            )

    all_pictures_hold(check, PICTURES)


@pytest.mark.full
def test_pictures_the_page_and_notebooks_have_one_palette():
    """Activations are teal and brown around white, weights blue and vermilion."""
    from matplotlib.colors import to_hex, to_rgb

    net = architect.Perceptron(1, 2, seed=0)
    net.weights = [-2.0, 2.0]
    net["output"][0].activation = -1.0
    net["output"][1].activation = net.input[0].activation = 1.0
    page = dict(
        re.findall(r"--(\w+): (#\w{6})", draw.explore(net).html.split("dark")[0])
    )
    (discs,) = artists_of(draw.network(net, color="activation"), "neurons")
    small = net._repr_html_()
    for name, face in zip(
        ("above", "below", "above"), discs.get_facecolor(), strict=True
    ):
        assert to_hex(face) == page[name]
        assert f'fill="{page[name]}" fill-opacity="1.00"' in small
    shown = draw.raster(VALUES).images[0]
    ends = [
        to_hex(shown.cmap(shown.norm(at)))
        for at in (shown.norm.vmin, 0.0, shown.norm.vmax)
    ]
    assert [ends[0], ends[2]] == [page["below"], page["above"]]
    assert min(to_rgb(ends[1])) > 0.98
    assert all(f'stroke="{page[name]}"' in small for name in ("positive", "negative"))


def test_evolutions_of_one_generation_and_of_one_topology():
    ax = draw.species(Evolution(history={"best": [1.0]}, species=[{0: 3, 1: 2}]))
    assert [
        np.ptp(band.get_paths()[0].vertices, axis=0).tolist() for band in ax.collections
    ] == [
        [1, 3],
        [1, 2],
    ]
    fitness = [10.0, 12.0, 90_000.0]
    ax = draw.species(
        Evolution(history={"best": fitness}, species=[{0: 3}] * 3), log=True
    )
    (scale,) = (other for other in ax.figure.axes if other is not ax)
    assert (scale.get_yscale(), scale.lines[0].get_ydata().tolist()) == ("log", fitness)
    small, other, larger = (
        Genome.minimal(size, 1, seed=seed) for size, seed in ((2, 0), (2, 1), (3, 0))
    )
    ax = draw.growth(Evolution(milestones=[(0, small), (1, other), (5, larger)]))
    assert [text.get_text() for text in ax.texts] == ["generation 1", "generation 6"]
    names = [{text.get_text() for text in frame.texts} for frame in ax.child_axes]
    assert ({"0", "1", "2"} <= names[0], {"0", "1", "2", "3"} <= names[1]) == (
        True,
        True,
    )


def test_a_figure_is_closed_where_drawing_fails(monkeypatch):
    from matplotlib import pyplot

    monkeypatch.delattr("matplotlib.axes.Axes.imshow")
    with pytest.raises(AttributeError, match="imshow"):
        draw.raster(VALUES)
    assert pyplot.get_fignums() == []


def test_without_matplotlib_it_says_what_brings_it(monkeypatch):
    def check(picture):
        with pytest.raises(
            MissingExtraError, match='Pictures need matplotlib.*pip install "matplotlib'
        ):
            picture()

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    cases.all_hold(check, {**PICTURES, "style": draw.style})


@pytest.mark.full
def test_importing_the_package_imports_no_matplotlib():
    code = "import sys, synapse.draw; sys.exit('matplotlib' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], check=False, timeout=900
        ).returncode
        == 0
    )


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
def test_the_pictures_of_the_gallery(tmp_path):
    """Those that the page shows, and what it says of the latch is true."""
    from studies import pictures as study  # matplotlib is an extra

    _, result, right = study.learnt_latch()
    assert result.loss < 0.01
    assert right == 1.0
    study.main(tmp_path)
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    kept = {path.name for path in (DOCS / "gallery").glob("draw_*.png")}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert not [
        path.name
        for path in tmp_path.iterdir()
        if path.stat().st_size >= 450_000 or f"(gallery/{path.name})" not in page
    ]


VISION = {
    "all cones": np.eye(3),
    "without green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "without red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
"""What becomes of linear RGB, from Machado and others 2009, full severity."""


def in_cielab(colour, seen_by):
    """A colour in CIELAB, white point D65, as some people see it."""
    rgb = np.array(colour[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124, 0.3576, 0.1805],
            [0.2126, 0.7152, 0.0722],
            [0.0193, 0.1192, 0.9505],
        ]
    )
    x, y, z = to_xyz @ np.clip(VISION[seen_by] @ linear, 0, 1) / [0.9505, 1.0, 1.089]
    f, g, h = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * g - 16, 500 * (f - g), 200 * (g - h)])


@pytest.mark.full
@pytest.mark.parametrize("seen_by", VISION)
def test_bands_of_species_that_touch_differ_in_everybodys_eyes(seen_by):
    rng = np.random.default_rng(0)
    species = [
        {name: int(rng.integers(1, 9)) for name in range(40) if rng.random() < 0.4}
        for _ in range(12)
    ]
    ax = draw.species(
        Evolution(history={"best": list(map(float, range(12)))}, species=species)
    )
    names = sorted({name for counts in species for name in counts})
    colours = {
        name: in_cielab(band.get_facecolor()[0], seen_by)
        for name, band in zip(names, ax.collections, strict=True)
    }
    for counts in species:
        for one, other in pairwise(sorted(counts)):
            assert np.linalg.norm(colours[one] - colours[other]) > 25, (one, other)

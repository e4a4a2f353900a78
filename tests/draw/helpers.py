"""What the tests of pictures share: what a picture says, and whether it can be read."""

import json
import shutil
import subprocess
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np

import architect
from synapse import Layer, Network, Neuron, draw
from tests.helpers import cases

PAGE = Path(draw.__file__).parent / "page"
NODE = shutil.which("node")


def hand_wired() -> Network:
    """Five neurons: a ring of three that keep their states, gates on all sorts of
    connections."""
    inputs, ring = Layer(1, name="in"), Layer(3, "tanh", name="ring")
    output = Layer([Neuron(name="says")], name="out")
    inputs.project(ring, seed=0)
    ring.project(ring)
    ring.project(ring, "all_to_else", seed=1)
    ring.project(output, seed=2)
    output.project(ring, seed=3)
    ring[0].gate(inputs[0].connection_to(ring[2]))
    ring[1].gate(ring[2].self_connection)
    output[0].gate(ring[0].self_connection)
    inputs[0].gate(ring[1].connection_to(ring[0]))
    return Network(inputs, [ring], output)


def xor() -> Network:
    """What the page that learns begins with."""
    return architect.Perceptron(
        2, 3, 1, squash="tanh", output_squash="logistic", seed=0
    )


def strange_names() -> Network:
    """Names that a picture might stumble over."""
    lower = Layer(
        [Neuron(name=r"a_b $x^2$"), Neuron(name="$"), Neuron(name="über\nΔt\t\x00")],
        name=r"$\alpha$",
    )
    second = Layer(
        [Neuron(name="a name " * 20), Neuron(name="_x_")],
        name="a layer of many words " * 5,
    )
    last = Layer([Neuron(name=r"\$\frac{1}{0}$")], name="")
    lower.project(second, seed=0)
    second.project(last, seed=1)
    return Network(lower, [second], last)


STANDARD = {
    "perceptron": lambda: architect.Perceptron(2, 3, 1, seed=0),
    "lstm": lambda: architect.LSTM(2, 4, 1, style="synaptic", seed=0),
    "elman": lambda: architect.Elman(2, 6, 1, seed=0),
    "hand": hand_wired,
    "names": strange_names,
    "hundred": lambda: architect.Perceptron(20, 70, 10, seed=0),
    "large": lambda: architect.LSTM(20, 60, 5, style="synaptic", seed=0),
    "deep": lambda: architect.Perceptron(*[30] * 12, seed=0),
    "loose": lambda: Network(Layer(3), [Layer(2)], Layer(1)),
}


def all_pictures_hold(check, checked):
    """Check cases; the figures of a case are closed before the next."""
    from matplotlib import pyplot

    cases.all_hold(check, checked, after=lambda: pyplot.close("all"))


def artists_of(ax, gid):
    """The artists of a kind."""
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def paths(ax, gid):
    """The paths of a kind, in data units."""
    return [
        path.vertices
        for collection in artists_of(ax, gid)
        for path in collection.get_paths()
    ]


def from_way(point, way) -> float:
    """How far a point is from a line through the rows of `way`."""
    start = way[:-1]
    along = np.diff(way, axis=0)
    share = ((point - start) * along).sum(1) / np.maximum((along**2).sum(1), 1e-30)
    return float(
        np.linalg.norm(
            start + np.clip(share, 0, 1)[:, None] * along - point, axis=1
        ).min()
    )


def shown(figure):
    """The texts that can be seen, as they are read, each with its box in pixels."""
    figure.canvas.draw()
    texts = []
    for ax in figure.axes:
        texts += [*ax.texts, ax.title, ax._left_title]
        legend = ax.get_legend()
        texts += legend.get_texts() if legend else []
        for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
            texts.append(axis.label)
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels())
            texts += [text for place, text in ticks if low <= place <= high]
    seen = [text for text in texts if text.get_visible() and text.get_text().strip()]
    return [
        (text.get_text().replace(r"\$", "$"), text.get_window_extent()) for text in seen
    ]


def overlapping(texts):
    """Pairs of texts that lie on each other by more than a pixel."""
    pairs = []
    for (text, a), (other, b) in combinations(texts, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        if wide > 1 and high > 1:
            pairs.append((text, other))
    return pairs


def outside(texts, edge):
    """Texts that reach over the edge of the figure by more than a pixel."""
    return [
        text
        for text, box in texts
        if box.x0 < edge.x0 - 1
        or box.y0 < edge.y0 - 1
        or box.x1 > edge.x1 + 1
        or box.y1 > edge.y1 + 1
    ]


def assert_readable(ax):
    texts = shown(ax.figure)
    assert overlapping(texts) == outside(texts, ax.figure.bbox) == []


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def pixels(figure) -> bytes:
    """The figure as PNG."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=60, metadata={"Software": None})
    return file.getvalue()


def in_node(folder, main, *arguments, kernels, modules, sent=""):
    """What a program prints as JSON, in Node, beside modules of the page."""
    for path in (main, *(PAGE / f"{name}.js" for name in modules)):
        if path.parent != folder:
            shutil.copy(path, folder)
    (folder / "kernels.js").write_text(kernels)
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        [NODE, folder / main.name, *map(str, arguments)],
        input=sent,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def enter(page, field, value):
    """Fill a field, and confirm it."""
    page.fill(field, value)
    page.press(field, "Enter")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def click(page, *selectors):
    for selector in selectors:
        page.click(selector)


def play_until(page, condition):
    """Let the page learn fast, and stop."""
    page.select_option("#speed", "fast")
    page.click("#play")
    until(page, condition)
    page.click("#play")


def until(page, condition):
    """Wait in Python: the page's policy lets nothing wait in it."""
    assert any(
        page.evaluate(condition) or page.wait_for_timeout(50) for _ in range(1200)
    ), condition

"""Draw docs/_static/sensitivities.svg with the numbers of a network of four neurons
after three steps.

python -m studies sensitivities
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from synapse import Layer, Network
from synapse.objects.sensitivities import require_plan
from synapse.readwrite import _files

from .activate import BLUE, GREEN, INK, ORANGE, PALE, STYLE, TINTS, text

ROOT = Path(__file__).resolve().parents[1]
NAMES = "xchy"
WIDTH = 74  # of a cell
TALL = 26
OWN_STYLE = """
.neuron { fill: #ffffff; stroke: #222222; stroke-width: 1.8; }
.late { stroke-dasharray: 6 4; }
.gate { stroke: #b35900; stroke-dasharray: 2 4; }
.middle { text-anchor: middle; }
.offset { font-size: 10px; fill: #8a8a8a; }
"""


def network() -> Network:
    """The network of the page."""
    x, c, h, y = (
        Layer(1, squash, 0.0, name=name)
        for name, squash in zip(NAMES, ("identity", "tanh", "tanh", "logistic"))
    )
    x.project(c, weights=0.5)
    c.project(c, weights=0.9, trainable=True)
    x_to_h = x.project(h, weights=0.8)
    h.project(y, weights=1.0)
    net = Network(x, [c, h], y)
    y.project(h, weights=-0.6)
    c[0].gate(x_to_h[0])
    net.rule = "rtrl"
    return net


def arrow(path, kind=""):
    return f'<path d="{path}" class="way {kind}"/>'


def neurons():
    """The network, with its weights."""
    places = {"x": (70, 250), "c": (190, 140), "h": (190, 330), "y": (330, 330)}
    yield text(24, 38, "The network", "lane")
    yield arrow("M84 234 L171 158")
    yield text(96, 186, "0.5", "number")
    yield arrow("M172 124 C130 70 250 70 208 122")
    yield text(190, 76, "0.9", "number")
    yield arrow("M89 262 L168 318")
    yield text(112, 308, "0.8", "number")
    yield arrow("M190 164 C190 220 160 260 132 288", "gate")
    yield text(188, 236, "gates", "small")
    yield arrow("M214 330 H304")
    yield text(258, 322, "1.0", "number")
    yield arrow("M324 353 C300 420 220 420 198 355", "late")
    yield text(262, 424, "-0.6, one step late", "small middle")
    for name, (left, top) in places.items():
        yield f'<circle cx="{left}" cy="{top}" r="23" class="neuron"/>'
        yield text(left, top + 5, name, "code middle")


def row(left, top, values, offset, colour):
    """Cells of numbers, with their offsets in `sensitivity`."""
    for i, value in enumerate(values):
        x = left + WIDTH * i
        yield (
            f'<rect x="{x}" y="{top}" width="{WIDTH}" height="{TALL}" class="cell"'
            f' style="fill: {TINTS[colour]}"/>'
        )
        yield text(x + WIDTH / 2, top + 18, f"{value:.3f}", "number")
        yield text(x + 3, top + TALL + 11, str(offset + i), "offset")


def column_names(plan):
    """The parameter of each column, by class."""
    c = plan.columns
    for begin, stop in itertools.pairwise(c["update_first"].tolist()):
        names = []
        for i in range(begin, stop):
            target = NAMES[c["update_neuron"][i]]
            rows = c["update_row"][i] + np.arange(c["update_length"][i])
            names += (
                [f"bias {target}"]
                if c["update_bias"][i]
                else [f"{NAMES[j]} to {target}" for j in plan.store["source"][rows]]
            )
        yield names


def classes(plan, values):
    """The lines and columns of both classes."""
    columns = column_names(plan)
    layout = plan.layout
    top = 60
    line = 0
    yield text(440, 38, "Its sensitivities after step 3: two classes", "lane")
    for number, (names, colour) in enumerate(zip(columns, (BLUE, GREEN))):
        yield text(440, top + 12, f"class {number}", "code")
        for i, name in enumerate(names):
            yield text(566 + WIDTH * (i + 0.5), top + 12, name, "number")
        top += 22
        stop = int(layout.class_line[number + 1])
        while line < stop:
            root = NAMES[layout.roots[layout.line_root[line]]]
            begin = int(layout.line_offset[line])
            yield text(440, top + 18, f"line {line}, state of {root}", "small")
            width = int(layout.width[number])
            yield from row(566, top, values[begin : begin + width], begin, colour)
            top += TALL + 20
            line += 1
        top += 16


def sums(plan):
    """The terms of each line."""
    read = plan.columns["reading_value"]
    through = plan.columns["visit_delta"]
    yield text(440, 282, "What step 3 computed them from", "lane")
    sign = "+" if read[2] >= 0.0 else "\u2212"
    lines = (
        f"line 0 = {read[0]:.3f} · line 0 + {through[0]:.3f} · direct 0-2",
        f"line 1 = {read[1]:.3f} · line 0 {sign} {abs(read[2]):.3f} · line 1"
        f" + {through[3]:.3f} · direct 0-2",
        f"line 2 = {read[2]:.3f} · line 2 + {through[2]:.3f} · direct 3-5,"
        f" {through[1]:.3f} · 6-7",
    )
    for i, words in enumerate(lines):
        yield text(440, 314 + 24 * i, words, "number start")
    yield text(440, 398, "J: reading_value", "small")
    yield text(570, 398, "Z of step 2: the other copy", "small")
    yield text(770, 398, "D: visit_delta", "small")
    direct = ("y of x", "s of c", "1", "y of y", "gated x", "1", "y of h", "1")
    yield text(440, 436, "direct", "code")
    for i, (value, name) in enumerate(zip(plan.columns["direct"], direct)):
        x = 500 + 60 * i
        yield (
            f'<rect x="{x}" y="418" width="60" height="{TALL}" class="cell"'
            f' style="fill: {TINTS[ORANGE]}"/>'
        )
        yield text(x + 30, 436, f"{value:.3f}", "number")
        yield text(x + 30, 459, name, "small middle")


def copies(plan):
    """The column `sensitivity`: two copies of eleven numbers."""
    size = plan.layout.size
    numbers = plan.columns["sensitivity"][: 2 * size]
    yield text(24, 506, "sensitivity, one number after the other", "lane")
    colours = np.repeat([BLUE, BLUE, GREEN], plan.layout.width[plan.layout.line_class])
    for copy, step in ((0, 2), (1, 3)):
        top = 524 + 58 * copy
        yield text(24, top + 18, f"copy {copy}: step {step}", "small")
        for i in range(size):
            x = 140 + WIDTH * i
            fill = TINTS[str(colours[i])]
            yield (
                f'<rect x="{x}" y="{top}" width="{WIDTH}" height="{TALL}" class="cell"'
                f' style="fill: {fill}"/>'
            )
            at = copy * size + i
            yield text(x + WIDTH / 2, top + 18, f"{numbers[at]:.3f}", "number")
            yield text(x + 3, top + TALL + 11, str(at), "offset")
    yield text(
        140,
        652,
        "Step 4 reads copy 1 and writes copy 0. Learning after step 3 reads copy 0.",
        "small",
    )


def picture():
    net = network()
    for value in (1.0, -0.5, 0.25):
        net.activate([value])
    plan = require_plan(net)
    yield from neurons()
    yield from classes(plan, plan.values)
    yield from sums(plan)
    yield from copies(plan)


def svg():
    """The whole file."""
    body = "\n".join(picture())
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 676" role="img">
<style>{STYLE}{OWN_STYLE}.start {{ text-anchor: start; }}
</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" \
markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker></defs>
<rect width="1000" height="676" rx="10" fill="#f7f6f2" stroke="{PALE}"/>
{body}
</svg>
"""


if __name__ == "__main__":
    _files.write(ROOT / "docs" / "_static" / "sensitivities.svg", svg())

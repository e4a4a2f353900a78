"""Draw docs/_static/activate.svg with the numbers of a network that has run.

python -m studies activate
"""

from __future__ import annotations

from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

from synapse import Layer, Network
from synapse.readwrite import _files

INK = "#222222"
PALE = "#8a8a8a"
BLUE = "#0072b2"
ORANGE = "#b35900"
GREEN = "#00785a"
# of the cells that a kernel writes
TINTS = {BLUE: "#d6e9f5", ORANGE: "#fde8cc", GREEN: "#d2efe4"}
STYLE = f"""
text {{ font: 15px system-ui, 'DejaVu Sans', sans-serif; fill: {INK}; }}
.code {{ font: 15px ui-monospace, 'DejaVu Sans Mono', monospace; font-weight: 600; }}
.small {{ font-size: 13px; fill: #444444; }}
.lane {{ font-size: 17px; font-weight: 700; }}
.way {{ fill: none; stroke: {INK}; stroke-width: 1.8; marker-end: url(#tip); }}
.maybe {{ stroke-dasharray: 5 4; }}
.cell {{ fill: #ffffff; stroke: {PALE}; }}
.number {{ font: 13px ui-monospace, 'DejaVu Sans Mono', monospace; \
text-anchor: middle; }}
.step {{ fill: {INK}; }}
.digit {{ font-size: 13px; font-weight: 700; fill: #ffffff; text-anchor: middle; }}
"""


def network():
    """Two inputs, two hidden neurons, one output."""
    inputs = Layer(2)
    hidden = Layer(2)
    output = Layer(1)
    inputs.project(hidden, weights=[[0.5, -1.0], [1.0, 2.0]])
    hidden.project(output, weights=[[1.0], [-0.5]])
    return Network(inputs, [hidden], output)


def text(x, y, words, kind=""):
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(words)}</text>'


def box(x, y, width, colour, title, *lines):
    """A box with code as its title and lines of text below it."""
    height = 32 + 19 * len(lines)
    fill = TINTS.get(colour, "#ffffff")
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    yield f'<rect {place} rx="6" fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'
    yield text(x + 12, y + 22, title, "code")
    yield from (
        text(x + 12, y + 42 + 19 * i, line, "small") for i, line in enumerate(lines)
    )


def way(number, x, y, path, kind=""):
    """An arrow and, if it has a number, the number at (x, y)."""
    yield f'<path d="{path}" class="way {kind}"/>'
    if number is None:
        return
    yield f'<circle cx="{x}" cy="{y}" r="11" class="step"/>'
    yield text(x, y + 5, str(number), "digit")


def table(x, y, title, columns, width, marked):
    """A table of numbers below its column names; `marked` maps rows that a kernel
    writes to colours."""
    yield text(x, y - 26, title, "small")
    for c, (name, values) in enumerate(columns.items()):
        left = x + c * width
        yield text(left + width / 2, y - 7, name, "number")
        for row, value in enumerate(values):
            colour = marked.get((name, row))
            fill = f' style="fill: {colour}"' if colour else ""
            yield (
                f'<rect x="{left}" y="{y + 22 * row}" width="{width}" height="22"'
                f' class="cell"{fill}/>'
            )
            yield text(left + width / 2, y + 22 * row + 16, str(value), "number")


def picture():
    net = network()
    answer = net.activate([0.2, 0.7])
    neurons = {
        "row": range(5),
        "state": [f"{neuron.state:.2f}" for neuron in net],
        "activation": [f"{neuron.activation:.2f}" for neuron in net],
    }
    links = {
        "source": [list(net).index(link.source) for link in net.connections],
        "target": [list(net).index(link.target) for link in net.connections],
        "weight": [link.weight for link in net.connections],
    }
    marked = {("activation", row): TINTS[BLUE] for row in (0, 1)}
    marked |= {("state", row): TINTS[ORANGE] for row in (2, 3, 4)}
    marked |= {("activation", row): TINTS[GREEN] for row in (2, 3, 4)}
    yield text(24, 38, "Python: handles", "lane")
    yield text(366, 38, "The store: every number", "lane")
    yield text(712, 38, "Compiled: one call", "lane")

    yield from box(24, 60, 244, INK, "net.activate([0.2, 0.7])", "your line")
    yield from box(
        24,
        166,
        290,
        INK,
        "Network.activate",
        "checks that there are 2 numbers,",
        "gets the table and the network's rows",
    )
    yield from box(
        366,
        166,
        290,
        INK,
        "Store.ensure_lowered()",
        "is the program older than the topology?",
    )
    yield from box(
        366,
        268,
        290,
        INK,
        "lower(store)",
        "only if so: sort rows, form runs, find",
        "blocks, lay out traces, update the table",
    )
    yield from box(
        366,
        388,
        290,
        INK,
        "table of addresses",
        "state, activation, weight, source, ...",
    )
    yield from table(
        366, 518, "one row per neuron, in order of activation", neurons, 96, marked
    )
    yield from table(
        366, 686, "one row per connection, sorted by target", links, 96, {}
    )
    yield from box(
        712,
        60,
        264,
        INK,
        "run_network",
        "takes addresses, rows and inputs,",
        "rejects inputs that are not finite",
    )
    yield from box(712, 190, 264, BLUE, "clamp_neuron", "sets the inputs' activations")
    yield from box(
        712,
        300,
        264,
        ORANGE,
        "compute_state",
        "computes the states of a block",
        "and the corresponding traces",
    )
    yield from box(712, 430, 264, GREEN, "fire", "computes its activations and slopes")
    yield from box(712, 560, 264, INK, "outputs", "a copy of the last rows")
    yield from box(
        24, 560, 230, INK, f"array([{answer[0]:.4f}])", "returned to your line"
    )
    yield from box(
        24, 430, 290, INK, "net.output[0].activation", "a handle: reads row 4 on access"
    )

    yield from way(1, 139, 138, "M139 112 V164")
    yield from way(2, 339, 192, "M314 192 H364")
    yield from way(3, 511, 243, "M511 218 V266", "maybe")
    yield from way(None, 0, 0, "M511 339 V386", "maybe")
    yield from way(None, 0, 0, "M511 440 V478", "maybe")
    yield from way(4, 483, 96, "M290 166 V96 H710")
    yield from way(5, 844, 160, "M844 132 V188")
    yield from way(6, 844, 270, "M844 242 V298")
    yield from way(7, 844, 400, "M844 372 V428")
    yield from way(None, 0, 0, "M976 456 H988 V335 H978")
    yield text(866, 406, "block by block", "small")
    yield from way(8, 844, 520, "M844 482 V558")
    yield from way(9, 511, 846, "M844 612 V846 H139 V614")
    yield from way(None, 0, 0, "M314 456 H340 V617 H364", "maybe")


def drawing(height, parts):
    """A file with these parts, 1,000 wide."""
    body = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height}" role="img">
<style>{STYLE}</style>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" \
markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 L10 5 L0 10 z" fill="{INK}"/></marker></defs>
<rect width="1000" height="{height}" rx="10" fill="#f7f6f2"/>
{body}
</svg>
"""


def svg():
    """The whole file."""
    return drawing(876, picture())


if __name__ == "__main__":
    _files.write(ROOT / "docs" / "_static" / "activate.svg", svg())

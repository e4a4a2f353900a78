"""The directive ``network``: a network in the page that learns, by its address.

``{network} NAME`` shows what the function `NAME` of this file returns: a title, the
network, and a sequence of inputs and targets. The page is one file for the whole site.
"""

from html import escape
from pathlib import Path

import numpy as np
from docutils import nodes
from live import LEARNS
from sphinx.util.docutils import SphinxDirective

import architect
import synapse
from synapse import Layer, Network, Neuron, draw

STUDIES = Path(__file__).resolve().parents[2] / "studies"
FRAME = """<div class="live">
<iframe src="{page}" title="{title}" loading="lazy"></iframe>
<p>{title}. <a href="{page}" target="_blank" rel="noopener">Open it in a window of its
own</a></p>
</div>"""


def spike():
    """The first neuron of the page on spikes."""
    current = Neuron("identity", name="current")
    voltage = Neuron("identity", name="voltage")
    neuron = Neuron("spike", -1.0, name="spike")
    current.project(voltage, weight=1.0)
    voltage.project(voltage, weight=0.9)
    voltage.project(neuron, weight=1.0)
    neuron.project(voltage, weight=-1.0)
    net = Network(Layer([current]), [Layer([voltage])], Layer([neuron]), name="spike")
    net.freeze()  # steps show the cell, and change nothing
    title = "The first neuron: press Step, or move a weight under Build"
    return title, net, [[0.3]] * 20, [[0.0]] * 20


def lstm():
    """A memory block for the page on gates."""
    net = architect.LSTM(1, 2, 1, style="synaptic", seed=0)
    rows = [[0.6], [-0.4], [0.9], [0.3], [-0.7], [0.5]]
    title = "An LSTM of two cells: its gates are neurons like the others"
    return title, net, rows, [[0.6]] * 6


def counter():
    """The shortest network for a^n b^n, on a string of three letters of a kind."""
    net = synapse.load(STUDIES / "papers" / "minimal" / "anbn.json")
    net.freeze()
    letters = "#aaabbb"
    rows = np.eye(3)[["#ab".index(letter) for letter in letters]]
    title = "aⁿbⁿ in six connections: press Step, and the outputs name what may come"
    return title, net, rows.tolist(), rows[[*range(1, 7), 0]].tolist()


SHOWN = {"spike": spike, "lstm": lstm, "counter": counter}


class Shown(SphinxDirective):
    """A frame with a network of this file."""

    required_arguments = 1

    def run(self):
        """The frame; the page itself is written by ``live.py``."""
        title, net, inputs, targets = SHOWN[self.arguments[0]]()
        state = draw.link(net, inputs, targets).partition("#")[2]
        up = "../" * self.env.docname.count("/")
        html = FRAME.format(page=f"{up}{LEARNS}#{state}", title=escape(title))
        return [nodes.raw("", html, format="html")]


def setup(app):
    """Add the directive."""
    app.add_directive("network", Shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""One layout: the page places and routes by the functions of the pictures, printed in
JavaScript."""

import json
import shutil
import subprocess
from dataclasses import asdict
from functools import partial
from types import ModuleType

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Topology
from synapse.draw import _placing_rules as placing, _routing_rules as routing
from synapse.draw._explore import part_of

from .plans import measures_of, plan_for
from .printed_rules import RULES, layout_source, printed

NODE = shutil.which("node")
WINDOW = (900.0, 560.0)


def by_hand():
    """Gates, self-connections, delays, lateral and backward connections."""
    inputs = Layer(2)
    ring = Layer(5, "tanh")
    lone = Layer(3, "tanh")
    last = Layer(2)
    net = Network(inputs, [lone, ring], last)
    gated = inputs.project(ring, seed=0)
    for source, target in ((ring, ring), (lone, lone), (ring, last)):
        source.project(target, seed=0)
    inputs.project(last, seed=0)
    last.project(ring, seed=0)
    inputs[0].project(lone[0], weight=1.0, delay=3)
    for neuron, link in zip(lone, gated):
        neuron.gate(link)
    return net


NETWORKS = {
    "perceptron": partial(architect.Perceptron, 2, 3, 1, seed=0),
    "deep": partial(architect.Perceptron, 4, 12, 30, 12, 2, seed=0),
    "elman": partial(architect.Elman, 2, 6, 1, seed=0),
    "jordan": partial(architect.Jordan, 1, 4, 1, seed=0),
    "lstm": partial(architect.LSTM, 2, 4, 1, seed=0),
    "synaptic lstm": partial(architect.LSTM, 3, 4, 2, style="synaptic", seed=0),
    "gru": partial(architect.GRU, 3, 6, 2, seed=0),
    "narx": partial(architect.NARX, 1, 4, 1, seed=0),
    "liquid": partial(architect.Liquid, 1, 12, 1, seed=0),
    "pool": partial(architect.Liquid, 2, 45, 1, connections=90, seed=0),
    "spiking": partial(architect.Spiking, 2, 6, 1, seed=0),
    "random": partial(architect.Random, 2, 6, 1, gates=3, self_connections=2, seed=0),
    "hopfield": partial(architect.Hopfield, 12),
    "by hand": by_hand,
    "big": partial(architect.Elman, 20, 60, 5, seed=0),
}


def columns_of(net):
    """What both are given of a network."""
    table = Topology.of(net)
    # Both are given the neurons of a layer one after the other.
    place = np.argsort(np.argsort(table.layer, kind="stable"))
    gater = np.where(table.gater < 0, -1, place[table.gater])
    ends = (place[table.source], place[table.target], gater)
    return [
        table.sizes.tolist(),
        sorted(table.layer.tolist()),
        *map(np.ndarray.tolist, ends),
    ]


def laid_out(columns, folded, window, widths, text):
    """Spots, frames and routes in a window; `text` is the room of names."""
    structure = placing.structure_of(*columns)
    arranged = placing.arrange(
        structure, plan_for(structure, measures_of(30.0), folded, window), widths
    )
    _, layer, source, target, gater = columns
    extents = [
        routing.extent_of(
            arranged, layer[i], spot, folded[layer[i]], structure.ring[layer[i]], *text
        )
        for i, spot in enumerate(arranged.spots)
    ]
    scene = routing.scene_of(arranged, extents, folded, structure.ring)
    spots = arranged.spots
    lines = [
        routing.Line(spots[a], spots[b], layer[a], layer[b], a == b, 0.0)
        for a, b in zip(source, target)
    ]
    routes = routing.routes_of(scene, lines)
    leads = [
        routing.lead_of(scene, spots[g], spots[b])
        for g, b in zip(gater, target)
        if g >= 0
    ]
    frames = [asdict(frame) for frame in arranged.frames]
    return {"spots": spots, "frames": frames, "routes": routes, "leads": leads}


IN_NODE = """
const { readFileSync } = require("node:fs");
const answers = JSON.parse(readFileSync(0, "utf8")).map(
  ([columns, folded, window, widths, text]) => {
  const structure = layout.structureOf(...columns);
  const [, layer, source, target, gater] = columns;
  const plan = bestPlan(structure, measuresOf(30), folded, window);
  const arranged = layout.arrange(structure, plan, widths);
  const { spots, frames } = arranged;
  const extents = spots.map((spot, i) => layout.extentOf(
    arranged, layer[i], spot, folded[layer[i]], structure.ring[layer[i]], ...text));
  const scene = layout.sceneOf(arranged, extents, folded, structure.ring);
  const lines = source.map((a, c) => ({ here: spots[a], there: spots[target[c]],
    start: layer[a], stop: layer[target[c]], loops: a === target[c], aside: 0 }));
  const routes = layout.routesOf(scene, lines), leads = gater.flatMap((g, c) =>
    (g < 0 ? [] : [layout.leadOf(scene, spots[g], spots[target[c]])]));
  return { spots, frames, routes, leads };
});
console.log(JSON.stringify(answers));
"""


def numbers_in(value):
    """All numbers of nested lists and dicts, in order."""
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in numbers_in(value[key])]
    if isinstance(value, list | tuple):
        return [number for inner in value for number in numbers_in(inner)]
    return [float(value)]


@pytest.mark.full
@pytest.mark.skipif(NODE is None, reason="no Node")
def test_javascript_places_and_routes_as_python_does():
    cases = {}
    for name, make in NETWORKS.items():
        columns = columns_of(make())
        layers = len(columns[0])
        wide = [90.0 + 7.0 * i for i in range(layers)]
        for window in (WINDOW, (360.0, 640.0), (1400.0, 300.0)):
            cases[name, window] = (columns, [False] * layers, window, wide, (14.0, 2.0))
        folded = [i % 2 == 1 for i in range(layers)]
        cases[name, "folded"] = (columns, folded, WINDOW, [0.0] * layers, (0.0, 0.0))
    answered = subprocess.run(
        [NODE, "-e", part_of("rules.js") + part_of("plans.js") + IN_NODE],
        input=json.dumps(list(cases.values())),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not answered.stderr, answered.stderr
    for (name, case), answer in zip(cases.items(), json.loads(answered.stdout)):
        here = laid_out(*case)
        assert len(here["routes"]) == len(case[0][2])
        assert list(map(len, here["routes"])) == list(map(len, answer["routes"])), name
        np.testing.assert_allclose(
            numbers_in(here), numbers_in(answer), rtol=1e-12, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("name", ["perceptron", "random", "elman"])
def test_neurons_of_a_page_stand_where_python_places_them(opened, name):
    net = NETWORKS[name]()
    page = opened(net, None, viewport={"width": 1280, "height": 760})
    size = page.eval_on_selector("#graph", "one => [one.clientWidth, one.clientHeight]")
    there = page.evaluate(
        "() => document.getElementById('graph')._cyreg.cy.elements('.neuron')"
        ".map((one) => [one.data('neuron'), one.position().x, one.position().y])"
    )
    structure = placing.structure_of(*columns_of(net))
    folded = [False] * len(structure.counts)
    window = (size[0] - 28.0, size[1] - 28.0)
    plan = plan_for(structure, measures_of(30.0), folded, window)
    spots = placing.arrange(structure, plan, [0.0] * len(folded)).spots
    points = [spot if plan.measures.sideways else spot[::-1] for spot in spots]
    np.testing.assert_allclose(np.array(sorted(there))[:, 1:], points, atol=1e-6)


def test_the_page_has_the_rules_of_pictures():
    assert RULES.read_text(encoding="utf-8") == layout_source(), (
        "python -m tests.draw.printed_rules"
    )


def test_what_javascript_means_otherwise_is_not_printed(monkeypatch):
    for i, expression in enumerate(
        [
            "a % b",
            "a // b",
            "a == b == a",
            "{a: 1 for a in b}",
            "f'{a}'",
            "a is b",
        ]
    ):
        source = f"def f(a, b):\n    return {expression}\n"
        monkeypatch.setattr("inspect.getsource", lambda _, text=source: text)
        with pytest.raises((NotImplementedError, ValueError)):
            printed("x", ["f"], ModuleType(f"case{i}"))

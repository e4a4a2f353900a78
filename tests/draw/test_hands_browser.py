"""The page that learns forgives hands: what a drop hits, and what numbers may look
like, in a headless Chromium."""

import pytest

import architect

from .conftest import CHROMIUM, PLAYWRIGHT
from .test_explore_browser import place_of
from .test_play_browser import drag, spot, tab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium (Debian: apt install chromium)"
    ),
    pytest.mark.skipif(not PLAYWRIGHT, reason="needs the extra `browser`"),
]

# 35 points of the curve that is drawn, in pixels, without those on a neuron
POINTS_ON = """(id) => {
  const cy = document.getElementById("graph")._cyreg.cy;
  const line = cy.getElementById(id), nodes = cy.nodes(".neuron").toArray();
  const mix = (a, b, share) => ({
    x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) });
  const from = line.sourceEndpoint(), to = line.targetEndpoint();
  const bends = line.controlPoints() ?? [mix(from, to, 0.5)];
  const stops = bends.slice(1).map((bend, i) => mix(bend, bends[i], 0.5));
  const ends = [from, ...stops, to];
  const isFree = ({ x, y }) => nodes.every((node) => {
    const middle = node.position();
    return Math.hypot(middle.x - x, middle.y - y) > node.width() / 2 + 2;
  });
  const points = Array.from({ length: 35 }, (_, i) => {
    const along = (i + 0.5) / 35 * bends.length;
    const at = Math.floor(along), share = along - at;
    const one = mix(ends[at], bends[at], share);
    return mix(one, mix(bends[at], ends[at + 1], share), share);
  });
  const pan = cy.pan(), zoom = cy.zoom();
  return points.filter(isFree)
    .map(({ x, y }) => ({ x: x * zoom + pan.x, y: y * zoom + pan.y }));
}"""


def test_a_gate_may_be_dropped_anywhere_on_a_line(opened):
    net = architect.Perceptron(1, 2, 1, seed=0)
    straight = net.hidden[0][0].connected(net.output[0])
    loop = net.hidden[0][1].project(net.hidden[0][1], weight=0.5)
    net.input.project(net.output, seed=0)
    bent = net.input[0].connected(net.output[0])
    page = opened(net, None, learn=True)
    tab(page, "build")
    gater = spot(page, "n1")
    for link in map(net.connections.index, (straight, loop, bent)):
        points = page.evaluate(POINTS_ON, f"c{link}")
        assert len(points) > 30
        hits = 0
        for point in points:
            drag(page, gater, place_of(page, point))
            gated = page.evaluate(
                "page.network.connections.map((one) => one.gater?.name ?? '')"
            )
            assert "hidden 0" in gated, (link, point)
            hits += gated[link] == "hidden 0"  # or a line that crosses it there
            page.click("#undo")
        assert hits > 0.8 * len(points), link

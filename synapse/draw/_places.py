"""Place neurons in a picture, in columns or rings for layers, or by a layout.

The distance between two neurons of a column is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import numpy as np

from .._checks import (
    function_of,
    is_among,
    missing_extra,
    require,
    require_type,
    unknown_name,
)
from .._typing import Bools, Floats, Indices, Ints
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.topology import Topology
from ._placing_rules import (
    BOX,
    CABLE,
    LANE,
    MAX_IN_RING,
    NEURON,
    UNIT,
    Arrangement,
    Measures,
    Point,
    Structure,
    arrange,
    plan_of,
    structure_of,
)

RADIUS = 0.5 * NEURON / UNIT
"""Radius of a disc."""

MAX_COLUMN_NEURONS = 25
"""Maximum number of neurons in a column. Larger layers are folded into several
columns.
"""

LONGEST_ROW = 25
"""Maximum number of neurons without a network that are each drawn in their own
column."""

LIFT = 3.0
"""How far neurons with names below them stand above the middle of their cells."""

ROOM_OF_LOOPS = 0.1
ROOM_OF_NUMBERS = 0.2
"""Height of a frame above the loops of its neurons, and of the numbers on them."""

AROUND = (0.7, 1.2)
"""Space of axes beside and above the layers, for margins and names of layers."""


@dataclass(frozen=True)
class Places:
    """Centres of neurons, (neurons, 2), and their layers; frames of layers: left,
    bottom, right, top.

    `rings` says which layers are rings. `gap` is the distance of columns; it is 0 if a
    layout has placed the neurons, which then have no frames, and `arrangement` is None.
    `half` is half the width and height of what stands at a centre.
    """

    centres: Floats
    layer: Ints
    frames: Floats
    rings: Bools
    gap: float
    arrangement: Arrangement | None
    half: tuple[float, float] = (RADIUS, RADIUS)

    @classmethod
    def of(
        cls,
        diagram: Topology,
        printed: bool = False,
        window: tuple[float, float] | None = None,
        near: Topology | None = None,
    ) -> Places:
        """Return layers from left to right; the neurons of a column from top to bottom,
        of a ring clockwise. In a disc, those that are connected in `near` are near each
        other.

        They fill a window of this width to height, or they are as far apart as is
        readable.
        """
        has_names_below = printed or any(len(name) > 3 for name in names_shown(diagram))
        measures = replace(PICTURE, lift=LIFT * has_names_below)
        structure = structured(diagram)
        arranged = arranged_in(structure, measures, printed, window)
        centres = np.empty((diagram.neurons, 2))
        # Neurons of a layer need not follow each other in the order of activation.
        centres[np.argsort(diagram.layer, kind="stable")] = in_units(arranged.spots)
        pools = np.array(structure.ring) & (diagram.sizes > MAX_IN_RING)
        for layer in np.flatnonzero(pools).tolist():
            mine = np.flatnonzero(diagram.layer == layer)
            centres[mine] = _in_disc(near or diagram, mine, centres[mine])
        gap = arranged.gap + min(frame.size[0] for frame in arranged.frames)
        frames = _frames_of(arranged)
        looped = np.unique(diagram.layer[diagram.source[diagram._self_connected]])
        frames[looped, 3] += ROOM_OF_LOOPS + ROOM_OF_NUMBERS * printed
        return cls(
            centres,
            diagram.layer,
            frames,
            np.array(structure.ring),
            gap / UNIT,
            arranged,
        )

    @classmethod
    def of_boxes(cls, structure: Structure, beside: float) -> Places:
        """Return the boxes of layers, level by level from left to right, and boxes of a
        level these pixels further from each other than usual.
        """
        count = len(structure.counts)
        measures = replace(BOXES, beside=BOXES.beside + beside)
        arranged = arranged_in(structure, measures, boxes=True)
        half = (0.5 * BOXES.box[0] / UNIT, 0.5 * BOXES.box[1] / UNIT)
        return cls(
            in_units(arranged.spots),
            np.arange(count),
            _frames_of(arranged),
            np.zeros(count, bool),
            (arranged.gap + BOXES.box[0]) / UNIT,
            arranged,
            half,
        )

    @classmethod
    def at(cls, centres: Floats, diagram: Topology) -> Places:
        """Return neurons where a layout has put them, without frames."""
        return cls(
            centres,
            diagram.layer,
            np.empty((0, 4)),
            np.zeros(len(diagram.layers), bool),
            0.0,
            None,
        )

    @property
    def middles(self) -> Floats:
        """The middle of each layer, shape (layers, 2)."""
        return (self.frames[:, :2] + self.frames[:, 2:]) / 2

    @property
    def corners(self) -> tuple[Floats, Floats]:
        """The corners of the rectangle around all neurons and frames."""
        every = np.concatenate([self.centres, self.frames[:, :2], self.frames[:, 2:]])
        return every.min(axis=0), every.max(axis=0)


PICTURE = Measures(
    sideways=True,
    cell=(UNIT, UNIT),
    title=(0.0, 0.0),
    between=UNIT,
    widest=8.0 * UNIT,
    beside=0.0,
    single=True,
    neuron=NEURON,
    lift=0.0,
    box=BOX,
    lane=LANE,
    cable=CABLE,
)
"""For pictures of neurons, in which a cell needs less room than in the page, because
short names are in discs.
"""

BOXES = replace(
    PICTURE, box=(96.0, 64.0), between=92.0, beside=26.0, lane=13.5, cable=27.0
)
"""For pictures of layers, in which text stands on lines."""


def arranged_in(
    structure: Structure,
    measures: Measures,
    printed: bool = False,
    window: tuple[float, float] | None = None,
    boxes: bool = False,
) -> Arrangement:
    """Return layers in the order of activation, one in each level, or boxes in levels
    of those that earlier ones lead to, in a window of this width to height.
    """
    count = len(structure.counts)
    depths = np.array(structure.level) if boxes else np.arange(count)
    levels = [np.flatnonzero(depths == depth).tolist() for depth in np.unique(depths)]
    folded = [boxes] * count
    plan = plan_of(structure, measures, levels, MAX_COLUMN_NEURONS, folded, (1.0, 1.0))
    length = plan.length
    breadth = plan.breadth + plan.cables
    if window is None:
        wider = 0.0 if boxes else _widened(plan.breadth / UNIT, count, printed)
        room = (length + wider * UNIT * (len(levels) - 1), breadth)
    else:
        margin = UNIT * np.array(AROUND)
        scale = float(np.min(window / (np.array([length, breadth]) + margin)))
        room = tuple((np.array(window) / scale - margin).tolist())
    plan = plan_of(structure, measures, levels, MAX_COLUMN_NEURONS, folded, room)
    return arrange(structure, plan, [0.0] * count)


def _widened(tallest: float, count: int, printed: bool) -> float:
    """Return how much further apart than 2 units layers are, by the rows of the
    tallest one, so that their lines are not too steep.
    """
    gap = max(2.0, min(0.3 * tallest, 1.7 * (tallest + 2.0) / max(1, count - 1)))
    return (1.5 if printed else 1.0) * gap - 2.0


def structured(diagram: Topology) -> Structure:
    """Return the properties of a network that determine its places."""
    return structure_of(
        diagram.sizes.tolist(),
        diagram.layer.tolist(),
        diagram.source.tolist(),
        diagram.target.tolist(),
        diagram.gater.tolist(),
    )


def in_units(places: Sequence[Point]) -> Floats:
    """Return points of a picture from places along and across the flow."""
    points: Floats = np.array(places, np.float64).reshape(-1, 2)
    points *= np.array([1.0, -1.0]) / UNIT
    return points


def _frames_of(arranged: Arrangement) -> Floats:
    middles = in_units([frame.middle for frame in arranged.frames])
    half = np.array([frame.size for frame in arranged.frames]) / (2.0 * UNIT)
    return np.concatenate([middles - half, middles + half], axis=1)


def short_names(names: Iterable[str], layers: Iterable[str]) -> list[str]:
    """Return the name of each neuron without the name of its layer, which the picture
    shows, too. For example, "cells 3" in the layer "cells" becomes "3".
    """
    pairs = zip(names, layers, strict=True)
    return [name.removeprefix(f"{layer} ") or name for name, layer in pairs]


def names_shown(diagram: Topology) -> list[str]:
    """Return the names of neurons in a picture, without the names of their layers."""
    return short_names(
        diagram.label, (diagram.layers[i] for i in diagram.layer.tolist())
    )


# --- layouts --------------------------------------------------------------------------

LARGEST_LAID_OUT = {"forceatlas2": 1000, "kamada_kawai": 500, "spring": 2500}
"""Maximum numbers of neurons of the layouts by forces, which take five to fifteen
seconds for them, because each step compares all pairs.
"""


MAX_IN_DISC = 300
"""Maximum number of neurons of a layer that springs place within its disc, in about a
second."""


def _within(pairs: float, most: int, graph: Any) -> int:
    """Return the number of steps that compare this number of pairs of neurons, at least
    20 and at most `most`.
    """
    return int(np.clip(pairs / len(graph) ** 2, 20, most))


NETWORKX: dict[str, Callable[[Any], Any]] = {
    "circular": nx.circular_layout,
    "forceatlas2": lambda graph: nx.forceatlas2_layout(
        graph, seed=0, max_iter=_within(3e8, 300, graph)
    ),
    "kamada_kawai": nx.kamada_kawai_layout,
    "spectral": nx.spectral_layout,
    "spiral": nx.spiral_layout,
    "spring": lambda graph: nx.spring_layout(
        graph, seed=0, iterations=_within(1e8, 200, graph), method="force"
    ),
}
"""Layouts of networkx by name. Layouts that draw random numbers have a fixed seed."""

NEIGHBOR_DISTANCE = 0.75
"""Distance to the nearest neuron that nine out of ten neurons exceed."""

LAYERS = "layers"


def diagram_of(network: Any) -> Topology:
    """Return the table of a network, or of single neurons, of which up to 25 have a
    column each, and more share one.
    """
    table = Topology.of([network] if isinstance(network, Neuron) else network)
    count = table.neurons
    if not count:
        raise ArgumentError("Expected at least one neuron to draw, got none.")
    if isinstance(network, Network) or count > LONGEST_ROW:
        return table
    return replace(table, layers=("",) * count, layer=np.arange(count))


def check_layout(layout: Any) -> bool:
    """Return whether neurons are placed by a layout instead of by layers. Raises an
    error if the layout does not exist.
    """
    if isinstance(layout, str):
        layouts = (LAYERS, *NETWORKX)
        if not is_among(layout, layouts):
            raise unknown_name("layout", layout, layouts)
        return layout != LAYERS
    require_type(
        callable(layout),
        "layout",
        "the name of a layout or a function of a graph",
        layout,
    )
    function_of("layout", layout, "graph")
    return True


def places_of(
    diagram: Topology,
    layout: Any,
    printed: bool = False,
    window: tuple[float, float] | None = None,
    near: Topology | None = None,
) -> Places:
    """Return the places of neurons by layers, in a window, or by another layout."""
    if not check_layout(layout):
        return Places.of(diagram, printed, window, near)
    return Places.at(_positions(diagram, layout), diagram)


def _positions(diagram: Topology, layout: Any) -> Floats:
    """Return centres of the neurons, (neurons, 2), in units of a picture."""
    graph = graph_of(diagram)
    count = diagram.neurons
    try:
        placed: Any = (
            layout(graph)
            if callable(layout)
            else _named_layout(layout, graph.to_undirected())
        )
    except ImportError as error:
        if callable(layout):
            raise
        raise missing_extra(f"The layout {layout!r} needs", "scipy") from error
    require(
        isinstance(placed, Mapping) and all(i in placed for i in range(count)),
        "layout",
        f"a dict with a place for each node 0 to {count - 1}",
        placed,
    )
    try:
        centres = np.array(
            [[float(x) for x in placed[i]] for i in range(count)]
        ).reshape(count, -1)
    except (TypeError, ValueError):
        centres = np.full((count, 2), np.nan)
    require(
        centres.shape == (count, 2) and np.isfinite(centres).all(),
        "layout",
        "two finite numbers (x, y) for each node",
        placed,
    )
    spaced = _spaced(centres)
    return _pushed_apart(spaced) if layout in LARGEST_LAID_OUT else spaced


def _in_disc(diagram: Topology, mine: Indices, disc: Floats) -> Floats:
    """Return places of a layer's neurons by springs within a disc, or their present
    places if there are too many.
    """
    if len(mine) > MAX_IN_DISC:
        return disc
    graph = graph_of(diagram).subgraph(mine.tolist()).to_undirected()
    placed = NETWORKX["spring"](graph)
    centres = np.array([placed[i] for i in mine.tolist()])
    middle = disc.mean(axis=0)
    radius = np.linalg.norm(disc - middle, axis=1).max()
    centres -= centres.mean(axis=0)
    # Equal areas: many are near the middle, and few near the rim.
    rank = np.linalg.norm(centres, axis=1).argsort().argsort()
    out = radius * np.sqrt((rank + 0.5) / len(mine))
    centres *= (out / np.maximum(np.linalg.norm(centres, axis=1), 1e-9))[:, None]
    # With few lines, there is room to see these between their discs.
    apart = NEIGHBOR_DISTANCE if graph.size() > len(mine) else 1.0
    return middle + _pushed_apart(centres, apart)


def _pushed_apart(centres: Floats, least: float = NEIGHBOR_DISTANCE) -> Floats:
    """Return centres moved apart to this distance, at which discs do not touch."""
    for _ in range(50):
        across, up = (column[:, None] - column for column in centres.T)
        here, there = np.nonzero(across**2 + up**2 < least**2)
        away = centres[here] - centres[there]
        apart = np.linalg.norm(away, axis=1)
        away *= ((least - apart) / (2.0 * apart + 1e-12))[:, None]
        moved = [np.bincount(here, column, len(centres)) for column in away.T]
        centres = centres + np.stack(moved, axis=1)
    return centres


def _named_layout(name: str, graph: Any) -> Any:
    """Return places by a layout of networkx. If it has forces, unconnected parts of a
    graph are placed side by side. Raises ArgumentError if this would take long.
    """
    if len(graph) > LARGEST_LAID_OUT.get(name, len(graph)):
        raise ArgumentError(
            f"The layout {name!r} places up to {LARGEST_LAID_OUT[name]:,} neurons,"
            f" got {len(graph):,}. Pass detail='matrix' to draw.network, or write a"
            " file with layers for Gephi, which lays out large networks:"
            ' synapse.save(net, "net.gexf").'
        )
    parts = sorted(
        nx.connected_components(graph), key=lambda nodes: (-len(nodes), min(nodes))
    )
    if name not in LARGEST_LAID_OUT or len(parts) == 1:
        return NETWORKX[name](graph)
    laid = []
    for connected in parts:
        nodes = sorted(connected)
        placed = NETWORKX[name](graph.subgraph(nodes))
        laid.append((nodes, _spaced(np.array([placed[node] for node in nodes]))))
    return _side_by_side(laid)


def _side_by_side(laid: list[tuple[list[int], Floats]]) -> dict[int, Floats]:
    """Return places of parts in rows, with the largest part first. All begin at the top
    of their row.
    """
    sizes = np.array([np.ptp(centres, axis=0) + 2.0 for _, centres in laid])
    widest = max(
        float(sizes[:, 0].max()), 1.25 * float(sizes.prod(axis=1).sum()) ** 0.5
    )
    places: dict[int, Floats] = {}
    left = top = deep = 0.0
    for (nodes, centres), (width, height) in zip(laid, sizes.tolist(), strict=True):
        if left and left + width > widest:
            left = 0.0
            top -= deep
            deep = 0.0
        corner = np.array([left - centres[:, 0].min(), top - centres[:, 1].max()])
        places.update(zip(nodes, centres + corner, strict=True))
        left += width
        deep = max(deep, height)
    return places


def names_of_metadata(diagram: Topology) -> list[str]:
    """Return the names of the metadata of neurons that are text."""
    return [name for name in diagram.neuron_metadata if isinstance(name, str)]


def grouped(diagram: Topology, name: str) -> Topology:
    """Return the network with groups of neurons, by their metadata of this name,
    instead of layers. Raises UnknownNameError if no neuron has it.

    The groups stand in the order of the mean place of their neurons in the order of
    activation.
    """
    names = names_of_metadata(diagram)
    if not is_among(name, names):
        raise unknown_name("metadata of neurons to group by", name, names)
    values = diagram.neuron_metadata[name]
    missing = f"no {name}"
    labels = np.array([str(values.get(i, missing)) for i in range(diagram.neurons)])
    groups, group = np.unique(labels, return_inverse=True)
    middle = np.bincount(group, np.arange(diagram.neurons)) / np.bincount(group)
    order = np.argsort(middle, kind="stable")
    place = np.argsort(order)
    return replace(diagram, layers=tuple(groups[order].tolist()), layer=place[group])


def graph_of(diagram: Topology) -> nx.DiGraph[int]:
    """Return a graph for layouts, with neurons by number, connections, and edges from
    gaters to the ends of gated connections.
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    for i, name in enumerate(diagram.label):
        graph.add_node(i, name=name, layer=diagram.layers[diagram.layer[i]])
    ends = zip(
        diagram.source.tolist(),
        diagram.target.tolist(),
        diagram.weight.tolist(),
        strict=True,
    )
    graph.add_edges_from((a, b, {"strength": abs(weight)}) for a, b, weight in ends)
    gates = zip(diagram.gater.tolist(), diagram.target.tolist(), strict=True)
    graph.add_edges_from(
        (a, b, {"gate": True}) for a, b in gates if a >= 0 and not graph.has_edge(a, b)
    )
    return graph


def _spaced(centres: Floats) -> Floats:
    """Return centres around 0, at a scale at which few discs touch."""
    centres = centres - (centres.min(axis=0) + centres.max(axis=0)) / 2
    if len(centres) < 2:
        return centres
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1) + np.diag(
        np.full(len(centres), np.inf)
    )
    near = float(np.quantile(apart.min(axis=1), 0.1))
    span = float(np.ptp(centres, axis=0).max())
    # Neurons in one place do not blow up the rest.
    maximum = max(2.0 * len(centres) ** 0.5 + 2.0, 0.25 * len(centres))
    scale = min(
        NEIGHBOR_DISTANCE / near if near else np.inf, maximum / span if span else 1.0
    )
    return centres * scale

"""Where layers and neurons stand, in pictures and in the page.

Both place by these functions: the page has them in JavaScript (`page/rules.js`), as
`python -m tests.draw.printed_rules` prints them after a change. Therefore, they are
loops over numbers, tuples and lists, and only use statements that this module supports.
Sizes of text are arguments, because only the program that shows a picture can measure
them.

Lengths are pixels of the page at a zoom of 1; pictures divide them by `UNIT`. A place
is (along, across): along the flow from the first layer to the last, and across it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Point = tuple[float, float]

UNIT = 64.0
"""Pixels of a unit of pictures, the distance of two neurons of a column."""

NEURON = 30.0
"""Diameter of a neuron."""

BOX = (120.0, 78.0)
"""Width and height of a folded layer in the page."""

LARGEST_ZOOM = 1.5
"""So that few neurons do not fill a window."""

STRETCH = 2.2
"""How far apart neurons stand where there is room, in cells."""

MIN_IN_RING = 4
MAX_IN_RING = 40
"""Numbers of neurons of a layer that becomes a ring, if it has more connections within
it than neurons. A larger one becomes a disc."""

GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
"""Angle from one neuron of a disc to the next, as of the seeds of a sunflower."""

WIDEST_NAME = 160.0

LANE = 6.0
CABLE = 6.0
WIDEST_CABLE = 14.0
"""Distance of lines that take one way; distance of a cable of backward connections from
what it passes, and its largest width."""


@dataclass
class Measures:
    """Direction of a layout, from left to right (`sideways`) or from top to bottom, and
    the room that its text needs.
    """

    sideways: bool
    cell: Point  # of a neuron with its name
    title: Point  # of the name of a layer
    between: float  # the least distance of two levels, and the largest
    widest: float
    beside: float  # distance of two layers of a level
    single: bool  # one layer in a level
    neuron: float  # diameter
    lift: float  # how far neurons stand above the middle of their cells
    box: Point
    lane: float  # distance of lines that take one way; boxes have wide lines: twice
    cable: float  # distance of cables of backward connections


@dataclass
class Lead:
    """The connections from one layer to another."""

    start: int
    stop: int
    count: int


@dataclass
class Structure:
    """The properties of a network that determine its places."""

    counts: list[int]  # neurons of each layer
    level: list[int]  # one more than those of earlier layers that lead to it
    ring: list[bool]
    leads: list[Lead]


@dataclass
class PlacedBlock:
    """The room of a layer with its title, which is lines of neurons, a ring or disc, or
    a box.
    """

    size: Point
    title: Point
    radius: float  # 0: no ring
    lines: int  # 0: a ring or a box
    each: int


@dataclass
class PlacingPlan:
    """A way to place the layers, and the zoom at which it fills the window."""

    measures: Measures
    levels: list[list[int]]
    blocks: list[PlacedBlock]
    depths: list[float]
    breadths: list[float]
    length: float
    breadth: float
    cables: float
    minimum: float
    zoom: float
    window: Point


@dataclass
class Frame:
    """Where the neurons of a layer stand, without its title."""

    middle: Point
    size: Point
    lines: int
    each: int


@dataclass
class Arrangement:
    """Frames of layers and places of neurons."""

    measures: Measures
    frames: list[Frame]
    spots: list[Point]
    rank: list[int]  # of layers, from the first level to the last
    pitch: float  # from neuron to neuron of a level
    gap: float  # from level to level


def structure_of(
    counts: list[int],
    layer: list[int],
    source: list[int],
    target: list[int],
    gater: list[int],
) -> Structure:
    """Return the properties that determine places, from the `layer` of each neuron, and
    the source, target and gater (-1 without one) of each connection.
    """
    size = len(counts)
    within = [0 for _ in counts]
    leads: list[Lead] = []
    place: dict[int, int] = {}
    before: list[tuple[int, int]] = []
    for c in range(len(source)):
        start = layer[source[c]]
        stop = layer[target[c]]
        if start == stop and source[c] != target[c]:
            within[stop] += 1
        pair = start * size + stop
        if pair not in place:
            place[pair] = len(leads)
            leads.append(Lead(start=start, stop=stop, count=0))
            before.append((start, stop))
        leads[place[pair]].count += 1
        if gater[c] >= 0:
            before.append((layer[gater[c]], stop))
    level = [0 for _ in counts]
    for start, stop in sorted(before, key=lambda ends: ends[1]):
        if start < stop:
            level[stop] = max(level[stop], level[start] + 1)
    # The last layer is behind all others, also before it is connected.
    level[size - 1] = max([0, *[depth + 1 for depth in level[: size - 1]]])
    ring = [within[i] > counts[i] and counts[i] >= MIN_IN_RING for i in range(size)]
    return Structure(counts=counts, level=level, ring=ring, leads=leads)


def block_of(
    structure: Structure, layer: int, folded: bool, measures: Measures, longest: int
) -> PlacedBlock:
    """Return the room of a layer, which is a box, a ring, or lines of up to `longest`
    neurons.
    """
    if folded:
        return PlacedBlock(
            size=measures.box, title=(0.0, 0.0), radius=0.0, lines=0, each=0
        )
    count = structure.counts[layer]
    if structure.ring[layer]:
        width = measures.cell[0] if measures.sideways else measures.cell[1]
        pitch = max(width, measures.neuron + 34.0)
        radius = max(52.0, count * pitch / (2.0 * math.pi))
        if count > MAX_IN_RING:
            radius = pitch * math.sqrt(count / math.pi)
        size = (
            2.0 * radius + measures.cell[0] + measures.title[0],
            2.0 * radius + measures.cell[1] + measures.title[1],
        )
        return PlacedBlock(
            size=size, title=measures.title, radius=radius, lines=0, each=0
        )
    lines = max(1, math.ceil(count / longest))
    each = math.ceil(count / lines)
    size = (
        lines * measures.cell[0] + measures.title[0],
        each * measures.cell[1] + measures.title[1],
    )
    return PlacedBlock(
        size=size, title=measures.title, radius=0.0, lines=lines, each=each
    )


def rank_of(structure: Structure, levels: list[list[int]]) -> list[int]:
    """Return the number of each layer's level."""
    rank = [0 for _ in structure.counts]
    for number in range(len(levels)):
        for layer in levels[number]:
            rank[layer] = number
    return rank


def lane_of(measures: Measures, folded: list[bool]) -> float:
    """Return the distance of lines that take one way."""
    return measures.lane * (2.0 if True in folded else 1.0)


def width_of_cable(count: int, lane: float) -> float:
    """Return the width of a cable of backward connections."""
    return min(lane * count, max(lane, WIDEST_CABLE))


def room_of_cables(
    structure: Structure, levels: list[list[int]], measures: Measures, lane: float
) -> float:
    """Return the room of the cables of backward connections on both sides."""
    rank = rank_of(structure, levels)
    return sum(
        [
            2.0
            * (2.0 + measures.cable + width_of_cable(math.ceil(lead.count / 2), lane))
            for lead in structure.leads
            if rank[lead.start] > rank[lead.stop]
        ]
    )


def plan_of(
    structure: Structure,
    measures: Measures,
    levels: list[list[int]],
    longest: int,
    folded: list[bool],
    window: Point,
) -> PlacingPlan:
    """Return a way to place the layers in a window (along, across)."""
    blocks = [
        block_of(structure, i, folded[i], measures, longest)
        for i in range(len(structure.counts))
    ]
    depths = [max([blocks[i].size[0] for i in level]) for level in levels]
    breadths = [
        sum([blocks[i].size[1] for i in level]) + measures.beside * (len(level) - 1)
        for level in levels
    ]
    minimum = max(
        measures.between, 30.0 if True in folded else 0.0
    )  # arrows can be seen
    length = sum(depths) + minimum * (len(levels) - 1)
    breadth = max(breadths)
    cables = room_of_cables(structure, levels, measures, lane_of(measures, folded))
    zoom = min(LARGEST_ZOOM, window[0] / length, window[1] / (breadth + cables))
    return PlacingPlan(
        measures=measures,
        levels=levels,
        blocks=blocks,
        depths=depths,
        breadths=breadths,
        length=length,
        breadth=breadth,
        cables=cables,
        minimum=minimum,
        zoom=zoom,
        window=window,
    )


def wider_by(plan: PlacingPlan, free: float, widths: list[float]) -> list[float]:
    """Return the width that each level needs beyond its cells to show whole names, as
    far as `free` room in the gaps allows. `widths` contains the width of each layer's
    longest name.
    """
    measures = plan.measures
    wanted = [
        plan.blocks[i].lines * (min(widths[i], WIDEST_NAME) + 8.0 - measures.cell[0])
        for i in range(len(widths))
    ]
    wider = [
        max([0.0, *[wanted[i] for i in level if measures.sideways]])
        for level in plan.levels
    ]
    share = min(1.0, max(0.0, free) / (sum(wider) or 1.0))
    return [share * more for more in wider]


def arrange(
    structure: Structure, plan: PlacingPlan, widths: list[float]
) -> Arrangement:
    """Return the places of layers and their neurons, with the gaps stretched until the
    window is full. `widths` contains the width of each layer's longest name.
    """
    measures = plan.measures
    free = plan.window[0] / plan.zoom - plan.length
    grown = wider_by(plan, free, widths)
    between = (free - sum(grown)) / max(1, len(plan.levels) - 1)
    gap = min(measures.widest, plan.minimum + between)
    frames = [
        Frame(middle=(0.0, 0.0), size=(0.0, 0.0), lines=0, each=0) for _ in plan.blocks
    ]
    spots: list[list[Point]] = [[] for _ in plan.blocks]
    at = 0.0
    for number in range(len(plan.levels)):
        level = plan.levels[number]
        blocks = [plan.blocks[i] for i in level]
        boxes = all([block.lines == 0 and block.radius == 0.0 for block in blocks])
        # Neurons stand equally far apart in all levels.
        stretch = _stretch_of(plan, plan.breadths[number] if boxes else plan.breadth)
        depth = plan.depths[number] + grown[number]
        start = -plan.breadths[number] * stretch / 2.0
        for i in level:
            block = plan.blocks[i]
            room = block.size[1] * stretch
            frame = _frame_of(
                block, (at + depth / 2.0, start + room / 2.0), stretch, grown[number]
            )
            frames[i] = frame
            spots[i] = _neurons_of(structure.counts[i], block, frame, measures)
            start += room + measures.beside * stretch
        at += depth + gap
    return Arrangement(
        measures=measures,
        frames=frames,
        spots=[spot for layer in spots for spot in layer],
        rank=rank_of(structure, plan.levels),
        pitch=measures.cell[1] * _stretch_of(plan, plan.breadth),
        gap=gap,
    )


def _stretch_of(plan: PlacingPlan, breadth: float) -> float:
    """Return how far apart neurons stand, in cells, where something is so broad."""
    room = plan.window[1] / plan.zoom - plan.cables
    return max(1.0, min(STRETCH, room / breadth))


def _frame_of(block: PlacedBlock, middle: Point, stretch: float, grown: float) -> Frame:
    """Return the frame of a layer. A ring stays round, and a box does not change."""
    length = block.size[0] - block.title[0]
    breadth = block.size[1] - block.title[1]
    if block.lines > 0:
        length += grown
        breadth = block.size[1] * stretch - block.title[1]
    return Frame(
        middle=(middle[0] + block.title[0] / 2.0, middle[1] + block.title[1] / 2.0),
        size=(length, breadth),
        lines=block.lines,
        each=block.each,
    )


def _neurons_of(
    count: int, block: PlacedBlock, frame: Frame, measures: Measures
) -> list[Point]:
    """Return the places of the neurons of a layer, whose names are below them."""
    lift = (0.0, measures.lift) if measures.sideways else (measures.lift, 0.0)
    u = frame.middle[0] - lift[0]
    v = frame.middle[1] - lift[1]
    if block.radius > 0.0:  # clockwise from the top
        disc = count > MAX_IN_RING
        angle = GOLDEN_ANGLE if disc else 2.0 * math.pi / count
        out = [math.sqrt((k + 0.5) / count) if disc else 1.0 for k in range(count)]
        right = [block.radius * out[k] * math.sin(angle * k) for k in range(count)]
        up = [block.radius * out[k] * math.cos(angle * k) for k in range(count)]
        if measures.sideways:
            return [(u + right[k], v - up[k]) for k in range(count)]
        return [(u - up[k], v + right[k]) for k in range(count)]
    if block.lines == 0:
        return [(u, v) for _ in range(count)]
    length = frame.size[0] / block.lines if measures.sideways else measures.cell[0]
    breadth = frame.size[1] / block.each
    spots: list[Point] = []
    for k in range(count):
        line = math.floor(k / block.each)
        there = min(block.each, count - line * block.each)
        spots.append(
            (
                u + (line - (block.lines - 1) / 2.0) * length,
                v + (k - line * block.each - (there - 1) / 2.0) * breadth,
            )
        )
    return spots

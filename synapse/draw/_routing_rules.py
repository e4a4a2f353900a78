"""Route connections between the neurons of the columns that they pass, or around all
columns.

Pictures and the page route by these functions, as they place by the functions of
`_placing_rules.py`, which the page has in JavaScript. A column contains the neurons and
boxes across the flow. A route is a list of places (along, across), which are the
control points between the ends of a connection. Its curve is their quadratic B-spline.
As in Graphviz's dot, a connection has its own place in every column that it passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ._placing_rules import Arrangement, Measures, Point, lane_of, width_of_cable

CLEARANCE = 5.0
"""Distance of a connection from the neurons and boxes that it passes."""

TURN_DISTANCE = 10.0
"""Distance before and after a column at which a connection turns to pass it level."""

EVEN = 58.0
"""Length at both ends in which a connection is level, because a steep line would meet
neighbors.
"""

CORNER_RADIUS = 7.0
"""Radius of the corners of cables."""

NAMES = 30.0
"""Room of names beside or below neurons, at which cables turn."""

RETURN = 26.0
"""How far aside a line bends that leads straight back to the neuron before it."""

NARROW_CLEARANCE = 3.0
"""Room of a cable between layers that stand close to each other."""


@dataclass
class Extent:
    """The room of a neuron or a box, along and across the flow, with its text."""

    left: float
    right: float
    low: float
    high: float


@dataclass
class Passing:
    """A connection in a gap of a column, with the place where it passes and the
    distance that it leads.
    """

    column: PlacedColumn
    gap: Gap
    height: float
    span: float


@dataclass
class Gap:
    """Free room in a column, and the connections that pass there."""

    low: float
    high: float
    passing: list[Passing]


@dataclass
class PlacedColumn:
    """The neurons and boxes across the flow in one place, and the gaps between them in
    ascending order.
    """

    left: float
    right: float
    count: int
    gaps: list[Gap]


@dataclass
class Scene:
    """The columns through which connections are routed."""

    measures: Measures
    columns: list[PlacedColumn]
    rank: list[int]  # of layers, from the first level to the last
    folded: list[bool]
    ring: list[bool]
    frames: list[Extent]  # of layers that are not folded


@dataclass
class Line:
    """A connection to route, with the places and layers of its ends, and the distance
    by which a straight line is bent aside.
    """

    here: Point
    there: Point
    start: int
    stop: int
    loops: bool
    aside: float


@dataclass
class Turn:
    """A backward line in its cable."""

    number: int  # of the line
    line: Line
    out: float  # how far outside its ends are


@dataclass
class Cable:
    """Backward lines from one layer to another, on one side of all layers."""

    pair: int
    low: float
    high: float
    top: float
    turns: list[Turn]


def extent_of(
    arrangement: Arrangement,
    layer: int,
    place: Point,
    folded: bool,
    ring: bool,
    below: float,
    above: float,
) -> Extent:
    """Return the room of a neuron, or of a layer's box, at a place, with text that
    reaches `below` and `above` it, and below the title of its layer.
    """
    measures = arrangement.measures
    frame = arrangement.frames[layer]
    length = measures.box[0] if folded else measures.neuron
    breadth = measures.box[1] if folded else measures.neuron
    room = 2.0 * CLEARANCE if folded else CLEARANCE
    low = place[1] - breadth / 2.0 - above
    high = place[1] + breadth / 2.0 + below
    top = frame.middle[1] - frame.size[1] / 2.0
    if measures.sideways and not folded and place[1] - top < measures.cell[1]:
        low = min(low, top - measures.title[1])
    middle = frame.middle[0] if ring and not folded else place[0]
    half = frame.size[0] / 2.0 if ring and not folded else length / 2.0
    return Extent(
        left=middle - half, right=middle + half, low=low - room, high=high + room
    )


def scene_of(
    arrangement: Arrangement,
    extents: list[Extent],
    folded: list[bool],
    ring: list[bool],
) -> Scene:
    """Return the scene of connections, which consists of columns of neurons and boxes
    across the flow, with their gaps.
    """
    columns: list[PlacedColumn] = []
    members: list[list[Extent]] = []
    for extent in sorted(extents, key=lambda extent: extent.left):
        if len(columns) > 0 and extent.left < columns[-1].right:
            columns[-1].right = max(columns[-1].right, extent.right)
        else:
            columns.append(
                PlacedColumn(left=extent.left, right=extent.right, count=0, gaps=[])
            )
            members.append([])
        members[-1].append(extent)
    for number in range(len(columns)):
        column = columns[number]
        column.count = len(members[number])
        reached = -math.inf
        for extent in sorted(members[number], key=lambda extent: extent.low):
            if extent.low > reached:
                column.gaps.append(Gap(low=reached, high=extent.low, passing=[]))
            reached = max(reached, extent.high)
        column.gaps.append(Gap(low=reached, high=math.inf, passing=[]))
    measures = arrangement.measures
    title = 0.0 if measures.sideways else measures.title[1]
    frames = [
        Extent(
            left=frame.middle[0] - frame.size[0] / 2.0,
            right=frame.middle[0] + frame.size[0] / 2.0,
            low=frame.middle[1] - frame.size[1] / 2.0 - title,
            high=frame.middle[1] + frame.size[1] / 2.0,
        )
        for frame in arrangement.frames
    ]
    return Scene(
        measures=measures,
        columns=columns,
        rank=arrangement.rank,
        folded=folded,
        ring=ring,
        frames=[frames[i] for i in range(len(frames)) if not folded[i]],
    )


def _column_at(scene: Scene, along: float) -> PlacedColumn:
    """Return the column at a place along the flow."""
    columns = [
        column
        for column in scene.columns
        if column.left <= along and along <= column.right
    ]
    return columns[0]


def _crossings(scene: Scene, here: Point, there: Point) -> list[Passing]:
    """Return the columns between two places, each with the gap that is nearest to a
    straight line, and the height there.
    """
    low = min(here[0], there[0])
    high = max(here[0], there[0])
    passed: list[Passing] = []
    for column in scene.columns:
        if low < column.left and column.right < high:
            middle = (column.left + column.right) / 2.0
            length = max(high - low - 2.0 * EVEN, 1e-9)
            share = min(1.0, max(0.0, (abs(middle - here[0]) - EVEN) / length))
            straight = here[1] + (there[1] - here[1]) * share
            tried = [
                Passing(
                    column=column,
                    gap=gap,
                    height=min(gap.high, max(gap.low, straight)),
                    span=high - low,
                )
                for gap in column.gaps
            ]
            nearest = tried[0]
            for passing in tried:
                if abs(passing.height - straight) < abs(nearest.height - straight):
                    nearest = passing
            passed.append(nearest)
    return passed if here[0] < there[0] else list(reversed(passed))


def _through(here: Point, there: Point, passed: list[Passing]) -> list[Point]:
    """Return the route between two places that passes columns at these heights."""
    stops = [
        [
            (passing.column.left - TURN_DISTANCE, passing.height),
            ((passing.column.left + passing.column.right) / 2.0, passing.height),
            (passing.column.right + TURN_DISTANCE, passing.height),
        ]
        for passing in passed
    ]
    is_onward = here[0] < there[0]
    return [
        stop
        for stops_of_one in stops
        for stop in (stops_of_one if is_onward else list(reversed(stops_of_one)))
    ]


def _beside(here: Point, there: Point, maximum: float) -> list[Point]:
    """Return the route of a line within a column, on one side of the column if it leads
    on, and on the other side if it leads back.
    """
    drop = there[1] - here[1]
    side = 1.0 if drop > 0.0 else -1.0
    aside = side * min(16.0 + 0.17 * abs(drop), maximum)
    return [(here[0] + aside, here[1]), (there[0] + aside, there[1])]


def lead_of(scene: Scene, here: Point, there: Point) -> list[Point]:
    """Return the route from a neuron to the mark of a gate, through the gaps of
    columns, or beside its own column.
    """
    passed = _crossings(scene, here, there)
    is_steep = abs(here[0] - there[0]) < EVEN and abs(here[1] - there[1]) > EVEN
    if len(passed) == 0 and is_steep:
        return _beside(here, there, 40.0)
    return _through(here, there, passed)


def _spread(gap: Gap, lane: float) -> None:
    """Lead lines through one gap side by side. Above or below all neurons, the longest
    line is outermost.
    """
    outward = 1.0 if gap.high == math.inf else -1.0
    pitch = min(lane, min(60.0, gap.high - gap.low) / len(gap.passing))
    lines = sorted(
        gap.passing, key=lambda passing: (passing.height, outward * passing.span)
    )
    for k in range(1, len(lines)):
        lines[k].height = max(lines[k].height, lines[k - 1].height + pitch)
    lines[-1].height = min(lines[-1].height, gap.high)
    for k in range(len(lines) - 1, 0, -1):
        lines[k - 1].height = min(lines[k - 1].height, lines[k].height - pitch)


def routes_of(scene: Scene, lines: list[Line]) -> list[list[Point]]:
    """Return the routes of lines."""
    lane = lane_of(scene.measures, scene.folded)
    passed: list[list[Passing]] = [[] for _ in lines]
    for i in range(len(lines)):
        line = lines[i]
        if scene.rank[line.stop] > scene.rank[line.start]:
            passed[i] = _crossings(scene, line.here, line.there)
            for passing in passed[i]:
                passing.gap.passing.append(passing)
    for column in scene.columns:
        for gap in column.gaps:
            if len(gap.passing) > 0:
                _spread(gap, lane)
            gap.passing = []
    routes = [_route_of(scene, lines[i], passed[i]) for i in range(len(lines))]
    straight_back = _returning(scene, lines)
    for i in range(len(lines)):
        if straight_back[i]:
            middle = (lines[i].here[0] + lines[i].there[0]) / 2.0
            routes[i] = [(middle, lines[i].here[1] + RETURN)]
    _lead_back(scene, lines, routes, lane)
    return routes


def _returning(scene: Scene, lines: list[Line]) -> list[bool]:
    """Return which backward lines lead straight to the adjacent neuron, like the resets
    of spiking cells. They do not need a cable if no other lines lead onward there.
    """
    size = len(scene.rank)
    pairs = [
        size * min(line.start, line.stop) + max(line.start, line.stop) for line in lines
    ]
    surplus: dict[int, int] = {}  # lines that lead onward, less those that return
    level = [False for _ in lines]
    for i in range(len(lines)):
        line = lines[i]
        step = scene.rank[line.stop] - scene.rank[line.start]
        boxes = scene.folded[line.start] or scene.folded[line.stop]
        if pairs[i] not in surplus:
            surplus[pairs[i]] = 0
        if step > 0:
            surplus[pairs[i]] += 1
        if step == -1 and not boxes and abs(line.here[1] - line.there[1]) < 1.0:
            level[i] = len(_crossings(scene, line.here, line.there)) == 0
        if level[i]:
            surplus[pairs[i]] += -1
    return [level[i] and surplus[pairs[i]] <= 0 for i in range(len(lines))]


def _route_of(scene: Scene, line: Line, passed: list[Passing]) -> list[Point]:
    """Return the route of a line that is in no cable."""
    here = line.here
    there = line.there
    step = scene.rank[line.stop] - scene.rank[line.start]
    if line.loops or step < 0:
        return []
    u = (here[0] + there[0]) / 2.0
    v = (here[1] + there[1]) / 2.0
    if step > 0:
        if len(passed) == 0 and line.aside != 0.0:
            return [(u, v + line.aside)]
        before = _column_at(scene, here[0])
        after = _column_at(scene, there[0])
        route = _through(here, there, passed)
        # Boxes are left and reached level, beside those at their side.
        if scene.folded[line.start] and (before.count > 1 or len(passed) > 0):
            route = [(before.right + TURN_DISTANCE, here[1]), *route]
        if scene.folded[line.stop] and (after.count > 1 or len(passed) > 0):
            route = [*route, (after.left - TURN_DISTANCE, there[1])]
        return route
    is_in_ring = scene.ring[line.start] and not scene.folded[line.start]
    if line.start == line.stop and is_in_ring:
        return [(u + 0.08 * (here[1] - there[1]), v + 0.08 * (there[0] - here[0]))]
    if abs(here[0] - there[0]) < 1.0:
        return _beside(here, there, 90.0 if scene.folded[line.start] else 60.0)
    return []


def _lead_back(
    scene: Scene, lines: list[Line], routes: list[list[Point]], lane: float
) -> None:
    """Lead backward lines around all columns, in one cable for each pair of layers.
    Short cables take the inner lanes.
    """
    edges = [
        *[column.gaps[0].high for column in scene.columns],
        *[column.gaps[-1].low for column in scene.columns],
    ]
    middle = (min(edges) + max(edges)) / 2.0
    edges = [
        *edges,
        *[frame.low for frame in scene.frames],
        *[frame.high for frame in scene.frames],
        *[place[1] for route in routes for place in route],
    ]
    for side in (1.0, -1.0):
        rim = max([side * (edge - middle) for edge in edges]) + scene.measures.cable
        taken: list[Cable] = []
        for cable in _cables_of(scene, lines, routes, side, middle):
            tops = [
                other.top + scene.measures.cable
                for other in taken
                if other.low < cable.high and cable.low < other.high
            ]
            inner = max([rim, *tops])
            width = width_of_cable(len(cable.turns), lane)
            cable.top = inner + width
            taken.append(cable)
            for k in range(len(cable.turns)):
                turn = cable.turns[k]
                share = k / len(cable.turns)
                height = middle + side * (inner + share * width)
                routes[turn.number] = _around(scene, turn.line, height, share)


def _cables_of(
    scene: Scene,
    lines: list[Line],
    routes: list[list[Point]],
    side: float,
    middle: float,
) -> list[Cable]:
    """Return the cables on one side, the shortest first, with the outermost lines of
    each first.
    """
    place: dict[int, int] = {}
    cables: list[Cable] = []
    for i in range(len(lines)):
        line = lines[i]
        out = side * ((line.here[1] + line.there[1]) / 2.0 - middle)
        is_back = scene.rank[line.stop] < scene.rank[line.start]
        is_back = is_back and len(routes[i]) == 0
        if is_back and (out > 0.0 or (side > 0.0 and out == 0.0)):
            pair = line.start * len(scene.rank) + line.stop
            if pair not in place:
                place[pair] = len(cables)
                low = line.there[0]
                cables.append(
                    Cable(pair=pair, low=low, high=line.here[0], top=0.0, turns=[])
                )
            cables[place[pair]].turns.append(Turn(number=i, line=line, out=out))
    for cable in cables:
        cable.turns = sorted(cable.turns, key=lambda turn: (-turn.out, turn.number))
    return sorted(cables, key=_order_of)


def _order_of(cable: Cable) -> tuple[float, float, float]:
    """Return the sort key of cables, which is their length and, for about equal
    lengths, how far outside they end.
    """
    length = math.floor(cable.high - cable.low + 0.25)
    return (length, -cable.turns[0].out, cable.pair)


def _around(scene: Scene, line: Line, height: float, share: float) -> list[Point]:
    """Return the route of a backward line in its cable, without its ends."""
    narrow = scene.measures.single
    fan = (3.0 if narrow else 6.0) * share
    # Not through names, which are below neurons.
    below = NAMES
    straight = NARROW_CLEARANCE if narrow else TURN_DISTANCE
    above = NAMES if scene.measures.sideways else straight
    leaves = TURN_DISTANCE if scene.folded[line.start] else below
    reaches = TURN_DISTANCE if scene.folded[line.stop] else above
    right = _column_at(scene, line.here[0]).right + leaves + fan
    left = _column_at(scene, line.there[0]).left - reaches - fan
    corners = [
        line.here,
        (right, line.here[1]),
        (right, height),
        (left, height),
        (left, line.there[1]),
        line.there,
    ]
    route: list[Point] = []
    for k in range(1, len(corners) - 1):
        route.append(_near(corners[k], corners[k - 1]))
        route.append(corners[k])
        route.append(_near(corners[k], corners[k + 1]))
    return route


def _near(corner: Point, end: Point) -> Point:
    """Return where a line to a corner begins to be rounded."""
    u = end[0] - corner[0]
    v = end[1] - corner[1]
    length = math.sqrt(u * u + v * v)
    share = min(0.5, 2.0 * CORNER_RADIUS / (length or 1.0))
    return (corner[0] + share * u, corner[1] + share * v)

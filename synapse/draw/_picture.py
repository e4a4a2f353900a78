"""A network drawn neuron by neuron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._typing import Bools, Floats, Indices
from ..objects.topology import NO_GATER, OUTSIDE, Topology
from . import _style
from ._places import RADIUS, Places, names_shown
from ._routes import along, arrowheads, curve, lead_at, scene_at, ways_of
from ._style import GATE, INK, LETTER_WIDTH, PALE, Axes, canvas, key, label, largest

if TYPE_CHECKING:
    from ._scaled import Scaled

NUMBERS = ("activation", "bias", "state")
"""Numbers of every neuron that can color it."""

MAX_ARROWHEADS = 250
"""Maximum number of connections that all have arrowheads."""

WIDTH = 8.0
HEIGHT = 6.5
MAX_UNIT_SIZE = 0.8
"""Size of a figure in inches at most, and of a unit."""

NUMBER = 8.0
NAME = 7.0
HEAD = 9.0
"""Sizes of text in a figure of its own: numbers in discs, names below them, names of
layers."""

MIN_LINE_WIDTH = 0.2
"""Least width in points of a connection in a picture with free places, whose lines are
short."""

MAX_NAME_LETTERS = 8
"""Length of names that stand on one line at free places: smaller, if others are
near."""

LONGEST_WORD = 14
"""Maximum length of a word in the name of a layer that is not broken."""

PRINTED = 0.17
"""Size of printed numbers, in units."""
SHARES = np.array([0.38, 0.62, 0.32, 0.68, 0.44, 0.56, 0.26, 0.74, 0.5, 0.2, 0.8])
"""Places along a connection that its printed weight tries, in this order: many cross in
the middle."""

MAX_DELAYS = 100
"""Maximum number of delayed connections whose delays are printed."""
CENTERED_TEXT: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
TEXT_BACKGROUND = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.4}
"""Background of text that lines may cross."""


class Picture:
    """A picture of single neurons. Sizes of text and lines are in units, the distance
    of two neurons.
    """

    def __init__(self, diagram: Topology, places: Places, printed: bool) -> None:
        self.diagram = diagram
        self.places = places
        self.printed = printed
        low, high = places.corners
        width, height = high - low + 1.2
        self.point = 1.0 / (72.0 * min(MAX_UNIT_SIZE, WIDTH / width, HEIGHT / height))
        self.heads: list[str] = []
        if places.gap:  # names of layers on lines that fit
            fits = int(0.95 * places.gap / (LETTER_WIDTH * 1.12 * HEAD * self.point))
            for name in diagram.layers:
                longest = max(map(len, name.split()), default=0)
                self.heads.append(
                    _style.lines(name, max(fits, min(longest, LONGEST_WORD)))
                )
        rows = max((text.count("\n") + 1 for text in self.heads), default=0)
        self.head = 1.25 * HEAD * self.point * rows + 0.1
        scene = scene_at(places, self.head, self._below()) if places.gap else None
        routes = ways_of(diagram.source, diagram.target, places, scene)
        self.ways = [curve(route) for route in routes]

    def _below(self) -> Floats:
        """Return the height of the name below each neuron; 0 if it is in the disc."""
        below = [self.printed or len(name) > 3 for name in names_shown(self.diagram)]
        return 1.2 * NAME * self.point * np.array(below)

    def _extent(self) -> tuple[Floats, Floats]:
        """Return the lower left and the upper right corner of all that is drawn."""
        low, high = self.places.corners
        # Names of layers stand above their frames.
        high = high + np.array([0.0, self.head if self.heads else 0.0])
        every = np.concatenate([[low, high], *self.ways])
        return every.min(axis=0) - 0.35, every.max(axis=0) + 0.35

    def draw(self, ax: Axes | None, title: str, color: str | None, bars: bool) -> Axes:
        low, high = self._extent()
        size = high - low
        inches = min(MAX_UNIT_SIZE, WIDTH / size[0], HEIGHT / size[1])
        width = max(2.5 if self.places.gap else 5.5, size[0] * inches + 0.8 * bars)
        is_own = ax is None
        with canvas(ax, (width, max(1.8, size[1] * inches + 0.3))) as ax:
            from ._scaled import Scaled

            ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
            ax.set_axis_off()
            ax.set_title(title)
            scaled = Scaled(ax)
            self._draw_frames(ax, scaled)
            if len(self.ways):
                self._draw_connections(ax, scaled, bars)
            table = self.diagram
            draw_gates(
                ax,
                scaled,
                (table.source, table.target, table.gater),
                self.places,
                self.ways,
                self.point,
            )
            inks = self._draw_discs(ax, scaled, color, bars)
            self._draw_names(ax, scaled, inks)
            if self.printed:
                self._print_activations(ax, scaled, inks)
            self._label_connections(ax, scaled)
            if is_own:
                scaled.enlarge()
            return ax

    def _draw_frames(self, ax: Axes, scaled: Scaled) -> None:
        """Draw a frame for each layer, with its name above."""
        longest = max(
            (len(line) for text in self.heads for line in text.split("\n")), default=0
        )
        fit = 0.95 * self.places.gap / (1.12 * LETTER_WIDTH * max(longest, 5))
        for text, (x, _), frame in zip(
            self.heads, self.places.middles, self.places.frames, strict=True
        ):
            scaled.box(
                frame[:2],
                frame[2:],
                0.8 * self.point,
                edgecolor=PALE,
                zorder=0.5,
                gid="frame",
            )
            name = ax.text(
                x, frame[3] + 0.06, text, ha="center", va="bottom", weight="bold"
            )
            name.set(zorder=4, bbox=TEXT_BACKGROUND, linespacing=1.0)
            scaled.text(name, min(HEAD * self.point, fit))

    def _draw_connections(self, ax: Axes, scaled: Scaled, bars: bool) -> None:
        table = self.diagram
        scale = table.weight[table.trainable] if table.trainable.any() else table.weight
        cmap = _style.diverging()
        norm = _style.around_zero(scale)
        strength = np.minimum(np.abs(table.weight) / (largest(scale) or 1.0), 1.0)
        order = np.argsort(strength, kind="stable")  # the strong ones lie on top
        colors = cmap(norm(table.weight[order]))
        thickest = float(np.clip(30.0 / np.sqrt(len(order)), 0.8, 3.0)) * min(
            1.0, 0.025 / self.point
        )
        widths = self.point * thickest * (0.2 + 0.8 * strength[order])
        if not self.places.gap:
            widths = np.maximum(
                widths, self.point * MIN_LINE_WIDTH * (1.0 + strength[order])
            )
        # In larger networks only backward and lateral connections have arrowheads.
        few = table.connections <= MAX_ARROWHEADS
        pointed = (few | (table.layer[table.target] < table.layer[table.source]))[order]
        ends = self.places.centres[table.target[order]]
        draw_lines(
            ax, scaled, [self.ways[i] for i in order], ends, colors, widths, pointed
        )
        if bars:
            beyond = largest(table.weight) > largest(scale)
            key(ax, cmap, norm, "weight", extend="both" if beyond else "neither")

    def _draw_discs(
        self, ax: Axes, scaled: Scaled, color: str | None, bars: bool
    ) -> list[str]:
        """Draw the neurons; returns a readable text color for each."""
        from matplotlib.collections import PatchCollection
        from matplotlib.patches import Circle

        discs = PatchCollection(
            [Circle(place, RADIUS) for place in self.places.centres],
            zorder=2,
            gid="neurons",
        )
        discs.set(edgecolor=INK, facecolor="white")
        ax.add_collection(discs)
        scaled.widths(discs, 0.8 * self.point)
        if color is None and self.places.gap:
            return [INK] * self.diagram.neurons
        faces = self._faces(ax, color, bars)
        discs.set(facecolor=faces)
        brightness = faces[:, :3] @ [0.299, 0.587, 0.114]
        return ["white" if bright < 0.5 else INK for bright in brightness]

    def _faces(self, ax: Axes, color: str | None, bars: bool) -> Floats:
        """Return the colors of the neurons, by layer, a number or metadata; white
        without a value.
        """
        if color is None:
            return self._colors_of_kinds(ax, self.diagram.layers, self.diagram.layer)
        if color in NUMBERS:
            return self._colors_of_numbers(
                ax, color, getattr(self.diagram, color), bars
            )
        metadata = self.diagram.neuron_metadata[color]
        column = [metadata.get(i) for i in range(self.diagram.neurons)]
        if all(type(value) in (int, float) for value in metadata.values()):
            return self._colors_of_numbers(ax, color, np.array(column, float), bars)
        kinds = list(dict.fromkeys(map(str, metadata.values())))
        place = [-1 if value is None else kinds.index(str(value)) for value in column]
        return self._colors_of_kinds(ax, kinds, np.array(place))

    def _colors_of_numbers(
        self, ax: Axes, color: str, values: Floats, bars: bool
    ) -> Floats:
        """Return the colors of a number of neurons, with a bar."""
        cmap, norm = _style.coloring(values)
        if color == "bias":  # as weights
            cmap = _style.diverging()
            norm = _style.around_zero(values)
        if bars:
            key(ax, cmap, norm, color, location="left")
        faces: Floats = cmap(norm(values))
        if color not in NUMBERS:
            faces[np.isnan(values)] = 1.0
        return faces

    def _colors_of_kinds(
        self, ax: Axes, kinds: Sequence[str], place: Indices
    ) -> Floats:
        """Return the colors of kinds of neurons, white at -1, with a legend if they
        suffice.
        """
        from matplotlib.lines import Line2D

        shades = _style.tints(len(kinds))
        if 1 < len(kinds) <= _style.MAX_TINTS:
            signs = [
                Line2D(
                    [],
                    [],
                    ls="",
                    marker="o",
                    ms=7,
                    mfc=shade,
                    mec=INK,
                    mew=0.8,
                    label=_style.entry(name),
                )
                for name, shade in zip(kinds, shades, strict=True)
            ]
            below: dict[str, Any] = {
                "loc": "upper center",
                "bbox_to_anchor": (0.5, 0.0),
            }
            ax.legend(handles=signs, ncols=4, handletextpad=0.1, **below)
        return np.array([*shades, (1.0, 1.0, 1.0)])[place]

    def _draw_names(self, ax: Axes, scaled: Scaled, inks: list[str]) -> None:
        """Draw numbers and short names in the discs, longer names below them."""
        wide = (
            self.places.gap
            if len(set(self.places.centres[:, 0])) == len(self.places.frames)
            else 0.95
        )
        room = max(
            3 if self.places.gap else MAX_NAME_LETTERS,
            int(0.95 * wide / (LETTER_WIDTH * NAME * self.point)),
        )
        names = names_shown(self.diagram)
        free = np.full(len(names), np.inf) if self.places.gap else self._rooms()
        longest_name = max(names, key=len)  # names at free places are all alike
        for (x, y), name, ink, apart in zip(
            self.places.centres, names, inks, free, strict=True
        ):
            inside = not self.printed and len(name if self.heads else longest_name) <= 3
            text = label(name) if inside else _style.lines(name, room, 2)
            low = y if inside else y - RADIUS - 0.04
            shown = ax.text(
                x,
                low,
                text,
                ha="center",
                va="center" if inside else "top",
                color=ink,
                zorder=4,
            )
            if not inside:
                shown.set(color=INK, bbox=TEXT_BACKGROUND, linespacing=0.9)
            size = min(NUMBER * self.point, 0.3) * (0.75 if len(name) == 3 else 1.0)
            if not inside:
                longest = max(map(len, text.split("\n")))
                size = min(
                    NAME * self.point,
                    0.28,
                    0.95 * apart / (1.12 * LETTER_WIDTH * max(longest, 1)),
                )
            scaled.text(shown, size)

    def _rooms(self) -> Floats:
        """Return the distance of each neuron from the nearest one whose name is at the
        same height.
        """
        across, up = (
            np.abs(column[:, None] - column) for column in self.places.centres.T
        )
        level = (up < 0.4) & (across > 0.0)
        return np.where(level, across, np.inf).min(axis=1, initial=np.inf)

    def _print_activations(self, ax: Axes, scaled: Scaled, inks: list[str]) -> None:
        """Print the activations in the discs."""
        for (x, y), value, ink in zip(
            self.places.centres, self.diagram.activation, inks, strict=True
        ):
            scaled.text(
                ax.text(x, y, f"{value:.2f}", color=ink, **CENTERED_TEXT), PRINTED
            )

    def _labels(self) -> list[str]:
        """Return what stands on each connection: its weight, if numbers are printed,
        and its delay, as "t-2" for the activation of two steps ago.
        """
        table = self.diagram
        told = np.count_nonzero(table.delay) <= MAX_DELAYS
        labels = []
        for weight, steps in zip(table.weight, table.delay, strict=True):
            words = [f"{weight:.2f}"] if self.printed else []
            if steps and told:
                words.append(f"t\N{MINUS SIGN}{steps}")
            labels.append(", ".join(words))
        return labels

    def _label_connections(self, ax: Axes, scaled: Scaled) -> None:
        """Draw labels where their lines are far from discs and other labels."""
        taken = [*self.places.centres, *(self.places.centres - np.array([0.0, 0.4]))]
        for way, words in zip(self.ways, self._labels(), strict=True):
            if not words:
                continue
            spots = along(way, SHARES)
            half_of_two_texts = [0.55, 0.22]
            apart = np.abs(spots[:, None] - np.array(taken)) / half_of_two_texts
            room = apart.max(axis=2).min(axis=1)
            spot = spots[
                int((room > 1.0).argmax() if (room > 1.0).any() else room.argmax())
            ]
            taken.append(spot)
            look = {**CENTERED_TEXT, "bbox": TEXT_BACKGROUND | {"alpha": 0.9}}
            scaled.text(ax.text(spot[0], spot[1], words, color=INK, **look), PRINTED)


def draw_lines(
    ax: Axes,
    scaled: Scaled,
    routes: list[Floats],
    ends: Floats,
    colors: Any,
    widths: Floats,
    pointed: Bools,
) -> None:
    """Draw connections that lead to what stands at `ends`, with arrowheads where they
    are pointed.
    """
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.path import Path

    lines = PathCollection(
        [Path(way) for way in routes],
        facecolors="none",
        edgecolors=colors,
        zorder=1,
        gid="connections",
    )
    ax.add_collection(lines)
    scaled.widths(lines, widths)
    heads = list(
        arrowheads([routes[i] for i in np.flatnonzero(pointed)], ends[pointed], 0.15)
    )
    if heads:
        look: dict[str, Any] = {
            "facecolors": colors[pointed],
            "lw": 0,
            "zorder": 1.5,
            "gid": "arrowheads",
        }
        ax.add_collection(PolyCollection(heads, **look))


# --- gates ----------------------------------------------------------------------------

REACH = 0.3
RING = 0.17
GATE_SPACING = 0.2
"""Distance of the first bundle of gates from the disc of the neuron that its
connections share, of the next bundle from it, and of single marks from each other."""


class Gates(NamedTuple):
    """Marks on connections that one neuron gates, near the neuron that these share, if
    any.
    """

    marks: Floats
    # The path from the gater to the nearest mark, if the gater is in the picture.
    lead: Floats | None


def draw_gates(
    ax: Axes,
    scaled: Scaled,
    links: Any,
    places: Places,
    routes: list[Floats],
    point: float,
) -> None:
    """Draw marks on gated connections, bars across those of a bundle, and dotted lines
    from their gaters.
    """
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle

    gates = gates_of(links, places, routes)
    if not gates:
        return
    dots = LineCollection(
        [gate.lead for gate in gates if gate.lead is not None],
        colors=GATE,
        linestyles=[_style.DOTS],
        zorder=1.8,
        gid="gates",
    )
    bars = [gate.marks for gate in gates if len(gate.marks) > 1]
    across = LineCollection(
        bars, colors=GATE, zorder=1.9, capstyle="round", gid="gate bars"
    )
    alone = [len(gate.marks) == 1 for gate in gates for _ in gate.marks]
    spots = [spot for gate in gates for spot in gate.marks]
    circles = [
        Circle(spot, 0.075 if single else 0.04)
        for spot, single in zip(spots, alone, strict=True)
    ]
    edges = ["white" if single else GATE for single in alone]
    marks = PatchCollection(
        circles, facecolor=GATE, edgecolor=edges, zorder=3, gid="gate marks"
    )
    for artist, width in ((dots, 1.0), (across, 1.6), (marks, 0.4)):
        ax.add_collection(artist)
        scaled.widths(artist, width * point)


def gates_of(
    links: tuple[Indices, Indices, Indices], places: Places, routes: list[Floats]
) -> list[Gates]:
    """Return all gates: one bundle for each gater and shared source or target, single
    ones last.
    """
    source, target, gater = links
    taken: Counter[int] = Counter()
    marked = []
    alone = gater != NO_GATER
    for gating, mine, shared in _bundles(source, target, gater):
        reach = float(places.half[0]) + REACH + RING * taken[shared]
        taken[shared] += 1
        alone[mine] = False
        centre = places.centres[shared]
        marks = np.array([_crossing(routes[i], centre, reach) for i in mine])
        marked.append((gating, marks[_around(centre, marks)]))
    single = np.flatnonzero(alone)
    marked += zip(gater[single].tolist(), _apart(routes, single)[:, None], strict=True)
    scene = scene_at(places) if places.gap else None
    gates = []
    for gating, marks in marked:
        here = places.centres[max(gating, 0)]
        nearest = marks[int(np.linalg.norm(marks - here, axis=1).argmin())]
        # A gater outside of what is drawn has marks, and no line that leads to them.
        line = None if gating == OUTSIDE else curve(lead_at(here, nearest, scene))
        gates.append(Gates(marks, line))
    return gates


def _bundles(
    source: Indices, target: Indices, gater: Indices
) -> list[tuple[int, Indices, int]]:
    """Return gater, several connections and the neuron they share: a target or a
    source, whichever are fewer.
    """
    bundles = []
    for connections in np.unique(gater[gater >= 0]).tolist():
        mine = np.flatnonzero((gater == connections) & (source != target))
        ends = min((target[mine], source[mine]), key=lambda end: len(np.unique(end)))
        bundles += [
            (connections, mine[ends == end], end)
            for end in np.unique(ends).tolist()
            if (ends == end).sum() > 1
        ]
    return bundles


def _crossing(way: Floats, centre: Floats, reach: float) -> Floats:
    """Return the point of a way at a distance from the neuron at one of its ends, at
    most in its middle.
    """
    way = (
        way
        if np.linalg.norm(way[0] - centre) < np.linalg.norm(way[-1] - centre)
        else way[::-1]
    )
    fine = along(way, np.linspace(0.0, 0.5, 200))
    beyond = np.flatnonzero(np.linalg.norm(fine - centre, axis=1) >= reach)
    return fine[beyond[0] if len(beyond) else -1]


def _around(centre: Floats, marks: Floats) -> Indices:
    """Return the order of marks by their direction from a neuron, beginning after the
    widest gap.
    """
    turns = np.arctan2(*(marks - centre).T[::-1])
    order = np.argsort(turns)
    gaps = np.diff(turns[order], append=turns[order[0]] + 2 * np.pi)
    return np.roll(order, -int(gaps.argmax()) - 1)


def _apart(routes: list[Floats], gated: Indices) -> Floats:
    """Return marks near the middle of their connections, and apart from each other if
    possible.
    """
    spots = np.empty((0, 2))
    for i in gated:
        tries = along(routes[i], np.array([0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71]))
        distance = np.linalg.norm(tries[:, None] - spots, axis=-1).min(
            axis=1, initial=np.inf
        )
        free = np.flatnonzero(distance > GATE_SPACING)
        spot = tries[free[0] if len(free) else int(distance.argmax())]
        spots = np.concatenate([spots, spot[None]])
    return spots

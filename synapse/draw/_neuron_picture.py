"""A network drawn neuron by neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Bools, Floats, Indices
from ..objects.topology import Topology
from . import _style
from ._bundles import Bundles, bundles_of, draw_bundles, routes_and_scene
from ._gates import draw_gates
from ._places import RADIUS, Places, names_shown
from ._routes import (
    along,
    curve,
    draw_lines,
    free_spot,
    routes_of_connections,
    scene_of_neurons,
)
from ._style import INK, LETTER_WIDTH, PALE, Axes, canvas, key, label, largest

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
LABEL_SHARES = np.array([0.38, 0.62, 0.32, 0.68, 0.44, 0.56, 0.26, 0.74, 0.5, 0.2, 0.8])
"""Places along a connection that its printed weight tries, in this order: many cross in
the middle."""

MAX_DELAYS = 100
"""Maximum number of delayed connections whose delays are printed."""
CENTERED_TEXT: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}


class NeuronPicture:
    """A picture of single neurons. Sizes of text and lines are in units, the distance
    of two neurons.
    """

    def __init__(
        self,
        diagram: Topology,
        places: Places,
        printed: bool,
        bundled: Bools | None = None,
    ) -> None:
        """Prepare a picture, in which connections of the mask `bundled` are drawn as
        bundles.
        """
        self.whole = diagram
        self.diagram = (
            diagram if bundled is None else with_connections(diagram, ~bundled)
        )
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
        # names of more than three letters stand below their neurons
        is_below = [printed or len(name) > 3 for name in names_shown(diagram)]
        below = 1.2 * NAME * self.point * np.array(is_below)
        scene = scene_of_neurons(places, self.head, below) if places.gap else None
        ends = (self.diagram.source, self.diagram.target)
        self.paths = [
            curve(route) for route in routes_of_connections(*ends, places, scene)
        ]
        self.bundles: Bundles | None = None
        if bundled is not None:
            self.bundles = bundles_of(diagram, bundled)
            self.routes_and_scene = routes_and_scene(self.bundles, places, self.head)

    def _extent(self) -> tuple[Floats, Floats]:
        """Return the lower left and the upper right corner of all that is drawn."""
        low, high = self.places.corners
        # Names of layers stand above their frames.
        high = high + np.array([0.0, self.head if self.heads else 0.0])
        every = np.concatenate([[low, high], *self.paths])
        if self.bundles is not None:
            texts = [0.0, 0.45]
            paths = [
                path + side * np.array(texts)
                for path in self.routes_and_scene[0]
                for side in (-1, 1)
            ]
            every = np.concatenate([every, *paths])
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
            _style.title_of(ax, title)
            scaled = Scaled(ax)
            self._draw_frames(ax, scaled)
            if self.bundles is not None:
                drawn = (self.whole, self.bundles, self.places, *self.routes_and_scene)
                draw_bundles(ax, scaled, *drawn)
            if len(self.paths):
                self._draw_connections(ax, scaled, bars)
            table = self.diagram
            draw_gates(
                ax,
                scaled,
                (table.source, table.target, table.gater),
                self.places,
                self.paths,
                scene_of_neurons(self.places) if self.places.gap else None,
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
            name.set(zorder=4, bbox=_style.TEXT_BACKGROUND, linespacing=1.0)
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
            ax, scaled, [self.paths[i] for i in order], ends, colors, widths, pointed
        )
        if bars:
            beyond = largest(table.weight) > largest(scale)
            key(ax, cmap, norm, "weight", extend="both" if beyond else "neither")

    def _draw_discs(
        self, ax: Axes, scaled: Scaled, color: str | None, bars: bool
    ) -> list[str]:
        """Draw the neurons, and return a readable text color for each."""
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
        """Return the colors of the neurons, by layer, a number or metadata. Neurons
        without a value are white.
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
                shown.set(color=INK, bbox=_style.TEXT_BACKGROUND, linespacing=0.9)
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
        """Return the text on each connection, which is its weight, if numbers are
        printed, and its delay, such as "t-2" for the activation of two steps ago.
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
        disc, half = np.array([RADIUS, RADIUS]), np.array([0.28, 0.11])
        names = self.places.centres - np.array([0.0, 0.4])
        spots = [*self.places.centres, *names]
        taken = [(spot, disc) for spot in spots]
        for path, words in zip(self.paths, self._labels(), strict=True):
            if words:
                spot = free_spot(
                    along(path, LABEL_SHARES), half, taken, np.empty((0, 2))
                )
                taken.append((spot, half))
                look = {
                    **CENTERED_TEXT,
                    "bbox": _style.TEXT_BACKGROUND | {"alpha": 0.9},
                }
                scaled.text(
                    ax.text(spot[0], spot[1], words, color=INK, **look), PRINTED
                )


def with_connections(diagram: Topology, kept: Bools) -> Topology:
    """Return a table with the connections of a mask only."""
    names = ("source", "target", "gater", "gain", "weight", "trainable", "tie")
    columns: dict[str, Any] = {name: getattr(diagram, name)[kept] for name in names}
    of_connections = {name: getattr(diagram, name)[kept] for name in ("sign", "delay")}
    return replace(diagram, **columns, _unusual=diagram._unusual | of_connections)

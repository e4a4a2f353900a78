"""How a page chooses among layouts, as `draw/page/plans.js` does."""

from __future__ import annotations

from synapse.draw._placing_rules import (
    BOX,
    CABLE,
    LANE,
    Measures,
    PlacingPlan,
    Point,
    Structure,
    plan_of,
)

ENOUGH_ZOOM = 0.9
LINES = (99, 3, 2, 1)
LINE_LENGTHS = (40, 30, 24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2)


def measures_of(neuron: float) -> list[Measures]:
    """Return the layouts that a page tries: from left to right, from top to bottom with
    one layer in a level, or with several side by side.
    """
    return [
        Measures(
            sideways=True,
            cell=(84.0, 64.0),
            title=(0.0, 24.0),
            between=56.0,
            widest=340.0,
            beside=14.0,
            single=False,
            neuron=neuron,
            lift=12.0,
            box=BOX,
            lane=LANE,
            cable=CABLE,
        ),
        Measures(
            sideways=False,
            cell=(neuron + 28.0, 58.0),
            title=(0.0, 84.0),
            between=9.0,
            widest=90.0,
            beside=14.0,
            single=True,
            neuron=neuron,
            lift=12.0,
            box=(BOX[1], BOX[0]),
            lane=LANE,
            cable=CABLE,
        ),
        Measures(
            sideways=False,
            cell=(neuron + 28.0, 58.0),
            title=(22.0, 0.0),
            between=20.0,
            widest=90.0,
            beside=14.0,
            single=False,
            neuron=neuron,
            lift=12.0,
            box=(BOX[1], BOX[0]),
            lane=LANE,
            cable=CABLE,
        ),
    ]


def levels_of(structure: Structure, maximum: int) -> list[list[int]]:
    """Return lists of layers that stand side by side, at most `maximum` in each."""
    members = [
        [i for i in range(len(structure.level)) if structure.level[i] == depth]
        for depth in range(max(structure.level) + 1)
    ]
    return [
        level[start : start + maximum]
        for level in members
        for start in range(0, len(level), maximum)
    ]


def plan_for(
    structure: Structure, choices: list[Measures], folded: list[bool], window: Point
) -> PlacingPlan:
    """Return the first plan for a window (width, height) that is large enough or, if
    none is, about as large as any.
    """
    plans = [
        plan_of(
            structure,
            measures,
            levels_of(structure, 1 if measures.single else maximum),
            longest,
            folded,
            window if measures.sideways else (window[1], window[0]),
        )
        for measures in choices
        for maximum in LINES
        for longest in LINE_LENGTHS
    ]
    best = plans[0]
    for plan in plans:
        if min(ENOUGH_ZOOM, plan.zoom) > 1.06 * best.zoom:
            best = plan
    return best

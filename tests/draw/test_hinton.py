"""Hinton diagrams."""

import numpy as np
import pytest

from synapse import Layer, draw
from synapse.errors import ArgumentError, KindError

from .helpers import outside, overlapping, part, paths, shown


def squares(ax):
    """By (row, column): the area of a square, and whether it is blue."""
    (weights,) = part(ax, "weights")
    found = {}
    for path, (red, _, blue, _) in zip(weights.get_paths(), weights.get_facecolor()):
        low, high = path.vertices.min(axis=0), path.vertices.max(axis=0)
        column, row = np.round((low + high) / 2).astype(int).tolist()
        found[row, column] = np.prod(high - low), blue > red
    return found


def test_areas_are_magnitudes_and_colours_signs():
    matrix = np.array([[1.0, -0.25, 0.0], [0.5, 0.01, -1.0]])
    found = squares(draw.hinton(matrix))
    assert set(found) == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)}
    full = found[0, 0][0]
    for place, (area, blue) in found.items():
        assert area == pytest.approx(full * abs(matrix[place]))
        assert blue == (matrix[place] > 0)
    assert 0.7 < full < 1.0


def test_a_projection_brings_its_names_and_white_where_nothing_is_connected():
    source, target = Layer(2, name="in_$"), Layer(3, name="out")
    projection = source.project(target, np.array([[True, False, True], [False, True, False]]), seed=0)
    ax = draw.hinton(projection)
    assert len(paths(ax, "connections")) == 3
    assert set(squares(ax)) == {(0, 0), (0, 2), (1, 1)}
    assert all(
        blue == (source[i].connected(target[j]).weight > 0) for (i, j), (_, blue) in squares(ax).items()
    )
    texts = [text for text, _ in shown(ax.figure)]
    assert {"in_$", "in_$ 0", "in_$ 1", "out", "out 0", "out 2"} <= set(texts)


def test_a_scale_of_ones_own_makes_diagrams_comparable():
    (one, _), (two, _) = (squares(draw.hinton([[0.5]], scale=scale))[0, 0] for scale in (0.5, 1.0))
    assert one == pytest.approx(2 * two)
    assert squares(draw.hinton([[7.0]], scale=0.5))[0, 0][0] == pytest.approx(one)


def test_numbers_that_are_not_finite_are_crosses():
    ax = draw.hinton([[1.0, np.nan], [-np.inf, 0.5]])
    (crosses,) = part(ax, "not finite")
    assert crosses.get_xydata().tolist() == [[1, 0], [0, 1]]
    assert squares(ax)[1, 1][0] == pytest.approx(squares(ax)[0, 0][0] / 2)


def test_zeros_only():
    ax = draw.hinton(np.zeros((2, 2)))
    assert squares(ax) == {}
    assert len(paths(ax, "connections")) == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (12, 8), (100, 70)])
def test_can_be_read(shape):
    weights = np.random.default_rng(0).normal(size=shape)
    ax = draw.hinton(
        weights, sources=[f"a source {i}" for i in range(shape[0])], targets=Layer(shape[1], name="t")
    )
    assert overlapping(ax.figure) == outside(ax.figure) == []


def test_refuses_what_is_no_matrix():
    with pytest.raises(KindError, match="(to be|Expected) a Projection or a matrix"):
        draw.hinton("weights")
    with pytest.raises(ArgumentError, match="a row for each source and a column for each target"):
        draw.hinton([1.0, 2.0])
    with pytest.raises(ArgumentError, match=r"a column for each target|got 3"):
        draw.hinton([[1.0]], sources=["a", "b", "c"])
    for scale in (0, -1, np.nan):
        with pytest.raises(ArgumentError, match="Expected the scale of a Hinton diagram to be"):
            draw.hinton([[1.0]], scale=scale)
    with pytest.raises(KindError, match="the scale"):
        draw.hinton([[1.0]], scale="big")

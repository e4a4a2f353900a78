"""``Scale``: rows at once and one by one, columns that come and go, differences, files;
and scales as neurons of a network."""

import json

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Scale
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.objects.scaling import with_scales
from tests.helpers.cases import all_refused

RNG = np.random.default_rng(0)
ROWS = RNG.normal([3.0, -40.0, 1e9], [2.0, 0.1, 1e-3], (50, 3))
ROWS[:, 2] = 0.1  # a constant, whose deviation by rounding is above 0


def test_rows_together_in_parts_and_one_by_one_give_the_same_units():
    for each in (None, RNG.integers(0, 3, 50).astype(float)):
        whole, parts, stream = Scale(3), Scale(3), Scale(3)
        whole.add(ROWS, each)
        parts.add(ROWS[:20], None if each is None else each[:20])
        parts.add(ROWS[20:].tolist(), None if each is None else each[20:])
        for place, row in enumerate(ROWS):
            stream.follow(row, 1.0 if each is None else each[place])
        mean = np.average(ROWS, axis=0, weights=each)
        variance = np.average((ROWS - mean) ** 2, axis=0, weights=each)
        for scale in (whole, parts, stream):
            np.testing.assert_allclose(scale.mean, mean)
            np.testing.assert_allclose(scale.deviation, [*np.sqrt(variance[:2]), 1.0])
            np.testing.assert_allclose(scale.original(scale.standard(ROWS)), ROWS)
    followed = Scale(3).follow(ROWS)
    again = Scale(3)
    assert (followed == [again.follow(row) for row in ROWS]).all()


def test_a_half_life_forgets_and_what_is_missing_is_not_counted():
    scale = Scale(1, half_life=5)
    scale.follow(np.repeat([0.0, 8.0], [100, 5])[:, None])
    assert scale.mean == pytest.approx([4.0])
    before = scale._as_json()
    assert scale.follow([np.nan]) == [0.0]
    assert scale.follow([3.0], 0.0) == pytest.approx(scale.standard([3.0]))
    assert scale._as_json() == before


def test_columns_come_and_go_with_their_numbers():
    scale = Scale(3, lags=[(1,), (), (2,)])
    scale.add(ROWS)
    whole = scale._as_json()
    scale._arrange([2, 0, 1], 1)
    assert (len(scale), scale.lags) == (4, [(2,), (1,), (), ()])
    assert scale._numbers.flags.c_contiguous, "kernels read it"
    assert (scale.mean[3], scale.deviation[3]) == (0.0, 1.0)
    scale._arrange([1, 2, 0], 0)
    assert scale._as_json() == whole


def test_differences_are_those_of_each_column_in_its_units():
    scale = Scale(2, lags=[(1,), (4, 1)])
    series = RNG.normal(size=(40, 2)).cumsum(axis=0)
    scale.add(series)
    units = scale.standard(series)
    assert (len(units), scale.lost) == (35, 5)
    np.testing.assert_allclose(units.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(units.std(axis=0), 1)
    rises = np.diff(series[:, 0])[4:]
    np.testing.assert_allclose(units[:, 0], (rises - rises.mean()) / rises.std())
    np.testing.assert_allclose(scale.original(units[-9:], series[:-9]), series[-9:])


def test_a_scale_is_whole_in_json():
    scale = Scale(3, 100.0, [(1,), (), (12, 1)])
    scale.add(np.tile(ROWS, (1, 1)))
    again = Scale._from_json(json.loads(json.dumps(scale._as_json())), 3)
    assert (again._as_json(), again.half_life) == (scale._as_json(), 100.0)
    assert (again.follow(ROWS) == scale.follow(ROWS)).all()


def test_faults_are_one_sentence_and_change_nothing():
    scale = Scale(2, lags=[(2,), ()])
    scale.add([[1.0, 2.0], [3.0, 5.0], [2.0, 1.0]])
    before = scale._as_json()
    wrong = {**before, "deviation": [1.0, 0.0]}
    all_refused(
        [
            (lambda: scale.add([[1.0, 2.0]]), ArgumentError, "3 steps or more, got 1"),
            (lambda: scale.add([[1.0]] * 3), ArgumentError, "must have 2 columns, got"),
            (
                lambda: scale.add([[1e200, 1.0]] * 4 + [[0, 0]]),
                ArgumentError,
                "squares",
            ),
            (lambda: scale.add([[1, np.nan]] * 4), ArgumentError, "must be finite"),
            (
                lambda: scale.follow([[1e200, 0]] + [[0, 0]] * 2),
                ArgumentError,
                "squares",
            ),
            (lambda: scale.standard([1.0, 2.0]), ArgumentError, "steps or more"),
            (lambda: scale.original([[1, 2]]), ArgumentTypeError, "`history`"),
            (lambda: scale.original([[1, 2]], [[1, 2]]), ArgumentError, "2 steps or"),
            (
                lambda: Scale(2, lags=[(1,)]),
                ArgumentError,
                "a list for each of 2 columns",
            ),
            (lambda: Scale(1, lags=[(0,)]), ArgumentError, "A lag|a lag"),
            (lambda: Scale.fixed([1.0], [0.0]), ArgumentError, "above 0"),
            (lambda: Scale._from_json(wrong, 2), ArgumentError, "must be above 0"),
            (lambda: Scale._from_json(before, 3), ArgumentError, "3 columns|3 numbers"),
        ]
    )
    assert scale._as_json() == before


@pytest.mark.parametrize("build", ["Perceptron", "LSTM", "NARX"])
def test_a_network_with_its_scales_is_one_in_the_units_of_the_data(build):
    net = getattr(architect, build)(2, 3, 2, output_squash="identity", seed=0)
    net.input[0].name = "price"
    inputs = Scale.fixed([20.0, -3.0], [4.0, 0.5])
    outputs = Scale.fixed([100.0, 0.0], [7.0, 2.0])
    rows = RNG.normal([20.0, -3.0], [4.0, 0.5], (20, 2))
    whole = with_scales(net, inputs, outputs)
    expected = outputs.original(net.run(inputs.standard(rows)))
    np.testing.assert_allclose(whole.run(rows), expected, rtol=1e-12)
    scaled, unscaled = whole.layers[1], whole.layers[-2]
    assert (scaled.name, unscaled.name) == ("scaled", "unscaled")
    assert (whole.input[0].name, scaled[0].name) == ("price", "scaled price")
    learning, before = (
        sorted(link.weight for link in each.connections if link.trainable)
        for each in (whole, net)
    )
    assert learning == before
    assert len(whole.connections) == len(net.connections) + 4


def test_a_network_that_activates_together_is_not_written_with_scales():
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.synchronous = True
    with pytest.raises(ArgumentError, match="one step late"):
        with_scales(net, Scale(1))


UNITS = [2.0**exponent for exponent in (-1020, -1000, -900, -500, -420, -300, 300, 450)]
PLAIN = RNG.normal([3.0, -40.0], [2.0, 0.1], (50, 2))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", UNITS)
def test_standard_units_do_not_depend_on_the_unit(unit):
    """Powers of 2 round nothing, so all is equal to the last bits."""
    weights = RNG.integers(0, 3, 50).astype(float)

    def scales(rows):
        for each in (None, weights):
            scale = Scale(2)
            for part in (slice(20), slice(20, None)):
                scale.add(rows[part], None if each is None else each[part])
            yield scale
        for half_life in (None, 5.0):
            scale = Scale(2, half_life)
            scale.follow(rows)
            yield scale
            scale.add(rows)
            yield scale
        yield Scale._from_json(scale._as_json(), 2)
        scale._arrange(range(2), 0)
        yield scale

    for plain, other in zip(scales(PLAIN), scales(PLAIN * unit), strict=True):
        assert np.allclose(other.deviation / unit, plain.deviation, rtol=1e-14)
        standard = other.standard(PLAIN * unit)
        assert np.allclose(standard, plain.standard(PLAIN), rtol=1e-12)
        assert np.allclose(other.original(standard) / unit, PLAIN, rtol=1e-12)


@pytest.mark.filterwarnings("error")
def test_a_mixture_of_sizes_counts_what_is_large():
    rows = np.array([[0.0], [1e-200], [5.0], [-1e-310], [3.0]])
    together, stream = Scale(1), Scale(1)
    together.add(rows), stream.follow(rows)
    assert np.allclose([together.deviation, stream.deviation], rows.std())
    tiny = Scale(1)
    tiny.add([[0.0], [0.0]])
    assert tiny.deviation == 1.0
    tiny.add([[0.0], [4e-200]])
    assert np.allclose(tiny.deviation, np.sqrt(3.0) * 1e-200)
    decaying = Scale(1, half_life=0.5)
    decaying.follow([[1.0], [2.0]])
    for _ in range(3000):  # until nothing of the first rows is left
        assert np.isfinite(decaying.follow([[0.0]])).all()
    assert decaying.deviation == 1.0


@pytest.mark.filterwarnings("error")
def test_numbers_beyond_the_range_are_refused():
    scale = Scale.fixed([0.0], [1e-200])
    whole = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    subnormal = Scale(1)
    subnormal.add([[0.0], [1e-310]])
    assert np.allclose(subnormal.standard([[0.0], [1e-310]]).ravel(), [-1.0, 1.0])
    small = Network(
        Layer(1, dtype=np.float32), Layer(1, squash="identity", dtype=np.float32)
    )
    all_refused(
        [
            (
                lambda: scale.standard([[1e200]]),
                ArgumentError,
                "finite when they are scaled",
            ),
            (lambda: scale.add([[1e160], [0.0]]), ArgumentError, "squares are finite"),
            (
                lambda: Scale.fixed([0.0], [1e140]).original([[1e200]]),
                ArgumentError,
                "finite when they are scaled",
            ),
            (lambda: with_scales(whole, subnormal), ArgumentError, "fit float64"),
            (lambda: with_scales(small, scale), ArgumentError, "fit float32"),
        ]
    )
    assert with_scales(whole, scale).run([[1e-200]]).shape == (1, 1)

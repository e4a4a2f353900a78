"""Returns of agents over steps: means in parts of the steps, intervals, faults."""

import numpy as np
import pytest

from synapse import draw
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.reward import Run

from .helpers import legend


def run_of(returns, length=10, **tests):
    lengths = np.full(len(returns), length)
    return Run(np.array(returns), lengths, int(lengths.sum()), 1.0, "steps", **tests)


def test_the_line_is_the_mean_of_seeds_and_the_band_the_interval_of_this_mean():
    rng = np.random.default_rng(0)
    runs = [run_of(np.repeat(rng.normal(size=5), 4)) for _ in range(30)]
    ax = draw.returns({"a": runs, "b": runs[0]}, points=5)
    values = np.array([run.returns[::4] for run in runs])
    line, single = ax.lines
    assert line.get_xdata().tolist() == [40.0, 80.0, 120.0, 160.0, 200.0]
    np.testing.assert_allclose(line.get_ydata(), values.mean(axis=0))
    np.testing.assert_allclose(single.get_ydata(), values[0])
    assert legend(ax) == ["a (30 runs)", "b (1 run)"]
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices[1:6, 1]  # the lower side
    error = 1.96 * values.std(axis=0) / np.sqrt(30)
    np.testing.assert_allclose(
        corners, values.mean(axis=0) - error, atol=0.15 * error.max()
    )


def test_a_part_without_the_end_of_an_episode_has_the_return_before():
    ax = draw.returns(run_of([1.0, 5.0], length=40), points=8)
    assert ax.lines[0].get_xdata().tolist() == [40.0, 50.0, 60.0, 70.0, 80.0]
    assert ax.lines[0].get_ydata().tolist() == [1.0, 1.0, 1.0, 1.0, 5.0]


def test_evaluations_are_drawn_where_they_were_made():
    evaluated = {
        "test_steps": np.array([5, 10]),
        "test_returns": np.array([[1.0, 3.0], [4.0, 6.0]]),
    }
    ax = draw.returns([run_of([0.0], **evaluated)] * 2, tests=True)
    assert ax.lines[0].get_xdata().tolist() == [5.0, 10.0]
    assert ax.lines[0].get_ydata().tolist() == [2.0, 5.0]


@pytest.mark.parametrize(
    ("wrong", "options", "error"),
    [
        ([], {}, ArgumentError),
        ({}, {}, ArgumentError),
        ([1.0, 2.0], {}, ArgumentTypeError),
        (run_of([]), {}, ArgumentError),
        (run_of([1.0]), {"tests": True}, ArgumentError),
        (run_of([1.0]), {"points": 0}, ArgumentError),
    ],
)
def test_faults_are_one_sentence(wrong, options, error):
    with pytest.raises(error):
        draw.returns(wrong, **options)

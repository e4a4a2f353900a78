"""Tasks of series have no criterion: errors are compared. What all tasks of a kind share."""

import subprocess
import sys

import numpy as np
import pytest

import architect
from synapse import tasks
from synapse.errors import ArgumentError

SERIES = [tasks.MackeyGlass(length=60), tasks.Narma10(60), tasks.Laser(length=60), tasks.TemporalXor(20)]
OTHERS = [tasks.Letters(60), tasks.Xor(), tasks.SynapticRecall(), tasks.SynapticReber(), tasks.Timing(60)]


@pytest.mark.parametrize("task", [*SERIES, *OTHERS], ids=lambda task: type(task).__name__)
def test_every_task(task):
    first, again = task.batch(3, 7), task.batch(3, np.random.default_rng(7))
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.goals, again.goals)
    assert first.rows.shape[1] == task.inputs
    assert first.goals.shape[1] == task.outputs
    assert first.rows.dtype == first.goals.dtype == np.float64
    assert any(not np.array_equal(first.rows, task.batch(3, seed).rows) for seed in range(8, 12))
    if not isinstance(task, tasks.SynapticReber):  # there, all allowed symbols must have high outputs
        assert all(sample.right(sample.targets) for sample in first)
    assert len(task.stream(7).take(33)) == 33
    assert task.paper in task.describe()


@pytest.mark.parametrize("task", SERIES, ids=lambda task: type(task).__name__)
def test_without_a_criterion(task):
    net = architect.Elman(1, 2, 1, output_squash="identity", seed=0)
    assert task.criterion is None
    assert "No criterion: errors are compared." in task.describe()
    with pytest.raises(ArgumentError, match=f"{type(task).__name__} has no criterion. Compare errors"):
        task.solved(net, 0)
    samples = task.batch(4, 0)
    score = samples.score(net)
    errors = []
    for sample in samples:
        net.clear()
        errors.append(net.run(sample.inputs) - sample.targets)
    flat = np.concatenate(errors)
    assert score.squared_error == pytest.approx((flat**2).mean(), rel=1e-12)
    assert score.error == pytest.approx(np.abs(flat).mean(), rel=1e-12)


def test_the_same_bits_in_another_process():
    code = (
        "import hashlib; from synapse import tasks\n"
        "for task in (tasks.MackeyGlass(length=50), tasks.Narma10(50), tasks.Laser(length=50),"
        " tasks.SynapticRecall(), tasks.Letters(50)):\n"
        "    print(hashlib.sha256(task.batch(3, 9).rows.tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].split()) == 5

"""What all tasks share: samples, slices, streams, scores, criteria; and that every task has its form."""

import dataclasses
import inspect
import pickle

import numpy as np
import pytest

import architect
from synapse import Trainer, tasks
from synapse.errors import ArgumentError, KindError
from synapse.tasks import ContinualReber, Criterion, EmbeddedReber, Recall, Samples, Score, Task

CLASSES = [
    one
    for _, one in inspect.getmembers(tasks, inspect.isclass)
    if issubclass(one, Task) and not inspect.isabstract(one)
]


def test_all_tasks_are_tested_here():
    assert len(CLASSES) > 20


@pytest.fixture(params=CLASSES, ids=lambda one: one.__name__)
def task(request):
    """A task with its defaults; series and streams are shortened to be quick."""
    names = {field.name for field in dataclasses.fields(request.param)}
    return request.param(length=200) if "length" in names and request.param is not Recall else request.param()


def same(one, other):
    return (
        np.array_equal(one.inputs, other.inputs)
        and np.array_equal(one.targets, other.targets, equal_nan=True)
        and (one.allowed is None or np.array_equal(one.allowed, other.allowed))
    )


def test_samples_have_the_sizes_of_the_task(task):
    for sample in task.batch(3, 0):
        assert sample.inputs.shape == (len(sample), task.inputs)
        assert sample.targets.shape == (len(sample), task.outputs)
        assert np.isfinite(sample.inputs).all()
        assert not np.isnan(sample.targets).all()


def test_the_same_seed_draws_the_same(task):
    assert same(task.sample(3), task.sample(3))
    assert all(map(same, task.batch(4, 3), task.batch(4, np.random.default_rng(3))))
    assert same(task.stream(3).take(50), task.stream(3).take(50))


def test_a_generator_continues(task):
    rng = np.random.default_rng(0)
    first, second = task.batch(3, rng), task.batch(3, rng)
    deterministic = type(task).__name__ in ("PeriodicFunction", "Xor")
    assert deterministic or not all(map(same, first, second))


def test_what_a_batch_returns_can_be_trained(task):
    samples = task.batch(2, 0)
    net = architect.Elman(task.inputs, 2, task.outputs, output_squash="identity", seed=0)
    before = net.weights.copy()
    Trainer(net, 1e-3).train(samples.inputs, samples.targets, epochs=1, progress=False)
    assert not np.array_equal(before, net.weights)
    assert samples.score(net).count == 2


def test_pieces_of_a_stream_are_the_stream(task):
    pieces, whole = task.stream(5), task.stream(5).take(60)
    parts = [pieces.take(steps) for steps in (1, 19, 40)]
    assert np.array_equal(np.concatenate([part.inputs for part in parts]), whole.inputs)
    joined = np.concatenate([part.targets for part in parts])
    assert np.array_equal(joined, whole.targets, equal_nan=True)


def test_a_task_is_a_frozen_value(task):
    assert pickle.loads(pickle.dumps(task)) == task
    assert hash(task) == hash(dataclasses.replace(task))
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.anything = 1


def test_a_task_describes_itself(task):
    text = task.describe()
    assert text.startswith(f"{type(task).__name__}(")
    assert f"{task.inputs} input" in text
    assert ("No criterion" if task.criterion is None else str(task.criterion)) in text
    assert task.paper in text


def test_a_network_must_fit(task):
    with pytest.raises(ArgumentError, match=type(task).__name__):
        task.solved(architect.Perceptron(task.inputs + 1, task.outputs, seed=0), task.batch(1, 0))


# --- samples ---------------------------------------------------------------------------------------


def test_slices_of_samples_are_samples():
    samples = EmbeddedReber().batch(7, 0)
    part = samples[2:5]
    assert isinstance(part, Samples)
    assert all(map(same, part, [samples[2], samples[3], samples[-3]]))
    assert len(samples[5:2]) == 0
    with pytest.raises(ArgumentError, match="step"):
        samples[::2]
    with pytest.raises(IndexError):
        samples[7]


def test_outputs_have_the_shape_of_the_targets():
    sample = Recall().sample(0)
    with pytest.raises(ArgumentError, match=r"\(10, 2\)"):
        sample.right(np.zeros((9, 2)))


def test_right_outputs():
    sample = EmbeddedReber().sample(0)
    assert sample.right(1.0 * sample.allowed)
    wrong = 1.0 * sample.allowed
    wrong[3] = ~sample.allowed[3]
    assert not sample.right(wrong)
    assert np.flatnonzero(~sample.right_steps(wrong)).tolist() == [3]


# --- scores ----------------------------------------------------------------------------------------


def echo():
    """A network that outputs its only input."""
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.weights, net.output[0].bias = [1.0], 0.0
    return net


def numbers(values):
    """Samples of two steps each; the target is the input plus a value, at the last step only."""
    rows = np.arange(2.0 * len(values))[:, None]
    goals = np.full_like(rows, np.nan)
    goals[1::2, 0] = rows[1::2, 0] + values
    return Samples(rows, goals, np.full(len(values), 2), tasks.Within(0.5))


def test_a_score_counts_samples_and_averages_errors():
    score = numbers([0.0, 0.3, -0.9, 0.1]).score(echo())
    assert (score.right, score.wrong, score.count, score.fraction) == (3, 1, 4, 0.75)
    assert score.error == pytest.approx(1.3 / 4)
    assert score.squared_error == pytest.approx((0.09 + 0.81 + 0.01) / 4)


def test_scoring_leaves_the_context():
    net, sample = architect.LSTM(6, 3, 2, seed=0), Recall().sample(0)
    net.run(sample.inputs)
    following = net.clone().run(sample.inputs)
    Recall().batch(5, 1).score(net)
    assert np.array_equal(net.run(sample.inputs), following)


def test_a_score_is_that_of_single_runs():
    net, samples = architect.LSTM(7, 3, 7, seed=1), EmbeddedReber().batch(20, 0)
    errors, right = [], 0
    for sample in samples:
        net.clear()
        outputs = net.run(sample.inputs)
        right += sample.right(outputs)
        errors.append(np.abs(outputs - sample.targets).ravel())
    score = samples.score(net)
    assert score.right == right
    assert score.error == pytest.approx(np.concatenate(errors).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("criterion", "met"),
    [
        (Criterion(10), False),
        (Criterion(10, wrong=1), True),
        (Criterion(10, wrong=1, error=0.2), False),
        (Criterion(10, wrong=2, error=0.21), True),
        (Criterion(10, wrong=2, squared_error=0.05), False),
    ],
)
def test_criteria(criterion, met):
    assert criterion.met(Score(9, 10, 0.2, 0.05)) is met


def test_solved_ends_early_and_agrees_with_the_score():
    task, samples = Recall(), Recall().batch(1000, 0)
    net = architect.LSTM(6, 7, 2, style="synaptic", cell_squash="identity", peepholes=None, seed=0)
    assert not task.solved(net, samples)
    data = task.batch(15000, 1)
    Trainer(net, 0.1).train(data.inputs, data.targets, epochs=1, shuffle=False, progress=False)
    assert task.solved(net, samples) == task.criterion.met(samples.score(net)) == True  # noqa: E712


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Recall().batch(0, 0), ArgumentError),
        (lambda: Recall().batch(2.5, 0), KindError),
        (lambda: Recall().sample("x"), ArgumentError),
        (lambda: Recall().stream(0).take(0), ArgumentError),
        (lambda: Recall().solved(architect.Perceptron(6, 2, seed=0), [1]), KindError),
        (lambda: EmbeddedReber(targets="all"), ArgumentError),
        (lambda: ContinualReber(0), ArgumentError),
    ],
)
def test_mistakes(call, error):
    with pytest.raises(error):
        call()

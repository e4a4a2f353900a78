"""What all tasks share: samples, slices, streams, scores, criteria; and that every task
has its form."""

import dataclasses
import inspect
import pickle
from functools import partial

import numpy as np
import pytest

import architect
from studies import tasks as papers
from synapse import Trainer, tasks
from synapse.errors import ArgumentError, ArgumentTypeError, OutOfRangeError
from synapse.tasks import Criterion, EmbeddedReber, Recall, SampleBatch, Score, Task
from tests.helpers.cases import all_refused, every_case

TASKS = {
    tasks.Adding(): ("all of 2,000 right, mean absolute error below 0.01", 0.04),
    papers.Multiplication(): ("at most 139 of 2,000 wrong", 0.04),
    papers.Multiplication(30, wrong=12): ("at most 12 of 2,000 wrong", 0.04),
    papers.TemporalOrder(): ("all of 2,000 right, mean absolute error below 0.1", 0.3),
    papers.TemporalOrder(3): ("all of 2,000 right, mean absolute error below 0.1", 0.3),
    papers.LongLag(): ("all of 10,000 right", 0.25),
    papers.LongLag(9, regular=False): ("all of 10,000 right", 0.25),
    papers.LongLag(9, regular=False, only_last=True): ("all of 10,000 right", 0.25),
    papers.NoisyLongLag(): ("all of 10,000 right", 0.2),
    papers.TwoSequences(): ("all of 256 right, mean absolute error below 0.01", 0.2),
    papers.TwoSequences(variant="b"): (
        "at most 5 of 256 wrong, mean absolute error below 0.04",
        0.2,
    ),
    papers.TwoSequences(variant="c"): (
        "all of 256 right, mean absolute error below 0.015",
        0.1,
    ),
    papers.DelayedXor(): ("at most 5 of 500 wrong", 0.5),
    tasks.Copy(): ("at most 5 of 500 wrong", 0.5),
    EmbeddedReber(): ("all of 512 right", None),
    EmbeddedReber(targets="legal"): ("all of 512 right", None),
    papers.ContinualReber(200): ("all of 10 right", 0.49),
    Recall(): ("at most 50 of 1,000 wrong", 0.5),
    papers.Timing(200): ("mean squared error below 0.05", 0.25),
    papers.Letters(200): ("all of 1 right", 0.5),
    papers.TemporalXor(60): (None, 0.5),
    papers.Narma10(200): (None, 0.01),
    tasks.MackeyGlass(length=200): (None, 0.02),
    papers.AnBn(): ("all of 1,000 right", 1.0),
    papers.AnBnCn(off=0.0): ("all of 1,000 right", 0.5),
    papers.PeriodicFunction(periods=20): ("all of 1 right", 0.3),
    papers.SpikeDelays(periods=20): ("all of 10 right", 0.49),
    papers.SpikeDelays(continual=False): ("all of 1,000 right", 0.49),
    papers.TimedSpikes(periods=20): ("all of 10 right", 0.49),
}
"""Every task, with its criterion and the distance from its targets at which outputs
become wrong.

For those of Reber strings, in which the legal symbols must be ahead, there is no such
distance. """
EVERY = {repr(task): task for task in TASKS}
NOT_RANDOM = (papers.PeriodicFunction,)


def test_all_tasks_are_in_the_table():
    members = [*vars(tasks).values(), *vars(papers).values()]
    classes = {v for v in members if inspect.isclass(v) and not inspect.isabstract(v)}
    assert {kind for kind in classes if issubclass(kind, Task)} == {*map(type, TASKS)}


def bits(batch):
    """All numbers of a sample or of samples."""
    names = "rows", "goals", "inputs", "targets", "allowed"
    found = [getattr(batch, name, None) for name in names]
    return [values.tobytes() for values in found if isinstance(values, np.ndarray)]


def same(batch, other_batch):
    return bits(batch) == bits(other_batch)


by_task = every_case("task", EVERY.values(), ids=list(EVERY))


@by_task
def test_every_task_generates_what_it_says(task):
    samples = task.batch(5, 3)
    for sample in samples:
        shapes = (len(sample), task.inputs), (len(sample), task.outputs)
        assert (sample.inputs.shape, sample.targets.shape) == shapes
        assert sample.inputs.dtype == sample.targets.dtype == np.float64
        assert np.isfinite(sample.inputs).all()
        assert not np.isnan(sample.targets).all()
    rng = np.random.default_rng(3)
    assert same(samples, task.batch(5, rng)), "a seed is a generator of that seed"
    assert isinstance(task, NOT_RANDOM) or not same(samples, task.batch(5, rng)), (
        "a generator goes on"
    )
    assert same(task.sample(3), task.batch(1, 3)[0])


@by_task
def test_pieces_of_every_stream_are_the_stream(task):
    pieces = task.stream(5)
    whole = task.stream(5).take(260)
    parts = [bits(pieces.take(steps)) for steps in (1, 19, 240)]
    assert [b"".join(column) for column in zip(*parts, strict=True)] == bits(whole)
    assert isinstance(task, NOT_RANDOM) or not same(whole, task.stream(6).take(260))


@by_task
def test_every_task_is_a_frozen_value_with_its_criterion(task):
    assert pickle.loads(pickle.dumps(task)) == task
    assert hash(task) == hash(dataclasses.replace(task))
    assert TASKS[task][0] == (task.criterion and str(task.criterion))


@by_task
def test_outputs_are_right_within_the_distance_of_the_paper(task):
    """Targets moved toward each other are right up to that distance, and wrong
    above."""
    _, distance = TASKS[task]
    samples = task.tested.batch(20, 1)
    middle = (np.nanmin(samples.goals) + np.nanmax(samples.goals)) / 2
    for sample in samples:
        if distance is None:
            assert sample.right(1.0 * sample.allowed)
            assert not sample.right(1.0 - sample.allowed)
            continue
        toward = distance * np.where(sample.targets > middle, -1.0, 1.0)
        near, far = (sample.targets + factor * toward for factor in (0.999, 1.001))
        assert sample.right(np.nan_to_num(near, nan=7.0)), (
            "steps without a target are right"
        )
        assert not sample.right(np.nan_to_num(far, nan=7.0))
        last = np.nan_to_num(sample.targets, nan=7.0)
        last[-1, 0] = far[-1, 0]
        judged = sample.allowed is None or isinstance(
            task, papers.LongLag | papers.AnBn | papers.AnBnCn
        )
        assert not (judged and sample.right(last)), "one wrong output is enough"


@by_task
def test_every_task_trains_and_judges_a_network_that_fits(task):
    samples = task.batch(2, 0)
    sizes = task.inputs, 2, task.outputs
    net = architect.Elman(*sizes, output_squash="identity", seed=0)
    before = net.weights.copy()
    Trainer(net, 1e-3).train(samples.inputs, samples.targets, epochs=1, progress=False)
    assert not np.array_equal(before, net.weights)
    assert samples.score(net).count == 2
    name = type(task).__name__
    if task.criterion is not None:
        tested = task.tested.batch(20, 0)
        assert task.solved(net, tested) == task.criterion.met(tested.score(net))
    else:
        words = f"{name} has no criterion. Compare err"
        with pytest.raises(ArgumentError, match=words):
            task.solved(net, 0)
    wide = architect.Perceptron(task.inputs + 1, task.outputs, seed=0)
    with pytest.raises(ArgumentError, match=name):
        task.solved(wide, samples)


def test_slices_of_samples_are_samples():
    samples = EmbeddedReber().batch(7, 0)
    piece = samples[2:5]
    assert isinstance(piece, SampleBatch)
    assert all(map(same, piece, [samples[2], samples[3], samples[-3]]))
    empty = samples[5:2]
    assert len(empty) == 0
    net = architect.Perceptron(7, 7, seed=0)
    wrong = partial(samples[0].right, np.zeros((1, 7)))
    none = "at least one sample to score"
    all_refused(
        [
            (lambda: samples[::2], ArgumentError, "step"),
            (lambda: samples[7], OutOfRangeError, "from -7 to 6, got 7"),
            (lambda: samples[-8], OutOfRangeError, "from -7 to 6, got -8"),
            (partial(empty.score, net), ArgumentError, none),
            (partial(empty.wrong, net), ArgumentError, none),
            (partial(EmbeddedReber().solved, net, empty), ArgumentError, none),
            (wrong, ArgumentError, "must have the shape of its targets|shape"),
        ]
    )


def echo():
    """A network that outputs its only input."""
    net = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    net.weights = [1.0]
    net.output[0].bias = 0.0
    return net


def numbers(values):
    """Samples of two steps each; the target is the input plus a value, at the last step
    only."""
    rows = np.arange(2.0 * len(values))[:, None]
    goals = np.full_like(rows, np.nan)
    goals[1::2, 0] = rows[1::2, 0] + values
    return SampleBatch(rows, goals, np.full(len(values), 2), tasks.Within(0.5))


def test_a_score_counts_samples_and_averages_errors():
    score = numbers([0.0, 0.3, -0.9, 0.1]).score(echo())
    assert (score.right, score.wrong, score.count, score.fraction) == (3, 1, 4, 0.75)
    found = score.error, score.squared_error
    assert found == pytest.approx((1.3 / 4, (0.09 + 0.81 + 0.01) / 4))


def test_a_score_is_that_of_single_runs_and_leaves_the_context():
    net = architect.LSTM(7, 3, 7, seed=1)
    samples = EmbeddedReber().batch(20, 0)
    errors = []
    right = 0
    for sample in samples:
        net.clear()
        outputs = net.run(sample.inputs)
        right += sample.right(outputs)
        errors.extend(np.abs(outputs - sample.targets).ravel())
    following = net.clone()
    score = samples.score(net)
    assert score.right == right
    assert score.error == pytest.approx(np.mean(errors), rel=1e-12)
    np.testing.assert_array_equal(
        net.run(samples[0].inputs), following.run(samples[0].inputs)
    )


def test_random_neurons_output_their_means_where_they_are_scored():
    net = architect.Elman(7, 3, 7, seed=1)
    samples = EmbeddedReber().batch(5, 0)
    net["hidden"].squash = "noise"
    clone = net.clone()
    score = samples.score(net)
    clone.deterministic = True
    assert score == samples.score(net) == samples.score(clone)


def test_criteria():
    met = {
        Criterion(10): False,
        Criterion(10, wrong=1): True,
        Criterion(10, wrong=2, error=0.21): True,
        Criterion(10, wrong=1, error=0.2): False,  # below, not at
        Criterion(10, wrong=2, squared_error=0.05): False,
    }
    nine = Score(9, 10, 0.2, 0.05)
    assert {criterion: criterion.met(nine) for criterion in met} == met


def test_every_sample_of_a_test_counts_as_much():
    """Of 150 samples, which are judged in two parts, 100 have the error."""
    net = architect.Perceptron(2, 1, output_squash="identity", seed=0)
    net.weights, net.output.biases = [0.0, 0.0], [0.0]

    def solved(task, error):
        goals = np.where(np.arange(150) < 100, error, 0.0)[:, None]
        return task.solved(
            net,
            SampleBatch(
                np.zeros((150, 2)), goals, np.ones(150, np.int64), tasks.Within(1.0)
            ),
        )

    assert solved(tasks.Adding(), 0.0149), "a mean of 0.00993"
    assert not solved(tasks.Adding(), 0.0151)
    assert solved(papers.Timing(), np.sqrt(0.0749)), "a mean square of 0.0499"
    assert not solved(papers.Timing(), np.sqrt(0.0751))


def test_a_test_from_a_seed_has_the_samples_of_the_criterion(monkeypatch):
    """They are drawn in parts, without noise on the targets, from one generator."""
    task = papers.TwoSequences(1, informative=1, variant="c")
    drawn = []
    batch = papers.TwoSequences.batch

    def noted(self, count, seed):
        drawn.append((self.noisy_targets, batch(self, count, seed)))
        return drawn[-1][1]

    monkeypatch.setattr(papers.TwoSequences, "batch", noted)
    net = architect.Perceptron(1, 1, seed=0)
    net.output.squash = "identity"
    net.output.biases = [0.5]
    net.weights = [-0.3]
    assert task.solved(net, 4)
    assert [len(samples) for _, samples in drawn] == [100, 100, 56]
    assert not any(noisy for noisy, _ in drawn)
    assert not same(drawn[0][1], drawn[1][1])
    assert not task.solved(net, task.batch(256, 0)), "with noise, no output is right"


REFUSED = [
    (lambda: Recall().batch(0, 0), ArgumentError, "`count`"),
    (lambda: papers.PeriodicFunction().stream(-1), ArgumentError, "seed"),
    (lambda: Recall().stream(0).take(0), ArgumentError, "`steps`"),
    (
        lambda: Recall().solved(architect.Perceptron(6, 2, seed=0), [1]),
        ArgumentTypeError,
        "samples of a task, or a",
    ),
    (
        lambda: Recall(prompts=3, length=5),
        ArgumentError,
        "`length` of Recall must be at least 6",
    ),
    (
        lambda: Recall(targets=0),
        ArgumentError,
        "`targets` of Recall must be a whole number above 0",
    ),
    (
        lambda: Recall(prompts="2"),
        ArgumentTypeError,
        "`prompts` of Recall must be a whole number above 0",
    ),
    (lambda: EmbeddedReber(targets="all"), ArgumentError, "`targets` of EmbeddedReber"),
    (
        lambda: tasks.Adding(19),
        ArgumentError,
        "`steps` of Adding must be a whole number from 20",
    ),
    (lambda: papers.Multiplication(100, wrong=2000), ArgumentError, "from 0 to 1,999"),
    (
        lambda: papers.LongLag(10, regular="yes"),
        ArgumentTypeError,
        "`regular` of LongLag",
    ),
    (
        lambda: papers.NoisyLongLag(5, distractors=10**9),
        ArgumentError,
        "`distractors` of NoisyLongLag",
    ),
    (
        lambda: papers.TwoSequences(10, informative=11),
        ArgumentError,
        "from 1 to its steps, 10",
    ),
    (lambda: papers.TwoSequences(variant="d"), ArgumentError, "'a' or 'b' or 'c'"),
    (
        lambda: papers.DelayedXor(7),
        ArgumentError,
        "`steps` of DelayedXor must be an even number, got 7",
    ),
    (
        lambda: papers.SpikeDelays(delays=(0, "1")),
        ArgumentError,
        "`delays` of SpikeDelays",
    ),
]


def test_arguments_are_checked():
    all_refused(REFUSED)

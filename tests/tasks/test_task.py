"""What all tasks share: samples, slices, streams, scores, criteria; and that every task
has its form."""

import dataclasses
import inspect
import pickle

import numpy as np
import pytest

import architect
from studies import tasks as papers
from synapse import Trainer, tasks
from synapse.errors import ArgumentError, ArgumentTypeError, OutOfRangeError
from synapse.tasks import Criterion, EmbeddedReber, Recall, SampleBatch, Score, Task
from tests.helpers.cases import all_hold, all_refused

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
    classes = [
        member
        for member in members
        if inspect.isclass(member) and issubclass(member, Task)
    ]
    assert {member for member in classes if not inspect.isabstract(member)} == set(
        map(type, TASKS)
    )


def bits(batch):
    """All numbers of a sample or of samples."""
    rows, goals = (
        (batch.rows, batch.goals)
        if isinstance(batch, SampleBatch)
        else (batch.inputs, batch.targets)
    )
    return (
        rows.tobytes(),
        goals.tobytes(),
        None if batch.allowed is None else batch.allowed.tobytes(),
    )


def same(batch, other_batch):
    return bits(batch) == bits(other_batch)


def test_every_task_generates_what_it_says():
    def check(task):
        samples = task.batch(5, 3)
        for sample in samples:
            assert sample.inputs.shape == (len(sample), task.inputs)
            assert sample.targets.shape == (len(sample), task.outputs)
            assert sample.inputs.dtype == sample.targets.dtype == np.float64
            assert np.isfinite(sample.inputs).all()
            assert not np.isnan(sample.targets).all()
        rng = np.random.default_rng(3)
        assert same(samples, task.batch(5, rng)), "a seed is a generator of that seed"
        assert isinstance(task, NOT_RANDOM) or not same(samples, task.batch(5, rng)), (
            "a generator goes on"
        )
        assert same(task.sample(3), task.batch(1, 3)[0])

    all_hold(check, EVERY)


def test_pieces_of_every_stream_are_the_stream():
    def check(task):
        pieces = task.stream(5)
        whole = task.stream(5).take(260)
        parts = [pieces.take(steps) for steps in (1, 19, 240)]
        for name in ("inputs", "targets", "allowed"):
            if getattr(whole, name) is not None:
                joined = np.concatenate([getattr(piece, name) for piece in parts])
                np.testing.assert_array_equal(joined, getattr(whole, name), name)
        assert isinstance(task, NOT_RANDOM) or not same(whole, task.stream(6).take(260))

    all_hold(check, EVERY)


def test_every_task_is_a_frozen_value_with_its_criterion():
    def check(task):
        assert pickle.loads(pickle.dumps(task)) == task
        assert hash(task) == hash(dataclasses.replace(task))
        criterion, _ = TASKS[task]
        assert criterion == (None if task.criterion is None else str(task.criterion))

    all_hold(check, EVERY)


def test_outputs_are_right_within_the_distance_of_the_paper():
    """Targets moved toward each other are right up to that distance, and wrong
    above."""

    def check(task):
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

    all_hold(check, EVERY)


def test_every_task_trains_and_judges_a_network_that_fits():
    def check(task):
        samples = task.batch(2, 0)
        net = architect.Elman(
            task.inputs, 2, task.outputs, output_squash="identity", seed=0
        )
        before = net.weights.copy()
        Trainer(net, 1e-3).train(
            samples.inputs, samples.targets, epochs=1, progress=False
        )
        assert not np.array_equal(before, net.weights)
        assert samples.score(net).count == 2
        if task.criterion is not None:
            tested = task.tested.batch(60, 0)
            assert task.solved(net, tested) == task.criterion.met(tested.score(net))
        else:
            with pytest.raises(
                ArgumentError,
                match=f"{type(task).__name__} has no criterion. Compare err",
            ):
                task.solved(net, 0)
        with pytest.raises(ArgumentError, match=type(task).__name__):
            task.solved(
                architect.Perceptron(task.inputs + 1, task.outputs, seed=0), samples
            )

    all_hold(check, EVERY)


def test_slices_of_samples_are_samples():
    samples = EmbeddedReber().batch(7, 0)
    piece = samples[2:5]
    assert isinstance(piece, SampleBatch)
    assert all(map(same, piece, [samples[2], samples[3], samples[-3]]))
    assert len(samples[5:2]) == 0
    with pytest.raises(ArgumentError, match="step"):
        samples[::2]
    for place in (7, -8):
        with pytest.raises(OutOfRangeError, match=f"from -7 to 6, got {place}"):
            samples[place]
    net = architect.Perceptron(7, 7, seed=0)
    for call in (
        samples[5:2].score,
        samples[5:2].wrong,
        lambda net: EmbeddedReber().solved(net, samples[5:2]),
    ):
        with pytest.raises(ArgumentError, match="at least one sample to score"):
            call(net)
    with pytest.raises(ArgumentError, match="must have the shape of its targets|shape"):
        samples[0].right(np.zeros((1, 7)))


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
    assert score.error == pytest.approx(1.3 / 4)
    assert score.squared_error == pytest.approx((0.09 + 0.81 + 0.01) / 4)


def test_a_score_is_that_of_single_runs_and_leaves_the_context():
    net = architect.LSTM(7, 3, 7, seed=1)
    samples = EmbeddedReber().batch(20, 0)
    errors = []
    right = 0
    for sample in samples:
        net.clear()
        outputs = net.run(sample.inputs)
        right += sample.right(outputs)
        errors.append(np.abs(outputs - sample.targets).ravel())
    following = net.clone()
    score = samples.score(net)
    assert score.right == right
    assert score.error == pytest.approx(np.concatenate(errors).mean(), rel=1e-12)
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
    nine = Score(9, 10, 0.2, 0.05)
    assert not Criterion(10).met(nine)
    assert Criterion(10, wrong=1).met(nine)
    assert Criterion(10, wrong=2, error=0.21).met(nine)
    assert not Criterion(10, wrong=1, error=0.2).met(nine), "below, not at"
    assert not Criterion(10, wrong=2, squared_error=0.05).met(nine)


def test_every_sample_of_a_test_counts_as_much():
    """Of 150 samples, which are judged in two parts, 100 have the error."""
    net = architect.Perceptron(2, 1, output_squash="identity", seed=0)
    net.output.biases = [0.0]
    for link in net.connections:
        link.weight = 0.0

    def solved(task, error):
        goals = np.where(np.arange(150) < 100, error, 0.0)[:, None]
        samples = SampleBatch(
            np.zeros((150, 2)), goals, np.ones(150, np.int64), tasks.Within(1.0)
        )
        return task.solved(net, samples)

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

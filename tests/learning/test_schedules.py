"""Rates that change from epoch to epoch."""

import math

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import SynapseError
from synapse.learning import AdaptiveSchedule, Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def rates_after(schedule, errors):
    """The rates of a training whose epochs have these errors, and the one after."""
    rate = schedule.begin()
    return [rate(epoch, error) for epoch, error in enumerate([None, *errors])]


def falling(seed=0, epochs=60):
    """Errors that fall, with noise, to a plateau."""
    rng = np.random.default_rng(seed)
    return [math.exp(-epoch / 8) + 0.3 + 0.05 * rng.random() for epoch in range(epochs)]


def test_rates_by_epoch():
    assert [StepDecay(1.0, factor=0.1, every=2)(e) for e in range(5)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert [Exponential(1.0, factor=0.5)(e) for e in range(3)] == [1, 0.5, 0.25]
    cosine = Cosine(1.0, epochs=10, end=0.2)
    assert [cosine(0), cosine(10), cosine(20)] == pytest.approx([1.0, 0.2, 0.2])
    assert cosine(5) == pytest.approx(0.6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: StepDecay(-1.0),
        lambda: StepDecay(1.0, every=0),
        lambda: Exponential(1.0, factor=-1),
        lambda: Cosine("x"),
        lambda: WarmUp(0, then=0.1),
        lambda: WarmUp(2, then=-0.1),
        lambda: WarmUp(2, then="fast"),
        lambda: ReduceOnPlateau(-1.0),
        lambda: ReduceOnPlateau(1.0, factor=1.0),
        lambda: ReduceOnPlateau(1.0, factor=0.0),
        lambda: ReduceOnPlateau(1.0, patience=0),
        lambda: ReduceOnPlateau(1.0, least=2.0),
        lambda: ReduceOnPlateau(1.0, threshold=1.0),
    ],
)
def test_wrong_rates_are_refused(wrong):
    with pytest.raises(SynapseError):
        wrong()


def test_a_wrong_then_is_named():
    with pytest.raises(
        SynapseError, match="Expected the then of WarmUp to be a number, a schedule or a function"
    ):
        WarmUp(2, then="fast")


def test_warm_up_rises_to_what_follows():
    assert rates_after(WarmUp(3, then=0.8), [9] * 5) == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    stepped = WarmUp(1, then=StepDecay(1.0, every=2))
    assert rates_after(stepped, [9] * 5) == pytest.approx([0.5, 1, 1, 0.5, 0.5, 0.25])
    assert rates_after(WarmUp(1, then=lambda epoch: epoch + 2.0), [9] * 3) == pytest.approx([1, 2, 3, 4])
    twice = WarmUp(1, then=WarmUp(1, then=0.8))
    assert rates_after(twice, [9] * 3) == pytest.approx([0.2, 0.4, 0.8, 0.8])


def test_what_follows_a_warm_up_does_not_see_the_errors_before():
    plateau = ReduceOnPlateau(1.0, patience=1)
    assert rates_after(plateau, [5, 4, 4]) == [1, 1, 1, 0.5]
    assert rates_after(WarmUp(2, then=plateau), [1, 1, 5, 4, 4])[2:] == [1, 1, 1, 0.5]


def test_a_plateau_lowers_the_rate():
    schedule = ReduceOnPlateau(1.0, factor=0.5, patience=2, least=0.2)
    assert rates_after(schedule, [3, 2, 2, 2.5, 2, 1.9, 1.9, 1.9]) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]
    assert rates_after(schedule, [1] * 20)[-1] == 0.2
    strict = ReduceOnPlateau(1.0, patience=1, threshold=0.1)
    assert rates_after(strict, [10, 9.5, 8.9, 8.1]) == [1, 1, 0.5, 0.5, 0.25]
    assert rates_after(schedule, [math.nan] * 2) == [1, 1, 0.5]


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("patience", "threshold"), [(1, 0.0), (3, 1e-4), (5, 0.05)])
def test_plateaus_are_torchs(seed, patience, threshold):
    """Which waits for one epoch more."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.3, patience=patience - 1, threshold=threshold, min_lr=1e-3, eps=0.0
    )
    expected = [0.4]
    for error in falling(seed):
        scheduler.step(error)
        expected.append(optimizer.param_groups[0]["lr"])
    ours = ReduceOnPlateau(0.4, factor=0.3, patience=patience, least=1e-3, threshold=threshold)
    assert rates_after(ours, falling(seed)) == pytest.approx(expected)
    assert len(set(expected)) > 2


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "settings", "ours"),
    [
        ("StepLR", {"step_size": 3, "gamma": 0.5}, StepDecay(0.4, factor=0.5, every=3)),
        ("ExponentialLR", {"gamma": 0.9}, Exponential(0.4, factor=0.9)),
        ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.1}, Cosine(0.4, epochs=20, end=0.1)),
    ],
)
def test_schedules_are_torchs(name, settings, ours):
    torch = pytest.importorskip("torch")
    schedulers = torch.optim.lr_scheduler

    def rates(make):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
        scheduler, seen = make(optimizer), []
        for _ in range(16):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return seen

    def plain(optimizer):
        return getattr(schedulers, name)(optimizer, **settings)

    def warmed(optimizer):
        rising = schedulers.LinearLR(optimizer, start_factor=1 / 6, total_iters=5)
        return schedulers.SequentialLR(optimizer, [rising, plain(optimizer)], milestones=[5])

    assert [ours(epoch) for epoch in range(16)] == pytest.approx(rates(plain))
    assert rates_after(WarmUp(5, then=ours), [1.0] * 15) == pytest.approx(rates(warmed))


def test_a_training_tells_its_schedule_each_error():
    seen = []

    class Listening(AdaptiveSchedule):
        def begin(self):
            seen.clear()
            return lambda epoch, error: seen.append((epoch, error)) or 0.5

    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0), rate=Listening())
    for _ in range(2):
        history = trainer.train(*XOR, epochs=4, progress=False, seed=0).history
        assert seen == list(enumerate([None, *history["error"][:3]]))
    held_out = [[0, 0]], [[1]]
    history = trainer.train(*XOR, epochs=4, progress=False, validation=held_out, seed=0).history
    assert seen == list(enumerate([None, *history["validation_error"][:3]]))


def test_a_training_on_a_plateau_slows_down():
    """Contradicting targets: the error cannot fall for long."""
    schedule = ReduceOnPlateau(0.5, factor=0.1, patience=3, least=1e-3)
    trainer = synapse.Trainer(architect.Perceptron(1, 1, seed=0), rate=schedule)
    history = trainer.train([[1.0], [1.0]], [[0], [1]], epochs=60, shuffle=False, progress=False).history
    assert history["rate"] == rates_after(schedule, history["error"][:-1])
    assert history["rate"][0] == 0.5
    assert history["rate"][-1] < 0.5

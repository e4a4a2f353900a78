"""Rates that change from epoch to epoch."""

import math
import re

import pytest

import architect
import synapse
from synapse.errors import ArgumentTypeError, SynapseError
from synapse.learning import (
    AdaptiveSchedule,
    Cosine,
    ReduceOnPlateau,
    StepDecay,
    WarmUp,
)
from tests.helpers.cases import every_case

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]


def rates_after(schedule, errors):
    """The rates of a training whose epochs have these errors, and the one after."""
    rate = schedule.begin()
    return [rate(epoch, error) for epoch, error in enumerate([None, *errors])]


def test_rates_by_epoch():
    assert [StepDecay(1.0, factor=0.1, every=2)(e) for e in range(5)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01]
    )
    assert [StepDecay(1.0, factor=0.5, every=1)(e) for e in range(3)] == [1, 0.5, 0.25]
    cosine = Cosine(1.0, epochs=10, end=0.2)
    assert [cosine(0), cosine(10), cosine(20)] == pytest.approx([1.0, 0.2, 0.2])
    assert cosine(5) == pytest.approx(0.6)


WRONG = (
    lambda: StepDecay(-1.0),
    lambda: StepDecay(1.0, every=0),
    lambda: Cosine("x", 3),
    lambda: WarmUp(2, then="fast"),
    lambda: ReduceOnPlateau(1.0, factor=1.0),
    lambda: ReduceOnPlateau(1.0, min_rate=2.0),
)


@every_case("wrong", WRONG)
def test_wrong_rates_are_refused(wrong):
    with pytest.raises(SynapseError, match=r"^`\w+` of \w+ must be "):
        wrong()


def test_warm_up_rises_to_what_follows():
    assert rates_after(WarmUp(3, then=0.8), [9] * 5) == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]
    )
    stepped = WarmUp(1, then=StepDecay(1.0, every=2))
    assert rates_after(stepped, [9] * 5) == pytest.approx([0.5, 1, 1, 0.5, 0.5, 0.25])
    assert rates_after(
        WarmUp(1, then=lambda epoch: epoch + 2.0), [9] * 3
    ) == pytest.approx([1, 2, 3, 4])
    twice = WarmUp(1, then=WarmUp(1, then=0.8))
    assert rates_after(twice, [9] * 3) == pytest.approx([0.2, 0.4, 0.8, 0.8])


def test_what_follows_a_warm_up_does_not_see_the_errors_before():
    plateau = ReduceOnPlateau(1.0, patience=1)
    assert rates_after(plateau, [5, 4, 4]) == [1, 1, 1, 0.5]
    assert rates_after(WarmUp(2, then=plateau), [1, 1, 5, 4, 4])[2:] == [1, 1, 1, 0.5]


def test_a_plateau_lowers_the_rate():
    schedule = ReduceOnPlateau(1.0, factor=0.5, patience=2, min_rate=0.2)
    assert rates_after(schedule, [3, 2, 2, 2.5, 2, 1.9, 1.9, 1.9]) == [
        1,
        1,
        1,
        1,
        0.5,
        0.5,
        0.5,
        0.5,
        0.25,
    ]
    assert rates_after(schedule, [1] * 20)[-1] == 0.2
    strict = ReduceOnPlateau(1.0, patience=1, threshold=0.1)
    assert rates_after(strict, [10, 9.5, 8.9, 8.1]) == [1, 1, 0.5, 0.5, 0.25]
    assert rates_after(schedule, [math.nan] * 2) == [1, 1, 0.5]


def test_a_training_tells_its_schedule_each_error():
    seen = []

    class Listening(AdaptiveSchedule):
        def begin(self):
            seen.clear()
            return lambda epoch, error: seen.append((epoch, error)) or 0.5

    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0), rate=Listening())
    for _ in range(2):
        history = trainer.train(*XOR, epochs=4, progress=False, seed=0).history
        assert seen == list(enumerate([None, *history["loss"][:3]]))
    held_out = [[0, 0]], [[1]]
    history = trainer.train(
        *XOR, epochs=4, progress=False, validation=held_out, seed=0
    ).history
    assert seen == list(enumerate([None, *history["validation_loss"][:3]]))


def test_a_list_of_rates_is_answered_with_the_function_that_follows_it():
    with pytest.raises(
        ArgumentTypeError,
        match=re.escape("lambda epoch: rates[epoch * len(rates) // epochs]"),
    ):
        synapse.Trainer(architect.Perceptron(1, 1, seed=0), rate=[0.01, 0.005])

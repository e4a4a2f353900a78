"""Errors and the checks of numbers that raise them: one sentence, what was expected and
what was given."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import synapse
from synapse import _checks, errors
from tests.helpers.cases import all_refused


def test_a_sentence_says_what_was_expected_and_what_was_given():
    assert _checks.expected("rate", "above 0", -1) == "`rate` must be above 0, got -1."
    advised = _checks.expected("A squash", "a name", 3, "Try 'tanh'.")
    assert advised == "A squash must be a name, got 3. Try 'tanh'."
    unknown = str(_checks.unknown_name("squash", "sigmoid", ["tanh", "logistic"]))
    assert unknown == "There is no squash named 'sigmoid'. Known: logistic, tanh."
    many = str(
        _checks.unknown_name("squash", "x", [f"name{i}" for i in reversed(range(200))])
    )
    assert "Known: name199, name198" in many
    assert many.endswith(", ....")
    assert len(many) < 400


class Opaque:
    def __repr__(self):
        raise RuntimeError("no repr")


def test_any_value_can_be_shown_on_one_line():
    assert _checks.short_repr("short") == "'short'"
    assert len(_checks.short_repr(list(range(1000)))) == 60
    for value in (Opaque(), 10**5000, np.eye(3), "a\nb"):
        text = _checks.short_repr(value)
        assert len(text) <= 60, text
        assert "\n" not in text


def test_arrays_hold_finite_numbers_alone():
    masked = np.ma.array([0.5], mask=[True])
    wrong = [True], ["1"], [1j], [None], masked, [[1], [1, 2]], [math.nan], [10**400]
    words = r"`numbers` must be .*, got "
    calls = [
        lambda values=values: _checks.finite_array("numbers", values)
        for values in wrong
    ]
    all_refused([(call, errors.SynapseError, words) for call in calls])
    numbers = [Decimal("0.5"), Fraction(1, 4), 10**20]
    assert _checks.finite_array("numbers", numbers).tolist() == [0.5, 0.25, 1e20]
    assert _checks.finite_array("numbers", np.ma.array([1, 2])).dtype == np.float64


def test_a_function_takes_the_arguments_that_it_will_be_given():
    assert _checks.function_of("A callback", print, "progress") is print
    # which does not tell its parameters
    assert _checks.function_of("A callback", max, "a", "b") is max
    words = r"A callback must be a function of \(progress\), got"
    for wrong in (5, None, lambda: True, lambda first, second: True, int):
        with pytest.raises(errors.ArgumentTypeError, match=words):
            _checks.function_of("A callback", wrong, "progress")


def test_a_high_rate_of_a_training_warns_once_where_it_is_given():
    inputs = synapse.Layer(1)
    last = synapse.Layer(1)
    inputs.project(last, seed=0)
    net = synapse.Network(inputs, [], last)
    with pytest.warns(
        errors.RateWarning, match="`rate` of Trainer is 50. Training with"
    ) as told:
        trainer = synapse.Trainer(net, 50)
    assert [warning.filename for warning in told] == [__file__]
    trainer.train([[1.0]], [[1.0]], epochs=2, progress=False, seed=0)


def test_sizes_that_cannot_be_meant_are_refused_before_memory_is_taken():
    large = "`neurons` of a layer must be at most 10000000, got 10000000000."
    with pytest.raises(errors.ArgumentError, match=large):
        synapse.Layer(10**10)
    wide = synapse.Layer(20_000)
    with pytest.raises(
        errors.ArgumentError,
        match="A projection must be of at most 250000000 pairs",
    ):
        wide.project(synapse.Layer(20_000))
    wide.project(synapse.Layer(20_000), "one_to_one")

import math

import numpy as np
import pytest

import synapse
from synapse import errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.ArgumentError, ValueError),
        (errors.KindError, TypeError),
        (errors.TopologyError, ValueError),
        (errors.UnknownNameError, ValueError),
        (errors.UnknownNameError, LookupError),
        (errors.FormatError, ValueError),
        (errors.DivergenceError, ArithmeticError),
        (errors.MissingExtraError, ImportError),
    ],
)
def test_each_is_ours_and_the_built_in_one_that_fits(error, builtin):
    assert issubclass(error, errors.SynapseError)
    assert issubclass(error, builtin)


def test_the_parent_of_all_is_at_hand():
    assert synapse.SynapseError is errors.SynapseError


def test_a_sentence_says_what_was_expected_and_what_was_given():
    assert errors.expected("The rate", "above 0", -1) == "The rate must be above 0. Got -1."
    assert (
        errors.expected("A squash", "a name", 3, "Try 'tanh'.")
        == "A squash must be a name. Got 3. Try 'tanh'."
    )


def test_a_long_value_is_cut():
    assert len(errors.shown(list(range(1000)))) == 60
    assert errors.shown("short") == "'short'"


@pytest.mark.parametrize(
    ("check", "good", "bad", "wrong"),
    [
        (errors.finite_number, [0, -1.5, 2], [math.nan, math.inf, -math.inf], [None, "x", [1, 2], True, "1"]),
        (errors.non_negative_number, [0, 0.5, 3], [-1e-9, math.nan, math.inf], [None, "x", [1, 2]]),
        (errors.positive_integer, [1, 7], [0, -1], [1.0, True, None, "1"]),
    ],
)
def test_checks_return_the_number_or_say_what_is_wrong(check, good, bad, wrong):
    for value in good:
        assert check("The number", value) == float(value)
    for value in bad:
        with pytest.raises(errors.ArgumentError, match="The number must be"):
            check("The number", value)
    for value in wrong:
        with pytest.raises(errors.KindError, match="The number must be"):
            check("The number", value)


def test_an_unknown_name_is_answered_with_the_known_ones():
    message = str(errors.unknown_name("squash", "sigmoid", ["tanh", "logistic"]))
    assert message == "There is no squash named 'sigmoid'. Known: logistic, tanh."


def test_a_number_too_large_for_a_float_is_refused():
    with pytest.raises(errors.SynapseError):
        errors.finite_number("The number", 10**400)


def test_whole_numbers_lie_within_their_bounds():
    def checked(value):
        return errors.whole_number("The delay", value, "a whole number from 1 to 3", 1, 3)

    assert [checked(value) for value in (1, 3, np.int8(2))] == [1, 3, 2]
    assert type(checked(np.int8(2))) is int
    for value in (0, 4, 10**30):
        with pytest.raises(errors.ArgumentError, match=rf"The delay must be a whole .* 3\. Got {value}\."):
            checked(value)
    for value in (1.0, True, None, "1"):
        with pytest.raises(errors.KindError, match="The delay must be a whole number from 1 to 3"):
            checked(value)

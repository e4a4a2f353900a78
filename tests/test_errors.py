import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import synapse
from synapse import _checks, errors


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
        (errors.StoreError, OSError),
        (errors.ExecutorError, RuntimeError),
    ],
)
def test_each_is_ours_and_the_built_in_one_that_fits(error, builtin):
    assert issubclass(error, errors.SynapseError)
    assert issubclass(error, builtin)


def test_the_parent_of_all_is_at_hand():
    assert synapse.SynapseError is errors.SynapseError


def test_a_sentence_says_what_was_expected_and_what_was_given():
    assert _checks.expected("The rate", "above 0", -1) == "Expected the rate to be above 0, got -1."
    advised = _checks.expected("A squash", "a name", 3, "Try 'tanh'.")
    assert advised == "Expected a squash to be a name, got 3. Try 'tanh'."


def test_a_long_value_is_cut():
    assert len(_checks.shown(list(range(1000)))) == 60
    assert _checks.shown("short") == "'short'"


@pytest.mark.parametrize(
    ("check", "good", "bad", "wrong"),
    [
        (
            _checks.finite_number,
            [0, -1.5, 2],
            [math.nan, math.inf, -math.inf],
            [None, "x", [1, 2], True, "1"],
        ),
        (_checks.non_negative_number, [0, 0.5, 3], [-1e-9, math.nan, math.inf], [None, "x", [1, 2]]),
        (_checks.positive_integer, [1, 7], [0, -1], [1.0, True, None, "1"]),
    ],
)
def test_checks_return_the_number_or_say_what_is_wrong(check, good, bad, wrong):
    for value in good:
        assert check("The number", value) == float(value)
    for value in bad:
        with pytest.raises(errors.ArgumentError, match="Expected the number to be"):
            check("The number", value)
    for value in wrong:
        with pytest.raises(errors.KindError, match="Expected the number to be"):
            check("The number", value)


def test_an_unknown_name_is_answered_with_the_known_ones():
    message = str(_checks.unknown_name("squash", "sigmoid", ["tanh", "logistic"]))
    assert message == "There is no squash named 'sigmoid'. Known: logistic, tanh."


def test_a_number_too_large_for_a_float_is_refused():
    with pytest.raises(errors.SynapseError):
        _checks.finite_number("The number", 10**400)


def test_whole_numbers_lie_within_their_bounds():
    def checked(value):
        return _checks.whole_number("The delay", value, "a whole number from 1 to 3", 1, 3)

    assert [checked(value) for value in (1, 3, np.int8(2))] == [1, 3, 2]
    assert type(checked(np.int8(2))) is int
    for value in (0, 4, 10**30):
        with pytest.raises(
            errors.ArgumentError, match=rf"Expected the delay to be a whole .* 3, got {value}\."
        ):
            checked(value)
    for value in (1.0, True, None, "1"):
        with pytest.raises(errors.KindError, match="Expected the delay to be a whole number from 1 to 3"):
            checked(value)


class Opaque:
    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    "value", [Opaque(), 10**5000, np.eye(3), "a\nb"], ids=["opaque", "long", "rows", "text"]
)
def test_any_value_can_be_shown_on_one_line(value):
    text = _checks.shown(value)
    assert len(text) <= 60
    assert "\n" not in text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (np.array(0.5), 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 2), 0.5),
    ],
)
def test_numbers_of_all_classes_become_floats(value, number):
    found = _checks.finite_number("The number", value)
    assert (type(found), found) == (float, number)


@pytest.mark.parametrize("value", [1e39, -1e39, np.float64(3.5e38), 10**39])
def test_a_number_must_fit_the_float_it_is_stored_in(value):
    assert _checks.finite_number("The number", value) == float(value)
    with pytest.raises(
        errors.ArgumentError, match="Expected the number to fit float32, the dtype of the network"
    ):
        _checks.finite_number("The number", value, np.float32)
    with pytest.raises(
        errors.ArgumentError, match="Expected the numbers to fit float32, the dtype of the network"
    ):
        _checks.finite_array("The numbers", [0.0, value], np.float32)


@pytest.mark.parametrize(
    "values",
    [[True], ["1"], [1j], [None], np.ma.array([0.5], mask=[True]), [[1], [1, 2]], [math.nan], [10**400]],
)
def test_arrays_hold_finite_numbers_alone(values):
    with pytest.raises(errors.SynapseError, match=r"Expected the numbers to be .*, got "):
        _checks.finite_array("The numbers", values)


def test_arrays_of_all_classes_of_numbers_become_float64():
    given = [Decimal("0.5"), Fraction(1, 4), 10**20]
    assert _checks.finite_array("The numbers", given).tolist() == [0.5, 0.25, 1e20]
    assert _checks.finite_array("The numbers", np.ma.array([1, 2])).dtype == np.float64


def test_a_boolean_is_neither_number_nor_string():
    assert [_checks.boolean("The option", value) for value in (True, np.False_)] == [True, False]
    for value in (0, 1, "no", None, []):
        with pytest.raises(errors.KindError, match="Expected the option to be True or False, got"):
            _checks.boolean("The option", value)


def test_a_function_takes_the_arguments_that_it_will_be_given():
    assert _checks.function_of("A callback", print, "progress") is print
    assert _checks.function_of("A callback", max, "a", "b") is max  # which does not tell its parameters
    for wrong in (5, None, lambda: True, lambda first, second: True, int):
        with pytest.raises(
            errors.KindError, match=r"Expected a callback to be a function of \(progress\), got"
        ):
            _checks.function_of("A callback", wrong, "progress")


def test_a_place_in_a_sequence_ends_iteration_as_any_other():
    layer = synapse.Layer(3)
    assert [layer[-3], layer[np.int64(2)]] == [layer[0], layer[2]]
    with pytest.raises(IndexError, match="Expected an index of a layer to be from -3 to 2, got 3."):
        layer[3]
    assert list(reversed(layer)) == [layer[2], layer[1], layer[0]]


def test_a_high_rate_of_a_training_warns_once_where_it_is_given():
    first, last = synapse.Layer(1), synapse.Layer(1)
    first.project(last, seed=0)
    net = synapse.Network(first, [], last)
    with pytest.warns(errors.RateWarning, match="The rate of Trainer is 50. Training with") as told:
        trainer = synapse.Trainer(net, 50)
    assert [warning.filename for warning in told] == [__file__]
    trainer.train([[1.0]], [[1.0]], epochs=2, progress=False, seed=0)


def test_sizes_that_cannot_be_meant_are_refused_before_memory_is_taken():
    with pytest.raises(
        errors.ArgumentError, match="Expected the size of a layer to be at most 10000000, got 10000000000."
    ):
        synapse.Layer(10**10)
    wide = synapse.Layer(20_000)
    with pytest.raises(errors.ArgumentError, match="Expected a projection to be of at most 250000000 pairs"):
        wide.project(synapse.Layer(20_000))
    wide.project(synapse.Layer(20_000), synapse.ONE_TO_ONE)


def test_settings_of_all_classes_of_numbers_are_of_use():
    sgd = synapse.optimizers.SGD(rate=Fraction(1, 2), momentum=Decimal("0.5"), weight_decay=np.float32(0.25))
    assert repr(sgd) == "SGD(rate=0.5, momentum=0.5, nesterov=False, weight_decay=0.25)"


def test_of_very_many_names_the_first_are_listed():
    names = [f"name{i}" for i in reversed(range(200))]
    sentence = str(_checks.unknown_name("squash", "x", names))
    assert "Known: name199, name198" in sentence
    assert sentence.endswith(", ....")
    assert len(sentence) < 400

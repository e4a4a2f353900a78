"""Declarations of options: what follows from a field, and from the signature of a
call."""

from __future__ import annotations

import inspect
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import pytest

from synapse import _checks
from synapse._checks import Option, options_of, positive_integer, positive_number
from synapse.errors import ArgumentError, ArgumentTypeError


@_checks.with_options
class Oven:
    """Bakes.

    Parameters
    ----------
    size : int
        The number of loaves.

    Notes
    -----
    It is hot.
    """

    size: int
    heat: Option[float, float | None] = Option(
        "float, optional",
        """Degrees. Default: ten for each
        loaf.""",
        positive_number,
        follows=lambda oven: 10.0 * oven.size,
    )
    _: KW_ONLY
    loaves: Option[int, int | None] = Option(
        "int, optional",
        "How many are in it. Default: as many as fit.",
        lambda oven, title, value: (
            oven.size
            if value is None
            else min(positive_integer(title, value), oven.size)
        ),
        owned=True,
    )
    hours: Option[float, float] = Option(
        "float", "How long. Default 2.", positive_number, default=2.0
    )


def test_the_signature_and_the_docstring_follow_from_the_fields():
    assert str(inspect.signature(Oven)) == (
        "(size: 'int', heat: 'float | None' = None, *, loaves: 'int | None' = None,"
        " hours: 'float' = 2.0) -> None"
    )
    parameters, notes = Oven.__doc__.split("Notes\n")
    assert parameters.rstrip().endswith(
        "    hours : float\n        How long. Default 2."
    )
    assert (
        "    heat : float, optional\n        Degrees. Default: ten for each loaf.\n"
        in (parameters)
    )
    assert notes.rstrip().endswith("It is hot.")
    assert list(options_of(Oven)) == ["heat", "loaves", "hours"]


def test_values_are_checked_when_they_are_given_and_assigned():
    oven = Oven(3, 5, loaves=7)
    assert (oven.heat, oven.loaves, oven.hours) == (5.0, 3, 2.0)
    with pytest.raises(ArgumentError, match="`hours` of Oven must be a finite"):
        oven.hours = -1.0
    with pytest.raises(ArgumentTypeError, match="`loaves` of Oven"):
        Oven(3, loaves="two")
    assert oven.hours == 2.0


def test_a_default_that_follows_from_others_follows_them_until_a_value_is_given():
    oven = Oven(3)
    assert (oven.heat, oven.loaves) == (30.0, 3)
    oven.size = 4
    assert (oven.heat, oven.loaves) == (40.0, 3)  # the second is found once
    oven.heat = 1
    oven.size = 5
    assert oven.heat == 1.0
    oven.heat = None
    assert oven.heat == 50.0


@_checks.suggests_arguments("bake")
def bake(
    loaf: str,
    hours: Annotated[float | None, positive_number] = None,
    *,
    times: Annotated[int, positive_integer] = 1,
) -> tuple[str, float | None, int]:
    return loaf, hours, times


@_checks.suggests_arguments("flour")
@dataclass(frozen=True)
class Flour:
    """Is bought."""

    kilos: Annotated[float, positive_number] = 1.0


def test_arguments_of_a_call_arrive_checked():
    kinds = bake("rye", 2, times=3)
    assert kinds == ("rye", 2.0, 3)
    assert type(kinds[1]) is float
    assert bake("rye") == bake("rye", None) == ("rye", None, 1)
    assert Flour(2) == Flour(kilos=2.0)
    refused = {
        "`hours` must be a finite number above 0, got -1.": lambda: bake("", -1),
        "`times` must be a whole number above 0, got None.": (
            lambda: bake("", times=None)
        ),
        "`kilos` of Flour must be a finite number above 0, got 0.": (lambda: Flour(0)),
        "bake() has no argument 'time'. Did you mean 'times'? It has: hours, loaf,"
        " times.": lambda: bake("", time=2),
    }
    for sentence, call in refused.items():
        with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
            call()
        assert str(caught.value) == sentence
    assert str(inspect.signature(bake)) == (
        "(loaf: 'str', hours: 'float | None' = None, *, times: 'int' = 1)"
        " -> 'tuple[str, float | None, int]'"
    )

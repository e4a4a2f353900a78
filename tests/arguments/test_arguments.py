"""Every parameter of every public call, with odd values: a value that it may not take
is refused.

A refusal is one sentence and changes nothing; a value that is taken raises nothing
else."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections import defaultdict

import pytest

from synapse.errors import RateWarning, SynapseError
from tests.arguments import EXCLUDED, PUBLIC, ROWS, World, is_excluded
from tests.arguments.kinds import ODD

SENTENCE = re.compile(r"[A-Z<`'\"].*[.!?>)\]]")
PARAMETER = re.compile(r"`(?:net\.)?(\w+)[^`]*`.* must ")
"""The beginning of a message about a parameter."""
INTERNALS = re.compile(r"\bLearningRule\(|<synapse[\w.]* object at|\bmappingproxy\(")
"""What an object of the library holds, which is no name that a user has given."""
PASSED_ON = {("architect.CTRNN.__init__", "wiring"): "kind"}
"""Arguments that another public call takes under the name of its own."""


def test_the_table_has_every_parameter_of_every_public_call():
    pairs = {
        (name.split(": ")[-1], parameter)
        for name, call in ROWS.items()
        for parameter in call.kinds
    }
    every = {
        (name, parameter)
        for name, public in PUBLIC.items()
        for parameter in public.parameters()
    }
    assert pairs == {pair for pair in every if not is_excluded(*pair)}
    assert {name.split(" ")[0] for name in EXCLUDED} <= set(PUBLIC), (
        "excluded, but not public"
    )
    assert len(pairs) > 650, "most of the library is not found"


ROOMS = defaultdict(list)
"""The calls of a package; of objects, which have most of the calls, those of their
class."""
for name in ROWS:
    parts = name.split(": ")[-1].split(".")
    deep = parts[0] == "synapse" and len(parts) == 3
    room = ".".join(parts[:2] if deep else parts[:1])
    ROOMS["torch" if "torch" in name else room].append(name)
LACKING = importlib.util.find_spec("torch") is None
MARKS = {
    "torch": [pytest.mark.torch, pytest.mark.skipif(LACKING, reason="needs PyTorch")]
}


by_room = pytest.mark.parametrize(
    "room", [pytest.param(room, marks=MARKS.get(room, ())) for room in ROOMS]
)


@by_room
def test_a_value_that_a_parameter_may_not_take_is_refused(room, tmp_path, monkeypatch):
    check_room(room, tmp_path, monkeypatch, lambda odd, may_take: odd not in may_take)


@pytest.mark.full
@by_room
def test_a_value_that_a_parameter_may_take_raises_no_other_error(
    room, tmp_path, monkeypatch
):
    check_room(room, tmp_path, monkeypatch, lambda odd, may_take: odd in may_take)


def check_room(room, tmp_path, monkeypatch, is_tried):
    """Call everything in a room with the odd values that are tried."""
    wrong = []
    for name in ROOMS[room]:
        for parameter, may_take in ROWS[name].kinds.items():
            folder = tmp_path / f"{name.replace(': ', ' ')} {parameter}"
            folder.mkdir()
            monkeypatch.chdir(folder)
            odds = [odd for odd in ODD if is_tried(odd, may_take)]
            wrong += [
                f"{name}, {parameter}={case}"
                for case in mistakes(name, parameter, folder, odds)
            ]
    assert not wrong, "\n".join(
        [f"{len(wrong)} calls do something else than their rows say:", *wrong]
    )


def mistakes(name, parameter, folder, odds):
    """What one parameter makes of odd values, where that is not what its row says."""
    call = ROWS[name]
    world = None
    for odd in odds:
        if world is None:
            world = World(folder)
            before = None
        prepared = call.with_value(world, parameter, ODD[odd]())
        before = before or world.seen()
        outcome, sentence = outcome_of(prepared)
        named = PARAMETER.match(sentence)
        if named and named[1] not in names_of(name, parameter):
            outcome = "refused under a name that no parameter has"
        if INTERNALS.search(sentence):
            outcome = "refused by a message that shows what an object holds"
        may_be_taken = odd in call.kinds[parameter]
        if outcome == "refused" and may_be_taken and world.seen() != before:
            outcome = "refused, with changes"
        if outcome not in ("refused", *(["taken"] * may_be_taken)):
            yield f"{odd}: {outcome} {sentence}"
        if outcome != "refused":
            world = None
    if world is not None and world.seen() != before:  # once, because it takes longest
        yield f"{' or '.join(odds)}: refused, with changes"


def names_of(name, parameter):
    """What a message may call the arguments of a call: its parameters, or the attribute
    that is set."""
    public = ROWS[name].public
    return {
        *public.parameters(),
        public.member,
        PASSED_ON.get((name, parameter), parameter),
    }


def outcome_of(prepared):
    """What a call did, and its sentence."""
    from matplotlib import pyplot

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            prepared()
        except SynapseError as error:
            sentence = str(error)
            fits = SENTENCE.fullmatch(sentence) and len(sentence) < 400 and not told
            return (
                "refused" if fits else "refused unclearly or with a warning"
            ), sentence
        except OSError as error:  # of a path that does not exist
            return "refused", str(error)
        except Exception as error:  # what must not happen
            return f"raised {type(error).__name__}", str(error)
        finally:
            pyplot.close("all")
    # the latter by other packages, of themselves
    expected = (RateWarning, DeprecationWarning)
    others = [
        str(warning.message)
        for warning in told
        if not issubclass(warning.category, expected)
    ]
    return (f"warned {others[0]}" if others else "taken"), ""

"""Every parameter of every public call, with some fifty odd values: each is meant, or refused with one
sentence, and then nothing has changed.
"""

from __future__ import annotations

import importlib.util
import re
import warnings

import pytest

from synapse.errors import RateWarning, SynapseError

from .arguments import EITHER, EXCLUDED, ODD, PUBLIC, TABLE, World, is_excluded

SENTENCE = re.compile(r"[A-Z<'\"].*[.!?>)\]]")
ROWS = [(name, parameter) for name, call in TABLE.items() for parameter in call.kinds]


def test_the_table_has_every_parameter_of_every_public_call():
    known = {(name.split(": ")[-1], parameter) for name, parameter in ROWS}
    every = {(name, parameter) for name, one in PUBLIC.items() for parameter in one.parameters()}
    excluded = {pair for pair in every if is_excluded(*pair)}
    assert every - excluded - known == set()
    assert known - every == set()
    assert not excluded & known
    assert {name.split(" ")[0] for name in EXCLUDED} <= {name for name, _ in every}


def test_there_are_thousands_of_pairs():
    assert len(ROWS) * len(ODD) > 10_000


def marked(name, parameter):
    """A row as a test; those of PyTorch run in CI's step that has it."""
    if "torch" not in name:
        return pytest.param(name, parameter)
    missing = importlib.util.find_spec("torch") is None
    return pytest.param(
        name, parameter, marks=[pytest.mark.torch, pytest.mark.skipif(missing, reason="needs PyTorch")]
    )


@pytest.mark.parametrize(("name", "parameter"), [marked(*row) for row in ROWS])
def test_a_value_is_meant_or_refused(name, parameter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, world, before, wrong = TABLE[name], None, None, []
    accepted = call.kinds[parameter]
    for odd, make in ODD.items():
        if f"{odd} skipped" in accepted:
            continue
        world = world or World(tmp_path)
        prepared = call.with_value(world, parameter, make())
        before = before or world.seen()
        outcome, sentence = _outcome(prepared)
        if outcome == "refused" and world.seen() != before:
            outcome = "refused, with changes"
        expected = _expected(odd, accepted)
        if outcome not in expected:
            wrong.append(f"{odd}: {outcome} {sentence}")
        if outcome != "refused":
            world = before = None
    assert not wrong, "\n".join(wrong)


def _expected(odd, accepted):
    if f"{odd} warned" in accepted:
        return ("warned",)
    if odd in accepted:
        return ("accepted",)
    return ("accepted", "refused") if accepted >= EITHER else ("refused",)


def _outcome(prepared):
    """What a call did, and its sentence."""
    from matplotlib import pyplot

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            prepared()
        except SynapseError as error:
            sentence = str(error)
            if told:
                return "refused, with a warning", str(told[0].message)
            fits = SENTENCE.fullmatch(sentence) and len(sentence) < 400
            return ("refused" if fits else "refused unclearly"), sentence
        except OSError as error:  # of a path that does not exist
            return "refused", str(error)
        except Exception as error:  # what must not happen
            return f"raised {type(error).__name__}", str(error)
        finally:
            pyplot.close("all")
    others = [warning for warning in told if not issubclass(warning.category, RateWarning)]
    if others:
        return f"warned {others[0].category.__name__}", str(others[0].message)
    return ("warned" if told else "accepted"), ""

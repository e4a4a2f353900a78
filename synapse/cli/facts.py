"""What a model that `synapse train` has made carries in ``net.metadata``; `info` and `forecast` read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from .._checks import shown
from .words import printable


class Facts(TypedDict, total=False):
    """The keys of ``net.metadata``, all values as JSON has them. Columns have their names in the file.

    Parameters
    ----------
    targets, inputs : list of str
        The columns that are predicted, and those they are predicted from.
    units : dict of str to str
        The unit of each of these columns that has one in its name, such as "kEUR".
    classes : bool
        Whether the outputs are probabilities of the classes of the target.
    known : list of str
        The inputs that are known in advance: a row's output is computed from their values `ahead` rows below.
    ahead : int
        Number of rows below the inputs at which the target is. Forecasts further ahead feed it back.
    sequence : str or None
        The column that identifies sequences.
    date : str or None
        The column of dates; None if the table has none. The next four are of series only.
    step : str or None
        The time from one row to the next, such as "month end" or "15 minutes".
    first_date, last_date : str or None
        The dates of the first and the last row, in ISO 8601.
    season : int or None
        Number of rows of the season of the seasonal naive method.
    fill : str or None
        How missing values were mended: "forward", "linear" or "drop".
    rows, held_out_rows : int
        Numbers of rows with a target: all, and the held-out ones.
    error : dict of str to float
        For each target, the root mean square error in its unit on the held-out rows, or on all rows if none
        are held out. For classes: the accuracy, from 0 to 1.
    baselines : dict of str to dict of str to float
        The errors of simple methods on the same rows, by their names.
    verdict : str or None
        A sentence: whether the network is worth it.
    trained, version, command : str
        When the training ended (UTC, ISO 8601), with which release of Synapse, and the command line.
    """

    targets: list[str]
    inputs: list[str]
    known: list[str]
    units: dict[str, str]
    classes: bool
    ahead: int
    sequence: str | None
    date: str | None
    step: str | None
    first_date: str | None
    last_date: str | None
    season: int | None
    fill: str | None
    rows: int
    held_out_rows: int
    error: dict[str, float]
    baselines: dict[str, dict[str, float]]
    verdict: str | None
    trained: str
    version: str
    command: str


def described(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Metadata in words, one pair of what it is and its value per line.

    Values of other kinds than those of :class:`Facts`, and further keys, are shown as JSON.
    """
    try:
        lines = list(_of_training(metadata)) if "targets" in metadata else []
    except (KeyError, TypeError, ValueError, AttributeError):  # a file that something else has written
        lines = []
    known = Facts.__annotations__ if lines else {}
    lines += [(key, shown(json.dumps(value))) for key, value in metadata.items() if key not in known]
    return ((printable(what), printable(value)) for what, value in lines)


def _of_training(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    units, classes = facts["units"], facts["classes"]
    yield "target" if len(facts["targets"]) == 1 else "targets", ", ".join(facts["targets"])
    yield "predicted from", ", ".join(facts["inputs"])
    if facts.get("known"):
        yield "known in advance", ", ".join(facts["known"])
    if facts["ahead"]:
        step = facts["step"]
        yield "rows ahead", f"{facts['ahead']:d}" + (f" (step: {step})" if step else "")
    if facts["date"] is not None:
        yield "dates", f"{facts['date']}, {_day(facts['first_date'])} to {_day(facts['last_date'])}"
    yield "rows", f"{facts['rows']:d}, {facts['held_out_rows']:d} of them held out"
    where = "held-out" if facts["held_out_rows"] else "training"
    what = "accuracy" if classes else "error"
    yield f"{where} {what}", _errors(facts["error"], units, classes)
    for name, errors in facts["baselines"].items():
        yield f"{what} of {name}", _errors(errors, units, classes)
    if facts["verdict"] is not None:
        yield "verdict", str(facts["verdict"])
    if facts["fill"] is not None:
        yield "missing values", f"mended by --fill {facts['fill']}"
    yield "trained", f"{facts['trained']}, Synapse {facts['version']}"
    yield "command", str(facts["command"])


def _day(date: str) -> str:
    """A date without the time of midnight."""
    return date.removesuffix("T00:00:00")


def _errors(errors: Mapping[str, float], units: Mapping[str, str], classes: bool) -> str:
    """Errors with their units; with their columns if there are several."""
    if classes:
        return ", ".join(f"{error:.1%}" for error in errors.values())
    texts = [f"{error:.4g} {units.get(name, '')}".rstrip() for name, error in errors.items()]
    if len(errors) == 1:
        return texts[0]
    return ", ".join(f"{name} {text}" for name, text in zip(errors, texts, strict=True))

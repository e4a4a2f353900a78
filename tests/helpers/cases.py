"""Tests of many cases: all that fail are reported together."""

import functools
import inspect
from contextlib import contextmanager
from pathlib import Path

import pytest


def every_case(names, cases, ids=None):
    """A decorator like ``pytest.mark.parametrize`` that makes one test, which runs all
    cases.

    It is for cases that differ in nothing that matters. They share fixtures, but each
    has its own `monkeypatch` and its own empty `tmp_path`."""
    taken = (
        [name.strip() for name in names.split(",")]
        if isinstance(names, str)
        else list(names)
    )
    rows = [case if len(taken) > 1 else (case,) for case in cases]
    labels = (
        [ids(row[0]) for row in rows]
        if callable(ids)
        else ids or [repr(row)[:150] for row in rows]
    )

    def wrap(test):
        @functools.wraps(test)
        def all_cases(**fixtures):
            with Cases() as tried:
                for number, (label, row) in enumerate(zip(labels, rows, strict=True)):
                    with tried(label), _own(fixtures, number) as fixtures_of_case:
                        test(**fixtures_of_case, **dict(zip(taken, row, strict=True)))

        parameters = inspect.signature(test).parameters
        assert set(taken) <= set(parameters), (
            f"{test.__name__} does not take all of {taken}"
        )
        left = [
            parameter for name, parameter in parameters.items() if name not in taken
        ]
        all_cases.__signature__ = inspect.Signature(left)
        return all_cases

    return wrap


@contextmanager
def _own(fixtures, number):
    """The fixtures of one case."""
    fixtures_of_case = dict(fixtures)
    if "tmp_path" in fixtures_of_case:
        fixtures_of_case["tmp_path"] = fixtures_of_case["tmp_path"] / str(number)
        fixtures_of_case["tmp_path"].mkdir()
    if "monkeypatch" not in fixtures_of_case:
        yield fixtures_of_case
        return
    with fixtures_of_case["monkeypatch"].context() as fixtures_of_case["monkeypatch"]:
        yield fixtures_of_case


class Cases:
    """A loop whose cases all run; those that failed are reported together, with their
    names.

    >>> with Cases() as case:
    ...     for number in (1, 2):
    ...         with case(number):
    ...             assert number < 3
    """

    def __init__(self):
        self.count = 0
        self.wrong = []
        self.first = None

    def __enter__(self):
        return self

    @contextmanager
    def __call__(self, *name):
        """One case, by what tells it from the others."""
        self.count += 1
        try:
            yield
        except (Exception, pytest.fail.Exception) as error:
            self.first = self.first or error
            told = f"{_line(error)}{type(error).__name__}: {error}"
            self.wrong.append((", ".join(map(str, name)), told))

    def __exit__(self, kind, error, traceback):
        if self.wrong:
            lines = "".join(f"\n{name}: {told}" for name, told in self.wrong)
            raise AssertionError(
                f"{len(self.wrong)} of {self.count} cases fail:{lines}"
            ) from self.first
        assert self.count or error, "a loop over no case at all"


def _line(error):
    """The last line of a test that led to the error."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.name.startswith("test_"):
            place = f"{path.name}:{trace.tb_lineno}: "
        trace = trace.tb_next
    return place


def all_hold(check, cases, after=lambda: None):
    """Check a dict or a list of cases; tuples are several arguments. `after` is called
    after each case."""
    with Cases() as tried:
        named = cases if isinstance(cases, dict) else {}
        for name, case in named.items() or ((repr(case), case) for case in cases):
            with tried(name):
                try:
                    check(*case) if isinstance(case, tuple) else check(case)
                finally:
                    after()


def all_refused(cases):
    """Make calls, a list of (call, error, words), each of which must raise this
    error."""
    with Cases() as tried:
        for place, (call, error, words) in enumerate(cases):
            with tried(place, words), pytest.raises(error, match=words or None):
                call()

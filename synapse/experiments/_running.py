"""Run a function for many seeds, and for many values of its parameters, here or on any
executor.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager, nullcontext, suppress
from itertools import islice, product
from math import prod
from typing import Annotated, Any

from .. import _checks
from .._typing import PathLike
from ..errors import ArgumentError, ArgumentTypeError, ExecutorError, SynapseError
from ..learning._training import progress_bar, show_compiling
from ..objects.executors import (
    PAUSE,
    checked_executor,
    one_line,
    require_picklable,
    submitting,
)
from ..readwrite._files import as_path
from ._trial_json import Point, described, plain_value, point_text, record_text, to_json
from ._trial_store import Task, TrialStore
from ._trials import Trials, joined

IN_FLIGHT = 1024
"""Number of trials that an executor has at a time. More are submitted as these end."""
MAX_SEED = 2**63 - 1
"""Largest seed, which SQLite can store."""
FAILED = '{"failed": '
"""How the record of a trial that has failed begins."""
KINDS = "booleans, numbers, strings, None, or lists of these"
MAX_POINTS = 10_000_000
"""Maximum number of points in a sweep."""

Trial = Callable[..., Any]
Outcome = tuple[str, float]
"""The record of a trial as JSON, and the seconds it took."""


@_checks.suggests_arguments(
    "run_trials", void=[("retry", "store", lambda given: given["store"] is None)]
)
def run_trials(
    trial: Annotated[
        Trial, lambda title, value: _checks.function_of(title, value, "seed")
    ],
    *,
    seeds: Sequence[int],
    store: PathLike | None = None,
    executor: Executor | None = None,
    progress: bool | str = True,
    retry: Annotated[bool, _checks.boolean] = False,
) -> Trials:
    """Call ``trial(seed)`` for every seed and return the results.

    The results are the same for every executor and number of workers, and for a run
    that was interrupted and continued, because they are always read from the JSON that
    a store would contain.

    Parameters
    ----------
    trial : callable
        A function of a seed that returns a dict of booleans, numbers, strings, None, or
        lists of these. Numbers and arrays of NumPy are converted to Python's. A process
        pool needs a function that can be imported, which is either defined by ``def``
        at the top level of a module, or a ``functools.partial`` of such a function.
    seeds : sequence of int
        The seeds, which must all be different, such as ``range(30)``.
    store : path, optional
        SQLite file to which each result is written immediately. If it exists, only
        trials that it does not contain are run. It belongs to this trial, identified by
        the name of the function with its module, and the arguments that a
        ``functools.partial`` has bound. By default, results are only returned.
    executor : concurrent.futures.Executor, optional
        An executor that runs the trials: a ``ThreadPoolExecutor``, a
        ``ProcessPoolExecutor``, or for Dask ``Client(...).get_executor()``. It is not
        shut down. By default, trials run one after the other in this thread.
    progress : bool or str
        Whether to show a progress bar. A string is shown in front of it. Default True.
    retry : bool
        Whether to repeat trials that have failed, according to the store. Default
        False.

    Returns
    -------
    Trials
        A dict for each seed, in the order of `seeds`, with its ``seed``, and the values
        that the trial has returned. If the trial has raised an error, it is
        ``{"seed": 3, "failed": "reason"}``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used, the store belongs to another trial, or a trial
        returns anything other than such a dict. In this case, the results so far are in
        the store.
    FormatError, TrialStoreError
        If the file is not a store, is damaged, is written by another run, or cannot be
        written.
    ExecutorError
        If the executor fails, for example because one of its processes was killed.
    KeyboardInterrupt
        After Ctrl-C. Trials that have not begun are cancelled, whereas trials that have
        begun in an executor run to their end, as in `concurrent.futures`. Results so
        far are in the store, and a note contains their number.

    See Also
    --------
    sweep : Also for several values of parameters.
    read_trials : Read a store.

    Notes
    -----
    A trial cannot be ended from outside. For a time limit, give the training a callback
    that calls ``trainer.stop()``, or use an executor with time limits of its own.

    Examples
    --------
    >>> import architect, synapse
    >>> def trial(seed):
    ...     net = architect.Perceptron(2, 3, 1, seed=seed)
    ...     data = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    ...     trainer = synapse.Trainer(net, rate=0.5)
    ...     result = trainer.train(*data, epochs=4000, goal=0.05, progress=False)
    ...     return {"solved": result.stop_reason == "goal", "epochs": result.epochs}
    >>> trials = run_trials(trial, seeds=range(8), progress=False)
    >>> len(trials), trials[0].keys()
    (8, dict_keys(['seed', 'solved', 'epochs']))
    """
    tasks: list[tuple[Point, int]] = [({}, seed) for seed in _checked_seeds(seeds)]
    return run_tasks(trial, tasks, store, executor, retry, progress)


@_checks.suggests_arguments(
    "run_trials", void=[("retry", "store", lambda given: given["store"] is None)]
)
def sweep(
    trial: Trial,
    *,
    seeds: Sequence[int],
    grid: Mapping[str, Sequence[Any]] | Sequence[Point],
    store: PathLike | None = None,
    executor: Executor | None = None,
    progress: bool | str = True,
    retry: Annotated[bool, _checks.boolean] = False,
) -> Trials:
    """Call ``trial(seed, **point)`` for every seed and every point of a grid, or every
    point given.

    Parameters
    ----------
    trial : callable
        A function as for :func:`run_trials`, with the sweep's parameters as keyword
        arguments.
    seeds : sequence of int
        Seeds of the trials, which are the same for every point.
    grid : mapping of str to sequence, or sequence of mapping
        Values of each parameter, of which all combinations are run. Alternatively, the
        points, each a dict of values by parameter, such as random ones of
        scikit-learn's ``ParameterSampler``. Values are of the same kinds as results,
        and tuples become lists. Equal points are run once.
    store, executor, progress, retry
        As for :func:`run_trials`. Several sweeps of the same trial can share a store,
        also with :func:`run_trials`.

    Returns
    -------
    Trials
        A dict for each point and seed, point by point, with the seed, the values of the
        point, and the values that the trial has returned. :meth:`Trials.summary`
        returns a row for each point.

    Raises
    ------
    ArgumentError, ArgumentTypeError, FormatError, TrialStoreError, ExecutorError,
    KeyboardInterrupt
        As for :func:`run_trials`.

    Examples
    --------
    >>> def trial(seed, rate, size):
    ...     return {"cost": rate * size + seed}
    >>> grid = {"rate": [0.1, 0.5], "size": [10]}
    >>> trials = sweep(trial, grid=grid, seeds=range(2), progress=False)
    >>> trials[0]
    {'seed': 0, 'rate': 0.1, 'size': 10, 'cost': 1.0}
    >>> trials.summary(median="cost")
       rate  size  trials                cost
    0   0.1    10       2  1.5 (range 1 to 2)
    1   0.5    10       2  5.5 (range 5 to 6)
    """
    every = _all_points(grid) if isinstance(grid, Mapping) else _listed_points(grid)
    points = list({point_text(point): point for point in every}.values())
    function = _checks.function_of("trial", trial, "seed", keywords=points[0])
    numbers = _checked_seeds(seeds)
    tasks = [(point, seed) for point in points for seed in numbers]
    return run_tasks(function, tasks, store, executor, retry, progress)


def _all_points(grid: Mapping[str, Any]) -> list[Point]:
    """Return all combinations of the values in a grid."""
    columns = {}
    for name, column in _parameters("grid", grid).items():
        title = f"The values of {name!r}"
        values = _checks.listed(title, column, f"a list of {KINDS}")
        columns[name] = [_value(name, value) for value in values]
        _checks.require(values, title, "at least one", column)
    total = prod(map(len, columns.values()))
    if total > MAX_POINTS:
        raise ArgumentError(
            _checks.must("grid", f"have at most {MAX_POINTS} points", str(total))
        )
    combinations = product(*columns.values())
    return [dict(zip(columns, values, strict=True)) for values in combinations]


def _listed_points(grid: Any) -> list[Point]:
    """Return the points of a list, which must all have the same names."""
    entries = _checks.listed("grid", grid, "a dict, or a list of points")
    named = [_parameters("A point", entry) for entry in entries]
    points = [
        {name: _value(name, value) for name, value in entry.items()} for entry in named
    ]
    _checks.require(
        points and not any(point.keys() != points[0].keys() for point in points),
        "grid",
        "dicts with the same names, at least one",
        grid,
    )
    return points


def _parameters(title: str, parameters: Any) -> Mapping[str, Any]:
    """Check the names of parameters."""
    condition = "a dict of parameters by name, at least one"
    named = isinstance(parameters, Mapping) and all(
        isinstance(name, str) for name in parameters
    )
    _checks.require_type(named and parameters, title, condition, parameters)
    for name in ("seed", "failed"):
        if name in parameters:
            raise ArgumentError(
                f"A parameter of a sweep cannot have the name {name!r}. Rename it."
            )
    return dict(parameters)


def _value(name: str, value: Any) -> Any:
    """Return a value of a parameter as JSON has it."""
    try:
        return plain_value(value)
    except (TypeError, RecursionError):
        raise ArgumentTypeError(
            _checks.expected(f"The values of {name!r}", KINDS, value)
        ) from None


def _checked_seeds(seeds: Any) -> list[int]:
    condition = "a sequence of whole numbers, such as range(30)"
    entries = _checks.listed("seeds", seeds, condition)
    condition = f"a whole number from 0 to {MAX_SEED}"
    numbers = [
        _checks.whole_number("A seed", entry, condition, 0, MAX_SEED)
        for entry in entries
    ]
    _checks.require(
        numbers and len(set(numbers)) == len(numbers),
        "seeds",
        "different whole numbers, at least one",
        seeds,
    )
    return numbers


def run_tasks(
    trial: Trial,
    tasks: Iterable[tuple[Point, int]],
    store: PathLike | None,
    executor: Executor | None,
    retry: bool,
    progress: bool | str,
) -> Trials:
    """Run the trials that are not in the store, and return all results, from the JSON
    of their records.
    """
    executor = checked_executor(executor)
    title = progress if isinstance(progress, str) else None
    shown = bool(title) if title is not None else progress
    shown = _checks.boolean("progress", shown)
    require_picklable("trial", trial, executor)
    every = {(point_text(point), seed): (point, seed) for point, seed in tasks}
    path = None if store is None else as_path(store, "store")
    opened = None if path is None else closing(TrialStore(path, described(trial)))
    with opened or nullcontext() as file:
        records = {} if file is None else file.done()
        failed = {
            task for task, (text, _) in records.items() if text.startswith(FAILED)
        }
        again = failed if retry else set()
        left = [task for task in every if task not in records or task in again]

        # Both are generators: a trial begins when its outcome is asked for, and records
        # are written as they come.
        calls: Iterator[tuple[Task, tuple[Any, ...]]]
        calls = ((task, (trial, *reversed(every[task]))) for task in left)
        if executor is None:
            outcomes = ((task, attempt(*arguments)) for task, arguments in calls)
        else:
            outcomes = _completed(executor, calls)

        done = len(every) - len(left)
        trials = _checks.pluralize(len(every), "trial")
        bar = progress_bar(shown, "trials", len(every), initial=done, desc=title)
        with bar, show_compiling(bar), closing(outcomes):
            try:
                for task, outcome in outcomes:
                    if file is not None:
                        file.add(task, outcome)
                    records[task] = outcome
                    done += 1
                    bar.update()
            except ExecutorError as failure:
                advice = "" if path is None else "make a new executor, and "
                message = f"The executor failed after {done} of {trials} ({failure}). "
                message += _results(path, advice)
                raise ExecutorError(message) from failure.__cause__
            except (KeyboardInterrupt, ArgumentTypeError) as error:
                error.add_note(f"{done} of {trials} are done. {_results(path)}")
                raise
    return joined((*every[task], *records[task]) for task in every)


def attempt(trial: Trial, seed: int, point: Point) -> Outcome:
    """Run one trial, in a worker too. A trial that raises an error has a record of its
    failure.
    """
    begin = time.perf_counter()
    try:
        with _ctrl_c_raised():
            values = trial(seed, **point)
    except (Exception, SystemExit) as error:
        text = to_json({"failed": _reason(error)})
    else:
        text = record_text(values, seed, point)
    return text, time.perf_counter() - begin


def _reason(error: BaseException) -> str:
    """Return class and message of an error."""
    with suppress(Exception):  # a class of a user's whose message raises
        if str(error):
            return f"{type(error).__name__}: {error}"
    return type(error).__name__


@contextmanager
def _ctrl_c_raised() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block if Ctrl-C was pressed in it.

    This is necessary because ``Trainer.train`` handles Ctrl-C and returns its result so
    far, which lets the trial continue with a network that is only partly trained.
    Therefore, the block asks the system, which writes every signal to a socket.
    """
    # Other threads receive no signal; with a handler of the caller's none is raised.
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            received = b""
            with suppress(BlockingIOError):
                received = reader.recv(4096)
            if received and before != -1:
                # An event loop of the caller's waits for them.
                with suppress(OSError):
                    os.write(before, received)
            if signal.SIGINT in received:
                raise KeyboardInterrupt


def _completed(
    executor: Executor, calls: Iterable[tuple[Task, tuple[Any, ...]]]
) -> Generator[tuple[Task, Outcome]]:
    """Submit calls of `attempt`, a limited number at a time, and yield the outcomes in
    the order of completion.
    """
    left = iter(calls)
    pending: dict[Future[Outcome], Task] = {}
    try:
        while True:
            for task, arguments in islice(left, IN_FLIGHT - len(pending)):
                with submitting(executor), _failing():
                    pending[executor.submit(attempt, *arguments)] = task
            if not pending:
                return
            ended = futures.wait(pending, PAUSE, futures.FIRST_COMPLETED).done

            # In the order of submission, so that the outcomes before one that raises
            # are stored. Errors of trials are records; others are the executor's.
            for future in [future for future in pending if future in ended]:
                task = pending.pop(future)
                with _failing():
                    outcome = future.result()
                yield task, outcome
    except BaseException:
        for future in pending:
            future.cancel()
        raise


@contextmanager
def _failing() -> Iterator[None]:
    """Convert errors of an executor that is broken or was shut down to
    ExecutorError.
    """
    try:
        yield
    except SynapseError:
        raise
    except Exception as error:
        raise ExecutorError(one_line(error)) from error


def _results(path: Any, advice: str = "") -> str:
    """Return the sentence about the results of those trials that are done."""
    if path is None:
        return (
            "Their results are lost. With store=, the same call would run only the"
            " other trials."
        )
    return f"Their results are in {path}: {advice}the same call runs the others."

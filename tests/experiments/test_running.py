"""Trials on executors: the same bits everywhere; failures, Ctrl-C, killed workers and
killed runs."""

import functools
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    ExecutorError,
    SynapseError,
    TrialStoreError,
)
from synapse.experiments import _running, read_trials, run_trials, sweep
from tests.helpers.cases import all_refused, every_case

from .some_trials import calls, killing, noted, odd, product, training

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
run_trials, sweep = (
    functools.partial(function, progress=False) for function in (run_trials, sweep)
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(3) as pool:
        yield pool


def same(rows, other_rows):
    """Whether all bits are the same, of NaN and -0.0 too."""
    return [repr(row) for row in rows] == [repr(row) for row in other_rows]


def test_every_executor_gives_the_same_bits(processes, threads, tmp_path):
    store = tmp_path / "a.db"
    here = run_trials(training, seeds=range(6))
    assert [row["seed"] for row in here] == list(range(6))
    assert len({row["error"] for row in here}) == 6
    mixed = run_trials(odd, seeds=range(4))
    for executor in (processes, threads):
        assert same(run_trials(training, seeds=range(6), executor=executor), here)
        assert same(run_trials(odd, seeds=range(4), executor=executor), mixed)
    stored = run_trials(training, seeds=range(3), store=store, executor=processes)
    assert same(stored, here[:3])
    assert same(run_trials(training, seeds=range(6), store=store), here)
    assert same(read_trials(store), here)


def test_partials_methods_and_objects_are_trials_in_the_order_of_the_seeds(threads):
    class Study:
        def one(self, seed):
            time.sleep(0.02 * (seed == 9))
            return {"x": seed}

        __call__ = one

    for trial in (
        functools.partial(product, a=2),
        Study().one,
        Study(),
        lambda seed: {"x": seed},
    ):
        outputs = run_trials(trial, seeds=[9, 3, 7], executor=threads)
        assert same(outputs, run_trials(trial, seeds=[9, 3, 7]))
        assert [row["seed"] for row in outputs] == [9, 3, 7]


def test_no_more_trials_are_submitted_than_are_needed_soon(monkeypatch):
    monkeypatch.setattr(_running, "IN_FLIGHT", 4)
    waiting = []

    class Counting(ThreadPoolExecutor):
        def submit(self, function, *arguments):
            waiting.append(self._work_queue.qsize())
            return super().submit(function, *arguments)

    with Counting(1) as pool:
        assert len(run_trials(product, seeds=range(100), executor=pool)) == 100
    assert 1 <= max(waiting) <= 4


@every_case("value", [None, {"x": 1j}, {"x": {"y": 1}}, {1: 2}, {"x": b"a"}])
def test_anything_but_a_dict_of_values_is_refused_at_once(value, threads):
    done = []

    def trial(seed):
        done.append(seed)
        return value if seed == 4 else {"x": seed}

    words = "The trial with seed 4 must return a dict of bool"
    for executor in (None, threads):
        with pytest.raises(ArgumentTypeError, match=words):
            run_trials(trial, seeds=range(5, -1, -1), executor=executor)
    assert done[:2] == [5, 4]


def test_what_else_is_refused(processes):
    assert run_trials(lambda seed: {"seed": seed}, seeds=[3]) == [{"seed": 3}]
    client = SimpleNamespace(get_executor=None)
    different = "`seeds` must be different whole numbers"
    whole = "(`seeds`|A seed) must be"

    def of(trial=product, seeds=(3,), **options):
        run = sweep if "grid" in options else run_trials
        return functools.partial(run, trial, seeds=seeds, **options)

    all_refused(
        [
            (
                of(lambda seed: {"seed": 4}),
                ArgumentTypeError,
                "seed 3 returns the name 'seed', which is reserved",
            ),
            (
                of(lambda seed, a: {"a": -a}, grid={"a": [1]}),
                ArgumentTypeError,
                "the name 'a', which is reserved",
            ),
            (of(seeds=[]), ArgumentError, different),
            (of(seeds=[1, 1]), ArgumentError, different),
            *[
                (of(seeds=seeds), SynapseError, whole)
                for seeds in (7, [0.5], [-1], [2**63], [True])
            ],
            (
                of(grid={"c": [1]}),
                ArgumentTypeError,
                r"`trial` must be a function of \(seed, c\), got",
            ),
            (
                of(executor=4),
                ArgumentTypeError,
                r"`executor` must be a concurrent\.futures\.Executor",
            ),
            (of(executor=client), ArgumentTypeError, r"Pass client\.get_executor\(\)"),
            (
                of(lambda seed: {}, executor=processes),
                ArgumentTypeError,
                "cannot send `trial` .*def at the top",
            ),
        ]
    )


def test_failed_trials_are_run_again_only_on_request(tmp_path):
    broken = tmp_path / "broken"
    path = tmp_path / "a.db"
    trial = functools.partial(sometimes, broken)
    run = functools.partial(run_trials, trial, seeds=range(3), store=path)
    broken.touch()
    assert run()[1] == {"seed": 1, "failed": "ValueError"}
    broken.unlink()
    assert run()[1] == {"seed": 1, "failed": "ValueError"}
    assert run(retry=True)[1] == {"seed": 1, "x": 1}
    assert not read_trials(path).failed


def sometimes(file, seed):
    if seed == 1 and os.path.exists(file):
        raise ValueError
    return {"x": seed}


@pytest.mark.slow
def test_a_killed_worker_is_one_sentence_and_the_same_call_goes_on(tmp_path):
    path = tmp_path / "a.db"
    run = functools.partial(run_trials, killing, seeds=range(8))
    with ThreadPoolExecutor(1) as ended:
        pass
    with ProcessPoolExecutor(1) as pool:
        stored = functools.partial(run, executor=pool, store=path)
        all_refused(
            (call, ExecutorError, words)
            for call, words in (
                (stored, r"after 5 of 8 trials \(BrokenProcessPool.*are in .*a\.db"),
                (stored, "failed after 5 of 8 trials .*BrokenProcessPool"),
                (
                    functools.partial(run, executor=ended),
                    "new futures after shutdown.*are lost. With store=",
                ),
            )
        )
    assert len(run_trials(killing, seeds=[0, 1, 2, 3, 4, 6, 7], store=path)) == 7


def pressing(file, seed):
    """Press Ctrl-C in the first call for seed 2: in a training, which handles it and
    returns."""
    # a shell may have made the process ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if seed == 2 and not os.path.exists(file):
        Path(file).touch()
        result = synapse.Trainer(architect.Perceptron(2, 1, seed=0)).train(
            [[0.0, 1.0]],
            [[1.0]],
            epochs=50,
            progress=False,
            callbacks=[lambda progress: signal.raise_signal(signal.SIGINT)],
        )
        assert result.stop_reason == "interrupted"
    return {"x": seed}


@pytest.mark.parametrize(
    "pool", [None, pytest.param(ProcessPoolExecutor, marks=pytest.mark.slow)]
)
def test_ctrl_c_ends_the_run_and_the_same_call_goes_on(pool, tmp_path, ctrl_c):
    """Also in a process: a trial whose training was ended by Ctrl-C has no result."""
    path = tmp_path / "a.db"
    trial = functools.partial(pressing, str(tmp_path / "pressed"))
    with (
        nullcontext() if pool is None else pool(1) as executor,
        pytest.raises(KeyboardInterrupt) as stop,
    ):
        run_trials(trial, seeds=range(4), store=path, executor=executor)
    results = f"Their results are in {path}: the same call runs the others."
    assert stop.value.__notes__ == [f"2 of 4 trials are done. {results}"]
    assert read_trials(path) == [{"seed": 0, "x": 0}, {"seed": 1, "x": 1}]
    assert run_trials(trial, seeds=range(4), store=path) == [
        {"seed": seed, "x": seed} for seed in range(4)
    ]


def test_ctrl_c_while_trials_are_submitted_cancels_those_that_have_not_begun(ctrl_c):
    begun = []

    def trial(seed):
        begun.append(seed)
        time.sleep(0.3)

    class Pressing(ThreadPoolExecutor):
        def submit(self, *call):
            future = super().submit(*call)
            if self._work_queue.qsize() == 3:
                ctrl_c()
            return future

    with Pressing(1) as pool, pytest.raises(KeyboardInterrupt):
        run_trials(trial, seeds=range(9), executor=pool)
    assert begun == [0]


def test_an_event_loop_gets_the_signals_that_came_during_a_trial(ctrl_c):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            with pytest.raises(KeyboardInterrupt):
                run_trials(lambda seed: ctrl_c(), seeds=[0])
            assert signal.SIGINT in ours.recv(10)
            assert signal.set_wakeup_fd(-1) == theirs.fileno()
        finally:
            signal.set_wakeup_fd(before)


KILLED = """
import functools, sys
from concurrent.futures import ProcessPoolExecutor
from synapse.experiments import run_trials
from tests.experiments.some_trials import noted

if __name__ == "__main__":
    trial = functools.partial(noted, folder=sys.argv[1], seconds=0.05)
    with ProcessPoolExecutor(2) as pool:
        run_trials(
            trial,
            seeds=range(40),
            store=sys.argv[2],
            executor=pool if sys.argv[3] == "pool" else None,
        )
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "pool"])
def test_a_killed_run_is_continued_with_what_is_missing(where, tmp_path):
    folder = tmp_path / "calls"
    path = tmp_path / "a.db"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), str(path), where],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while len(calls(folder)) < 10:
        assert process.poll() is None
        time.sleep(0.01)
    half = read_trials(path)  # while it is being written
    trial = functools.partial(noted, folder=str(folder), seconds=0.05)
    with pytest.raises(TrialStoreError, match=r"Another run is writing .*a\.db"):
        run_trials(trial, seeds=range(40), store=path)
    os.killpg(process.pid, signal.SIGKILL)  # its pool, too
    process.wait(60)
    stored = read_trials(path)
    before = calls(folder)
    assert same(stored[: len(half)], half) or where == "pool"
    assert 3 <= len(half) <= len(stored) < 40
    assert run_trials(trial, seeds=range(40), store=path) == [
        {"seed": seed, "square": seed**2} for seed in range(40)
    ]
    done = {row["seed"] for row in stored}
    assert all(
        count == before.get(seed, 0) + (seed not in done)
        for seed, count in calls(folder).items()
    )


def test_a_sweep_runs_every_point_with_every_seed_and_adds_up_in_one_store(
    tmp_path, threads
):
    folder = tmp_path / "calls"
    path = tmp_path / "a.db"
    folder.mkdir()
    trial = functools.partial(noted, folder=str(folder))
    run_trials(trial, seeds=range(3), store=path)
    sweep(trial, grid={"seconds": [0.0]}, seeds=range(2), store=path)
    assert calls(folder) == {0: 2, 1: 2, 2: 1}
    options = {"seeds": [2, 1, 0], "store": path, "executor": threads}
    trials = sweep(trial, grid={"seconds": [0.001, 0.0]}, **options)
    assert [(row["seconds"], row["seed"]) for row in trials] == [
        (s, i) for s in (0.001, 0.0) for i in (2, 1, 0)
    ]
    assert (trials.names, list(trials.by())) == (("seconds",), [(0.001,), (0.0,)])
    run_trials(trial, seeds=range(4), store=path)
    assert calls(folder) == {0: 3, 1: 3, 2: 3, 3: 1}
    seconds = [row.get("seconds") for row in read_trials(path)]
    assert (len(seconds), {*seconds}) == (10, {None, 0.0, 0.001})


def test_points_are_given_as_they_are_or_as_a_grid():
    points = [{"b": 3, "a": 2}, {"a": np.int64(1), "b": 0.5}, {"a": 2, "b": 3}]
    trials = sweep(product, grid=points, seeds=[0, 1])
    assert [(row["a"], row["b"], row["seed"]) for row in trials] == [
        (2, 3, 0), (2, 3, 1), (1, 0.5, 0), (1, 0.5, 1)
    ]  # fmt: skip
    assert (set(trials.names), type(trials[2]["a"])) == ({"a", "b"}, int)
    # equal points run once
    assert len(sweep(product, grid={"a": [1, 2, 1, 1.0]}, seeds=[0])) == 3


@pytest.mark.full
def test_points_that_cannot_be():
    many = range(10**4)
    told = [
        (
            {"grid": {}},
            "`grid` must be a dict of parameters by name, at least one",
        ),
        ({"grid": {"a": []}}, "The values of 'a' must be at least one, got"),
        (
            {"grid": {"a": [object()]}},
            "The values of 'a' must be booleans, numbers",
        ),
        ({"grid": {"seed": [1]}}, "A parameter of a sweep cannot have the name 'seed'"),
        (
            {"grid": []},
            "`grid` must be dicts with the same names, at least one",
        ),
        (
            {"grid": [{"a": 1}, {"b": 1}]},
            "`grid` must be dicts with the same names",
        ),
        (
            {"grid": [{"a": 1}, 3]},
            "A point must be a dict of parameters by name",
        ),
        ({"grid": 3}, "`grid` must be a dict, or a list of points"),
        (
            {"grid": {"a": many, "b": many}},
            "`grid` must have at most 10000000 points",
        ),
    ]
    run = functools.partial(sweep, product, seeds=[0])
    all_refused(
        (functools.partial(run, **options), SynapseError, words)
        for options, words in told
    )

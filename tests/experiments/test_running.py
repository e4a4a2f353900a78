"""Trials on executors: the same bits everywhere; failures, Ctrl-C, killed workers and killed runs."""

import functools
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse.errors import ArgumentError, ExecutorError, KindError, StoreError
from synapse.experiments import read_trials, run, running, sweep

from .some_trials import calls, endless, killing, noted, odd, product, training

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
run, sweep = (functools.partial(function, progress=False) for function in (run, sweep))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(3) as pool:
        yield pool


def same(one, other):
    """Whether all bits are the same, of NaN and -0.0 too."""
    return [repr(row) for row in one] == [repr(row) for row in other]


# --- results ------------------------------------------------------------------------------------


def test_every_executor_gives_the_same_bits(processes, threads, tmp_path):
    here = run(training, seeds=range(6))
    assert [row["seed"] for row in here] == list(range(6))
    assert len({row["error"] for row in here}) == 6
    for executor in (processes, threads):
        assert same(run(training, seeds=range(6), executor=executor), here)
    assert same(run(training, seeds=range(3), store=tmp_path / "a.db", executor=processes), here[:3])
    assert same(run(training, seeds=range(6), store=tmp_path / "a.db"), here)
    assert same(read_trials(tmp_path / "a.db"), here)


def test_values_come_back_as_those_of_python(processes, tmp_path):
    fresh = run(odd, seeds=range(4))
    row = fresh[0]
    assert {name: type(value) for name, value in row.items()} == {
        **dict.fromkeys(("nan", "inf", "zero", "third", "single"), float),
        "seed": int,
        "whole": int,
        "rows": list,
        "none": type(None),
        "text": str,
        "yes": bool,
    }
    assert math.isnan(row["nan"])
    assert row["inf"] == -math.inf
    assert math.copysign(1, row["zero"]) == -1
    assert row["single"] == float(np.float32(0.1))
    assert row["rows"] == [[1.0, 0.0], [0.0, 1.0]]
    for executor in (None, processes):
        assert same(run(odd, seeds=range(4), store=tmp_path / "a.db", executor=executor), fresh)


def test_results_are_in_the_order_of_the_seeds(threads):
    def trial(seed):
        time.sleep(0.02 * (seed == 9))
        return {"x": seed}

    assert [row["x"] for row in run(trial, seeds=[9, 3, 0, 7], executor=threads)] == [9, 3, 0, 7]


def test_partials_methods_and_objects_are_trials(threads):
    class Study:
        def one(self, seed):
            return {"x": seed}

        __call__ = one

    for trial in (functools.partial(product, a=2), Study().one, Study(), lambda seed: {"x": seed}):
        assert same(run(trial, seeds=[1, 2], executor=threads), run(trial, seeds=[1, 2]))


def test_no_more_trials_are_submitted_than_are_needed_soon(monkeypatch):
    monkeypatch.setattr(running, "IN_FLIGHT", 4)
    most = 0

    class Counting(ThreadPoolExecutor):
        def submit(self, function, *arguments):
            nonlocal most
            most = max(most, self._work_queue.qsize())
            return super().submit(function, *arguments)

    with Counting(1) as pool:
        assert len(run(product, seeds=range(100), executor=pool)) == 100
    assert 1 <= most <= 4


@pytest.mark.parametrize(
    "value", [None, 3, [1], {"x": object()}, {"x": 1j}, {"x": {"y": 1}}, {1: 2}, {"x": {1}}, {"x": b"a"}]
)
def test_anything_but_a_dict_of_values_is_refused_at_once(value, threads):
    done = []

    def trial(seed):
        done.append(seed)
        return value if seed == 4 else {"x": seed}

    for executor in (None, threads):
        with pytest.raises(KindError, match="Expected the trial with seed 4 to return a dict of booleans"):
            run(trial, seeds=range(5, -1, -1), executor=executor)
    assert done[:2] == [5, 4]


def test_names_that_are_taken_are_refused():
    assert run(lambda seed: {"seed": seed}, seeds=[3]) == [{"seed": 3}]
    with pytest.raises(KindError, match="seed 3 returns the name 'seed', which is taken"):
        run(lambda seed: {"seed": 4}, seeds=[3])
    with pytest.raises(KindError, match="the name 'failed', which is taken"):
        run(lambda seed: {"failed": False}, seeds=[3])
    with pytest.raises(KindError, match="the name 'a', which is taken"):
        sweep(lambda seed, a: {"a": -a}, seeds=[3], grid={"a": [1]})


def test_what_else_is_refused(processes):
    for seeds in ([], [1, 1]):
        with pytest.raises(ArgumentError, match="Expected the seeds to be different whole numbers"):
            run(product, seeds=seeds)
    for seeds in (7, "12", [0.5], [-1], [2**63], [True]):
        with pytest.raises((KindError, ArgumentError), match="Expected (the seeds|a seed) to be"):
            run(product, seeds=seeds)
    with pytest.raises(KindError, match=r"Expected the trial to be a function of \(seed, c\), got"):
        sweep(product, seeds=[1], grid={"c": [1]})
    with pytest.raises(KindError, match=r"Expected the executor to be a concurrent\.futures\.Executor"):
        run(product, seeds=[1], executor=4)
    with pytest.raises(KindError, match="A process pool cannot send the trial .*def at the top"):
        run(lambda seed: {}, seeds=[1], executor=processes)


# --- failures -----------------------------------------------------------------------------------


def test_a_trial_that_raises_has_failed_and_the_others_go_on(threads, processes):
    for executor in (None, threads, processes):
        found = run(odd, seeds=range(5), executor=executor)
        assert found[2] == {"seed": 2, "failed": "DivergenceError: The error is infinite."}
        assert found[3] == {"seed": 3, "failed": "SystemExit: 1"}
        assert found.failed == found[2:4]
        assert "third" in found[4]


def test_failed_trials_are_run_again_only_on_request(tmp_path):
    trial = functools.partial(sometimes, tmp_path / "broken")
    (tmp_path / "broken").touch()
    path = tmp_path / "a.db"
    assert run(trial, seeds=range(3), store=path)[1] == {"seed": 1, "failed": "ValueError"}
    (tmp_path / "broken").unlink()
    assert run(trial, seeds=range(3), store=path)[1] == {"seed": 1, "failed": "ValueError"}
    assert run(trial, seeds=range(3), store=path, retry=True)[1] == {"seed": 1, "x": 1}
    assert not read_trials(path).failed


def sometimes(file, seed):
    if seed == 1 and os.path.exists(file):
        raise ValueError
    return {"x": seed}


@pytest.mark.parametrize("kind", ["python", "training", "asleep", "stubborn"])
def test_a_trial_that_does_not_end_is_interrupted(kind, threads, processes):
    trial = functools.partial(endless, kind=kind)
    executors = [None, processes] if kind == "asleep" else [None, threads, processes]
    for executor in executors:
        found = run(trial, seeds=range(3), executor=executor, time_limit=0.2)
        assert found[1] == {"seed": 1, "failed": "TimeoutError: longer than the time limit of 0.2 s"}
        assert found[2] == {"seed": 2, "kind": kind}


def test_a_limit_within_a_limit_ends_the_inner_trial_only():
    def outer(seed):
        return {"failed inside": len(run(endless, seeds=range(3), time_limit=0.1).failed)}

    assert run(outer, seeds=[0], time_limit=20) == [{"seed": 0, "failed inside": 1}]

    def late(seed):
        return {"inside": len(run(endless, seeds=range(3), time_limit=20).failed)}

    assert run(late, seeds=[0], time_limit=0.2).failed


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a timer of POSIX")
def test_the_alarm_of_the_caller_is_left_alone():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        found = run(endless, seeds=range(2), time_limit=0.3)  # by a thread, beside the alarm
        assert rung == [True]
        assert found.failed == found[1:]
        run(endless, seeds=[0], time_limit=5)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        signal.raise_signal(signal.SIGALRM)
        assert rung == [True, True]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_killed_worker_is_one_sentence_and_the_same_call_goes_on(tmp_path):
    path = tmp_path / "a.db"
    with ProcessPoolExecutor(1) as pool:
        with pytest.raises(ExecutorError, match=r"after 5 of 8 trials \(BrokenProcessPool.*are in .*a\.db"):
            run(killing, seeds=range(8), executor=pool, store=path)
        with pytest.raises(ExecutorError, match="failed after 5 of 8 trials .*BrokenProcessPool"):
            run(killing, seeds=range(8), executor=pool, store=path)
    with ThreadPoolExecutor(1) as pool:
        pass
    with pytest.raises(ExecutorError, match="new futures after shutdown.*are lost: with store="):
        run(killing, seeds=range(8), executor=pool)
    rest = [seed for seed in range(8) if seed != 5]
    assert len(run(killing, seeds=rest, store=path)) == 7


# --- Ctrl-C and killed runs ---------------------------------------------------------------------


def pressing(file, seed):
    """Press Ctrl-C in the first call for seed 2: in a training, which handles it and returns."""
    if seed == 2 and not os.path.exists(file):
        Path(file).touch()
        trainer = synapse.Trainer(architect.Perceptron(2, 1, seed=0))
        press = [lambda progress: signal.raise_signal(signal.SIGINT)]
        result = trainer.train([[0.0, 1.0]], [[1.0]], epochs=50, progress=False, callbacks=press)
        assert result.stopped == "interrupted"
    return {"x": seed}


@pytest.mark.parametrize("pool", [None, ProcessPoolExecutor])
def test_ctrl_c_ends_the_run_and_the_same_call_goes_on(pool, tmp_path, ctrl_c):
    """Also in a process: a trial whose training was ended by Ctrl-C has no result."""
    path = tmp_path / "a.db"
    trial = functools.partial(pressing, str(tmp_path / "pressed"))
    with nullcontext() if pool is None else pool(1) as executor, pytest.raises(KeyboardInterrupt):
        run(trial, seeds=range(4), store=path, executor=executor)
    assert read_trials(path) == [{"seed": 0, "x": 0}, {"seed": 1, "x": 1}]
    assert run(trial, seeds=range(4), store=path) == [{"seed": seed, "x": seed} for seed in range(4)]


def test_ctrl_c_is_no_failure_of_a_trial(tmp_path, ctrl_c):
    """A trial that handles Ctrl-C and then raises has no result, so it is run again."""

    def trial(seed):
        with suppress(KeyboardInterrupt):
            ctrl_c()
        raise ValueError

    with pytest.raises(KeyboardInterrupt):
        run(trial, seeds=[0])


def test_ctrl_c_ends_trials_in_threads_too(ctrl_c):
    begun = threading.Event()

    def trial(seed):
        begun.set()
        return endless(1)

    with ThreadPoolExecutor(2) as pool:
        timer = threading.Timer(0.3, lambda: begun.wait() and signal.raise_signal(signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            run(trial, seeds=range(4), executor=pool)
        assert pool.submit(lambda: 3).result(timeout=20) == 3  # no trial is left, and none was begun


def test_ctrl_c_while_trials_are_submitted_ends_those_about_to_begin(ctrl_c):
    def late(function, *arguments):
        time.sleep(0.3)
        return function(*arguments)

    class Pressing(ThreadPoolExecutor):
        def submit(self, *call):
            future = super().submit(late, *call)
            ctrl_c()
            return future

    with Pressing(1) as pool:
        with pytest.raises(KeyboardInterrupt):
            run(lambda seed: endless(1), seeds=range(4), executor=pool)
        assert ThreadPoolExecutor.submit(pool, len, "abc").result(timeout=5) == 3


def test_an_event_loop_gets_the_signals_that_came_during_a_trial(ctrl_c):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            with pytest.raises(KeyboardInterrupt):
                run(lambda seed: ctrl_c(), seeds=[0])
            assert signal.SIGINT in ours.recv(10)
            assert signal.set_wakeup_fd(-1) == theirs.fileno()
        finally:
            signal.set_wakeup_fd(before)


KILLED = """
import functools, sys
from concurrent.futures import ProcessPoolExecutor
from synapse.experiments import run
from tests.experiments.some_trials import noted

if __name__ == "__main__":
    trial = functools.partial(noted, folder=sys.argv[1], seconds=0.05)
    with ProcessPoolExecutor(2) as pool:
        run(trial, seeds=range(40), store=sys.argv[2], executor=pool if sys.argv[3] == "pool" else None)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
@pytest.mark.parametrize("where", ["here", "pool"])
def test_a_killed_run_is_continued_with_what_is_missing(where, tmp_path):
    folder, path = tmp_path / "calls", tmp_path / "a.db"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(folder), str(path), where]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    while len(calls(folder)) < 10:
        assert process.poll() is None
        time.sleep(0.01)
    half = read_trials(path)  # while it is being written
    trial = functools.partial(noted, folder=str(folder), seconds=0.05)
    with pytest.raises(StoreError, match=r"Another run is writing .*a\.db"):
        run(trial, seeds=range(40), store=path)
    os.killpg(process.pid, signal.SIGKILL)  # its pool, too
    process.wait()
    stored, before = read_trials(path), calls(folder)
    assert same(stored[: len(half)], half) or where == "pool"
    assert 3 <= len(half) <= len(stored) < 40
    whole = run(trial, seeds=range(40), store=path)
    assert whole == [{"seed": seed, "square": seed**2} for seed in range(40)]
    done = {row["seed"] for row in stored}
    assert all(count == before.get(seed, 0) + (seed not in done) for seed, count in calls(folder).items())


# --- sweeps -------------------------------------------------------------------------------------


def test_a_sweep_runs_every_point_with_every_seed(tmp_path, threads):
    grid = {"a": [2, 1], "b": [0.5]}
    found = sweep(product, grid=grid, seeds=[1, 0], store=tmp_path / "a.db", executor=threads)
    assert found == [
        {"seed": seed, "a": a, "b": 0.5, "cost": 0.5 * a + seed, "solved": True}
        for a in (2, 1)
        for seed in (1, 0)
    ]
    assert found.names == ("a", "b")
    assert list(found.by()) == [(2, 0.5), (1, 0.5)]
    assert list(found.by("b")) == [(0.5,)]
    assert found.summary(rate="solved", median="cost").columns()["trials"] == [2, 2]


def test_sweeps_and_runs_of_a_trial_add_up_in_one_store(tmp_path):
    folder, path = tmp_path / "calls", tmp_path / "a.db"
    folder.mkdir()
    trial = functools.partial(noted, folder=str(folder))
    run(trial, seeds=range(3), store=path)
    assert calls(folder) == {0: 1, 1: 1, 2: 1}
    sweep(trial, grid={"seconds": [0.0]}, seeds=range(2), store=path)
    assert calls(folder) == {0: 2, 1: 2, 2: 1}
    sweep(trial, grid={"seconds": [0.001, 0.0]}, seeds=range(3), store=path)
    run(trial, seeds=range(4), store=path)
    assert calls(folder) == {0: 3, 1: 3, 2: 3, 3: 1}
    stored = read_trials(path)
    assert len(stored) == 10
    assert {row.get("seconds") for row in stored} == {None, 0.0, 0.001}


def test_random_points_depend_on_their_seed_only():
    random = {"a": [1, 2, 3], "b": lambda rng: 10 ** rng.uniform(-3, 0)}
    few, many, other = (
        sweep(product, random=random, points=points, seed=seed, seeds=[0])
        for points, seed in ((5, 1), (9, 1), (9, 2))
    )
    assert many[:5] == few
    assert not {row["b"] for row in many} & {row["b"] for row in other}
    assert {row["a"] for row in many} <= {1, 2, 3}
    assert all(1e-3 < row["b"] < 1 for row in many)


def test_random_points_are_combined_with_a_grid():
    stats = pytest.importorskip("scipy.stats")
    found = sweep(
        product, grid={"a": [1, 2]}, random={"b": stats.randint(5, 50)}, points=3, seed=0, seeds=[0]
    )
    assert len(found.by()) == 6
    assert [row["a"] for row in found] == [1, 2] * 3
    assert found[0]["b"] == found[1]["b"]
    assert 5 <= found[0]["b"] < 50
    assert type(found[0]["b"]) is int


def test_equal_points_run_once():
    assert len(sweep(product, grid={"a": [1, 2, 1]}, seeds=[0])) == 2
    assert len(sweep(product, grid={"a": [1, 1.0]}, seeds=[0])) == 2  # an int and a float
    assert len(sweep(product, random={"a": [1, 2]}, points=50, seed=0, seeds=[0])) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Expected a grid or random distributions of the parameters, got neither"),
        ({"grid": {}}, "Expected the grid to be a dict of parameters by name, at least one"),
        ({"grid": {"a": []}}, "Expected the values of 'a' to be at least one, got"),
        ({"grid": {"a": 3}}, "Expected the values of 'a' to be a list of booleans, numbers"),
        ({"grid": {"a": [object()]}}, "Expected the values of 'a' to be booleans, numbers"),
        ({"grid": {"seed": [1]}}, "A parameter of a sweep cannot have the name 'seed'"),
        ({"random": {"a": [1]}}, "Expected `random` and `points` together"),
        ({"grid": {"a": [1]}, "points": 3}, "Expected `random` and `points` together"),
        ({"random": {"a": 3}, "points": 3}, "Expected the distribution of 'a' to be a list, a function"),
        ({"grid": {"a": [1]}, "random": {"a": [1]}, "points": 3}, "'a' is in the grid and random"),
        (
            {"random": {"a": [1]}, "points": 3, "store": "a.db"},
            "Random points need a seed if",
        ),
        ({"grid": {"a": range(10**4), "b": range(10**4)}}, "Expected the points to be at most 10000000"),
    ],
)
def test_points_that_cannot_be(options, sentence):
    with pytest.raises((ArgumentError, KindError), match=sentence):
        sweep(product, seeds=[0], **options)


def test_tracers_work_after_runs_in_threads():
    """Debuggers and coverage hang if Python is left to check for an exception at every instruction."""
    code = (
        "import sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from synapse.experiments import run\n"
        "with ThreadPoolExecutor(1) as threads:\n"
        "    run(lambda seed: {}, seeds=range(3), executor=threads, time_limit=9.0, progress=False)\n"
        "sys.settrace(lambda *_: None)\n"
        "(lambda: 0)()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

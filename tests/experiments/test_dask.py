"""Trials on a Dask cluster of two worker processes."""

import functools
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from synapse.experiments import read_trials, run_trials, sweep
from tests.experiments.some_trials import odd, training
from tests.helpers.processes import python

needed = pytest.mark.skipif(
    find_spec("distributed") is None, reason="needs the extra `dask`"
)
pytestmark = [pytest.mark.slow, needed]
run_trials, sweep = (
    functools.partial(function, progress=False) for function in (run_trials, sweep)
)


@pytest.fixture(scope="module")
def cluster():
    import distributed

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with (
        distributed.LocalCluster(**options, dashboard_address=":0") as several,
        distributed.Client(several) as connected,
    ):
        yield connected.get_executor()


def test_a_cluster_gives_the_same_bits(cluster, tmp_path):
    here = run_trials(training, seeds=range(6))
    path = tmp_path / "a.db"
    there = functools.partial(run_trials, executor=cluster)
    assert there(training, seeds=range(4), store=path) == here[:4]
    assert there(training, seeds=range(6), store=path) == here
    assert read_trials(path) == here
    mixed = run_trials(odd, seeds=range(5))
    assert repr([*there(odd, seeds=range(5))]) == repr([*mixed])
    closure = lambda seed: {"x": here[0]["seed"] + 3}  # noqa: E731
    assert there(closure, seeds=[2])[0] == {"seed": 2, "x": 3}


PAGE = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"


def test_the_scripts_of_the_page_run(tmp_path):
    """The one on a process pool, and then the one on Dask, which goes on with its
    store."""
    text = PAGE.read_text(encoding="utf-8")
    for name, count, output in zip(
        ("study", "cluster"),
        (20, 40),
        (r"\d+ % \(\d+ to \d+\)\n", r"<Trials, 40 trials: solved \d+ %.*>\n"),
    ):
        (tmp_path / f"{name}.py").write_text(
            re.search(rf"<!-- {name} -->\n```py\n(.*?)```", text, re.DOTALL)[1],
            encoding="utf-8",
        )
        printed = python(f"{name}.py", cwd=tmp_path)
        assert len(read_trials(tmp_path / "study.db")) == count
        assert re.fullmatch(output, printed)

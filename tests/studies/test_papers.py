"""Tables of papers: rows, statistics beside published figures, networks of the papers,
short trials."""

import inspect
import pickle

import numpy as np
import pytest

import architect
from studies import papers
from studies.papers import _lags, continual_reber, languages, long_lag, reber, timing
from studies.papers._learn import learn, trainer
from studies.papers._memory_blocks import weight_count
from studies.papers._paper_table import (
    Measure,
    PaperTable,
    Published,
    Row,
    read_results,
)
from studies.papers.mackey_glass import reservoir
from studies.tasks import ContinualReber, NoisyLongLag, TemporalOrder
from synapse import Trainer
from synapse.errors import ArgumentError, UnknownNameError
from synapse.experiments import Trials
from synapse.tasks import Adding, EmbeddedReber, MackeyGlass, Recall
from tests.helpers.cases import all_hold


def halves(seed, size):
    """Even seeds need ten times as many sequences as the size."""
    return {"needed": 10 * size + seed if seed % 2 == 0 else None, "error": seed / size}


TABLE = PaperTable(
    trial=halves,
    rows=[
        Row("small", Published("100 %, 100", "V", 100.0), seeds=20, size=10),
        Row("large", seeds=3, size=1000),
    ],
    measures=[
        Measure("needed", "training sequences"),
        Measure("error", "error", ".2f"),
    ],
)


def test_every_row_has_its_own_seeds_and_the_store_goes_on(tmp_path):
    trials = TABLE.run(progress=False)
    store = tmp_path / "halves.db"
    seeds_of_rows = [(10, i) for i in range(20)] + [(1000, i) for i in range(3)]
    assert [(trial["size"], trial["seed"]) for trial in trials] == seeds_of_rows
    assert len(TABLE.run(2, store=store, progress=False)) == 4
    assert len(TABLE.run(5, store=store, progress=False)) == 5 + 3
    assert TABLE.run(store=store, progress=False) == trials
    lines = TABLE.to_markdown(trials).splitlines()
    assert (
        lines[0]
        == "|  | seeds | solved | training sequences | mean of the solved | error |"
        " published |"
    )
    row = (
        "| small | 20 | 50 % (30 to 70) | - (111 to -) | 109 | 0.95 (0.55 to 1.35) |"
        " 100 %, 100 (V) |"
    )
    assert lines[2] == row
    assert lines[6].startswith("Single runs")
    assert lines[10] == "| large | 3 | 2 of 3 | 10,002 | 10,001 | 0.00 |"
    assert lines[-2:] == ["| small | `size=10` |", "| large | `size=1000` |"]
    assert [row.label for row, _ in TABLE.groups(Trials(trials[20:]))] == ["large"]


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="different labels"):
        PaperTable(halves, [Row("a", size=1), Row("a", size=2)])
    with pytest.raises(UnknownNameError, match="mark"):
        Published("1", "X")
    with pytest.raises(ArgumentError, match="'reber'"):
        papers.get("rebber")


def test_every_table_is_complete():
    """A trial belongs to one row, has the arguments of the trial, and can be sent to
    other processes.

    Each stored trial belongs to a row, and the page has a place for the results.
    """

    def check(name):
        table = papers.get(name)
        assert pickle.loads(pickle.dumps(table.trial)) is table.trial
        for row in table.rows:
            assert row.seeds > 0
            case = {**table.shared, **row.case}
            inspect.signature(table.trial).bind(0, **case)
            assert table.groups(Trials([case])) == [(row, [case])]
        made, trials = read_results(papers.FOLDER / f"{name}.csv")
        assert f": python -m studies {name}" in made
        assert sum(len(group) for _, group in table.groups(trials)) == len(trials)
        page = (papers.FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert (page.count("\n<!-- results -->\n"), f"]({name}.png)" in page) == (
            1,
            True,
        )

    all_hold(check, papers.NAMES)


FEW = {"every": 20, "most": 40}
TINY = {
    "adding": (0, FEW),
    "temporal_order": (5, FEW),
    "multiplication": (0, FEW),
    "long_lag": (8, FEW),
    "lstm1997": (0, {"most": 500}),
    "continual_reber": (0, {"most": 20}),
    "languages": (3, {"strings": 1000}),
    "letters": (0, {"most": 4}),
    "mackey_glass": (0, {"size": 30, "length": 1500}),
    "narma10": (0, {"size": 10, "length": 600}),
    "reber": (0, {"most": 100}),
    "recall": (0, {"most": 500}),
    "timing": (4, {"period": 2, "most": 20}),
    "temporal_xor": (0, {}),
    "lstm_recipe": (0, {}),
}
"""For each table, the number of a row, and a small budget for it."""


@pytest.mark.slow
def test_a_trial_of_every_table_repeats_and_has_its_measures():
    assert set(TINY) == set(papers.NAMES)

    def check(name, number, budget):
        table = papers.get(name)
        case = {**table.shared, **table.rows[number].case, **budget}
        row = table.trial(1000, **case)
        assert repr(row) == repr(table.trial(1000, **case))
        assert {measure.name for measure in table.measures} <= set(row)
        if table.solved and "most" in budget:
            assert row[table.solved] is None

    all_hold(check, {name: (name, *tiny) for name, tiny in TINY.items()})


def two_blocks(task, **changed):
    names = inspect.signature(_lags.network).parameters
    options = {key: value for key, value in _lags.SHARED.items() if key in names}
    return _lags.network(task, 0, **{**options, **changed})


def test_weights_are_counted_as_in_the_papers():
    one_cell = {"output": "logistic", "gate": None, "weights": 0.2}
    networks = {
        "adding": (two_blocks(Adding()), 93),
        "linear cells": (two_blocks(TemporalOrder(), linear=True), 156),
        "noisy long lag": (two_blocks(NoisyLongLag(), cells=1, biases=False), 364),
        "long lag": (long_lag.one_cell(101, 0, linear=False, **one_cell), 10_504),
        "reber, 3 blocks": (reber.NETWORKS["3 blocks of 2"](0), 276),
        "reber, 4 blocks": (reber.NETWORKS["4 blocks of 1"](0), 264),
        "timing, peepholes": (timing.network(True, "paper", "logistic", 0), 17),
        "timing": (timing.network(False, "closed", "identity", 0), 14),
        "a^n b^n": (languages.network("ab", "paper", 0), 38),
        "a^n b^n c^n": (languages.network("abc", "paper", 0), 90),
        "counters": (languages.network("abc", "counters", 0), 58),
    }
    assert {name: weight_count(net) for name, (net, _) in networks.items()} == {
        name: count for name, (_, count) in networks.items()
    }


def test_the_reservoir_is_that_of_the_report():
    """x(t) = (1 - a C) x(t - 1) + C tanh(W x(t - 1) + v y(t) + constant), all units at
    once."""
    net = reservoir(40, seed=3)
    pool = {neuron: i for i, neuron in enumerate(net["pool"])}
    within = np.zeros((40, 40))
    from_input = np.zeros(40)
    for i, neuron in enumerate(net["drive"]):
        for link in neuron.incoming:
            if link.source in pool:
                within[i, pool[link.source]] = link.weight
            else:
                from_input[i] = link.weight
    constant = net["drive"].biases
    readout = np.array([link.weight for link in net.output[0].incoming])
    assert np.abs(np.linalg.eigvals(within)).max() == pytest.approx(0.79)
    assert (within != 0).sum() == 200
    assert set(np.abs(constant).round(12)) == {0.0, 0.028}

    series = MackeyGlass(length=60).sample(1).inputs
    outputs = net.run(series)[:, 0]
    x = np.zeros(40)
    for t, point in enumerate(series[:, 0]):
        x = (1 - 0.9 * 0.44) * x + 0.44 * np.tanh(
            within @ x + from_input * point + constant
        )
        assert outputs[t] == pytest.approx(readout @ x + net.output[0].bias, abs=1e-12)


class Oracle:
    """A network that knows a stream, and errs once."""

    def __init__(self, stream, wrong):
        self.rows = stream.take(5000).targets
        self.rows[wrong] = 1 - self.rows[wrong]
        self.at = 0

    def clear(self):
        pass

    def run(self, rows):
        self.at += len(rows)
        return self.rows[self.at - len(rows) : self.at]


def test_right_symbols_are_those_before_the_first_error(monkeypatch):
    monkeypatch.setattr(
        continual_reber, "preserved_context", lambda network: np.errstate()
    )

    def right(wrong, *limit):
        return continual_reber.right_symbols(
            Oracle(ContinualReber().stream(3), wrong), 3, *limit
        )

    assert [right(wrong) for wrong in (0, 199, 200, 3456)] == [0, 199, 200, 3456]
    assert right(3000, 2500) == 2500


@pytest.mark.slow
def test_learning_ends_when_the_task_is_solved():
    net = architect.LSTM(
        6, 7, 2, style="synaptic", cell_squash="identity", peepholes=None, seed=0
    )
    outcome = learn(
        Recall(), trainer(net, "online", 0.1), 0, every=500, most=20_000, measured=500
    )
    assert outcome["needed"] == outcome["trained"] < 20_000
    assert outcome["needed"] % 500 == 0
    assert outcome["wrong"] < 60


def test_learning_ends_at_the_limit_or_by_divergence():
    limited = trainer(architect.Elman(7, 3, 7, seed=0), "online", 0.01)
    net = architect.Elman(7, 3, 7, output_squash="identity", seed=0)
    for made, measured, expected in (
        (limited, 10, {"needed": None, "trained": 60, "wrong": 10}),
        (Trainer(net, 10.0), 1, {"needed": None, "diverged": True}),
    ):
        budget = {"every": 20, "most": 60, "measured": measured}
        outcome = learn(EmbeddedReber(), made, 0, **budget)
        assert expected.items() <= outcome.items()

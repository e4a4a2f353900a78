"""Tables: rows, statistics beside published figures, and the trials of the loop that they share."""

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentError, UnknownNameError
from synapse.experiments import Trials, tables
from synapse.experiments.tables import Measure, Published, Row, Table
from synapse.experiments.tables._learn import RULES, learn, trainer
from synapse.tasks import EmbeddedReber, Recall


def halves(seed, size):
    """Even seeds need ten times as many sequences as the size."""
    return {"needed": 10 * size + seed if seed % 2 == 0 else None, "error": seed / size}


def with_an_extra(seed, size, extra=0):
    return {"needed": size + extra}


TABLE = Table(
    name="halves",
    title="Halves",
    text="Even seeds solve it.",
    trial=halves,
    rows=[
        Row("small", {"size": 10}, Published("100 %, 100", "V", 100.0), seeds=9),
        Row("large", {"size": 1000}, seeds=3),
    ],
    measures=[Measure("needed", "training sequences"), Measure("error", "error", ".2f")],
)


def test_every_row_has_its_own_seeds():
    trials = TABLE.run(progress=False)
    assert [(one["size"], one["seed"]) for one in trials] == [(10, i) for i in range(9)] + [
        (1000, i) for i in range(3)
    ]
    assert len(TABLE.run(2, progress=False)) == 4


def test_markdown_beside_the_published_figures():
    lines = TABLE.to_markdown(TABLE.run(progress=False)).splitlines()
    assert lines[0] == "|  | seeds | solved | training sequences | error | published |"
    assert (
        lines[2] == "| small | 9 | 56 % (27 to 81) | 108 (102 to -) | 0.40 (0.10 to 0.70) | 100 %, 100 (V) |"
    )
    assert lines[3].startswith("| large | 3 | 67 % ")


def test_rows_without_trials_are_left_out():
    some = TABLE.run(progress=False)[9:]
    assert [row.label for row, _ in TABLE.groups(Trials(some))] == ["large"]


def test_rows_may_have_different_arguments():
    rows = [Row("plain", {"size": 1}, seeds=2), Row("more", {"size": 1, "extra": 2}, seeds=1)]
    table = Table("extra", "Extra", "", with_an_extra, rows)
    groups = table.groups(table.run(progress=False))
    assert [[one["needed"] for one in group] for _, group in groups] == [[1, 1], [3]]


def test_the_store_goes_on(tmp_path):
    store = tmp_path / "halves.db"
    first = TABLE.run(2, store=store, progress=False)
    assert TABLE.run(store=store, progress=False) == TABLE.run(progress=False)
    assert len(first) == 4


def test_labels_are_unique():
    with pytest.raises(ArgumentError, match="different labels"):
        Table("twice", "", "", halves, [Row("a", {"size": 1}), Row("a", {"size": 2})])


def test_a_mark_is_one_of_three():
    with pytest.raises(UnknownNameError, match="mark"):
        Published("1", "X")


@pytest.mark.parametrize("name", tables.NAMES)
def test_tables_of_the_library(name):
    """Every table is complete, and its trials can be sent to other processes."""
    table = tables.get(name)
    assert table.name == name
    assert table.title
    assert table.text
    assert getattr(__import__(table.trial.__module__, fromlist=["_"]), table.trial.__name__) is table.trial
    assert all(row.seeds > 0 for row in table.rows)


def test_an_unknown_table():
    with pytest.raises(ArgumentError, match="'reber'"):
        tables.get("rebber")


# --- the loop of a trial ---------------------------------------------------------------------------


def network(seed):
    return architect.LSTM(6, 7, 2, style="synaptic", cell_squash="identity", peepholes=None, seed=seed)


def test_learning_ends_when_the_task_is_solved():
    task = Recall()
    found = learn(task, trainer(network(0), "online", 0.1), 0, every=500, most=20_000, measured=500)
    assert found["needed"] == found["trained"] < 20_000
    assert found["needed"] % 500 == 0
    assert found["wrong"] < 60
    again = learn(task, trainer(network(0), "online", 0.1), 0, every=500, most=20_000, measured=500)
    assert again == found


def test_learning_ends_at_the_limit():
    learner = trainer(architect.Elman(7, 3, 7, seed=0), "online", 0.01)
    found = learn(EmbeddedReber(), learner, 0, every=20, most=60, measured=10)
    assert (found["needed"], found["trained"], found["wrong"]) == (None, 60, 10)


def test_divergence_is_a_result():
    net = architect.Elman(7, 3, 7, output_squash="identity", seed=0)
    found = learn(EmbeddedReber(), Trainer(net, 10.0), 0, every=20, most=60, measured=1)
    assert found["diverged"]
    assert found["needed"] is None


@pytest.mark.parametrize("rule", RULES)
def test_rules_of_the_tables_change_weights(rule):
    net = architect.Elman(7, 3, 7, seed=0)
    before = net.weights.copy()
    learn(EmbeddedReber(), trainer(net, rule, 0.01), 0, every=20, most=20, measured=1)
    assert not np.array_equal(before, net.weights)

"""The benchmarks run, write their files and compare medians. No time is asserted."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import architect
import synapse
from benchmarks import epochs, forecasts, gradients, report, steps, trials
from benchmarks.__main__ import main
from benchmarks.cases import ROWS, Case, read_samples, samples, write_samples
from benchmarks.peers import PEERS, chosen
from benchmarks.peers.cell import Cell
from benchmarks.peers.recurrent import Dense

from .full_disk import full_disk

NUMPY = next(peer for peer in PEERS if peer.name == "numpy")


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A quick run, bound to a core; the tests that follow get theirs back."""
    import os

    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    folder = tmp_path_factory.mktemp("quick")
    try:
        rows, tables = "2-3-1,lstm-2-3-1,activate-2-3-1", "steps,calls,growth,gradients,batches,structure"
        options = ["--rows", rows, "--peers", "synapse,numpy", "--only", tables, "--largest", "3"]
        main(["--quick", *options, "--out", str(folder)])
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    return folder


@pytest.mark.slow
def test_quick_run_writes_its_files(quick):
    results = json.loads((quick / "results.json").read_text())
    ours = [cell for cell in results["steps"] if cell["peer"] == "synapse"]
    assert [cell["row"] for cell in ours] == ["2-3-1", "lstm-2-3-1", "activate-2-3-1"]
    for cell in ours:
        assert cell["status"] == "ok"
        assert cell["finite"]
        assert cell["learning"]["learnt"], cell["learning"]
        assert len(cell["microseconds"]) == 3
    assert {"machine", "versions", "command", "calls", "growth", "gradients", "batches", "structure"} <= set(
        results
    )
    assert all(task["status"] == "ok" for task in results["gradients"])
    assert all(point["status"] == "ok" and point["finite"] for point in results["growth"])
    assert all(result["status"] == "ok" for name in ("batches", "structure") for result in results[name])
    text = (quick / "results.md").read_text()
    assert "| 2-3-1 |" in text
    assert "| LSTM 2-3-1 |" in text


@pytest.mark.slow
def test_quick_run_draws(quick):
    pytest.importorskip("matplotlib")
    assert (quick / "time_per_step.png").stat().st_size > 10_000


def cell(peer, times, row="2-3-1", less=False):
    found = {
        "row": row,
        "peer": peer,
        "label": peer,
        "learns_less": less,
        "status": "ok",
        "microseconds": times,
    }
    return steps.summed_up(found)


def test_ratios_are_of_medians():
    numpy, torch = cell("numpy", [30.0, 8.0, 0.1]), cell("torch", [9.0, 9.0, 9.0])
    cells = [cell("synapse", [1.0, 2.0, 90.0]), numpy, torch]
    assert steps.best_peer(cells, "2-3-1") == ("numpy", 4.0)


def test_who_learns_less_is_not_the_best_and_nor_are_we():
    cells = [cell("synapse", [2.0]), cell("synapse-f32", [1.0]), cell("torch", [1.0], less=True)]
    assert steps.best_peer(cells, "2-3-1") is None
    assert steps.best_peer([*cells, cell("neataptic", [5.0])], "2-3-1") == ("neataptic", 2.5)


def test_summary_without_repeats():
    assert "median" not in cell("numpy", [])


@pytest.mark.parametrize("key", ROWS)
def test_rows_have_names_that_name_them(key):
    assert Case.named(key).key == key


def test_connections_of_an_lstm():
    assert Case.named("lstm-6-8-6").connections == 476


def test_a_row_that_is_none():
    with pytest.raises(SystemExit, match="Expected a row such as"):
        Case.named("gru-2-3-1")


def test_peers_by_family_and_by_name():
    assert [peer.name for peer in chosen("numpy,torch")] == ["numpy", "numpy-f32", "torch"]
    with pytest.raises(SystemExit, match="no peer"):
        chosen("tensorflow")


def test_samples_survive_the_file(tmp_path):
    case = Case.named("lstm-6-8-6")
    for given, read in zip(samples(case), read_samples(str(write_samples(case, tmp_path)), case.sizes)):
        np.testing.assert_array_equal(given, read)


def test_a_cell_that_cannot_run_says_why(tmp_path):
    lstm = Cell(NUMPY, Case.named("lstm-6-8-6"), tmp_path, 1.0)
    lstm.start()
    assert lstm.result["status"] == "has no such network"
    assert not lstm.running


def test_a_cell_over_its_cap_is_ended(tmp_path):
    case = Case.named("2-3-1")
    slow = Cell(NUMPY, case, write_samples(case, tmp_path), 20.0)
    slow.start()
    slow.left = 0.2
    assert slow.ask("measure", 30.0) is None
    assert slow.result["status"] == "over the cap of 20 s (measure)"
    assert not slow.running


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("row", ["lstm-2-3-1", "3-4-2"])
def test_gradients_that_are_compared_are_of_one_loss(row):
    pytest.importorskip("torch")
    losses = [work() for work in gradients.works_of(Case.named(row), 4).values()]
    assert len(losses) == 3
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_dense_form_computes_the_same_gradient(library):
    ops = pytest.importorskip(library)
    net = architect.Elman(3, 5, 2, seed=0)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1.0, 1.0, (12, 3)), rng.random((12, 2))
    weights, readout = Dense(net, ops).gradient(x, y)
    links, gradient = (
        {id(link): k for k, link in enumerate(net.connections)},
        synapse.learning.gradient(net, x, y),
    )
    biases = {id(neuron): k for k, neuron in enumerate(net)}
    for layer, found in ((net.hidden[-1], weights), (net.output, readout)):
        for neuron, row in zip(layer, found):
            incoming = [gradient.weights[links[id(link)]] for link in neuron.incoming]
            np.testing.assert_allclose(row[:-1], incoming, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(row[-1], gradient.biases[biases[id(neuron)]], rtol=1e-10)


def test_table_of_gradients():
    cells = {
        name: {"median": median, "least": 1.0, "most": 9.0, "loss": 2.0}
        for name, median in (("synapse", 3.0), ("synapse-f32", 2.0), ("torch", 5.0))
    }
    tasks = [
        {"row": "lstm-6-8-6", "batch": 32, "threads": 1, "status": "ok", "cells": cells},
        {"row": "2-3-1", "batch": 1, "threads": 1, "status": "failed: no"},
    ]
    text = gradients.gradients_table(tasks)
    assert (
        "| LSTM 6-8-6 | 32 | 1 | 3.00 (1.00 to 9.00) | 2.00 (1.00 to 9.00) | 5.00 (1.00 to 9.00) | 2.50 x |"
        in text
    )
    assert "| 2-3-1 | 1 | 1 | - | - | - | - | - | failed: no |" in text


def test_a_table_that_is_none():
    with pytest.raises(SystemExit, match="There is no table 'speed'"):
        main(["--only", "speed"])


def test_trials_are_timed_and_tabled():
    with ThreadPoolExecutor(2) as pool:
        times = [trials.seconds_per_trial(trials.empty, 3, pool) for _ in range(3)]
    assert min(times) > 0
    one, two = {"all": [0.2, 0.2, 0.4], "median": 0.2}, {"all": [0.1, 0.1, 0.4], "median": 0.1}
    trained = {"this process": one, "threads, 1": one, "threads, 2": two}
    found = {"status": "ok", "overhead": {"threads": trials.summary(times)}, "throughput": trained}
    lines = "\n".join(trials.text(found))
    assert "| threads | 200 | 100 | 2.00 |" in lines
    assert trials.text({"status": "failed: no memory"}) == ["failed: no memory\n"]


def test_labels_keep_apart():
    pytest.importorskip("matplotlib")
    from benchmarks import plot

    heights = sorted(plot.spread([0.5, 0.52, 0.51, 0.0, 1.0, 0.99], 0.05, 0.01, 0.99))
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 0.05 - 1e-12
    assert heights[0] >= 0.01
    assert heights[-1] <= 0.99


def test_on_a_full_disk_the_old_results_and_pictures_stay(tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from benchmarks import plot
    from demos import _common

    for name in ("results.json", "results.md", "picture.png"):
        (tmp_path / name).write_text("old")
    run = json.loads((plot.Path(plot.__file__).parent / "results" / "results.json").read_text())
    writers = (
        lambda: report.write(run, tmp_path),
        lambda: plot.draw(run, tmp_path / "picture.png"),
        lambda: _common.save_figure(pyplot.figure(), tmp_path / "picture.png"),
    )
    for write in writers:
        with full_disk(), pytest.raises(OSError, match="File too large"):
            write()
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}
    assert len(list(tmp_path.iterdir())) == 3


def test_the_fastest_trainer_of_a_row_is_bold():
    def times(median):
        return {"median": median, "least": median, "most": median}

    rows = {"ahead": {"Synapse": times(1.0), "Synaptic": times(2.0)}, "alone": {"Synapse": times(3.0)}}
    rows["behind"] = {"Synapse": times(2.0), "Synaptic": times(1.0)}
    lines = "\n".join(epochs.text({"rows": rows}))
    assert "| ahead | **1.00 (1.00 to 1.00)** | 2.00 (2.00 to 2.00) |" in lines
    assert "| behind | 2.00 (2.00 to 2.00) | **1.00 (1.00 to 1.00)** |" in lines
    assert "| alone | **3.00 (3.00 to 3.00)** | - |" in lines


def test_forecasts_are_timed_beside_runs(monkeypatch):
    monkeypatch.setattr(forecasts, "STEPS", 50)
    calls = forecasts.calls_of("Elman", (1, 3, 1))
    times = {name: forecasts.summary([forecasts.microseconds_of(call, 0.0)]) for name, call in calls.items()}
    lines = "\n".join(forecasts.text({"rows": {"Elman 1-3-1": times}}))
    assert "| Elman 1-3-1 |" in lines
    assert lines.count("(") == 3  # one in the introduction

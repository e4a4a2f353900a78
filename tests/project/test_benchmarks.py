"""The benchmarks run, write their files and compare medians. No time is asserted."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import architect
import synapse
from benchmarks import report, steps
from benchmarks.__main__ import main
from benchmarks.peers.recurrent import Dense
from tests.helpers.full_disk import full_disk
from tests.helpers.processes import python


@pytest.mark.slow
def test_quick_run_writes_its_files(tmp_path):
    """A quick run is bound to a core; the tests that follow get theirs back."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    try:
        rows = "2-3-1,lstm-2-3-1,activate-2-3-1"
        tables = "steps,calls,growth,gradients,batches,streams,structure,edits,large"
        options = [
            "--rows",
            rows,
            "--peers",
            "synapse,numpy",
            "--only",
            tables,
            "--largest",
            "3",
        ]
        main(["--quick", *options, "--out", str(tmp_path)])
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    results = json.loads((tmp_path / "results.json").read_text())
    ours = [cell for cell in results["steps"] if cell["peer"] == "synapse"]
    assert [cell["row"] for cell in ours] == ["2-3-1", "lstm-2-3-1", "activate-2-3-1"]
    for cell in ours:
        assert cell["status"] == "ok"
        assert cell["finite"]
        assert cell["learning"]["learnt"], cell["learning"]
        assert len(cell["microseconds"]) == 3
    assert {"machine", "versions", "command", *tables.split(",")} <= set(results)
    assert all(task["status"] == "ok" for task in results["gradients"])
    assert all(
        point["status"] == "ok" and point["finite"] for point in results["growth"]
    )
    assert all(
        result["status"] == "ok"
        for name in ("batches", "streams", "structure", "edits")
        for result in results[name]
    )
    text = (tmp_path / "results.md").read_text()
    assert "| 2-3-1 |" in text
    assert "| LSTM 2-3-1 |" in text


@pytest.mark.slow
def test_processes_are_measured_beside_threads():
    small = "from benchmarks import workers; del workers.ROWS[1:]; workers.main()"
    name, *cells = python("-c", small).strip().splitlines()[-1].strip("| ").split(" | ")
    assert name == "2-3-1, batch 4"
    assert len([float(cell.removesuffix(" x")) for cell in cells]) == 7


def cell(peer, times, row="2-3-1", less=False):
    figures = {
        "row": row,
        "peer": peer,
        "label": peer,
        "learns_less": less,
        "status": "ok",
        "microseconds": times,
    }
    return steps.summed_up(figures)


def test_the_best_peer_is_by_medians_and_learns_as_much():
    numpy, torch = cell("numpy", [30.0, 8.0, 0.1]), cell("torch", [9.0, 9.0, 9.0])
    cells = [cell("synapse", [1.0, 2.0, 90.0]), numpy, torch]
    assert steps.best_peer(cells, "2-3-1") == ("numpy", 4.0)
    cells = [
        cell("synapse", [2.0]),
        cell("synapse-f32", [1.0]),
        cell("torch", [1.0], less=True),
    ]
    assert steps.best_peer(cells, "2-3-1") is None
    assert steps.best_peer([*cells, cell("neataptic", [5.0])], "2-3-1") == (
        "neataptic",
        2.5,
    )


@pytest.mark.parametrize(
    "library", ["numpy", pytest.param("torch", marks=pytest.mark.torch)]
)
def test_the_dense_form_computes_the_same_gradient(library):
    ops = pytest.importorskip(library)
    net = architect.Elman(3, 5, 2, seed=0)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, (12, 3))
    y = rng.random((12, 2))
    weights, readout = Dense(net, ops).gradient(x, y)
    links = {id(link): k for k, link in enumerate(net.connections)}
    gradient = synapse.learning.gradient(net, x, y)
    biases = {id(neuron): k for k, neuron in enumerate(net)}
    for layer, rows in ((net.hidden[-1], weights), (net.output, readout)):
        for neuron, row in zip(layer, rows):
            incoming = [gradient.weights[links[id(link)]] for link in neuron.incoming]
            np.testing.assert_allclose(row[:-1], incoming, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(
                row[-1], gradient.biases[biases[id(neuron)]], rtol=1e-10
            )


def test_on_a_full_disk_the_old_results_and_pictures_stay(tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from benchmarks import plot
    from demos import _common

    for name in ("results.json", "results.md", "picture.png"):
        (tmp_path / name).write_text("old")
    run = json.loads(
        (plot.Path(plot.__file__).parent / "results" / "results.json").read_text()
    )
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

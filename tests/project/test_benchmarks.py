"""The benchmarks run, write their files and compare medians. No time is asserted."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

import architect
import synapse
from benchmarks import brain, instructions, report, steps, variants
from benchmarks.__main__ import main
from benchmarks.peers.recurrent import Dense
from tests.helpers.full_disk import full_disk
from tests.helpers.processes import python

TABLES = "steps,calls,growth,gradients,batches,streams,delays,structure,edits,large"


@pytest.mark.slow
def test_quick_run_writes_its_files(tmp_path):
    """A quick run is bound to a core; the tests that follow get theirs back."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    try:
        words = f"--quick --rows 2-3-1,lstm-2-3-1,activate-2-3-1 --only {TABLES}"
        words += f" --peers synapse,numpy --largest 3 --out {tmp_path}"
        main(words.split())
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    results = json.loads((tmp_path / "results.json").read_text())
    ours = [cell for cell in results["steps"] if cell["peer"] == "synapse"]
    assert [cell["row"] for cell in ours] == ["2-3-1", "lstm-2-3-1", "activate-2-3-1"]
    for cell in ours:
        assert (cell["status"], len(cell["microseconds"])) == ("ok", 3)
        assert cell["finite"]
        assert cell["learning"]["learnt"], cell["learning"]
    assert {"machine", "versions", "command", *TABLES.split(",")} <= set(results)
    names = "gradients", "growth", "batches", "streams", "structure", "edits"
    parts = [*(part for name in names for part in results[name]), results["delays"]]
    assert {part["status"] for part in parts} == {"ok"}
    assert all(point["finite"] for point in results["growth"])
    text = (tmp_path / "results.md").read_text()
    assert "| 2-3-1 |" in text
    assert "| LSTM 2-3-1 |" in text


FOLLOWED = {"Synapse": "x86-64-v3", "NumPy": "X86_V3", "MKL": instructions.UNCHECKED}


@pytest.mark.parametrize(
    ("words", "found", "message"),
    [
        (["--cpu"], {}, r"Expected --cpu and one of .*x86-64-v4, got ''"),
        (["--cpu=haswell"], {}, "Expected --cpu and one of .*, got 'haswell'"),
        (["--cpu", "x86-64-v4"], {}, "x86-64-v4 is above what this machine has, x86-6"),
        (
            ["--cpu=x86-64-v3"],
            {"OpenBLAS": "SkylakeX"},
            "no effect on OpenBLAS, which should use Haswell .* and uses SkylakeX",
        ),
    ],
)
def test_instructions_that_cannot_be_used_end_the_run(
    words, found, message, monkeypatch
):
    monkeypatch.setattr(instructions.os, "environ", dict(os.environ))
    monkeypatch.setattr(instructions, "own_level", lambda: "x86-64-v3")
    monkeypatch.setattr(instructions, "in_effect", lambda: FOLLOWED | found)
    with pytest.raises(SystemExit, match=message):
        instructions.take(["-m", *words])


def test_tables_that_are_not_measured_are_not_removed(tmp_path):
    """Unless a run names another folder, or keeps them (--again)."""
    results = tmp_path / "results.json"
    results.write_text('{"machine": {}, "steps": {}, "files": {}}')
    with pytest.raises(SystemExit, match=r"not measured now: files\. Pass --again"):
        main(["--only", "steps", "--out", str(tmp_path)])
    assert "files" in results.read_text()


def test_the_option_of_instructions_sets_all_libraries(monkeypatch):
    monkeypatch.setattr(instructions.os, "environ", dict(os.environ))
    monkeypatch.setattr(instructions, "own_level", lambda: "x86-64-v4")
    monkeypatch.setattr(instructions, "in_effect", lambda: FOLLOWED)
    words = ["-m", "--quick", "--cpu", "x86-64-v3", "LSTM"]
    instructions.take(words)
    assert words == ["-m", "--quick", "LSTM"]
    level = "x86-64-v3"
    assert (instructions.level(), instructions.march()) == (level, f"-march={level}")
    variables = "ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE"
    assert [os.environ[each] for each in variables] == ["avx2", "Haswell"]


@pytest.mark.slow
@pytest.mark.skipif(
    instructions.own_level() not in instructions.LABELS, reason="needs AVX2 or AVX-512"
)
def test_the_libraries_here_follow_the_option():
    """The highest level and those below; each run ends if a library does not."""
    for level in instructions.LABELS:
        if level <= instructions.own_level():
            python("-m", "benchmarks.memory", "--cpu", level)


def cell(peer, times, row="2-3-1", less=False):
    names = {"row": row, "peer": peer, "label": peer, "learns_less": less}
    return steps.summed_up({**names, "status": "ok", "microseconds": times})


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
    gradient = synapse.learning.gradient(net, x, y)
    links = {id(link): k for k, link in enumerate(net.connections)}
    biases = {id(neuron): k for k, neuron in enumerate(net)}
    for layer, rows in ((net.hidden[-1], weights), (net.output, readout)):
        for neuron, row in zip(layer, rows):
            incoming = [gradient.weights[links[id(link)]] for link in neuron.incoming]
            expected = [*incoming, gradient.biases[biases[id(neuron)]]]
            np.testing.assert_allclose(row, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.full
def test_on_a_full_disk_the_old_results_and_pictures_stay(tmp_path):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    from benchmarks import page, plot
    from demos import _common

    for name in ("results.json", "results.md", "picture.png"):
        (tmp_path / name).write_text("old")
    run = json.loads(next(page.RESULTS.glob("x86-64-v*/results.json")).read_text())
    writers = (
        lambda: report.write(run, tmp_path),
        lambda: plot.draw(run, tmp_path / "picture.png"),
        lambda: _common.save_figure(pyplot.figure(), tmp_path / "picture.png"),
    )
    for write in writers:
        with full_disk(), pytest.raises(OSError, match="File too large"):
            write()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"] * 3


def equations(wires, driven, kicks, steady):
    """Spikes and voltages of the fly's cells by plain arithmetic, as in the paper: the
    exact solution of a step of 0.1 ms, then spikes, what arrives, and resets."""
    source, target, weight = wires
    cells = len(steady)
    v, g = np.zeros(cells), np.zeros(cells)
    latest = np.full(cells, -1000)
    arriving = np.zeros((19, cells))  # by the step in which it arrives
    by_voltage, by_current = np.exp(-0.1 / 20.0), np.exp(-0.1 / 5.0)
    spikes, voltages = [], []
    for t, outside in enumerate(kicks):
        is_ready = t - latest >= 22
        of_current = (by_voltage - by_current) * 5.0 / 15.0
        moved = by_voltage * v + (1.0 - by_voltage) * steady + of_current * g
        v = np.where(is_ready, moved, v)
        g = by_current * g
        fired = is_ready & (v > 7.0)
        latest[fired] = t
        voltages.append(v.copy())
        np.add.at(arriving[(t + 18) % 19], target, weight * fired[source])
        g += arriving[t % 19]
        arriving[t % 19] = 0.0
        np.add.at(v, driven, 68.75 * outside * (t - latest[driven] >= 22))
        v[fired] = 0.0
        spikes.append(fired)
    return np.array(spikes), np.array(voltages)


def run_cells(wires, driven, kicks, steady):
    """Spikes and voltages of the same cells in the benchmark's network."""
    net = brain.network_of(wires, driven, steady, np.float64)
    with synapse.record(net) as log:
        net.run(kicks)
    spikes = log.of(net["fired"]) == 1.0
    net.clear()
    counts = net.run(kicks, traces=False)  # by events, as the benchmark runs it
    assert counts.ravel().tolist() == spikes.sum(axis=1).tolist()
    return spikes, log.of(net["voltage"])


def test_a_cell_of_the_fly_is_reset_and_refractory_as_the_equations_say():
    """Driven by a constant 10 mV it fires after 241 updates, and then every 21 steps of
    rest and 241 updates; Brian2 2.9 prints the same 240, 502, 764."""
    wires = np.array([0]), np.array([1]), np.array([0.275])
    still = np.zeros((800, 1))
    spikes, voltages = run_cells(wires, np.array([1]), still, np.array([10.0, 0.0]))
    assert np.flatnonzero(spikes[:, 0]).tolist() == [240, 502, 764]
    after = voltages[240:264, 0]
    assert after[0] > 7.0
    assert (after[1:22] == 0.0).all()
    assert after[22:] == pytest.approx(10.0 - 10.0 * np.exp(-np.arange(1, 3) / 200.0))


@pytest.mark.parametrize("seed", range(3))
def test_cells_of_the_fly_fire_when_the_equations_say(seed):
    """Forty cells that excite and inhibit each other, some of them with a constant
    drive, some kicked from outside, often while they are refractory."""
    rng = np.random.default_rng(seed)
    pairs = rng.permutation(40 * 39)[:400]
    source, target = pairs // 39, pairs % 39
    target += target >= source
    wires = source, target, rng.normal(8.0, 25.0, 400)
    driven = rng.permutation(40)[:6]
    kicks = (rng.random((1500, 6)) < 0.03).astype(float)
    steady = np.where(rng.random(40) < 0.3, rng.uniform(8.0, 20.0, 40), 0.0)
    spikes, voltages = run_cells(wires, driven, kicks, steady)
    expected, levels = equations(wires, driven, kicks, steady)
    assert 500 < expected.sum() < 4000
    np.testing.assert_array_equal(spikes, expected)
    np.testing.assert_allclose(voltages, levels, atol=1e-9)


MEASURED = (variants.RESULTS / "variants.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "variant",
    [low for low, _ in variants.CONSTANTS if f"| {low.name.split()[0]} = " in MEASURED],
    ids=lambda each: each.name,
)
def test_a_measured_constant_has_its_figures_beside_it(variant):
    name = variant.name.partition(" = ")[0]
    text = variant.path(variants.ROOT).read_text(encoding="utf-8")
    after = text.partition(f"\n{name.rpartition('.')[2]} = ")[2]
    told = " ".join(after.partition('"""')[2].partition('"""')[0].split())
    command = re.search(r"python -m benchmarks.variants ([\w.]+)", told)
    assert command is not None
    assert command[1] in name


@pytest.mark.full
@pytest.mark.parametrize("variant", variants.VARIANTS, ids=lambda each: each.name)
def test_the_sources_have_what_a_variant_changes(variant):
    from benchmarks.variant_rows import ROWS

    text = variant.path(variants.ROOT).read_text(encoding="utf-8")
    assert all(text.count(present) == 1 for present, _ in variant.changes)
    assert all(present != other for present, other in variant.changes)
    assert set(variant.rows) <= ROWS.keys()

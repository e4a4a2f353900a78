"""Measured figures that pages repeat are those of the files of results."""

import json
import re
from pathlib import Path
from statistics import median

import pytest

from benchmarks import chart, page

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results"
RUN = json.loads((RESULTS / "results.json").read_text())
MEASURED = [row for row in RUN["steps"] if row.get("microseconds")]
STEPS = {(row["row"], row["peer"]): median(row["microseconds"]) for row in MEASURED}
CELLS = [row["cells"] for row in RUN["gradients"]]
RATIOS = [cells["torch"]["median"] / cells["synapse-f32"]["median"] for cells in CELLS]
LARGE = {row["kind"]: row for row in RUN["structure"]}
ONLINE = [
    STEPS["lstm-100-100-20", peer] for peer in ("synapse", "neataptic", "synaptic")
]
GRADIENTS = [min(RATIOS), max(RATIOS), len(RATIOS)]
FIGURES = [
    (
        "README.md",
        r"takes {} µs; in Neataptic it takes {} µs and in Synaptic {} µs",
        ONLINE,
    ),
    (
        "README.md",
        "{} to {} times as fast as PyTorch in all {} rows",
        GRADIENTS,
    ),
    (
        "README.md",
        (
            "10^6 dense connections, adding a connection and running the next step"
            " takes {} ms"
        ),
        [1e3 * LARGE["dense"]["edits"]["a connection added"]["median"]],
    ),
    (
        "docs/index.md",
        "An online step of an LSTM 100-100-20 takes {} µs, in Synaptic {} µs",
        ONLINE[::2],
    ),
    (
        "paper/paper.md",
        "takes {} µs in Synapse, {} µs in Neataptic and {} µs in Synaptic",
        ONLINE,
    ),
    (
        "paper/paper.md",
        "{} to {} times as fast as PyTorch in all {} rows",
        GRADIENTS,
    ),
]


def agrees(text, value):
    """Whether a figure is the value, rounded as it is written."""
    digits = len(re.sub(r"^0+", "", re.sub(r"[^\d]", "", text)))
    return float(text.replace(",", "")) == float(f"{value:.{digits}g}")


@pytest.mark.parametrize(("page", "sentence", "values"), FIGURES)
def test_a_sentence_repeats_what_was_measured(page, sentence, values):
    pattern = (
        re.escape(sentence)
        .replace(r"\{\}", r"([\d.,]*\d)")
        .replace(r"\.\*\?", ".*?")
        .replace(r"\ ", r"\s+")
    )
    (told,) = re.findall(pattern, (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    told = [told] if isinstance(told, str) else told
    assert [
        figure
        for figure, value in zip(told, values, strict=True)
        if not agrees(figure, value)
    ] == []


def test_the_page_of_performance_is_what_the_benchmark_writes(tmp_path):
    (tmp_path / "_static").mkdir()
    page.write([RESULTS / "results.json"], tmp_path)
    written = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert (ROOT / "docs/performance.md").read_text(encoding="utf-8") == written, (
        "Write it anew: python -m benchmarks --page benchmarks/results/results.json"
    )
    ahead, behind = (
        (tmp_path / page.CHART).read_text().count(f"fill: {colour.lower()}")
        for colour in (chart.AHEAD, chart.BEHIND)
    )
    rows = [row for name in page.SUBJECTS for row in page.compared(RUN, name)]
    ratios = [row.ratio for row in rows if row.theirs is not None]
    assert ahead + behind == len(ratios)
    assert behind == sum(ratio < 1 for ratio in ratios)


def test_a_second_machine_becomes_more_columns_and_a_peer_ahead_is_bold():
    other = json.loads(json.dumps(RUN))
    for times in other["epochs"]["rows"].values():
        times["Synaptic"]["median"] = times["Synapse"]["median"] / 2
    lines = page.table_of([RUN, other], "epochs").splitlines()
    assert lines[0].count("Synapse, µs") == 2
    assert all(line.endswith("| **0.500 x** |") for line in lines[2:])


def test_the_page_hides_no_row_in_which_a_peer_is_further_ahead():
    for name in page.SUBJECTS:
        measured, on_page = (
            [row.ratio for row in rows(RUN, name) if row.theirs is not None]
            for rows in (page.compared, page.shown)
        )
        assert min(measured) == min(on_page), name


def test_files_without_results_are_refused(tmp_path):
    (tmp_path / "results.json").write_text("{}")
    for path in (tmp_path / "results.json", tmp_path / "missing.json"):
        with pytest.raises(SystemExit, match="Expected a file of results"):
            page.write([path], tmp_path)
    assert not (tmp_path / "performance.md").exists()

"""Measured figures that pages repeat are those of the files of results."""

import json
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results"
FIRST, SECOND = (
    json.loads((RESULTS / name).read_text())
    for name in ("results.json", "second/results.json")
)
MEASURED = [row for row in FIRST["steps"] if row.get("microseconds")]
STEPS = {(row["row"], row["peer"]): median(row["microseconds"]) for row in MEASURED}
CELLS = [row["cells"] for row in FIRST["gradients"]]
RATIOS = [cells["torch"]["median"] / cells["synapse-f32"]["median"] for cells in CELLS]
AHEAD = [ratio for ratio in RATIOS if ratio > 1]
LARGE = {row["kind"]: row for row in SECOND["structure"]}
COLUMNS = [
    "synapse",
    "synapse-f32",
    "synaptic",
    "neataptic",
    "brain-beta",
    "numpy-f32",
    "torch-ops",
    "torch",
]
"""Of the table of steps."""

ONLINE = [
    STEPS["lstm-100-100-20", peer] for peer in ("synapse", "neataptic", "synaptic")
]
GRADIENTS = [min(AHEAD), max(AHEAD), len(AHEAD), len(RATIOS), 1 / min(RATIOS)]
FIGURES = [
    (
        "README.md",
        r"takes {} µs; in Neataptic it takes {} µs and in Synaptic {} µs",
        ONLINE,
    ),
    (
        "README.md",
        r"{} to {} times as fast as PyTorch in {} of {} rows .*? up to {} times",
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
        "an online step of an LSTM 100-100-20 takes {} µs, in Synaptic {} µs",
        ONLINE[::2],
    ),
    (
        "paper/paper.md",
        "takes {} µs in Synapse, {} µs in Neataptic and {} µs in Synaptic",
        ONLINE,
    ),
    (
        "paper/paper.md",
        "{} to {} times as fast as PyTorch in {} of {} rows",
        GRADIENTS[:4],
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


def test_the_table_of_steps_is_what_was_measured():
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ((?:LSTM )?\d+-\d+-\d+) \| (.*) \|$",
        page.partition("## Other")[0],
        re.MULTILINE,
    )
    assert len(rows) == 8
    for row, cells in rows:
        for peer, cell in zip(COLUMNS, cells.split(" | "), strict=True):
            value = STEPS.get((row.lower().replace(" ", "-"), peer))
            figure = re.search(r"\d[\d.,]*", cell)
            assert (figure is None) == (value is None), (row, peer)
            assert value is None or agrees(figure[0], value), (row, peer)

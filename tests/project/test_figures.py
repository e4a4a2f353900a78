"""Measured figures that pages repeat are those of the files of results."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import chart, page

ROOT = Path(__file__).parents[2]
WRITTEN = ["docs/performance.md", *dict.fromkeys(name for name, *_ in page.CLAIMS)]
SITTINGS = page.sittings_of([])
RUN = max((sitting.run for sitting in SITTINGS.values()), key=len)  # most tables


@pytest.fixture
def root(tmp_path):
    """A folder with copies of the pages that the benchmark writes."""
    for name in [*WRITTEN, f"docs/{page.CHART}"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def points(root):
    """How many points of the chart are ahead, and behind."""
    picture = (root / "docs" / page.CHART).read_text()
    colours = chart.AHEAD, chart.BEHIND
    return [picture.count(f"fill: {colour.lower()}") for colour in colours]


def ratios_of(run):
    rows = [row for name in page.SUBJECTS for row in page.compared(run, name)]
    return [row.ratio for row in rows if row.theirs is not None]


def test_the_pages_are_what_the_benchmark_writes(root):
    page.write([], root)
    for name in WRITTEN:
        written = (root / name).read_text(encoding="utf-8")
        assert (ROOT / name).read_text(encoding="utf-8") == written, (
            f"Write {name} anew: python -m benchmarks --page"
        )
    ratios = [ratio for each in SITTINGS.values() for ratio in ratios_of(each.run)]
    behind = sum(ratio < 1 for ratio in ratios)
    assert points(root) == [len(ratios) - behind, behind]


def test_each_instruction_set_has_columns_and_marks_and_is_named_in_sentences(root):
    """In the first run, Synaptic is twice as fast as Synapse, and PyTorch faster in a
    row. One program has measured the second set alone, the others none."""
    older = json.loads(json.dumps(RUN))
    for times in older["epochs"]["rows"].values():
        times["Synapse"]["median"] *= 3
        times["Synaptic"]["median"] = times["Synapse"]["median"] / 2
    older["gradients"][0]["cells"]["torch"]["median"] /= 100
    del older["files"]
    for level, run in (("x86-64-v3", older), ("x86-64-v4", RUN)):
        run = run | {"machine": run["machine"] | {"level": level}}
        (root / level).mkdir()
        (root / level / "results.json").write_text(json.dumps(run))
    shutil.copy(page.RESULTS / "x86-64-v4/cuba.json", root / "x86-64-v4")
    levels = ("x86-64-v3", "x86-64-v4")
    page.write([root / level / "results.json" for level in levels], root)
    written = (root / "docs/performance.md").read_text(encoding="utf-8")
    header, _, *lines = written.partition("## Small sets")[2].split("\n")[4:9]
    assert header == (
        "|  | Synapse, µs, AVX2 | Synapse, µs, AVX-512 | Synaptic, AVX2 |"
        " Synaptic, AVX-512 |"
    )
    assert all("| **0.500 x** |" in line for line in lines)
    deployed = written.partition("## Deployed")[2]
    assert deployed.count("| peer |") == 3  # the column of names is one, in each table
    assert "AVX-512: `python -m benchmarks.cuba`" in written
    assert written.count("AVX-512 alone.\n") == 1  # the first run has no such table
    assert "## Spiking cells" not in written
    assert sum(points(root)) == len(ratios_of(older)) + len(ratios_of(RUN))
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert "as PyTorch with AVX2 (faster in 14 of 15 rows) and 1" in readme
    assert "as PyTorch with AVX-512 (faster in 15 of 15 rows)" in readme


def test_the_page_hides_no_row_in_which_a_peer_is_further_ahead():
    for name in page.SUBJECTS:
        for sitting in SITTINGS.values():
            measured, on_page = (
                [row.ratio for row in rows(sitting.run, name) if row.theirs is not None]
                for rows in (page.compared, page.shown)
            )
            # a table that this set has not measured has no row
            assert min(measured, default=None) == min(on_page, default=None), name


def test_files_without_results_are_refused(root):
    (root / "results.json").write_text("{}")
    for path in (root / "results.json", root / "missing.json"):
        with pytest.raises(SystemExit, match="Expected a file of results"):
            page.write([path], root)
    before, after = (
        (folder / "docs/performance.md").read_text() for folder in (ROOT, root)
    )
    assert before == after

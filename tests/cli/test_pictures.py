"""Pictures that the command writes beside its numbers."""

import numpy as np
import pytest

from synapse import cli
from synapse.cli import helpers

from .command import args, months, refused, run_cli, write

pytest.importorskip("matplotlib")

RNG = np.random.default_rng(0)
SALES = (
    100 + 20 * np.sin(2 * np.pi * np.arange(60) / 12) + RNG.normal(0, 2, 60)
).round(1)
COSTS = (50 + RNG.normal(0, 1, 60)).round(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of two shops, and a model of it."""
    path = tmp_path_factory.mktemp("pictures")
    shops = {"date": months(60, 2019) * 2, "Shop": ["North"] * 60 + ["South"] * 60}
    numbers = {"Sales": [*SALES, *SALES + 10], "Costs": [*COSTS, *COSTS]}
    write(path / "d.csv", **shops, **numbers)
    line = ["train", path / "d.csv", "-o", path / "m.json", "-q"]
    line += args("--target Sales,Costs --sequence Shop --hidden 4 --epochs 30")
    assert cli.main([*map(str, line), *args("--methods naive,ar")]) == 0
    return path


@pytest.fixture
def drawn(monkeypatch):
    """The panels of the figures that are saved: their titles, and lines and bounds by
    label."""
    panels = []
    save = helpers.save_figure

    def saving(figure, path, *more):
        for ax in figure.axes:
            lines = {line.get_label(): np.array(line.get_ydata()) for line in ax.lines}
            areas = {
                area.get_label(): area.get_paths()[0].get_extents()
                for area in ax.collections
            }
            panels.append((ax.get_title(), lines, areas))
        save(figure, path, *more)

    monkeypatch.setattr(helpers, "save_figure", saving)
    return panels


@pytest.mark.full
def test_a_forecast_is_drawn_with_its_history_and_bounds(
    folder, drawn, tmp_path, capsys
):
    for suffix in (".png", ".svg", ".pdf"):
        path = tmp_path / f"p{suffix}"
        files = folder / "m.json", folder / "d.csv"
        arguments = ["forecast", *files, "--steps", 8, "--plot", path]
        code, plain, _ = run_cli(capsys, *arguments)
        assert code == 0
        assert path.stat().st_size > 1000
    rows = [line.split(",") for line in plain.splitlines()]
    # bounds are in the picture only
    assert rows[0] == ["Shop", "date", "Sales", "Costs"]
    titles = ["North: Sales", "North: Costs", "South: Sales", "South: Costs"]
    assert [title for title, *_ in drawn[:4]] == titles
    _, lines, areas = drawn[0]
    assert lines["known"].tolist() == SALES.tolist()
    assert lines["forecast"][1:] == pytest.approx(
        [float(row[2]) for row in rows[1:9]], rel=1e-5
    )
    assert "90 % interval" in areas
    _, printed, _ = run_cli(capsys, *arguments, "--coverage", 0.5)
    assert printed.splitlines()[0].split(",")[3] == "Sales lower"
    assert "50 % interval" in drawn[-1][2]
    assert drawn[-4][2]["50 % interval"].height < drawn[0][2]["90 % interval"].height


def test_a_picture_that_cannot_be_written_is_refused_at_once(folder, tmp_path, capsys):
    line = ["forecast", folder / "m.json", folder / "d.csv", "--steps", 3, "--plot"]
    assert "must be .png, .svg or .pdf" in refused(
        capsys, *line, tmp_path / "p.txt", code=2
    )
    assert "no such folder" in refused(capsys, *line, tmp_path / "none" / "p.png")

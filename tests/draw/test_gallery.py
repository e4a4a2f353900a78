"""The script that makes the pictures of the gallery."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

SCRIPT = Path(__file__).parents[2] / "docs" / "studies" / "pictures.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("pictures_study", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_latch_is_learnt(study):
    _, result, right = study.learnt_latch()
    assert result.error < 0.01
    assert right == 1.0


def test_makes_the_pictures_that_the_gallery_shows(study, tmp_path):
    study.main(tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    page = (SCRIPT.parents[1] / "gallery.md").read_text()
    assert made == {path.name for path in (SCRIPT.parents[1] / "gallery").glob("draw_*.png")}
    for path in tmp_path.iterdir():
        assert path.stat().st_size < 450_000
        assert f"(gallery/{path.name})" in page

"""The pages of the studies have the tables of their numbers."""

import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
from studies import pipelines, small_tables


def test_the_page_has_the_tables_of_the_numbers():
    page = Path(pipelines.__file__).with_suffix(".md").read_text(encoding="utf-8")
    assert pipelines.tables(json.loads(pipelines.OUT.read_text(encoding="utf-8"))) in page
    numbers = json.loads(small_tables.RESULTS.read_text(encoding="utf-8"))
    assert small_tables.report(numbers) == small_tables.REPORT.read_text(encoding="utf-8")

"""Pictures are drawn into memory, and every figure is closed again."""

import pytest


@pytest.fixture(autouse=True)
def _into_memory():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    pyplot.close("all")  # those of examples in docstrings
    yield
    pyplot.close("all")

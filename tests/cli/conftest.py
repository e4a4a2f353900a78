"""What commands share."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def path(tmp_path):
    """Where a model is saved."""
    return tmp_path / "m.json"

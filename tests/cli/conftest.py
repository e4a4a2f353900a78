"""Kernels are compiled before the first test: that it happens is told on stderr, once a machine."""

import pytest

import architect
from synapse import Trainer


@pytest.fixture(scope="session", autouse=True)
def _compiled():
    network = architect.LSTM(1, 1, 1, seed=0)
    Trainer(network).train([[0.0]], [[1.0]], epochs=1, progress=False)

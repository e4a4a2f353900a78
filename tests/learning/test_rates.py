"""Rates that change from epoch to epoch."""

import pytest

from synapse.errors import SynapseError
from synapse.learning import Cosine, Exponential, StepDecay


def test_rates_by_epoch():
    assert [StepDecay(1.0, factor=0.1, every=2)(e) for e in range(5)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert [Exponential(1.0, factor=0.5)(e) for e in range(3)] == [1, 0.5, 0.25]
    cosine = Cosine(1.0, epochs=10, end=0.2)
    assert [cosine(0), cosine(10), cosine(20)] == pytest.approx([1.0, 0.2, 0.2])
    assert cosine(5) == pytest.approx(0.6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: StepDecay(-1.0),
        lambda: StepDecay(1.0, every=0),
        lambda: Exponential(1.0, factor=-1),
        lambda: Cosine("x"),
    ],
)
def test_wrong_rates_are_refused(wrong):
    with pytest.raises(SynapseError):
        wrong()

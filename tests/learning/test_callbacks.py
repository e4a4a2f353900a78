"""Callbacks."""

import pytest

from synapse import every
from synapse.errors import SynapseError
from synapse.learning import Progress


def progress(epoch):
    return Progress(epoch, 0.1, None, 0.5, 1.0, None)


def test_a_schedule_passes_every_nth_call_on():
    listen = every(3, lambda p: p.epoch)
    assert [listen(progress(e)) for e in range(1, 7)] == [None, None, 3, None, None, 6]


@pytest.mark.parametrize("wrong", [lambda: every(0, print), lambda: every(1, 3)])
def test_wrong_schedules_are_refused(wrong):
    with pytest.raises(SynapseError):
        wrong()

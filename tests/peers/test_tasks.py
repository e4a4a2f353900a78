"""What peers' suites ask of their networks, learnt from twenty seeds of twenty."""

import pytest

from .tasks import TASKS

SEEDS = range(20)


@pytest.mark.parametrize("name", TASKS)
def test_it_is_learnt_from_every_seed(name):
    assert [seed for seed in SEEDS if not TASKS[name](seed)] == []

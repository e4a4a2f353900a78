"""What peers' suites ask of their networks, learnt from each of five seeds.

`python -m studies peers` tries forty."""

import pytest

from studies import peers

pytestmark = pytest.mark.peers
SEEDS = range(5)


@pytest.mark.parametrize("name", peers.TASKS)
def test_it_is_learnt_from_every_seed(name):
    assert [seed for seed in SEEDS if not peers.TASKS[name](seed)] == []


def test_three_units_learn_xor_by_adam_from_most_seeds():
    """From all they cannot: the error of 2-3-1 has regions of local minima
    (Sprinkhuizen-Kuyper and Boers, IEEE Transactions on Neural Networks 10, 1999). From
    the ±0.1 of Synaptic 31 of 40 do."""
    assert sum(map(peers.xor_of_three_units_by_adam, range(10))) >= 8

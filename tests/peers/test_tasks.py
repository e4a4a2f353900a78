"""What peers' suites ask of their networks, learnt from twenty seeds of twenty."""

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.optimizers import Adam

from .tasks import MSE, TASKS, gate, xor_of_three_units_by_adam

SEEDS = range(20)


@pytest.mark.parametrize("name", TASKS)
def test_it_is_learnt_from_every_seed(name):
    assert [seed for seed in SEEDS if not TASKS[name](seed)] == []


def test_three_units_learn_xor_by_adam_from_most_seeds():
    """From all they cannot: the error of 2-3-1 has regions of local minima (Sprinkhuizen-Kuyper and Boers,
    IEEE Transactions on Neural Networks 10, 1999). From the ±0.1 of Synaptic 31 of 40 do.
    """
    assert sum(map(xor_of_three_units_by_adam, SEEDS)) >= 17


def test_four_units_learn_xor_by_adam_from_every_seed():
    inputs, targets = gate("XOR")
    for seed in SEEDS:
        net = architect.Perceptron(2, 4, 1, seed=seed)
        trainer = Trainer(net, cost=MSE, optimizer=Adam(rate=0.05))
        trainer.train(inputs, targets, epochs=5000, error=0.003, seed=seed, progress=False)
        assert np.abs(net.run(inputs) - targets).max() < 0.45, seed

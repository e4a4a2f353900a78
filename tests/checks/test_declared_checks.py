"""Settings, tasks and agents declare the check of an argument where they name it."""

from dataclasses import replace

import pytest

import architect
from synapse import evolve, learning, optimizers, reward, tasks
from synapse.errors import ArgumentError, ArgumentTypeError


def values():
    return architect.Perceptron(1, 2, squash="identity", seed=0)


REFUSED = {
    "`decay` of ContinualBackprop must be from 0 to 1, got 2": lambda: (
        learning.ContinualBackprop(decay=2)
    ),
    "`every` of StepDecay": lambda: learning.StepDecay(0.1, every=0),
    "`betas` of AdamW": lambda: optimizers.AdamW(betas=(0.9, 1.5)),
    "`prompts` of Recall": lambda: tasks.Recall(prompts=0),
    "`refocus` must be a whole number": lambda: evolve.Settings(refocus=0.5),
    "`trace_decay` of QLearning must be from 0 to 1": lambda: reward.QLearning(
        values(), trace_decay=1.5
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_value_out_of_range_is_refused_by_the_declared_check(words):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
        REFUSED[words]()


def test_a_changed_copy_is_checked_too_and_infinity_may_be_a_count():
    with pytest.raises(ArgumentError, match="`add_node` must be from 0 to 1"):
        replace(evolve.Settings(), add_node=1.5)
    assert evolve.Settings(refocus=float("inf")).refocus == float("inf")

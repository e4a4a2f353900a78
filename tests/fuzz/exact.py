"""Operations that learn by rtrl, step by step, with edits between the steps and within them."""

from __future__ import annotations

import numpy as np

from synapse.errors import SynapseError

from ..kept_sensitivities import groups, require_exact, sensitivities, survivors
from .registry import attempt, done, operation
from .steps import RATE
from .world import Mismatch

EDITS = ("disconnect", "remove_from_network", "add_to_network", "project_neurons", "project_layers", "tie")
EDITS += ("untie", "freeze", "gate_links", "ungate", "set_squash", "set_weight", "project_self", "look")
WILD = ("copy_network", "forget_context", "train", "test_network", "exact_gradient")
"""Operations after which sensitivities may be others."""
SMALL = 20.0
"""Weights up to which gradients are compared: sums of larger ones cancel."""


@operation(6, "networks")
def learn_exactly(world, network):
    """A network learns by rtrl for some steps, and by the online rule again afterwards."""
    if world.depth > 1 or network.is_random:
        return None
    rule = world.one(["rtrl", "rtrl", ("rtrl", 1), ("rtrl", 2)])
    world.note("learn by", rule, network, "[")
    with world.nested():
        _, error = attempt(world, lambda: setattr(network, "learning_rule", rule))
        if error is None:
            try:
                for _ in range(world.random.randint(1, 4)):
                    step_and_edit(world, network)
                compare_gradient(world, network)
            finally:
                network.learning_rule = "online"
    world.note("]")
    return done(world)


def step_and_edit(world, network):
    """A step, with an edit before, within or after it."""
    place = world.random.randrange(3)
    row = world.rng.uniform(-1, 1, len(network.input))
    if place == 0:
        edit(world, network)
    _, refused = attempt(world, lambda: network.activate(row))
    if place == 1:
        edit(world, network)
    if refused is None:
        target = world.rng.random(len(network.output))
        attempt(world, lambda: network.propagate(RATE, target, "squared_error"))
    if place == 2:
        edit(world, network)


def edit(world, network):
    """An edit keeps the sensitivities that it does not touch."""
    if world.chance(0.2):
        world.do(world, world.one(WILD))
        return
    before, groups_before = sensitivities(network), groups(network)
    world.do(world, world.one(EDITS))
    expected = survivors(network, before, groups_before)
    for key, value in sensitivities(network).items():
        if not abs(value - expected[key]) <= 1e-6 * abs(expected[key]) and np.isfinite(expected[key]):
            raise Mismatch(f"the sensitivity of {key[1]!r} to {key[0]!r} is {value}, not {expected[key]}")


def compare_gradient(world, network):
    """Once the context is cleared, summed updates are the gradient."""
    numbers = np.abs(network.weights).max(initial=0.0), np.abs(network.biases).max()
    if network.learning_rule.order is not None or network._store.dtype != np.float64 or max(numbers) > SMALL:
        return
    try:
        require_exact(network, world.rng, "squared_error", within=1e-6)
    except SynapseError as error:
        world.note("refused:", type(error).__name__, str(error)[:90])
    except AssertionError as error:
        raise Mismatch("updates along the sensitivities are not the gradient") from error

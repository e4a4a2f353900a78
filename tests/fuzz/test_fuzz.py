"""A short walk of the fuzz; and that what it checks by would notice what is wrong."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, note, settings, strategies as st

import architect
import synapse
from tests.fuzz.operations import Change
from tests.fuzz.world import FIRST, Mismatch, World, walk
from tests.helpers.cases import all_refused
from tests.helpers.integrity import check_store

pytestmark = [
    pytest.mark.usefixtures(
        "ctrl_c"
    ),  # the walk looks at its handler between operations
    pytest.mark.filterwarnings(
        *(f"ignore::synapse.errors.{name}Warning" for name in ("Training", "Topology"))
    ),
]


@pytest.mark.full
def test_nothing_fails_in_a_short_walk():
    walk(1, range(6, 60))


@pytest.mark.slow
@settings(max_examples=8 * settings().max_examples // 15)
@given(st.integers(0, 10**6), st.lists(st.booleans(), min_size=160, max_size=160))
def test_nothing_fails_in_long_walks(seed, done):
    """With HYPOTHESIS_PROFILE=explore for hours. A failure is told by few of the
    operations."""
    walk(
        seed, [number for number, chosen in enumerate(done, len(FIRST)) if chosen], note
    )


DAMAGE = {
    "source": 99,
    "weight": np.nan,
    "role": 0,
    "identity": 1,
    "pull": 7,
    "tie": 1,
    "pending_step": 1.0,
}
"""Wrong numbers in a column."""
EDITS = [
    lambda net: setattr(net.connections[5], "weight", 0.9),
    lambda net: setattr(net[4], "bias", 0.9),
    lambda net: net[0].project(net[0]),
    lambda net: setattr(net.connections[4], "trainable", False),
    lambda net: synapse.untie(net.connections[:2]),
]


def a_world():
    world = World(0)
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    synapse.tie(net.connections[:2])
    world.neurons.extend(net)
    net.activate([0.1, 0.2])
    return world, net


def damaged(name, value):
    _, net = a_world()
    store = net._store
    check_store(store)
    column = store[name]
    column[-1 if column[0] == value else 0] = value
    check_store(store)


def edited_unseen(act):
    world, net = a_world()
    before = world.snapshot()
    world.compare(before, Change())
    act(net)
    world.compare(before, Change())


def test_damage_and_changes_that_an_operation_does_not_name_are_noticed():
    cases = [
        (partial(damaged, *at), AssertionError, "integrity") for at in DAMAGE.items()
    ]
    all_refused(
        [*cases, *((partial(edited_unseen, act), Mismatch, "") for act in EDITS)]
    )

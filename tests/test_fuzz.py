"""The fuzz for some seconds, with fixed seeds; and that what it checks by would notice what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse

from .fuzz.oracle import Oracle
from .fuzz.registry import Change
from .fuzz.world import Mismatch, World
from .integrity import check_store

ROOT = Path(__file__).parents[1]
WALKS = {"walk": 5, "interrupts": 6, "threads": 2, "files": 3, "kills": 1, "nojit": 1}


@pytest.mark.parametrize("mode", WALKS)
def test_nothing_fails(mode):
    options = f"-m tests.fuzz --seed 0 --modes {mode} --walks {WALKS[mode]}"
    command = [sys.executable, *options.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def network():
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    synapse.tie(net.connections[:2])
    _ = net.graph, net.activate([0.1, 0.2])
    return net


def spoil_number(store, name, row, value):
    store.columns[name][row] = value


DAMAGE = {
    "an end": lambda store: spoil_number(store, "source", 3, store.n_neurons),
    "a pair twice": lambda store: spoil_number(store, "source", 1, store["source"][0]),
    "a gater": lambda store: spoil_number(store, "gater", 0, 99),
    "a weight": lambda store: spoil_number(store, "weight", 0, np.nan),
    "a tie": lambda store: spoil_number(store, "tie", 5, 1),
    "a position": lambda store: spoil_number(store, "position", 2, 0),
    "a role": lambda store: spoil_number(store, "role", 0, 0),
    "an identity": lambda store: spoil_number(store, "identity", 0, 1),
    "a row of an identity": lambda store: store.row_of.__setitem__(0, 1),
    "a run": lambda store: spoil_number(store, "run_length", 0, 1),
    "a source of a run": lambda store: spoil_number(store, "run_source", 0, 4),
    "a flag": lambda store: spoil_number(store, "run_flags", 0, 8),
    "an address": lambda store: store.table.__setitem__(0, 0),
    "a column that has moved": lambda store: store.columns.update(state=store.columns["state"].copy()),
    "a column too short": lambda store: store.columns.update(weight=store.columns["weight"][:3].copy()),
    "a view": lambda store: store.views.reverse(),
    "a trace": lambda store: spoil_number(store, "first_trace", slice(None), 2),
    "a pull": lambda store: spoil_number(store, "pull", 0, 7),
    "a block": lambda store: spoil_number(store, "block_stop", 0, 99),
    "a hold": lambda store: spoil_number(store, "ties", 4, 1),
    "a waiting move": lambda store: spoil_number(store, "waiting", 0, 1.0),
    "a network": lambda store: spoil_number(store, "network", 0, 0),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_integrity_notices(damage):
    net = network()
    store = net._store
    check_store(store)
    damage(store)
    with pytest.raises(AssertionError, match="integrity"):
        check_store(store)


def a_world():
    world = World(0)
    net = network()
    world.hold(net)
    world.networks.append(net)
    world.oracle.adopt()
    return world, net


@pytest.mark.parametrize(
    "act",
    [
        lambda net: setattr(net.connections[5], "weight", 0.9),
        lambda net: setattr(net[4], "bias", 0.9),
        lambda net: net[0].project(net[0]),
        lambda net: net.connections[3].source.disconnect(net.connections[3].target),
        lambda net: setattr(net.connections[4], "trainable", False),
        lambda net: synapse.untie(net.connections[:2]),
        lambda net: net.activate([0.5, 0.5]),
    ],
)
def test_a_change_that_was_not_told_is_noticed(act):
    world, net = a_world()
    before = world.snapshot()
    world.compare(before, Change())
    act(net)
    with pytest.raises(Mismatch):
        world.compare(before, Change())


def test_other_numbers_than_the_reference_has_are_noticed():
    world, net = a_world()
    oracle, reference = Oracle(world), None
    oracle.adopt()
    reference = oracle.reference
    for neuron, value in zip(net.input, [0.3, -0.4], strict=True):
        reference.clamp(neuron, value)
    for neuron in list(net)[2:]:
        reference.activate(neuron)
    net.activate([0.3, -0.4])
    assert oracle.check(list(net), moved=False)
    net.output[0].state += 1e-6
    with pytest.raises(Mismatch, match="state"):
        oracle.check(list(net), moved=False)

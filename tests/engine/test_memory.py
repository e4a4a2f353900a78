"""Memory that connections take, measured in a process of its own."""

from pathlib import Path

import pytest

from tests.helpers.processes import python

COUNT = 1_000_000
PROGRAM = f"""
import gc
import resource
from pathlib import Path

import numpy as np

import synapse

WIDTH = 1_200
rng = np.random.default_rng(0)


def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def made(count):
    source, target = np.divmod(rng.permutation(WIDTH**2)[:count], WIDTH)
    columns = dict(source=source, target=target + WIDTH, weight=np.full(count, 0.5))
    ends = range(WIDTH), range(WIDTH, 2 * WIDTH)
    return synapse.from_edges(columns, *ends)


def stepped(net):
    net.activate(np.ones(WIDTH))
    return net


def edited(net):
    source, target = net.input[0], net.output[0]
    if source.connection_to(target):
        source.disconnect(target)
        stepped(net)
    source.project(target)
    return stepped(net)


edited(stepped(made({COUNT})).clone())  # all kernels are compiled
gc.collect()
before = resident()
net = stepped(made({COUNT}))
print(resident() - before)
before = resident()
other = edited(stepped(net.clone()))
print(resident() - before)
"""


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_columns_that_are_0_take_no_memory():
    """Weight, source, target, identity and its row are 24 bytes, `trainable` is 1,
    neurons and runs take some 4. Gates, delays, ties, signs and what is frozen would be
    14 more; an edit copies the columns of a clone, which have no reserve. What is freed
    is given back to the system."""
    limits = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    told = python("-c", PROGRAM, **limits)
    made, copied = (int(line) / COUNT for line in told.split())
    assert 25 < made < 34
    assert 25 < copied < 38

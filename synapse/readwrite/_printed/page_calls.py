"""What the page calls, in the language of kernels, for any network."""

from __future__ import annotations

from ...engine.language.decorators import noinline
from ...engine.online.fire import clear_neuron
from ...engine.online.loops import (
    propagate_network,
    set_output_errors,
    step_online,
)
from ...engine.online.read_order import (
    eligibility_of,
    gain_read,
    influence_of,
    source_read,
)

# mypy: disable-error-code="no-untyped-def, no-untyped-call"


@noinline
def step(store, span, inputs):
    """Make a step: set the inputs, then activate all others."""
    step_online(store, None, span, inputs, 0)


@noinline
def judge(store, span, targets, cost, scalar):
    """Write the error signals of the outputs of the latest step, 0 where the target is
    NaN; returns the cost.
    """
    _, total = set_output_errors(store, span, targets, cost, 0, scalar)
    return total


@noinline
def learn(store, span, rate):
    """Propagate the errors of the outputs, and update all that is trainable."""
    propagate_network(store, span, rate, False)


@noinline
def clear(store, span):
    """Clear the context of all neurons."""
    for j in range(span.start, span.stop):
        clear_neuron(store, j)


@noinline
def eligibility(store, c):
    """Return the eligibility of a connection: stored or computed."""
    return eligibility_of(store, store.flags, c)


@noinline
def gain(store, c):
    """Return the gain of a connection when its target last activated."""
    return gain_read(store, c)


@noinline
def seen(store, c):
    """Return the activation of its source that the target of a connection read."""
    return source_read(store, c)


@noinline
def influence(store, rows):
    """Return the sum of w y over connections that one neuron gates into another without
    a memory.
    """
    return influence_of(store, rows, 0, rows.size)


def users(*numbers):
    """Call a function of a user: what prints the kernels writes the call here."""
    raise NotImplementedError


@noinline
def squash(state):
    """Return activation and slope by a registered squash."""
    return users(state)


@noinline
def cost(target, output, derivative, outputs):
    """Return a registered cost, and its error signal."""
    return users(target, output, derivative, outputs)

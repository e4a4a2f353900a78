"""Episodes of many phenotypes in an environment, whose step is called by its address."""

from __future__ import annotations

import functools
import math
from typing import Any

import numba
import numpy as np

from ..compiler.calls import address_of, call_equation
from ..compiler.jit import DEBUGGING, kernel
from .phenotype import advance, forget


@kernel
def run_environment(
    neurons, links, found, inputs, outputs, step, starts, steps, score, any_squash, value, state,
    world, observed, action, scores, lengths,
):  # fmt: skip
    """Scores and lengths of the episodes of every phenotype, one episode for each row of `starts`.

    step : address of ``step(world, action, observed, begin)``. It moves the world by an action, unless the
    episode begins, writes what is observed, and returns whether the episode goes on. score : place in the
    world of the score at the end of an episode; -1: the number of steps. An episode ends if outputs diverge.
    """
    for g in range(found.shape[0] - 1):
        base, stop, links_base = found[g, 0], found[g + 1, 0], found[g, 1]
        count = stop - base
        for e in range(starts.shape[0]):
            for i in range(starts.shape[1]):
                world[i] = starts[e, i]
            forget(value, state, count)
            call_equation(step, (world, action, observed, True), (world, action, observed, True))
            done = 0
            while done < steps:
                for i in range(inputs):
                    value[i] = observed[i]
                advance(neurons, links, base, stop, links_base, inputs, value, state, any_squash)
                finite = True
                for o in range(outputs):
                    action[o] = value[count - outputs + o]
                    finite = finite and math.isfinite(action[o])
                if not finite or not call_equation(
                    step, (world, action, observed, False), (world, action, observed, False)
                ):
                    break
                done += 1
            lengths[g, e] = done
            scores[g, e] = done if score < 0 else world[score]


def step_address(step: Any) -> int:
    """The address of a kernel that is the step of an environment, compiled if necessary."""
    memory = np.zeros(1)
    return address_of(step, (memory, memory, memory, True))


@functools.lru_cache(maxsize=64)
def compiled_step(observe: Any, step: Any) -> Any:
    """The step of an environment from two functions of a user."""
    look, move = (observe, step) if DEBUGGING else map(numba.njit(error_model="numpy"), (observe, step))

    def both(world, action, observed, begin):
        goes_on = True
        if not begin:
            goes_on = bool(move(world, action))
        look(world, observed)
        return goes_on

    return both if DEBUGGING else numba.njit(error_model="numpy")(both)

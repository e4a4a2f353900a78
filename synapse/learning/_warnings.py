"""Warnings of a training about parameters that it cannot change, which are found from
the topology, and about vanished gradients.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .. import costs
from .._checks import warn
from .._cost import Cost
from .._typing import Bools, Indices
from ..engine.functions.activations import RANDOM, SIGN, STEP
from ..engine.records import Span
from ..errors import SynapseError, TrainingWarning
from ..objects.network import Network
from ..objects.snapshots import deterministic
from ._gradient import WHOLE_WINDOW, ExactGradient
from ._history import Result
from ._parameters import Updater
from .rules import RuleTask
from .rules._base import RULES

# --- before a training: parameters that it cannot change; each warning is given once --

FLAT_SQUASHES = (STEP, SIGN)
"""Squashes whose derivative is 0 everywhere, so that no error passes."""
MAX_SHOWN = 3  # maximum number of outputs named in a message

# maximum number of states of a network that are remembered: those of trainers in turn
STATES = 8

_warned: WeakKeyDictionary[Network, dict[tuple[Any, ...], bool]] = WeakKeyDictionary()
"""The latest states of each network that were checked, and whether there was a
warning."""


def warn_of_dead_ends(
    network: Network, updater: Updater, rule: str, cost: Cost
) -> bool:
    """Warn, once per state of a network, if training would change nothing, and return
    whether it would.
    """
    states = _warned.setdefault(network, {})
    state = network._version, rule, cost
    # of a part, the version is another one while it is in use
    if state in states and updater.part is None:
        return states[state]
    with updater.in_use():
        state = network._version, rule, cost
        if state in states:
            return states[state]
        sentences = list[str]()
        if _may_have_dead_ends(network):
            links = _Dependencies(network)
            sentences += _about_structure(links)
            sentences += _about_learning(links, rule, cost)
    for sentence in sentences:
        warn(
            f"{network!r}: {sentence}",
            TrainingWarning,
        )
    if len(states) == STATES:
        states.clear()
    states[state] = bool(sentences)
    return bool(sentences)


class _Dependencies:
    """Dependencies between neurons, by their numbers in a network.

    The state of neuron ``after`` depends on the activation of neuron ``before``, as a
    source or a gater. ``source``, ``target`` and ``trainable`` describe every
    connection into the network, and a source outside it has an unused number. No error
    passes inputs, because training sets their activations.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        _, store, span = network._lowered()
        first_row = span[Span.START].astype(np.uint32)
        rows = slice(int(span[Span.START]), int(span[Span.STOP]))
        # Unsigned numbers wrap around: those of rows before the network are large.
        columns = [end - first_row if first_row else end for end in store.ends()]
        columns.append(store["trainable"])
        into = _within(columns[1], network)
        source, target, gater, trainable = (
            columns if into.all() else [column[into] for column in columns]
        )
        linked = _within(source, network) & (source != target)
        gated = _within(gater, network)
        self.before = source
        self.after = target
        if gated.any() or not linked.all():
            self.before = np.concatenate([source[linked], gater[gated]])
            self.after = np.concatenate([target[linked], target[gated]])
        self.source = source
        self.target = target
        self.trainable = trainable == 1
        self.bias: Bools = store["trainable_bias"][rows] == 1
        self.squash = store["squash"][rows]
        numbers = np.arange(len(network))
        self.inputs = numbers < len(network.input)
        self.outputs = numbers >= len(network) - len(network.output)

    def learns(self) -> Bools:
        """Return the mask of neurons with a trainable bias or incoming connection."""
        learns = self.bias.copy()
        learns[self.target[self.trainable]] = True
        return learns & ~self.inputs

    def with_an_error(self, through_time: bool, cost: Cost) -> Bools:
        """Return the mask of neurons that an error reaches, either within a step or
        also through time.
        """
        flat = np.isin(self.squash, FLAT_SQUASHES)
        by_slope = cost in (costs.squared_error, costs.mean_squared_error)
        passes = ~(flat | self.inputs)[self.before]
        if not through_time:
            passes &= self.before < self.after
        return _spread(
            self.outputs & ~(flat & by_slope), self.after[passes], self.before[passes]
        )

    def constant(self) -> Bools:
        """Return the mask of neurons whose output never changes (by input, memory,
        chance or from outside).
        """
        begin = self.inputs | np.isin(self.squash, RANDOM)
        begin[self.after[self.before >= self.after]] = True
        begin[self.target[self.source == self.target]] = True
        begin[self.target[~_within(self.source, self.network)]] = True
        return self.outputs & ~_spread(begin, self.before, self.after, self.outputs)


def _within(numbers: Indices, network: Network) -> Bools:
    return np.asarray(numbers < len(network))


def _spread(
    marked: Bools, source: Indices, target: Indices, wanted: Bools | None = None
) -> Bools:
    """Extend the marked neurons by all that can be reached from them along links, or
    until all wanted neurons are marked.
    """
    while wanted is None or not marked[wanted].all():
        more = marked.copy()
        more[target[more[source]]] = True
        if (more == marked).all():
            break
        marked = more
    return marked


def _may_have_dead_ends(network: Network) -> bool:
    """Return False if a network certainly has none, as most do.

    If a connection leads into every neuron but the inputs, then along the order of
    activation every output depends on an input, on memory or on neurons outside. If the
    outputs have a trainable parameter, their own error reaches it with every cost and
    rule, unless their slope is 0 everywhere.
    """
    _, store, span = network._lowered()
    start, stop, inputs = span[Span.START], span[Span.STOP], span[Span.INPUTS]
    begins = np.append(store["first_incoming"], store.n_lowered)[start : stop + 1]
    led_to = begins[:-1] < begins[1:]
    outputs = slice(stop - network._n_outputs, stop)
    learns = store["learning"][outputs].any() or store["trainable_bias"][outputs].any()
    flat = np.isin(store["squash"][outputs], FLAT_SQUASHES)
    certain = learns and not flat.any() and not led_to[:inputs].any()
    return not (certain and led_to[inputs:].all())


def _about_learning(links: _Dependencies, rule: str, cost: Cost) -> Iterator[str]:
    learns = links.learns()
    through_time = RULES[rule]._through_time
    if not learns.any():
        yield (
            "training has no effect, because neither a connection nor a bias is"
            " trainable."
        )
    elif not (learns & links.with_an_error(through_time, cost)).any():
        reached = not through_time and (learns & links.with_an_error(True, cost)).any()
        others = " or ".join(
            f'rule="{name}"' for name, kind in RULES.items() if kind._through_time
        )
        advice = (
            f" The {rule} rule passes no error to the previous step. Use {others}."
            if reached
            else ""
        )
        yield (
            "training has no effect, because no error reaches a trainable"
            f" parameter.{advice}"
        )


def _about_structure(links: _Dependencies) -> Iterator[str]:
    count = int(
        (links.inputs[links.target] & _within(links.source, links.network)).sum()
    )
    if count:
        lead = "1 connection leads" if count == 1 else f"{count} connections lead"
        yield (
            f"{lead} into input neurons without effect, as training sets the"
            " activations of inputs."
        )
    constant = np.flatnonzero(links.constant())
    if len(constant):
        names = ", ".join(links.network[int(i)].name for i in constant[:MAX_SHOWN])
        more = (
            f" and {len(constant) - MAX_SHOWN} more"
            if len(constant) > MAX_SHOWN
            else ""
        )
        yield (
            f"neither an input nor a memory leads to {names}{more}, and the output is"
            " the same at every step."
        )


# --- after a training that never left the mean of the targets -------------------------

MIN_EPOCHS = 50
"""Number of epochs below which a training may not have left its start yet."""
ROWS = 200
"""Maximum number of rows from which the loss of the mean is estimated."""
MAX_ACTIVATIONS = 1e7
"""Maximum number of activations in an epoch for which a gradient is computed, because
tapes store all of them."""
MIN_LOSS_FRACTION = 0.95  # of the loss of the mean
MAX_VANISHED_FRACTION = (
    1e-4  # largest derivative, as a fraction of the loss of the mean
)


def warn_if_vanished(task: RuleTask, updater: Updater, result: Result) -> None:
    """Warn if no epoch had a loss below the loss of the mean, and no hidden weight has
    a gradient.
    """
    losses = result.history["loss"]
    stayed = result.epochs >= MIN_EPOCHS and losses[-1] >= losses[0] / 2
    stayed = stayed and task.data.items is None
    if stayed and result.stop_reason not in ("callback", "interrupted"):
        _warn_if_at_the_mean(task, updater, min(losses))


def _warn_if_at_the_mean(task: RuleTask, updater: Updater, lowest: float) -> None:
    """Warn if the lowest loss equals the loss of the mean, where hidden weights have no
    gradient.
    """
    try:
        with updater.in_use():
            task.data.require_fit(task.network)
            mean = _loss_of_mean(task)
            vanished = (
                mean > 0
                and lowest >= MIN_LOSS_FRACTION * mean
                and _steepest(task) < MAX_VANISHED_FRACTION * mean
            )
    # edited by a callback, connected to neurons outside, or out of the finite range
    except SynapseError:
        return
    if vanished:
        warn(
            f"{task.network!r}: the loss never fell below that of the mean of the"
            f" targets ({mean:.4g}), and the gradient of all hidden weights is"
            " practically 0. More epochs will hardly help. Draw new weights with"
            " net.reset_parameters(), or wider ones with"
            ' net.reset_parameters(initializer="glorot"), scale inputs to about -1 to'
            " 1, or give neurons a bias.",
            TrainingWarning,
        )


def _loss_of_mean(task: RuleTask) -> float:
    """Return the cost of outputs that are always the mean of the targets, or 0 if all
    targets are the same.
    """
    data = task.data
    outputs = task.network.output
    counts = data.counted(task.weights)
    rows = np.flatnonzero(counts)
    rows = rows[:: -(-len(rows) // ROWS)]
    targets, counts = data.targets[rows], counts[rows]
    if np.isnan(targets).any() or (targets == targets[0]).all():
        return 0.0
    means = np.average(targets, axis=0, weights=counts)
    factors = np.asarray(outputs.cost_weights)
    cost = task.cost._evaluate
    count = float(len(means))
    costs = [
        [cost(t, y, 1.0, count)[0] for t, y in zip(row, means.tolist(), strict=True)]
        for row in targets.tolist()
    ]
    return float(np.average(np.array(costs) @ factors, weights=counts))


def _steepest(task: RuleTask) -> float:
    """Return the largest derivative of the loss with respect to a hidden neuron's
    parameter, or infinity if it is unknown.
    """
    network = task.network
    data = task.data.as_sequences()
    if not network.hidden:
        return np.inf
    recorded = network._recorder is not None
    if recorded or data.inputs.shape[0] * float(len(network)) > MAX_ACTIVATIONS:
        return np.inf
    with deterministic(network):
        exact = ExactGradient(network, data, weights=task.weights)
        share = np.full(len(data.filled), 1.0 / data.counted(task.weights).sum())
        _, weights, biases = exact.descent(data.filled, share, task.cost, WHOLE_WINDOW)
        links = network._connection_rows()
        last = len(network.output)
        before = ~np.isin(network._column("target")[links], network._rows()[-last:])
    return float(np.abs(np.concatenate([weights[links][before], biases[:-last]])).max())

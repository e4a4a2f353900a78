"""Online training on a stream that ends at the first wrong step, as in Gers et al. 2000
and 2002.

One step after the other in Python takes 5 µs and more. This runs many steps in one
compiled call, and judges their outputs afterwards. If a step was wrong, the weights and
the context before the call are restored, and the network learns again up to that step:
the weights are those of a training that stops there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from synapse import engine
from synapse._checks import expected
from synapse._registration import require_sound
from synapse._typing import Floats
from synapse.engine.locking import ExclusiveAccess
from synapse.errors import ArgumentError, DivergenceError
from synapse.learning._data import new_control, single_epoch, target_mask
from synapse.objects.network import Network
from synapse.objects.snapshots import Context, read_context, restore_context
from synapse.tasks import Sample, SampleStream

FIRST_STEPS = 32
MAX_STEPS = 4096
"""Number of steps in the first compiled call on a stream, and the most; later calls
have twice as many."""


def learn_until_wrong(
    network: Network, stream: SampleStream, rate: float, most: int, decay: float = 1.0
) -> int:
    """Learn online from a stream up to its first wrong step, or `most` steps.

    The context is cleared first. Each step is judged before the network learns from it;
    it learns from the first wrong step too. The rule is the network's own,
    :attr:`synapse.Network.rule`.

    Parameters
    ----------
    network : Network
        The network. Its neurons must not be random, and it must not be recorded.
    stream : SampleStream
        The stream. Some steps after the first wrong one are taken, too.
    rate : float
        Learning rate of the first step.
    most : int
        Largest number of steps.
    decay : float
        The rate of step t, counted from 0, is ``rate * decay**t``. Default 1.

    Returns
    -------
    int
        Number of steps before the first wrong one; `most` if none is wrong.

    Raises
    ------
    DivergenceError
        If a cost is not finite; the weights are those before that step.

    Examples
    --------
    >>> import architect
    >>> from studies.tasks import ContinualReber
    >>> net = architect.LSTM(7, 4, 7, style="synaptic", seed=0)
    >>> learn_until_wrong(net, ContinualReber().stream(0), rate=0.1, most=1000)
    0
    """
    network.clear()
    done = 0
    size = FIRST_STEPS
    while done < most:
        piece = stream.take(min(size, most - done))
        _require_rows(network, piece)
        rates = np.array(
            [rate * decay**step for step in range(done, done + len(piece))]
        )
        with ExclusiveAccess(network):
            wrong = _learn_part(network, piece, rates)
        if wrong is not None:
            return done + wrong
        done, size = done + len(piece), min(2 * size, MAX_STEPS)
    return done


def _require_rows(network: Network, piece: Sample) -> None:
    """Raise unless the rows have the network's numbers of inputs and outputs, which
    kernels do not check."""
    for subject, rows, layer in (
        ("inputs", piece.inputs, network.input),
        ("targets", piece.targets, network.output),
    ):
        if rows.shape != (len(piece), len(layer)):
            raise ArgumentError(
                expected(
                    f"The {subject} of a stream", f"rows of {len(layer)}", rows.shape
                )
            )


def _learn_part(network: Network, piece: Sample, rates: Floats) -> int | None:
    """Learn from some steps up to the first wrong one, and return its number; None if
    all are right."""
    before = _Snapshot(network)
    outputs = _learn(network, piece, rates)
    done = piece[: len(outputs)]
    right = done.judge(done.targets, outputs, done.allowed)
    if len(outputs) == len(piece) and right.all():
        return None
    wrong = int(np.argmin(right)) if not right.all() else len(outputs) - 1
    if wrong + 1 < len(piece) or not np.isfinite(outputs[wrong]).all():
        before.restore()
        _learn(network, piece[: wrong + 1], rates[: wrong + 1], needed=True)
    return wrong


@dataclass
class _Snapshot:
    """Weights, biases and context of a network, to go back to."""

    network: Network

    def __post_init__(self) -> None:
        self.context: Context = read_context(self.network)
        columns = self.network._store.columns
        self.parameters = {name: columns[name].copy() for name in ("weight", "bias")}

    def restore(self) -> None:
        restore_context(self.network, self.context)
        for name, values in self.parameters.items():
            self.network._store.columns[name][...] = values


def _learn(
    network: Network, piece: Sample, rates: Floats, needed: bool = False
) -> Floats:
    """Learn from all steps at compiled speed; returns the outputs of each, fewer if a
    cost is not finite.

    With `needed`, a cost that is not finite is an error.
    """
    network._lowered()
    if (rates == rates[0]).all():
        total, outputs = _pass(network, piece, rates[0])
    else:
        total, outputs = _single_steps(network, piece, rates)
    if needed and not math.isfinite(total):
        raise DivergenceError(
            "The cost of a step is not finite. Use a lower learning rate."
        )
    return outputs


def _pass(network: Network, piece: Sample, rate: float) -> tuple[float, Floats]:
    """Learn with one rate in one call. Outputs are NaN at steps without target."""
    aimed = target_mask(piece.targets)
    control = new_control()
    # room for all: none is overwritten
    kept = np.empty(engine.online.FIELDS_PER_OUTPUT * piece.targets.size)
    store = network._store
    epoch = single_epoch(np.zeros(1, np.int64), rate, control)
    training = engine.online.TrainingArguments(
        inputs=piece.inputs.reshape(-1),
        targets=piece.targets.reshape(-1),
        has_target=aimed,
        bounds=np.array([0, len(piece)], np.int64),
        continued=1,
        epochs=epoch._replace(rates=np.array([rate], store.dtype)),
        cost=network._cost(None).code,
        learn=True,
        buffer=kept,
        renewal=engine.online.NOTHING_RENEWED,
    )
    kernels = network._kernels()
    buffers: tuple[Any, ...] = ()
    if kernels.plan is None:
        before = np.empty(store.n_connections), np.empty(store.n_neurons)
        buffers = ((*before, engine.online.new_batch()),)
    else:
        engine.online.clear_traces(store, kernels.plan.span)
    status, _, total, _ = kernels[engine.online.train_network](training, *buffers)
    require_sound(status, store["failed"])
    outputs = np.full(piece.targets.shape, np.nan)
    outputs[aimed == 1] = kept[: int(aimed.sum()) * network._n_outputs].reshape(
        -1, network._n_outputs
    )
    return total, outputs[: int(control[1])]


def _single_steps(
    network: Network, piece: Sample, rates: Floats
) -> tuple[float, Floats]:
    """Learn with a rate for each step, one in a call."""
    total = 0.0
    parts = []
    for t, rate in enumerate(rates):
        step = Sample(piece.inputs[t : t + 1], piece.targets[t : t + 1], piece.judge)
        cost, outputs = _pass(network, step, rate)
        total += cost
        parts.append(outputs)
    return total, np.concatenate(parts)

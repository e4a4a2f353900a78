"""Describe the outputs of a model, and convert targets to rows of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._defaults import OUTPUTS
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.outputs import require_range, require_squash, squashes_of

TASKS = {
    "numbers": (),
    "classes": ("softmax", "logistic"),
    "labels": ("logistic",),
}
"""Squashes that outputs may have, for each kind of outputs. Outputs for numbers must be
unbounded."""
TITLE = "network of Model"


def checked_classes(title: str, classes: Any) -> list[Any]:
    """Return the labels of classes as values of JSON."""
    condition = "a list of different strings, numbers or booleans"
    plain = [
        label.item() if isinstance(label, np.generic) else label
        for label in _checks.listed(title, classes, condition)
    ]
    kinds = str | int | float | bool
    are_labels = all(isinstance(label, kinds) and label == label for label in plain)
    _checks.require(
        are_labels and len({*plain}) == len(plain),
        title,
        condition,
        classes,
    )
    return plain


def array_of(labels: Sequence[Any]) -> NDArray[Any]:
    """Return labels as an array of their type, or of objects if they have several."""
    several = len({type(label) for label in labels}) > 1
    return np.array(labels, object if several else None)


class Targets:
    """The meaning of a network's outputs, which are numbers, exclusive classes, or
    labels of 0 and 1. Arguments are described at :class:`Model`.
    """

    def __init__(
        self, network: Network, classes: Sequence[Any] | None, task: str | None
    ) -> None:
        squashes = {squash.name for squash in squashes_of(network)}
        if task is None:
            is_classes = classes is not None or squashes == {"softmax"}
            unscaled = "labels" if squashes == {"logistic"} else "numbers"
            task = "classes" if is_classes else unscaled
        self.task = task
        self.classes: list[Any] | None = None
        if task == "classes":
            names = [neuron.name for neuron in network.output]
            if classes is None:
                classes = names if all(names) else range(len(names))
            _checks.require(
                len(classes) == len(names),
                "classes",
                f"a label for each of {_checks.pluralize(len(names), 'output')}",
                classes,
            )
            self.set_classes(classes)
        elif classes is not None:
            condition = f"None for the task {task!r}"
            raise ArgumentError(_checks.expected("classes", condition, classes))

    def set_classes(self, classes: Iterable[Any]) -> None:
        """Set the label of each output."""
        self.classes = [*classes]
        self.labels = array_of(self.classes)
        self.one_hot: dict[Hashable, Floats] = dict(
            zip(self.classes, np.eye(len(self.classes)), strict=True)
        )

    def _unknown(self, label: Any) -> ArgumentError:
        """Make the error for a label that no output has."""
        label = label.item() if isinstance(label, np.generic) else label
        return ArgumentError(
            f"Expected labels among {_checks.short_repr(self.classes)}, got"
            f" {_checks.short_repr(label)}. Name all of them when the model is made, as"
            " `classes`, or in the first partial_fit of an estimator."
        )

    def by_number(self, weights: Any) -> Any:
        """Return the weights of classes by the numbers of their outputs, if they are
        given by labels.
        """
        if self.task != "classes" or not isinstance(weights, Mapping):
            return weights
        for label in weights:
            if label not in self.one_hot:
                raise self._unknown(label)
        return {
            int(self.one_hot[label].argmax()): each for label, each in weights.items()
        }

    def require_outputs(self, network: Network, is_scaled: bool) -> None:
        """Raise if the outputs do not fit the task."""
        names = TASKS[self.task]
        usual = OUTPUTS[self.task]
        advice = f'Build it with output_squash="{usual}".'
        if names:
            require_squash(TITLE, network, names, advice)
        elif is_scaled:  # standard units can be any number
            require_range(TITLE, network, squashes_of(network), advice)

    def require_reach(self, network: Network, targets: Sequence[Floats]) -> None:
        """Raise if targets that have no scale are beyond the bounds of the outputs."""
        if self.task == "numbers":
            rows = np.concatenate(targets)
            require_range(
                TITLE,
                network,
                squashes_of(network),
                'Build it with output_squash="identity".',
                np.nanmin(rows),
                np.nanmax(rows),
            )

    def decoded(self, outputs: Floats) -> Any:
        """Return the predictions for outputs in the units of the data, by row."""
        if self.task == "classes":
            return self.labels[outputs.argmax(axis=1)]
        return outputs if self.task == "numbers" else (outputs > 0.5).astype(int)

    def encoded(self, title: str, targets: Any, outputs: int) -> Floats:
        """Return targets of the network, shape (N, m), in the units of the data."""
        if self.task != "classes":
            return _checks.as_matrix(
                title, targets, outputs, _checks.FLOAT64, finite=False
            )
        if hasattr(targets, "iloc") and targets.shape[1:] in ((), (1,)):
            targets = targets.to_numpy(object).reshape(-1)
        labels = _checks.any_array(title, targets, "the label of each row")
        if labels.dtype.kind == "U" and isinstance(targets, list):
            are_text = all(isinstance(label, str) for label in targets)
            labels = labels if are_text else np.array(targets, object)
        count = len(self.one_hot)
        if labels.ndim == 2 and labels.shape[1] == count:
            return _checks.as_matrix(
                title, labels, count, _checks.FLOAT64, finite=False
            )
        try:
            listed = isinstance(targets, list | tuple) and labels.ndim == 1
            entries = targets if listed else labels.tolist()
            rows = [self.one_hot[label] for label in entries]
        except (KeyError, TypeError) as error:
            raise self._unknown(
                error.args[0] if isinstance(error, KeyError) else targets
            ) from None
        return np.array(rows).reshape(len(rows), count)

    def of_sequences(
        self, targets: Any, parts: list[Floats], is_single: bool, outputs: int
    ) -> list[Floats]:
        """Return the targets of these sequences in the units of the data, shapes (T_i,
        m), with NaN for missing targets.
        """
        if is_single:
            aims = [self.encoded("targets", targets, outputs)]
        else:
            table = targets.to_numpy() if hasattr(targets, "to_numpy") else targets
            entries = _checks.listed("targets", table, "one entry for each sequence")
            if len(entries) != len(parts):
                raise ArgumentError(
                    "Expected targets for each of"
                    f" {_checks.pluralize(len(parts), 'sequence')}, got {len(entries)}."
                )
            pairs = zip(entries, parts, strict=True)
            aims = [self._of_steps(entry, len(rows), outputs) for entry, rows in pairs]
        for rows, aim in zip(parts, aims, strict=True):
            if len(rows) != len(aim):
                raise ArgumentError(
                    "Expected as many targets as inputs, got"
                    f" {len(aim)} and {len(rows)}."
                )
        return aims

    def _of_steps(self, targets: Any, steps: int, outputs: int) -> Floats:
        """Return the targets for the steps of a sequence. A single target belongs to
        the last step.
        """
        title = "The targets of a sequence"
        depth = _checks.depth_of(targets)
        single = self.task == "classes" or outputs == 1
        at_end = depth == 0 or (depth == 1 and (not single or len(targets) == 1))
        if not at_end:
            return self.encoded(title, targets, outputs)
        labels = [targets] if depth == 0 or not single else targets
        row = self.encoded(title, labels, outputs)
        return np.vstack([np.full((steps - 1, row.shape[1]), np.nan), row])

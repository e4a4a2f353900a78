"""Convert data to the columns of a model's inputs, and check the names of columns."""

from __future__ import annotations

from typing import Any

from .. import _checks
from ..errors import ArgumentError
from ..objects.layer import Layer


class InputColumns:
    """The columns that an input layer has learned, whose names are those of its
    neurons.
    """

    # whether the data of the latest fit had names; None: nothing has been learned
    fitted_by_name: bool | None = None

    def parts(
        self, layer: Layer, inputs: Any, fits: bool = False
    ) -> tuple[list[Any], bool, list[str] | None]:
        """Return inputs as sequences, whether they are rows instead, and the names of
        their columns, which must be those of the model.
        """
        count = len(layer)
        parts, is_single = _checks.parts_of("inputs", inputs, count)
        names = [*map(_checks.names_of, parts)]
        self.require(layer, names, fits)
        title = "inputs" if is_single else "The inputs of a sequence"
        rows = [
            _checks.input_rows(title, part, count, _checks.FLOAT64) for part in parts
        ]
        return rows, is_single, next(filter(None, names), None)

    def require(
        self, layer: Layer, tables: list[list[str] | None], fits: bool = False
    ) -> None:
        """Raise unless the names of columns equal those of the inputs, in their order.
        Warn if only the data or only the learned columns have names.
        """
        expected = columns_of(layer) if any(tables) else None
        for names in filter(None, tables):
            expected = expected or names
            if names != expected:
                raise ArgumentError(
                    f"Expected the columns {_checks.short_repr(expected)}, in this"
                    f" order, got {_checks.short_repr(names)}. Pass data[{expected!r}]."
                )
        if (
            fits
            or self.fitted_by_name in (None, any(tables))
            or columns_of(layer) == expected
        ):
            return
        have, fitted = ("", "out") if any(tables) else ("no ", "")
        _checks.warn(
            f"The data have {have}names of columns, but the model was fitted"
            f" with{fitted} names.",
            UserWarning,
        )

    def take(self, layer: Layer, names: list[str] | None, fits: bool = False) -> None:
        """Name inputs without names by the columns that have been learned."""
        if fits or self.fitted_by_name is None:
            self.fitted_by_name = names is not None
            if names is not None and not columns_of(layer):
                for neuron, name in zip(layer, names, strict=True):
                    neuron.name = name or neuron.name


def columns_of(layer: Layer) -> list[str]:
    """Return the names of inputs, without names that a network gives by number."""
    usual = [f"{layer.name} {number}" for number in range(len(layer))]
    names = names_in(layer)
    return [] if names == usual else names


def names_in(layer: Layer) -> list[str]:
    """Return the names of a layer's neurons, or an empty result if some have no
    name.
    """
    names = [neuron.name for neuron in layer]
    return [name or "" for name in names] if all(names) else []

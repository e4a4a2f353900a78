"""Rules of synapses in files, each with its name, settings and traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..engine.locking import ExclusiveAccess
from ..errors import FormatError, UnknownNameError
from ..plasticity._rule import require_name, rule_named
from .layer import Layer
from .network import Network
from .plastic import KeptTraces, Plasticity

MAPPED = "post", "modulator"
"""Options that refer to layers and neurons, for which files store their numbers."""


@dataclass
class SavedRule:
    """The rule of a network, with its nonzero traces. `traces` has the columns of
    ``schema.RULE_TABLES`` as attributes.
    """

    name: str
    settings: dict[str, Any]
    latest: int  # the step that was learned last
    traces: SimpleNamespace

    @classmethod
    def of(cls, network: Network) -> SavedRule:
        """Return the network's rule, which must exist. The caller has the network in
        use.
        """
        live = network._plastic
        assert live is not None
        require_name(live.rule)
        live.ready(network)
        kept = live.kept()
        assert kept is not None
        number, steps, neuron = units = np.nonzero(kept.units)
        place, connection = synapses = np.nonzero(kept.synapses)
        settings = {
            name: _numbered(network, value) if name in MAPPED else value
            for name, value in live.rule.settings.items()
        }
        if "bounds" in settings:  # JSON has no infinity
            ends = settings["bounds"]
            settings["bounds"] = [None if np.isinf(end) else end for end in ends]
        traces = SimpleNamespace(
            unit_neuron=neuron,
            unit_number=number,
            unit_steps=steps,
            unit_value=kept.units[units],
            synapse_connection=connection,
            synapse_number=place,
            synapse_steps=kept.ages[connection],
            synapse_value=kept.synapses[synapses],
        )
        return cls(str(live.rule.name), settings, live.latest, traces)

    def restore(self, network: Network) -> None:
        """Set the rule of a new network, with these traces. Raises FormatError if they
        do not fit it, and UnknownNameError if no rule of this name is registered.
        """
        try:
            self._restore(network)
        except (LookupError, TypeError, ValueError) as error:
            if isinstance(error, UnknownNameError):
                raise
            raise FormatError(
                f"The synaptic_rule {self.name!r} does not fit this network: {error}"
            ) from None

    def _restore(self, network: Network) -> None:
        settings = {
            name: _members(network, value) if name in MAPPED else value
            for name, value in self.settings.items()
        }
        live = Plasticity(rule_named(self.name, settings))
        with ExclusiveAccess(network):
            network._learn_by(None, live)
            live.ready(network)
            kept = live.kept()
            assert kept is not None
            read = self.traces
            zeros: list[Any] = [*map(np.zeros_like, kept)]
            units, synapses, ages = zeros
            # older files have a delay more than there is
            units = np.pad(units, ((0, 0), (0, 1), (0, 0)))
            units[read.unit_number, read.unit_steps, read.unit_neuron] = read.unit_value
            synapses[read.synapse_number, read.synapse_connection] = read.synapse_value
            ages[read.synapse_connection] = read.synapse_steps
            live.write(KeptTraces(units, synapses, ages))
            live.latest = self.latest


def _numbered(network: Network, value: Any) -> Any:
    """Replace layers and neurons in an option's value by their numbers."""
    if isinstance(value, Mapping):
        return [
            [_numbered(network, k), _numbered(network, v)] for k, v in value.items()
        ]
    member = network[value] if isinstance(value, str) else value
    if isinstance(member, Layer):
        return {"layer": network.layers.index(member)}
    return {"neuron": network.neurons.index(member)}


def _members(network: Network, value: Any) -> Any:
    """Replace the numbers from `_numbered` by the members of another network."""
    if isinstance(value, list):
        return {_members(network, k): _members(network, v) for k, v in value}
    if "layer" in value:
        return network.layers[value["layer"]]
    return network.neurons[value["neuron"]]


def copy_rule(network: Network, clone: Network) -> None:
    """Copy a network's rule to its clone, with its traces."""
    live = network._plastic
    if live is None:
        return
    settings = {
        name: _members(clone, _numbered(network, value)) if name in MAPPED else value
        for name, value in live.rule.settings.items()
    }
    with ExclusiveAccess(network, clone):
        live.ready(network)
        copied = Plasticity(live.rule(**settings))
        clone._learn_by(None, copied)
        copied.take_over(clone, live)

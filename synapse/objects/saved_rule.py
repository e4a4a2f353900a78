"""A rule of synapses as files hold it: its name, its settings, and its traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.locking import ExclusiveAccess
from ..errors import FormatError, UnknownNameError
from ..plasticity._rule import require_name, rule_named
from .layer import Layer
from .network import Network
from .plastic import Plasticity, TraceArrays

Numbers = Any  # an array, by row of a table
MAPPED = "post", "modulator"
"""Options that refer to layers and neurons, place files have by their numbers."""


@dataclass
class SavedRule:
    """The rule of a network, with its traces that are not 0. The columns are those of
    ``schema.RULE_TABLES``.
    """

    name: str
    settings: dict[str, Any]
    latest: int  # the step that was learned last
    unit_neuron: Numbers
    unit_number: Numbers
    unit_steps: Numbers
    unit_value: Numbers
    synapse_connection: Numbers
    synapse_number: Numbers
    synapse_steps: Numbers
    synapse_value: Numbers

    @classmethod
    def of(cls, network: Network) -> SavedRule:
        """Return the rule of a network that has one. The caller has it in use."""
        live = network._plastic
        assert live is not None
        require_name(live.rule)
        live.ready(network)
        kept = live.kept()
        assert kept is not None
        source, target, synapse, eligible, ages = kept
        number, steps, neuron = np.nonzero(source)
        of_target, at = np.nonzero(target)
        place, connection = np.nonzero(np.concatenate([synapse, eligible]))
        settings = {
            name: _numbered(network, value) if name in MAPPED else value
            for name, value in live.rule.settings.items()
        }
        if "bounds" in settings:  # JSON has no infinity
            ends = settings["bounds"]
            settings["bounds"] = [None if np.isinf(end) else end for end in ends]
        return cls(
            str(live.rule.name),
            settings,
            live.latest,
            np.concatenate([neuron, at]),
            np.concatenate([number, of_target]),
            # 0: of a target
            np.concatenate([steps + 1, np.zeros(len(at), np.int64)]),
            np.concatenate([source[number, steps, neuron], target[of_target, at]]),
            connection,
            place,
            (np.zeros_like(place) if not len(ages) else ages[0, connection])
            * (place >= len(synapse)),
            np.concatenate([synapse, eligible])[place, connection],
        )

    def restore(self, network: Network) -> None:
        """Set the rule of a new network, with these traces. Raises FormatError if
        they do not fit it, and UnknownNameError if no such rule is registered.
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
            zeros: list[Any] = [*map(np.zeros_like, kept)]
            sources, targets, synapses, eligible, ages = zeros
            every = np.concatenate([synapses, eligible])
            of_source = self.unit_steps > 0
            number, neuron = self.unit_number, self.unit_neuron
            places = (
                (sources, (number, self.unit_steps - 1, neuron), of_source),
                (targets, (number, neuron), ~of_source),
            )
            for array, index, chosen in places:
                where = tuple(each[chosen] for each in index)
                array[where] = self.unit_value[chosen]
            every[self.synapse_number, self.synapse_connection] = self.synapse_value
            split = len(synapses)
            ages[:, self.synapse_connection] = self.synapse_steps
            of_synapses = every[:split], every[split:]
            live.write(TraceArrays(sources, targets, *of_synapses, ages))
            live.latest = self.latest


def _numbered(network: Network, value: Any) -> Any:
    """Return layers and neurons of an option by their numbers."""
    if isinstance(value, Mapping):
        return [
            [_numbered(network, k), _numbered(network, v)] for k, v in value.items()
        ]
    member = network[value] if isinstance(value, str) else value
    if isinstance(member, Layer):
        return {"layer": network.layers.index(member)}
    return {"neuron": network.neurons.index(member)}


def _members(network: Network, value: Any) -> Any:
    """Return what `_numbered` has numbered, of another network."""
    if isinstance(value, list):
        return {_members(network, k): _members(network, v) for k, v in value}
    if "layer" in value:
        return network.layers[value["layer"]]
    return network.neurons[value["neuron"]]


def copy_rule(network: Network, clone: Network) -> None:
    """Set the rule of a copy to that of its network, with its traces."""
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

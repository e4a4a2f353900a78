"""Ensembles of networks whose outputs are averaged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from .._checks import index_within, listed, pluralize, suggests_arguments
from .._typing import Floats
from ..errors import ArgumentError
from .network import Network, require_network


class Ensemble(Sequence[Network]):
    """Networks for the same task, whose outputs are averaged (Hansen and Salamon 1990).

    Networks that were trained from different random weights make different errors.
    Their mean therefore has a lower error than most of them, and their spread shows
    where they are unsure (Lakshminarayanan and others 2017). An ensemble is a sequence
    of its networks. To write it to one file, use :func:`synapse.save`, and to forecast
    with it, :func:`synapse.forecast`.

    Parameters
    ----------
    networks : iterable of Network
        One or more networks with the same numbers of inputs and outputs.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no network, if an item is not a network or occurs twice, or if the
        numbers of inputs or outputs differ.

    See Also
    --------
    synapse.experiments.train_many : Train networks at the same time.

    Examples
    --------
    >>> import architect
    >>> nets = [architect.Perceptron(2, 3, 1, seed=seed) for seed in range(3)]
    >>> ensemble = Ensemble(nets)
    >>> ensemble
    <Ensemble of 3 networks 2-3-1>
    >>> ensemble.run([[0.0, 1.0]]) == sum(net.run([[0.0, 1.0]]) for net in nets) / 3
    array([[ True]])
    """

    @suggests_arguments()
    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks: tuple[Network, ...] = tuple(
            listed("networks", networks, "a list of Networks")
        )
        if not self._networks:
            raise ArgumentError("An ensemble needs at least one network.")
        for network in self._networks:
            require_network("Every network of an ensemble", network)
        if len(set(map(id, self._networks))) < len(self._networks):
            raise ArgumentError(
                "A network is in this ensemble twice. Pass every network once."
            )
        sizes = {
            (len(network.input), len(network.output)) for network in self._networks
        }
        if len(sizes) > 1:
            got = ", ".join(f"{n} and {m}" for n, m in sorted(sizes))
            condition = "to have the same numbers of inputs and outputs"
            raise ArgumentError(
                f"Expected the networks of an ensemble {condition}, got {got}."
            )

    @overload
    def __getitem__(self, index: int) -> Network: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Network, ...]: ...
    def __getitem__(self, index: int | slice) -> Network | tuple[Network, ...]:
        if isinstance(index, slice):
            return self._networks[index]
        return self._networks[index_within("An index of an ensemble", index, len(self))]

    def __len__(self) -> int:
        return len(self._networks)

    def __repr__(self) -> str:
        sizes = {"-".join(map(str, map(len, network.layers))) for network in self}
        networks = pluralize(len(self), "network")
        return f"<Ensemble of {networks} {', '.join(sorted(sizes))}>"

    @suggests_arguments()
    def run(self, inputs: Any) -> Floats | list[Floats]:
        """Run every network on the same rows and return the mean of their outputs, see
        :meth:`Network.run`.

        Parameters
        ----------
        inputs : array_like, shape (T, n) or (B, T, n), or list of array_like (T_i, n)
            Rows of inputs, in the forms that :meth:`Network.run` takes.

        Returns
        -------
        ndarray, shape (T, m) or (B, T, m), or list of ndarray
            The mean outputs of every step, in the form of the inputs.
        """
        outputs = [network.run(inputs) for network in self]
        if isinstance(outputs[0], list):
            return [np.mean(parts, axis=0) for parts in zip(*outputs, strict=True)]
        return np.asarray(np.mean(outputs, axis=0))

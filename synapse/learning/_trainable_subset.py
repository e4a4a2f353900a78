"""The part of a network that a trainer changes, by its option ``only``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import numpy as np

from .._checks import listed, require, require_type
from .._typing import Bools, Ints
from ..engine.locking import ExclusiveAccess
from ..engine.lowering.program import clear_traces_of_biases
from ..engine.schema import INPUT
from ..engine.store import Store
from ..errors import ArgumentError
from ..objects.connection import Connection
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.parameters import FROZEN
from ..objects.projection import Projection

_numbers = count(1)
FROZEN_BY_TRAINER = 2
"""Mark in the columns of `FROZEN` for rows that are untrainable only while the trainer
of a part computes."""
ITEMS = "layers, projections, neurons, connections or names of layers"

Item = Layer | Projection | Neuron | Connection | str


class TrainableSubset(tuple[Item, ...]):
    """The layers, projections, neurons and connections of a network that a trainer
    changes.

    As for :meth:`Layer.freeze`, the parameters of a neuron are its bias and the weights
    of its incoming connections. A shared parameter belongs to the part if any of its
    members does.
    """

    network: Network
    _number: int  # by which a store knows it

    def __new__(cls, network: Network, items: Iterable[Item]) -> TrainableSubset:
        """Check the items, raising ArgumentError or ArgumentTypeError."""
        members = super().__new__(cls, items)
        members.network = network
        members._number = next(_numbers)
        if not members:
            raise ArgumentError(
                f"Expected {ITEMS} in `only`, got none. Remove `only` to train the"
                " whole network."
            )
        for item in members:
            members._require_own(item)
        members.require_trainable()
        return members

    def _require_own(self, item: Any) -> None:
        require_type(
            isinstance(item, Item),
            "An item of `only`",
            "a layer, projection, neuron, connection or name of a layer",
            item,
        )
        store, neurons, links = self._members(item)
        belongs = store is self.network._store
        if belongs:
            ends = np.concatenate([neurons, store["target"][links]])
            belongs = bool((store["network"][ends] == self.network._number_now).all())
        require(belongs, "An item of `only`", f"a part of {self.network!r}", item)

    def require_trainable(self) -> None:
        """Raise ArgumentError if nothing in the part is trainable now."""
        with ExclusiveAccess(self.network):
            store = self.network._store
            weights, biases = self._rows(store)
            learns = (
                (store["trainable"] == 1) & weights,
                (store["trainable_bias"] == 1) & biases,
            )
            learns[1][store["role"] == INPUT] = False
        if not (learns[0].any() or learns[1].any()):
            raise ArgumentError(
                "Expected a trainable weight or bias in `only`, got none. "
                "Name layers, or the connections themselves, that are trainable."
            )

    def _members(self, item: Item) -> tuple[Store, Ints, Ints]:
        """Return the store of an item, and the rows of its neurons and connections that
        still exist.
        """
        none = np.empty(0, np.int64)
        if isinstance(item, str):
            named: Neuron | Layer = self.network[item]
            item = named
        if isinstance(item, Neuron | Layer):
            neurons = [item] if isinstance(item, Neuron) else item._neurons
            return (
                neurons[0]._store,
                np.array(
                    [neuron._row for neuron in neurons if neuron._row >= 0], np.int64
                ),
                none,
            )
        gone = isinstance(item, Connection) and item._identity < 0
        identities: Ints | list[int]
        if isinstance(item, Projection):
            identities = item._identities()
        else:
            identities = none if gone else [item._identity]
        item._store.make_columns()  # of a connection that is not in the network
        return item._store, none, item._store.row_of[identities].astype(np.int64)

    def _rows(self, store: Store) -> tuple[Bools, Bools]:
        """Return masks of a store's connections and neurons whose parameters are in the
        part.
        """
        weights = np.zeros(store.n_connections, bool)
        biases = np.zeros(store.n_neurons + 1, bool)
        for item in self:
            _, neurons, links = self._members(item)
            biases[neurons] = True
            weights[links] = True
        # the last entry is for removed connections
        weights |= biases.take(store["target"], mode="clip")
        return _with_members(weights, store["tie"]), _with_members(
            biases[:-1], store["bias_tie"]
        )

    # --- holding everything else ------------------------------------------------------

    _version = 0  # of the topology, while everything learns
    _held: tuple[Ints, Ints]  # for this: identities of connections, rows of neurons
    _depth = 0

    def freeze_rest(self) -> None:
        """Make all other parameters untrainable until :meth:`release`."""
        self._depth += 1  # first, as `release` follows in any case
        if self._depth > 1:
            return
        store = self.network._store
        if store.version_of_part != self._version:
            # numbers of neurons and connections do not change until the next edit
            store.ensure_lowered()
            self._held = self._rest(store)
            self._version = store.topology_version
        store.learn_part(self._number)
        links, neurons = self._held
        frozen_rows: tuple[Ints, Ints] = store.row_of[links].astype(np.int64), neurons
        for (learns, mark), rows in zip(FROZEN.items(), frozen_rows, strict=True):
            store[learns][rows] = 0
            store[mark][rows] = FROZEN_BY_TRAINER

    def _rest(self, store: Store) -> tuple[Ints, Ints]:
        """Return the identities of connections and the rows of neurons that are
        trainable but not in the part.
        """
        inside = np.append(store["network"] == self.network._number_now, False)
        weights, biases = self._rows(store)
        into = inside.take(store["target"], mode="clip")
        links = into & (store["trainable"] == 1) & ~weights
        neurons = inside[:-1] & (store["trainable_bias"] == 1) & ~biases
        return store["identity"][links], np.flatnonzero(neurons)

    def release(self) -> None:
        """Make everything trainable again that :meth:`freeze_rest` has frozen."""
        self._depth -= 1
        if self._depth:
            return
        store = self.network._store
        try:  # as `unfreeze` does: what has not learnt begins without traces
            store.ensure_lowered()
            held = np.flatnonzero(store[FROZEN["trainable_bias"]] == FROZEN_BY_TRAINER)
            clear_traces_of_biases(store, held)
        finally:
            for learns, mark in FROZEN.items():
                rows = np.flatnonzero(store[mark] == FROZEN_BY_TRAINER)
                store[learns][rows] = 1
                store[mark][rows] = 0
            if store.parts[0] == self._number:
                store.learn_part(0)
            else:  # the neurons have moved into another store
                store.touch_learning()

    # --- files and pickles ------------------------------------------------------------

    def described(self) -> list[Any]:
        """Return the items as names of layers, and as kinds with numbers in the
        network.
        """
        layers = list(self.network.layers)
        items = list[Any]()
        rows = self.network._rows(), self.network._connection_rows()
        for item in self:
            if isinstance(item, str):
                items.append(item)
            elif isinstance(item, Layer) and item in layers:
                items.append(["layers", [layers.index(item)]])
            else:
                _, *members = self._members(item)
                for column, every, mine in zip(
                    ("neurons", "connections"), rows, members, strict=True
                ):
                    items.append(
                        [column, np.flatnonzero(np.isin(every, mine)).tolist()]
                    )
        return items

    def __reduce__(self) -> Any:
        return _restored, (self.network, self.described())


def items_of(network: Network, described: Any) -> Iterator[Item]:
    """Return items from their description. Raises LookupError, ValueError or TypeError
    if it is not valid.
    """
    for item in described:
        if isinstance(item, str):
            yield item
        else:
            column, numbers = item
            every = {
                name: getattr(network, name)
                for name in ("layers", "neurons", "connections")
            }[column]
            yield from (every[range(len(every))[number]] for number in numbers)


def _restored(network: Network, described: list[Any]) -> TrainableSubset:
    return TrainableSubset(network, items_of(network, described))


def _with_members(rows: Bools, tie: Ints) -> Bools:
    """Return these rows and all rows that are tied to one of them."""
    groups = np.unique(tie[rows])
    return rows | np.isin(tie, groups[groups != 0])


class ExclusiveSubsetAccess(ExclusiveAccess):
    """A context like ExclusiveAccess for the network of a part. Everything outside the
    part is frozen in it.
    """

    __slots__ = ("_part",)

    def __init__(self, part: TrainableSubset) -> None:
        super().__init__(part.network)
        self._part = part

    def __enter__(self) -> ExclusiveSubsetAccess:
        super().__enter__()
        try:
            self._part.freeze_rest()
            # rows are in the order that parameters were found in
            self._part.network._store.ensure_lowered()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._part.release()
        super().__exit__()


def checked_part(network: Network, items: Any) -> TrainableSubset:
    """Return the part of a network with these items, or raise an error."""
    condition = f"a list of {ITEMS}"
    return TrainableSubset(
        network, listed("only of Trainer", items, condition, any_order=True)
    )

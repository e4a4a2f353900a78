"""The weights of a network as a sparse matrix of SciPy."""

from __future__ import annotations

from typing import Any

from ..errors import MissingExtraError
from ..network import Network
from ._formats import Format
from ._tables import to_tables

__all__ = ["sparse_data"]


def sparse_data(network: Network) -> Any:
    """Convert the weights to a ``scipy.sparse.csr_array``.

    Entry [i, j] is the weight from neuron i to neuron j, numbered in activation order. An entry is stored for
    every connection, also if its weight is 0. Nothing else is preserved.

    Parameters
    ----------
    network : Network
        The network. It is not changed.

    Returns
    -------
    scipy.sparse.csr_array, shape (neurons, neurons)
        The weights, in the dtype of the network.

    Raises
    ------
    MissingExtraError
        If SciPy is not installed.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> sparse_data(Network(a, [], b)).toarray()
    array([[0. , 0. , 0.5],
           [0. , 0. , 0.5],
           [0. , 0. , 0. ]])
    """
    try:
        from scipy import sparse  # an optional dependency
    except ImportError:
        raise MissingExtraError(
            "A sparse matrix needs SciPy, which is not installed: pip install scipy."
        ) from None
    tables = to_tables(network)
    edges, size = tables.connections, len(tables.neurons["id"])
    ends = edges["source"], edges["target"]
    return sparse.coo_array((edges["weight"], ends), shape=(size, size), dtype=tables.dtype).tocsr()


FORMAT = Format(
    name="sparse",
    what="a sparse matrix of SciPy, in memory",
    kept="weights, which neurons are connected",
    lost="all else",
    link="https://docs.scipy.org/doc/scipy/reference/generated/scipy.sparse.csr_array.html",
    data=sparse_data,
    extra="scipy",
)

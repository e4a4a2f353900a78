"""Networks as modules of PyTorch, and weights from there and back.

PyTorch is an extra: ``pip install 'synapse-neurons[torch]'``; it is imported when one of these is called.
"""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError
from ...network import Network, require_network
from .._formats import Format

__all__ = ["from_torch", "to_torch"]

WHAT = "What goes to torch and comes from there"


def to_torch(network: Network, modules: Any = None) -> Any:
    """A module of PyTorch that computes what a network does; or its weights, written into given modules.

    Parameters
    ----------
    network : Network
        Of any topology: gates, self-connections, connections backward, groups. Random neurons say
        their mean there, as deterministic ones do here.
    modules : torch.nn.Module or list of them, optional
        What :func:`from_torch` reads: `torch.nn.LSTM`, `GRU` or `RNN`, alone or followed by one
        `Linear`, or `Linear` after `Linear`, of the network's sizes; or a module that this
        function has made of it. Their weights become the network's. Of the two biases that torch
        adds up, the second becomes 0.

    Returns
    -------
    torch.nn.Module
        `modules`, where given. Else a :class:`~synapse.readwrite.pytorch.module.SequenceModule`:
        called with inputs of shape (T, n) or (S, T, n), and optionally with the context to begin with
        (default: cleared), it gives outputs of shape (T, m) or (S, T, m). Its parameters are `weight`,
        in the order of ``network.connections``, and `bias`, in the order of the neurons; what is tied
        is there once, and what is not trainable stays as it is. ``module.unroll`` gives the context
        after the last step, too, and ``module.context`` is that of the network at the time of the call.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    ArgumentError
        If a neuron has a squash of a user's own, or `modules` are of other sizes or settings.
    TopologyError
        If the network hears neurons outside of it, neurons that compete are connected with each other
        within a step, or `modules` have no place for a connection.

    Notes
    -----
    Neurons that do not wait for each other are computed together. Those among them with the same
    sources are one product of matrices; scattered connections are gathered. Gradients go back through
    all steps: unlike the online rule, nothing is left out. Inside torch, its own `LSTM` is many
    times as fast as the module of the same network.

    Examples
    --------
    >>> import torch
    >>> from architect import Perceptron
    >>> net = Perceptron(2, 3, 1, seed=0)
    >>> module = to_torch(net)
    >>> outputs = module(torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=torch.float64))
    >>> bool(abs(outputs.detach().numpy() - net.run([[0.0, 1.0], [1.0, 1.0]])).max() < 1e-12)
    True
    >>> outputs.sum().backward()
    >>> module.weight.grad.shape
    torch.Size([9])
    """
    require_network(WHAT, network)
    from .module import SequenceModule  # torch is imported when it is asked for

    if modules is None:
        return SequenceModule(network)
    if isinstance(modules, SequenceModule):
        modules.read(network)
        return modules
    from . import _layers  # the architectures are made of networks: a loop at the top

    _layers.write(_layers.peer_of(modules), network)
    return modules


def from_torch(modules: Any, network: Network | None = None) -> Network:
    """Weights of PyTorch, read into a network: a new one, or one that is there.

    Parameters
    ----------
    modules : torch.nn.Module or list of them
        One of

        - `torch.nn.LSTM`, `GRU` or `RNN`, which become an :class:`architect.LSTM` in the style
          "standard", a :class:`architect.GRU`, a :class:`architect.Elman`; alone (the outputs then
          show the last hidden layer), or in a list with a `Linear` and perhaps an activation;
        - `Linear` after `Linear`, each with an activation or none, in a list or a `Sequential`: a
          :class:`architect.Perceptron`;
        - a module that :func:`to_torch` has made; the network it was made of is needed then.

        `Dropout` and `Flatten` among them hold no numbers and are passed over; dropout between recurrent
        layers, too.
    network : Network, optional
        Where to read them into: of the same layers, by name, sizes and squashes. Connections that
        torch has no place for, such as peepholes, stay as they are, and so does the read-out if no
        `Linear` is given.

    Returns
    -------
    Network
        The new one, or `network`. Its context is not touched.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    ArgumentError, KindError, TopologyError
        If the modules are of another sort, have settings that no architecture has (bidirectional,
        a projection, no bias) or do not match the network; nothing has changed then.

    Notes
    -----
    The two biases of a sum in torch, b_ih and b_hh, are one here; only of the candidates of a GRU the
    second stands apart, as the weight of the connection from the neuron "constant".

    Examples
    --------
    >>> import torch
    >>> lstm, linear = torch.nn.LSTM(3, 4), torch.nn.Linear(4, 2)
    >>> from_torch([lstm, linear])
    <LSTM 3-4-2, 33 neurons, 136 connections>
    """
    from .module import SequenceModule  # torch is imported when it is asked for

    if network is not None:
        require_network(WHAT, network)
    if isinstance(modules, SequenceModule):
        if network is None:
            raise ArgumentError(
                "A module of to_torch has no network in it. Give the one it was made of, too."
            )
        modules.write(network)
        return network
    from . import _layers  # the architectures are made of networks: a loop at the top

    peer = _layers.peer_of(modules)
    found = _layers.network_of(peer) if network is None else network
    _layers.read(peer, found)
    return found


FORMAT = Format(
    name="torch",
    what="PyTorch, in memory",
    kept="what a network answers, and its parameters",
    lost="traces",
    link="https://docs.pytorch.org/docs/stable/nn.html",
    data=to_torch,
    from_data=from_torch,
    extra="torch",
)

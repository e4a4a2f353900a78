"""Convert networks to modules of PyTorch, and exchange weights in both directions.

PyTorch is an extra: ``pip install torch``. It is imported when a function is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from ..._checks import imported, suggests_arguments
from ...errors import ArgumentError
from ...objects.incomplete import warn_of_missing
from ...objects.network import Network, require_network
from .._formats import Format


@suggests_arguments("to_torch")
def to_torch(network: Annotated[Network, require_network], modules: Any = None) -> Any:
    """Convert a network to a PyTorch module, or write its weights into given modules.

    Parameters
    ----------
    network : Network
        A network of any topology: gates, self-connections, backward connections,
        groups. In the module, random neurons output their mean, as deterministic ones
        do.
    modules : torch.nn.Module or list of them, optional
        Modules that receive the network's weights, of the network's sizes and of a kind
        that
        :func:`from_torch` reads. Of the two biases that torch adds, the second becomes
        0.

    Returns
    -------
    torch.nn.Module
        `modules`, if given. Otherwise a
        :class:`~synapse.readwrite._pytorch.module.SequenceModule`. Call it with inputs
        of shape (T, n) or (S, T, n), and optionally with an initial context (default:
        cleared); it returns outputs of shape (T, m) or (S, T, m).

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    ArgumentError
        If `modules` have other sizes or settings.
    FormatError
        If a squash cannot be written in torch.
    TopologyError
        If the network has connections from neurons outside of it, if a delay is longer
        than a step, if neurons that compete are connected with each other within a
        step, or if `modules` have no parameter for a connection.

    Notes
    -----
    Layers that PyTorch has become its own modules, with its names in the
    ``state_dict``: each layer of an LSTM, a GRU or an Elman network with `tanh` or
    `relu` is a `torch.nn.LSTM`, `GRU` or `RNN` of one layer (``lstm``, ``gru`` or
    ``rnn`` of the module), and connections of all neurons to all, outside of a
    recurrence, are a `Linear` (``linear``); several of a kind are ``lstm_1``,
    ``lstm_2``. They can load the ``state_dict`` of a trained module. What they lack
    stays in the vectors ``weight`` and ``bias``: peepholes, other gates, other
    squashes, ties, signs, sparse connections, layers of which a part is fixed.

    Neurons that do not depend on each other are computed together, and what does not
    depend on a recurrence for all steps at once. Gradients flow through all steps:
    unlike the online rule, nothing is left out. What is not trainable, the second bias
    of each sum included, is a buffer: steps of an optimizer are those of the network.

    A recurrent module of PyTorch has no derivatives in forward mode and cannot be
    compiled; there, and in all other recurrence, the steps are computed one by one,
    which is slower. ``python -m benchmarks --only modules`` compares modules with
    PyTorch's own and with loops written by hand.
    ``torch.compile(module, fullgraph=True)`` makes one graph of all steps, a new one
    for each number of steps.

    See Also
    --------
    from_torch : Read weights of PyTorch modules.

    Examples
    --------
    >>> import torch
    >>> from architect import Perceptron
    >>> net = Perceptron(2, 3, 1, seed=0)
    >>> module = to_torch(net)
    >>> outputs = module(torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=torch.float64))
    >>> expected = net.run([[0.0, 1.0], [1.0, 1.0]])
    >>> bool(abs(outputs.detach().numpy() - expected).max() < 1e-12)
    True
    >>> list(module.state_dict())
    ['linear_1.weight', 'linear_1.bias', 'linear_2.weight', 'linear_2.bias']
    >>> outputs.sum().backward()
    >>> module.linear_1.weight.grad.shape
    torch.Size([3, 2])
    """
    warn_of_missing(network)
    imported("torch", "This needs")
    from .module import SequenceModule  # imports torch, an extra

    if modules is None:
        return SequenceModule(network)
    if isinstance(modules, SequenceModule):
        modules.read(network)
        return modules
    from . import _layers  # the architectures are made of networks: a loop at the top

    _layers.write(_layers.peer_of(modules), network)
    return modules


@suggests_arguments()
def from_torch(
    modules: Any,
    network: Network | None = None,
    *,
    squash: str | Sequence[str] | None = None,
    output_squash: str | None = None,
) -> Network:
    """Read weights of PyTorch modules into a new network, or into a given one.

    Parameters
    ----------
    modules : torch.nn.Module, list of them, or state dict
        One of

        - `torch.nn.LSTM`, `GRU` or `RNN`, which become an :class:`architect.LSTM` in
          the style "standard", an :class:`architect.GRU` or an
          :class:`architect.Elman`; alone (the outputs then copy the last hidden layer),
          or in a list with more of the same kind and with a `Linear` and optionally an
          activation;
        - a stack of `Linear`, each with an activation or none, in a list or a
          `Sequential`, which becomes an :class:`architect.Perceptron`;
        - a module of your own class: `torch.fx` traces its ``forward``. It may call
          such modules and activations one after the other, or Linears and activations
          whose values are added, as in a residual ``x + self.block(x)``; the latter
          become a :class:`Network`. Any other call raises an error;
        - the state dict of such modules, with their kinds by its names and shapes;
        - a module that :func:`to_torch` has made; `network` must then be the network it
          was made from.

        ``Dropout``, ``Flatten`` and ``Identity`` have no parameters and are skipped, as
        is dropout between recurrent layers.
    network : Network, optional
        The network that receives the weights, with the same layers by name, size and
        squash. Connections without a counterpart in torch, such as peepholes, do not
        change, and neither does the readout if no `Linear` is given. Default: a new
        network.
    squash : str or sequence of str, optional
        Of a state dict, which has none: activation function of an RNN (default: tanh)
        or of all hidden Linears, or one for each. Default: those of `network`.
    output_squash : str, optional
        Of a state dict: activation function of the last Linear. Default: "identity",
        or that of `network`.

    Returns
    -------
    Network
        The new network, or `network`. Its context does not change.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    ArgumentError, ArgumentTypeError, TopologyError
        If the modules are of another kind, have settings that no architecture has
        (bidirectional, a projection) or do not match the network, if a state dict needs
        a squash, or if a new network does not compute what the modules compute on some
        random rows, for example because of hooks. Nothing has changed.

    Notes
    -----
    Torch has two biases for each sum, b_ih and b_hh; Synapse has one, their sum. Only
    the candidates of a GRU need the second one: it is the weight of the connection from
    the neuron "constant". Modules with ``bias=False`` become layers whose biases are 0
    and not trainable.

    See Also
    --------
    to_torch : Convert a network to a PyTorch module.

    Examples
    --------
    >>> import torch
    >>> lstm, linear = torch.nn.LSTM(3, 4), torch.nn.Linear(4, 2)
    >>> from_torch([lstm, linear])
    <LSTM 3-4-2, 33 neurons, 136 connections>
    >>> stack = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), linear)
    >>> from_torch(stack.state_dict(), squash="relu")
    <Perceptron 3-4-2, 9 neurons, 20 connections>
    """
    imported("torch", "This needs")
    from .module import SequenceModule  # imports torch, an extra

    if network is not None:
        require_network("network", network)
    given = squash is not None or output_squash is not None
    if given and not isinstance(modules, Mapping):
        raise ArgumentError(
            "`squash` and `output_squash` are for a state dict. Modules have their"
            " activations: from_torch([linear, torch.nn.Tanh(), head])."
        )
    if isinstance(modules, SequenceModule):
        if network is None:
            raise ArgumentError(
                "A module of to_torch has no network in it. Pass the one it was made"
                " from, too."
            )
        modules.write(network)
        return network
    from . import _layers, _state_dicts  # architectures are networks: a loop at the top

    if isinstance(modules, Mapping):
        peer = _state_dicts.peer_of_state(
            modules,
            squash,
            "identity" if output_squash is None else output_squash,
            network is not None and squash is None and output_squash is None,
        )
    else:
        made = _layers.network_of_graph(modules) if network is None else None
        if made is not None:
            _layers.require_outputs(modules, made, SequenceModule(made))
            return made
        peer = _layers.peer_of(modules)
    if network is not None:
        _layers.read(peer, network)
        return network
    made, module = _layers.read_new(peer)
    if not isinstance(modules, Mapping):
        _layers.require_outputs(modules, made, module)
    return made


FORMAT = Format(
    name="torch",
    purpose="PyTorch, in memory",
    kept="what a network answers, and its parameters",
    lost="traces",
    link="https://docs.pytorch.org/docs/stable/nn.html",
    data=to_torch,
    from_data=from_torch,
    extra="torch",
)

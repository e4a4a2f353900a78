"""Convert networks to modules of PyTorch, and exchange weights in both directions.

PyTorch is an optional dependency (``pip install torch``), which is imported only when
you call a function.
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
        A network of any topology, including gates, self-connections, backward
        connections and groups. In the module, random neurons output their mean, like
        deterministic ones.
    modules : torch.nn.Module or list of them, optional
        Modules that receive the network's weights. They must have the network's sizes,
        and be of a kind that :func:`from_torch` reads. Because torch adds two biases,
        the second one becomes 0.

    Returns
    -------
    torch.nn.Module
        `modules`, if given. Otherwise, a
        :class:`~synapse.readwrite._pytorch.module.SequenceModule`. Call it with inputs
        of shape (T, n) or (S, T, n), and optionally with an initial context (default:
        cleared). It returns outputs of shape (T, m) or (S, T, m).

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
    Layers that PyTorch also has become its own modules, with its names in the
    ``state_dict``. Each layer of an LSTM, a GRU or an Elman network with `tanh` or
    `relu` is a `torch.nn.LSTM`, `GRU` or `RNN` of one layer (``lstm``, ``gru`` or
    ``rnn`` of the module). Connections of all neurons to all, outside of a recurrence,
    are a `Linear` (``linear``). If there are several modules of a kind, they are called
    ``lstm_1``, ``lstm_2``, and so on. You can load the ``state_dict`` of a trained
    module into them. All other parameters stay in the vectors ``weight`` and ``bias``,
    for example those of peepholes, other gates, other squashes, ties, signs, sparse
    connections, and layers of which a part is fixed.

    Neurons that do not depend on each other are computed together, and everything that
    does not depend on a recurrence is computed for all steps at once. Unlike with the
    online rule, gradients flow through all steps without omissions. Parameters that are
    not trainable, including the second bias of each sum, are buffers, which makes an
    optimizer's steps equal those of the network.

    PyTorch's recurrent modules have no derivatives in forward mode and cannot be
    compiled. In these cases, and in all other recurrence, the steps are computed one by
    one, which is slower. ``python -m benchmarks --only modules`` compares modules with
    PyTorch's own and with loops written by hand.
    ``torch.compile(module, fullgraph=True)`` makes one graph of all steps, but a new
    one for each number of steps.

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
          :class:`architect.Elman`. You can pass one module alone, in which case the
          outputs copy the last hidden layer, or a list with more modules of the same
          kind, a `Linear` and optionally an activation;
        - a stack of `Linear`, optionally with an activation after each, in a list or a
          `Sequential`, which becomes an :class:`architect.Perceptron`;
        - a module of your own class, whose ``forward`` is traced by `torch.fx`. It may
          call such modules and activations one after the other, or Linears and
          activations whose values are added, as in a residual ``x + self.block(x)``,
          which become a :class:`Network`. Any other call raises an error;
        - the state dict of such modules, whose kinds are recognised by its names and
          shapes;
        - a module that :func:`to_torch` has made, if you also pass the network from
          which it was made as `network`.

        ``Dropout``, ``Flatten`` and ``Identity`` have no parameters and are skipped, as
        is dropout between recurrent layers.
    network : Network, optional
        The network that receives the weights. Its layers must have the same names,
        sizes and squashes. Connections without a counterpart in torch, such as
        peepholes, do not change, and neither does the readout if no `Linear` is given.
        Default: a new network.
    squash : str or sequence of str, optional
        The activation function of an RNN (default: tanh), or of all hidden Linears, or
        one for each. It is needed for a state dict, which does not contain it. Default:
        the functions of `network`.
    output_squash : str, optional
        The activation function of the last Linear in a state dict. Default: "identity",
        or the function of `network`.

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
        a squash, or if a new network does not reproduce the outputs of the modules on
        some random rows, for example because of hooks. Nothing has changed in this
        case.

    Notes
    -----
    Torch has two biases for each sum, b_ih and b_hh, whereas Synapse has one, which is
    their sum. Only the candidates of a GRU need the second one, which becomes the
    weight of the connection from the neuron "constant". Modules with ``bias=False``
    become layers whose biases are 0 and not trainable.

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

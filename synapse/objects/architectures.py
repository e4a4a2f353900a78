"""Registry of network classes by name, for the library's architectures and for the
classes of users.

Files and pickles contain the name of a class and its settings, but never code. When
they are read, the class is looked up here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from .._checks import (
    Registry,
    boolean,
    expected,
    require_type,
    short_repr,
    suggests_arguments,
    text,
    with_article,
)
from .._registration import is_same_class
from ..errors import (
    ArgumentTypeError,
    FormatError,
    SynapseError,
    TopologyError,
)
from . import anew
from .layer import Layer
from .network import Network, require_network

ARGUMENTS = "arguments"

Class = TypeVar("Class", bound=type[Network])

by_name: Registry[type[Network]] = Registry("architecture")


@overload
def register(architecture: Class, *, replace: bool = ...) -> Class: ...
@overload
def register(*, replace: bool = ...) -> Callable[[Class], Class]: ...
@suggests_arguments()
def register(architecture: Class | None = None, *, replace: bool = False) -> Any:
    """Register a subclass of Network, so that files, copies and pickles preserve the
    class.

    Use it as a class decorator. Copies are made without calling ``__init__``. Instead,
    a copy gets the layers, and the attributes that :meth:`Network.find_parts` derives
    from the layers and :attr:`Network.settings`. Override both if your class has
    attributes of its own. If a program has not registered a class of this name, it
    reads a plain :class:`Network` from the file. Every program does so if an edit of
    the network makes `find_parts` raise an error.

    Parameters
    ----------
    architecture : type
        Subclass of :class:`Network`.
    replace : bool
        Whether the class replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.

    Returns
    -------
    type
        The class itself.

    Raises
    ------
    ArgumentTypeError
        If `architecture` is not a subclass of :class:`Network`.
    ArgumentError
        If another class of this name is registered and is not replaced. You may define
        the same class again, as in a notebook.

    See Also
    --------
    synapse.save : Write a network to a file.
    synapse.load : Read a network from a file.

    Examples
    --------
    >>> import architect
    >>> from synapse import Layer, Network
    >>> @architect.register
    ... class Ladder(Network):
    ...     def __init__(self, rungs, step=1):
    ...         layers = [Layer(1, name=f"rung {i}") for i in range(rungs)]
    ...         for below, above in zip(layers[:-step], layers[step:]):
    ...             below.project(above)
    ...         super().__init__(layers[0], layers[1:-1], layers[-1])
    ...         self.step, self.top = step, layers[-1]
    ...
    ...     @property
    ...     def settings(self):
    ...         return {"step": self.step}
    ...
    ...     @classmethod
    ...     def find_parts(cls, layers, settings):
    ...         return {"step": settings["step"], "top": layers[-1]}
    >>> twin = Ladder(4, step=2).clone()
    >>> twin, twin.step, twin.top
    (<Ladder 1-1-1-1, 4 neurons, 2 connections>, 2, <Layer rung 3, 1 neuron>)
    """
    if architecture is None:
        return partial(register, replace=boolean("replace", replace))
    given: Any = architecture
    require_type(
        isinstance(given, type) and issubclass(given, Network) and given is not Network,
        "An architecture to register",
        "a subclass of Network",
        architecture,
    )
    name = architecture.__name__
    by_name.again(name, replace, lambda known: is_same_class(known, architecture))
    anew.remember_arguments(architecture)
    of_library = architecture.__module__.partition(".")[0] in ("synapse", "architect")
    by_name.enter(name, architecture, built_in=of_library)
    return architecture


def get(name: str) -> type[Network] | None:
    """Return the class that is registered under a name, or None if there is none."""
    return by_name.seek(text("name", name))


def names() -> list[str]:
    """Return the names of all registered classes, sorted."""
    return sorted(by_name)


def describe(network: Network) -> dict[str, Any] | None:
    """Return the name of a network's class and its settings as a dict.

    Returns None if the class is not registered, or if the network no longer fits its
    class after an edit.

    Raises
    ------
    ArgumentTypeError
        If `network` is not a network, or its settings cannot be written as JSON.
    """
    architecture = type(require_network("network", network))
    name = _name_of(architecture)
    if name is None:
        return None
    try:
        # as a file would store them
        settings = json.loads(json.dumps(network.settings, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or {"name", ARGUMENTS} & settings.keys():
        condition = "a dict that can be written as JSON, without the keys"
        condition += " 'name' and 'arguments'"
        title = f"The settings of {with_article(architecture.__name__)}"
        raise ArgumentTypeError(expected(title, condition, network.settings))
    try:
        _ = network.parts
    except TopologyError:
        return None
    return {"name": name, **settings}


def describe_for_file(network: Network) -> dict[str, Any] | None:
    """Return the result of :func:`describe` with the network's constructor arguments.

    Files need them to reset the parameters.
    """
    described = describe(network)
    if described is not None and network._made is not None:
        described[ARGUMENTS] = anew.as_json(network._made)
    return described


def instance_of(
    architecture: dict[str, Any] | None, layers: Sequence[Layer]
) -> Network:
    """Return an instance of the class that :func:`describe` has described, with only
    its additional attributes.

    If the class is not registered, it is a :class:`Network`. Raises FormatError if the
    class does not find its parts in the layers with these settings.
    """
    kind = Network
    settings = dict(architecture or {})
    made = anew.from_json(settings.pop(ARGUMENTS)) if ARGUMENTS in settings else None
    if settings:
        kind = get(settings.pop("name")) or Network
    try:
        parts = kind.find_parts(layers, settings)
    except Exception as error:  # a class of the user may raise anything
        cause = (
            str(error)
            if isinstance(error, SynapseError)
            else f"{type(error).__name__}: {error}."
        )
        raise FormatError(
            f"The class {kind.__name__} cannot find its parts in a network with the"
            f" settings {short_repr(settings)}: {cause} Without its architecture the"
            " file is a plain Network."
        ) from error
    network = kind.__new__(kind)  # its own __init__ would build new layers
    vars(network).update(parts)
    network._made = made
    return network


def _name_of(architecture: type[Network]) -> str | None:
    """Return the name or label under which this class, or another definition of it, is
    registered, or None if it is not.
    """
    name = architecture.__name__
    registered = by_name.get(name)
    if label := by_name.label_of(architecture):
        return label
    return name if registered and is_same_class(registered, architecture) else None

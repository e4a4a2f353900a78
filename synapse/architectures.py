"""Classes of networks, by name: the architectures of the library, and any class of the user's.

Files and pickles keep the name of a class and its settings, never code. Whoever reads them finds the class
among those that are registered.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from ._checks import expected, shown, text
from .errors import ArgumentError, FormatError, KindError, SynapseError
from .layer import Layer
from .network import Network, require_network

Class = TypeVar("Class", bound=type[Network])

_by_name: dict[str, type[Network]] = {}


def register(kind: Class) -> Class:
    """A class decorator: networks of this class come back from files, copies and pickles as what they are.

    A copy is not made by ``__init__``. It gets the layers, and the attributes that
    :meth:`Network.find_parts` finds among them with the help of :attr:`Network.settings`: override both if
    your class has attributes of its own. A program that has registered no class of this name reads a
    :class:`Network` from the file.

    Raises
    ------
    KindError
        If it is not a subclass of :class:`Network`.
    ArgumentError
        If another class of this name is registered. The same class may be defined again, as in a notebook.

    Examples
    --------
    >>> from synapse import Layer, Network, architectures
    >>> @architectures.register
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
    given: Any = kind
    if not (isinstance(given, type) and issubclass(given, Network) and given is not Network):
        raise KindError(expected("An architecture to register", "a subclass of Network", kind))
    name, known = kind.__name__, get(kind.__name__)
    if known is not None and not _is_known(kind):
        raise ArgumentError(f"An architecture named {name!r} is registered already. Give yours another name.")
    _by_name[name] = kind
    return kind


def get(name: str) -> type[Network] | None:
    """The class that is registered under a name, if there is one."""
    importlib.import_module("architect")  # registers the library's own; it lies above this package
    return _by_name.get(text("The name of an architecture", name))


def names() -> list[str]:
    """The names of all registered classes."""
    importlib.import_module("architect")
    return sorted(_by_name)


def describe(network: Network) -> dict[str, Any] | None:
    """The name of a network's class and its settings; None if the class is not registered.

    Raises
    ------
    KindError
        If it is not a network, or JSON cannot hold the settings.
    """
    kind = type(require_network("What is described", network))
    if not _is_known(kind):
        return None
    try:
        settings = json.loads(json.dumps(network.settings, allow_nan=False))  # a copy is given what a file is
    except (TypeError, ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or "name" in settings:
        condition = "a dict that JSON can hold, without the key 'name'"
        raise KindError(expected(f"The settings of a {kind.__name__}", condition, network.settings))
    return {"name": kind.__name__, **settings}


def rebuild(architecture: dict[str, Any] | None, layers: Sequence[Layer], name: str | None) -> Network:
    """The network of some layers: of the class described, if it is registered and they have its parts.

    Raises
    ------
    FormatError
        If the class cannot use the settings.
    """
    kind, settings = Network, dict(architecture or {})
    if settings:
        kind = get(settings.pop("name")) or Network
    try:
        parts = kind.find_parts(layers, settings)
    except SynapseError:  # it has been edited, and is a network of this class no more
        kind, parts = Network, {}
    except Exception as error:  # of a class of the user
        raise FormatError(
            f"The class {kind.__name__} cannot find its parts in a network with the settings "
            f"{shown(settings)}: {type(error).__name__}: {error}."
        ) from error
    network = kind.__new__(kind)  # its own __init__ would build new layers
    Network.__init__(network, layers[0], layers[1:-1], layers[-1], name=name)
    vars(network).update(parts)
    return network


def _is_known(kind: type[Network]) -> bool:
    """Whether this class is registered, or an earlier or later definition of it."""
    known = _by_name.get(kind.__name__)
    return all(getattr(known, name, None) == getattr(kind, name) for name in ("__module__", "__qualname__"))

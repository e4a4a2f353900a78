"""Which architecture a network is: kept by name, and found among those of the library alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import SynapseError
from ..layer import Layer
from ..network import Network
from ._checks import an_object, require


def _known() -> dict[str, type[Network]]:
    """The architectures by name."""
    import architect  # made of networks: a loop at the top

    found = {name: getattr(architect, name) for name in architect.__all__}
    return {
        name: kind for name, kind in found.items() if isinstance(kind, type) and issubclass(kind, Network)
    }


def told(network: Network) -> dict[str, Any] | None:
    """The name of its class and its settings; None where it is none of the library's architectures."""
    kind = type(network)
    if kind is Network or _known().get(kind.__name__) is not kind:
        return None
    return {"name": kind.__name__, **network._settings}


def checked(architecture: Any) -> dict[str, Any] | None:
    """What :func:`told` has told and a file has kept; what the settings are is for the class to say.

    Raises
    ------
    FormatError
        If it is not an object with a name.
    """
    if architecture is None:
        return None
    found = an_object("The architecture", architecture)
    name = found.get("name")
    require(type(name) is str, "The name of the architecture", "a string", name)
    return found


def made(architecture: dict[str, Any] | None, layers: Sequence[Layer], name: str | None) -> Network:
    """The network of some layers: an architecture, if it is known and they have its parts."""
    kind, parts = Network, {}
    if architecture is not None:
        try:
            found = _known().get(architecture["name"], Network)
            kind, parts = found, found._parts_of(layers, architecture)
        except SynapseError:
            pass  # it has been edited, and is that architecture no more
    network = kind.__new__(kind)  # its own __init__ would build new layers
    Network.__init__(network, layers[0], layers[1:-1], layers[-1], name=name)
    vars(network).update(parts)
    return network

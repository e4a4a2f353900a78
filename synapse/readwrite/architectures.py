"""Which class a network is of: files keep its name and settings, and find it among those registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import architectures
from .._checks import shown
from ..errors import FormatError, SynapseError
from ..layer import Layer
from ..network import Network
from .checks import an_object, require


def checked(architecture: Any) -> dict[str, Any] | None:
    """The description that a file holds; its class checks the settings.

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


def rebuild(architecture: dict[str, Any] | None, layers: Sequence[Layer], name: str | None) -> Network:
    """The network of some layers: of the class described, if it is registered and they have its parts.

    Raises
    ------
    FormatError
        If the class cannot use the settings.
    """
    kind, settings = Network, dict(architecture or {})
    if settings:
        kind = architectures.get(settings.pop("name")) or Network
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

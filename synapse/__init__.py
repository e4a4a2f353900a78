"""Synapse: build neural networks neuron by neuron, view them as graphs, and train them
with exact gradients at compiled speed.

To read the code, begin with ``plain.py``, which contains the online rule in two hundred
lines of plain objects. The tests compare the engine with it. The following packages are
listed from the bottom up. A package imports only packages on its own line or above
(import-linter checks this), and ``docs/architecture.md`` explains why.

- ``errors``: errors and warnings.
- ``engine``: one store that owns every number (``schema.py``, ``store.py``), and the
  compiled kernels that compute on its columns, the online rule first (``online``).
- ``_checks``: checks that turn mistakes into errors before anything changes.
- ``_scale``: standard units of columns.
- ``squashes``, ``costs``, ``initializers``, ``optimizers``: named functions.
- ``plasticity``: rules by which each synapse learns from its own values.
- ``objects``: neurons, connections, layers and networks, as handles of a store.
- ``architect``, a separate package: ready-made networks, such as an LSTM.
- ``readwrite``: files, other libraries' networks, and programs in other languages.
- ``learning``: the Trainer, its learning rules, exact gradients.
- ``forecasting``: forecasts of series and their prediction intervals.
- ``_model``: a network in the units of its data, which the interfaces below fit.

The other packages use the public names of the packages above:

- ``analysis``: measurements that show how and why a network acts.
- ``spikes``: spike trains, random sources, and the statistics of firing.
- ``draw``: pictures, and pages to explore a network in a browser.
- ``tasks``, ``tables``: generated sequences; rows and series of tables.
- ``reward``: agents that learn from reward, one step at a time.
- ``evolve``: networks whose structure evolves, by NEAT.
- ``experiments``: many trainings on any executor.
- ``sklearn``, ``river``, ``sktime``: estimators for other libraries.
- ``cli``: the command ``synapse``.
"""

# Names that are not public begin with an underscore, because editors list all others.
import importlib as _importlib
import typing as _types

# registers its classes, so that files that name them can be read
import architect as _architect

from . import (
    _checks,
    costs,
    errors,
    initializers,
    plasticity as plasticity,
    squashes,
)
from ._scale import Scale
from .errors import SynapseError
from .objects.connection import Connection
from .objects.ensemble import Ensemble
from .objects.layer import Layer
from .objects.network import Network
from .objects.neuron import Neuron
from .objects.ordinary_graph import to_networkx
from .objects.projection import Projection
from .objects.recording import Log, record
from .objects.tie import tie, untie
from .objects.topology import Topology
from .readwrite import from_torch, load, save, to_torch

if _types.TYPE_CHECKING:  # at run time `__getattr__` imports them when used
    from . import (
        analysis as analysis,
        draw as draw,
        evolve as evolve,
        experiments as experiments,
        forecasting as forecasting,
        learning as learning,
        optimizers as optimizers,
        reward as reward,
        river as river,
        sklearn as sklearn,
        sktime as sktime,
        spikes as spikes,
        tables as tables,
        tasks as tasks,
    )
    from ._model import Model
    from .forecasting import forecast
    from .learning import Gradient, Trainer, check_gradient, every, gradient
    from .readwrite import from_networkx
    from .readwrite._edge_lists import from_edges, to_edges

__version__ = "0.1.0"

# Packages and modules that are imported when they are first used, and functions of
# theirs
_LATER = (
    *("analysis", "draw", "evolve", "experiments", "forecasting", "learning"),
    *("optimizers", "readwrite", "reward", "spikes", "tables", "tasks"),
    *("river", "sklearn", "sktime"),  # with extras
)
_LATER_NAMES = {
    **dict.fromkeys(
        ("Gradient", "Trainer", "check_gradient", "every", "gradient"), "learning"
    ),
    "Model": "_model",
    "forecast": "forecasting",
    "from_edges": "readwrite._edge_lists",
    "from_networkx": "readwrite",
    "to_edges": "readwrite._edge_lists",
}

__all__ = [
    "Connection",
    "Ensemble",
    "Gradient",
    "Layer",
    "Log",
    "Model",
    "Network",
    "Neuron",
    "Projection",
    "Scale",
    "SynapseError",
    "Topology",
    "Trainer",
    "check_gradient",
    "costs",
    "errors",
    "every",
    "forecast",
    "from_edges",
    "from_networkx",
    "from_torch",
    "gradient",
    "initializers",
    "load",
    "optimizers",
    "record",
    "save",
    "squashes",
    "tie",
    "to_edges",
    "to_networkx",
    "to_torch",
    "untie",
]


def _drawn(network: Network) -> str:
    """Return a small drawing, importing the package that draws on first use."""
    from .draw._thumbnail import small_picture

    return small_picture(network)


def _copied(network: Network) -> Network:
    """Return a copy, importing the module that copies on first use."""
    from .objects.snapshots import copied

    return copied(network)


Network._provide(_drawn=_drawn, _copied=_copied)


__dir__ = _checks.public_names(
    __all__, _LATER, _LATER_NAMES, ["__version__", "plasticity"]
)


if not _types.TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> _types.Any:
        """Import a package, or a function of one, when it is first used."""
        if name in _LATER:
            try:
                return _importlib.import_module(f"{__name__}.{name}")
            except errors.MissingExtraError as error:
                # `hasattr` and `help` pass over an AttributeError.
                sentence = str(error)
            raise _checks.attribute_error(sentence)
        if name in _LATER_NAMES:
            module = _importlib.import_module(f"{__name__}.{_LATER_NAMES[name]}")
            return getattr(module, name)
        advice = _checks.ATTRIBUTES["synapse"].get(name, "")
        if name in _checks.ATTRIBUTES["architect"]:
            advice = advice or _checks.ATTRIBUTES["architect"][name]
        if name in _architect.__all__:
            advice = f"Use architect.{name} after `import architect`."
        raise _checks.unknown_attribute("The module synapse", name, __dir__(), advice)

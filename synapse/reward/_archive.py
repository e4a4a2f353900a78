"""Agents as documents: for files, checkpoints, pickles and copies.

A document has the class, the arguments of the agent, the scales, the state of the
random numbers, and what else it remembers between two steps. In ``networks``, each
network has its document, and its ``traces``: ``trace_weight`` and ``trace_bias`` are
its decaying sums of slopes, ``square_weight`` and ``square_bias`` means of squared
slopes, if its update has these, and ``means`` other numbers of the update.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import expected, is_among, plain
from .._scale import Scale
from .._typing import Floats
from ..engine.online.step_formulas import Chain
from ..errors import ArgumentError, FormatError, SynapseError
from ..learning._archive import GENERATORS
from ..objects.eligibility_traces import EligibilityTraces
from ..objects.network import Network
from ..objects.snapshots import take_over
from ..readwrite._container import document_of, network_in
from ..readwrite._file_checks import OBJECT, members
from ._updates import Update, read_update

if TYPE_CHECKING:
    from ._agent import Agent

PARTS = (
    "kind",
    "settings",
    "remembered",
    "random",
    "observations",
    "rewards",
    "networks",
)
"""Parts of an agent's document."""
RUN = "run"
"""Part of a checkpoint with the run of an agent."""


# --- writing --------------------------------------------------------------------------


def parts_of(agent: Agent, whole: bool = True) -> dict[str, Any]:
    """Return the parts of an agent's document. Unless it is `whole`, its functions are
    left out, for a checkpoint.
    """
    named = zip(agent._network_names, agent._networks, agent._traces, strict=True)
    scale = agent.model.scale
    random = agent._rng.bit_generator.state
    if random["bit_generator"] not in GENERATORS:
        condition = f"{' or '.join(GENERATORS)}. Use numpy.random.default_rng"
        raise ArgumentError(
            f"The generator of an agent to save must be {condition}, got"
            f" {random['bit_generator']}."
        )
    return {
        "kind": type(agent).__name__,
        "settings": _settings(agent, whole),
        "remembered": {
            name: "NaN" if isinstance(value, float) and value != value else plain(value)
            for name, value in _remembered(agent).items()
        },
        "random": random,
        "observations": scale and scale._as_json(),
        "rewards": agent._returns._as_json(),
        "networks": {
            name: {"network": document_of(network), "traces": traces.arrays()}
            for name, network, traces in named
        },
    }


def defaults_of(kind: type[Agent]) -> dict[str, Any]:
    """Return the defaults of the arguments of an agent, without its networks and its
    seed.
    """
    others = {"seed", *kind._network_names}
    parameters = inspect.signature(kind).parameters.items()
    return {name: each.default for name, each in parameters if name not in others}


def arguments_of(agent: Agent) -> dict[str, tuple[Any, Any]]:
    """Return the same arguments of an agent, which it has as attributes, each with its
    default. An option that follows others, as none is given, is None.
    """
    defaults = defaults_of(type(agent)).items()
    return {name: (vars(agent).get(name), default) for name, default in defaults}


def _settings(agent: Agent, whole: bool) -> dict[str, Any]:
    """Return the arguments of an agent as JSON has them; unless it is `whole`, without
    functions.
    """
    values = {name: value for name, (value, _) in arguments_of(agent).items()}
    functions = {name: value for name, value in values.items() if callable(value)}
    for name, value in functions.items() if whole else ():
        advice = (
            "A file cannot contain functions of your own. Set the attribute to a"
            " number first."
        )
        raise ArgumentError(
            expected(f"The {name} of an agent to save", "a number", value, advice)
        )
    return {
        name: {"name": type(value).__name__, **asdict(value)}  # type: ignore[call-overload]
        if isinstance(value, Update)
        else value
        for name, value in values.items()
        if name not in functions
    }


def with_functions(agent: Agent) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parts of an agent, and those of its arguments that are functions.

    For pickle and the module copy, which find functions by their names.
    """
    arguments = arguments_of(agent).items()
    functions = {name: value for name, (value, _) in arguments if callable(value)}
    return parts_of(agent, whole=False), functions


def _remembered(agent: Agent) -> dict[str, Any]:
    """Return what an agent has beside its arguments: numbers, arrays of numbers, and
    None.
    """
    arguments = defaults_of(type(agent))
    return {
        name: value
        for name, value in vars(agent).items()
        if name not in arguments
        and (
            value is None
            or isinstance(value, bool | int | float | np.ndarray | np.generic)
        )
    }


# --- reading --------------------------------------------------------------------------


def agent_of(
    kind: type[Agent], parts: dict[str, Any], functions: Mapping[str, Any]
) -> Agent:
    """Make an agent of its parts, with those of its arguments that are functions.

    Its class is `kind` or one derived from it. FormatError if a part is not valid; that
    of a run is left.
    """
    head = members("The description of an agent", parts, PARTS, [RUN])
    classes: dict[str, Any] = {cls.__name__: cls for cls in _classes(kind)}
    if not is_among(head["kind"], classes):
        raise FormatError(
            f"The file has an agent of the class {head['kind']!r}, and no class here"
            f" has this name. There are: {', '.join(sorted(classes))}. Import its"
            " module first."
        )
    cls = classes[head["kind"]]
    arguments = defaults_of(cls)
    stored = members("The settings of an agent", head["settings"], (), arguments)
    if missing := set(arguments) - {*stored, *functions}:
        raise FormatError(
            "The file is the checkpoint of an agent with a function of your own,"
            f" {sorted(missing)[0]}, which a file cannot contain. Make the agent with"
            " it, and read the checkpoint with reward.run(agent, environment,"
            " steps=0, checkpoint=path, resume=True)."
        )
    networks = _networks(cls._network_names, head)
    try:
        for name, value in stored.items():
            stored[name] = read_update(value) if isinstance(value, dict) else value
        given = (network for network, _ in networks.values())
        agent: Agent = cls(*given, **stored, **functions)
    except (SynapseError, KeyError, TypeError) as error:
        raise FormatError(f"The agent in the file is not valid. {error}") from None
    _take(agent, head, networks)
    return agent


def restore(agent: Agent, parts: dict[str, Any]) -> None:
    """Restore an agent from a checkpoint, with its own arguments; FormatError, and no
    change, if it does not fit.
    """
    head = members("The description of an agent", parts, PARTS, [RUN])
    if head["kind"] != type(agent).__name__:
        raise FormatError(
            f"Expected the checkpoint of a {type(agent).__name__}, got one of a"
            f" {head['kind']}."
        )
    _take(agent, head, _networks(agent._network_names, head))


def take_over_agent(agent: Agent, learned: Agent) -> None:
    """Make an agent equal to a copy that has learned in another process."""
    for name, (value, _) in arguments_of(learned).items():
        if not callable(value):
            setattr(agent, name, value)
    restore(agent, parts_of(learned, whole=False))


def _classes(cls: Any) -> list[Any]:
    """Return all classes of agents that are not abstract."""
    below = [lower for child in cls.__subclasses__() for lower in _classes(child)]
    return below if inspect.isabstract(cls) else [cls, *below]


def _networks(
    names: tuple[str, ...], head: dict[str, Any]
) -> dict[str, tuple[Network, dict[str, Any]]]:
    """Return the networks of an agent and the numbers of their traces, by the names of
    its arguments.
    """
    several = members("The networks of an agent", head["networks"], names)
    read = {}
    for name in names:
        fitting = {"network": OBJECT, "traces": OBJECT}
        parts = members(f"The {name}", several[name], fitting, (), fitting)
        read[name] = network_in(parts["network"]), parts["traces"]
    return read


def _take(
    agent: Agent,
    head: Mapping[str, Any],
    networks: dict[str, tuple[Network, dict[str, Any]]],
) -> None:
    """Check everything, and then set everything."""
    generator = type(agent._rng.bit_generator)()
    try:
        inputs = len(agent._networks[0].input)
        observations = (
            Scale._from_json(head["observations"], inputs) if agent.normalize else None
        )
        rewards = Scale._from_json(head["rewards"], 1)
        generator.state = head["random"]
        remembered = _read_values(agent, head["remembered"])
        chains = agent._present_chains()
        sums = [
            _numbers_of(network, chain, name, stored)
            for (name, (network, stored)), chain in zip(
                networks.items(), chains, strict=True
            )
        ]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"The agent in the file is not valid ({error}).") from None
    for network, (clone, _) in zip(agent._networks, networks.values(), strict=True):
        take_over(network, clone)
    agent._use(chains)
    for traces, numbers in zip(agent._traces, sums, strict=True):
        traces.load(numbers)
    agent._set_scale(observations)
    agent._returns = rewards
    agent._rng.bit_generator.state = head["random"]
    vars(agent).update(remembered)
    if agent._value is not None:
        agent._take_over()


def _numbers_of(
    network: Network, chain: Chain, name: str, stored: dict[str, Any]
) -> dict[str, Floats]:
    """Return the numbers of the traces of a network: floats, as many as its chain
    has.
    """
    traces = EligibilityTraces(network)
    traces.use(chain)
    numbers = {}
    for part, present in traces.arrays().items():
        values: Floats = stored[part]
        if (
            values.dtype.kind != "f"
            or values.shape != present.shape
            or not np.isfinite(values).all()
        ):
            raise ValueError(f"{part} of {name} is not {present.size} finite numbers")
        numbers[part] = values
    return numbers


def _read_values(agent: Agent, values: Any) -> dict[str, Any]:
    """Return what an agent of this class remembers, checked against one that has just
    been made.
    """
    names = set(_remembered(agent))
    if not isinstance(values, dict) or set(values) != names:
        raise ValueError(f"what it remembers is not {', '.join(sorted(names))}")
    read = {
        name: np.array(value, np.float64)
        if isinstance(value, list)
        else float("nan" if value == "NaN" else value)
        if isinstance(value, str)
        else value
        for name, value in values.items()
    }
    for subject, holds in agent._conditions.items():
        if not holds(agent, read):
            raise ValueError(f"the stored {subject} is not valid")
    return read

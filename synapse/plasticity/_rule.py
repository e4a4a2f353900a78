"""Rules, by which each synapse of a network learns from its own values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from math import exp, inf
from typing import TYPE_CHECKING, Any, final

from .. import _checks as checks
from .._checks import expected, is_number, known_names, require_type, suggestion
from ..engine.functions.capture import frozen
from ..errors import ArgumentError, ArgumentTypeError
from ._names import DELTA_T, NAMES, OF_BOTH, SIDES
from ._trace import MEAN, Trace

# --- the signature --------------------------------------------------------------------


OPTIONS = ("bounds", "post", "modulator", "eligibility", "normalize")
"""What a rule is value by name beside the settings of its functions."""


def activation(value: float) -> float:
    """Return the activation that a trace of "pre" or "post" sums."""
    return value


class Signature:
    """The names that the functions of one rule request.

    Attributes
    ----------
    settings : dict
        Defaults of settings by name.
    traces : dict
        Traces by name, each after the traces that its own function reads.
    functions : list
        A copy of each function, the names of its arguments, and the owner of its
        values (source, target or synapse).
    key : list
        Key that distinguishes the functions. It is equal for equal code and captured
        values.
    """

    def __init__(self) -> None:
        self.settings: dict[str, float] = {}
        self.traces: dict[str, tuple[Trace, int]] = {}
        self.functions: dict[Any, tuple[Any, tuple[str, ...], int]] = {}
        self.key: list[Hashable] = []

    def add(self, function: Any) -> int:
        """Bind the names of a function, and return the owner of its values."""
        if function in self.functions:
            return self.functions[function][2]
        where = require_named(function)
        names, side = [], 0
        for parameter in inspect.signature(function).parameters.values():
            name = parameter.name
            if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
                raise ArgumentError(
                    f"{where}: a function of a rule has plain arguments, got"
                    f" {parameter}."
                )
            names.append(name)
            default = parameter.default
            side |= (
                self._side_of(name, where)
                if default is parameter.empty
                else self._add_default(name, default, where)
            )
        copy, key = frozen(function)
        self.functions[function] = copy, tuple(names), side
        self.key.append((key, tuple(names)))
        return side

    def _side_of(self, name: str, where: str) -> int:
        if name not in NAMES:
            raise ArgumentError(
                f"{where}: a synapse has no {name!r}.{suggestion(name, NAMES)} It"
                f" has: {known_names(NAMES)}. To define a setting or a trace, give the"
                " argument a number or trace(...) as its default."
            )
        return SIDES[name]

    def _add_default(self, name: str, default: Any, where: str) -> int:
        """Bind a setting or a trace, and return the owner of its values."""
        if name in (*NAMES, *OPTIONS):
            taken = "an option of a rule" if name in OPTIONS else "a value of a synapse"
            raise ArgumentError(
                f"{where}: {name!r} is {taken}, which cannot have a default here."
                " Remove the default, or use another name."
            )
        before: Any = self.settings.get(name)
        if name in self.traces:
            before = self.traces[name][0]
        if isinstance(default, Trace):
            value: Any = default
        elif is_number(default):
            value = float(default)
        else:
            condition = "a number (a setting) or trace(...)"
            title = f"{where}: the default of {name!r}"
            raise ArgumentTypeError(expected(title, condition, default))
        if before is not None and before != value:
            raise ArgumentError(
                f"{where}: {name!r} is {value!r} here and {before!r} in another"
                " function of the rule. Give one of them another name."
            )
        if not isinstance(value, Trace):
            self.settings[name] = value
            return 0
        if name not in self.traces:
            self.traces[name] = value, self._side_of_trace(value, where)
        return self.traces[name][1]

    def _side_of_trace(self, value: Trace, where: str) -> int:
        if isinstance(value.of, str):
            self.functions[value.of] = activation, (value.of,), SIDES[value.of]
            return SIDES[value.of]
        side = self.add(value.of)
        if not side:
            raise ArgumentError(
                f"{where}: the trace of {value.of.__name__!r} has no argument that is"
                " a value of a synapse. Name the value to sum, such as pre or post."
            )
        return side


def require_named(function: Any) -> str:
    """Return file and line of a function for messages, or raise ArgumentTypeError."""
    title = "A function of a rule"
    require_type(inspect.isfunction(function), title, "a Python function", function)
    require_type(
        function.__name__ != "<lambda>",
        title,
        "a named function",
        function,
        "Write it with def: its arguments have names and defaults.",
    )
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


if TYPE_CHECKING:
    from ..engine.functions.user_functions import UserFormula

Function = Callable[..., float]
_named: checks.Registry[Rule] = checks.Registry("rule")
_passes: dict[Hashable, Any] = {}


@final
class Rule:
    """A rule by which each synapse learns from its own values, compiled for any
    network.

    A rule is a value. To change settings, call it, which returns the same rule with
    other settings.

    Parameters
    ----------
    change : callable, optional
        Function that returns the change of a weight at every step. Its arguments are
        bound by name, see Notes.
    on_pre : callable, optional
        Function that returns the change when an input arrives, which means that the
        source's activation, with the delay of the connection, is not 0.
    on_post : callable, optional
        Function that returns the change when the target is active. If both happen,
        `on_pre` comes first.
    name : str, optional
        Name of the rule in files. Because a network's file only contains this name,
        register the rule by making it before you load such a file. Default: no name.
    replace : bool
        Whether the rule replaces another one of yours with this name. What holds
        the earlier one keeps it, as do copies. Files and pickles only contain the name,
        and are read with the new one. Default: False, so that a name that is taken
        raises an error.
    **settings
        Settings of the functions by name. The setting of a trace is its time constant.
        Every rule also has the following options. ``bounds`` is a pair between which
        weights stay, after each change. ``post`` is a mapping of layers to the layers
        whose activation counts as that of the target, ``{voltage: spikes}``.
        ``modulator`` is a neuron, or a mapping of layers to neurons or layers, whose
        activation is the modulator. ``eligibility`` is a time constant, with which
        weights change by the modulator times a trace of the changes. ``normalize`` is
        the sum of the sizes of a target's trainable weights after each step. ``dt`` is
        the length of a step in units of the time constants. Default: the functions' own
        settings, no options, and a ``dt`` of 1.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a function requests a name that a synapse does not have, is a lambda, or does
        more than compute, so that it has no formula. The message contains the file and
        line. Also if a setting does not exist or is out of range.

    See Also
    --------
    trace : Declare a trace.
    Network.rule : Set the rule of a network.

    Notes
    -----
    An argument without a default is a value of the synapse:

    - ``pre`` is the activation that the target has read in this step, with its delay.
      For a self-connection, it is the state.
    - ``post``, ``post_state``, ``post_slope`` and ``post_bias`` are activation, state,
      derivative and bias of the target. ``post_error`` is minus the derivative of the
      cost with respect to its state, which needs targets.
    - ``weight`` is the weight, and ``size`` its absolute value. If you request the
      size, the rule returns the change of the size.
    - ``sign`` is +1 or -1, and ``gain`` is the activation of the gater, or 1.
    - ``modulator`` is the modulator, and ``dt`` the length of a step.

    If the default of an argument is a number, it is a setting. If the default is made
    by :func:`trace`, it is a trace.

    Examples
    --------
    >>> import architect
    >>> from synapse.plasticity import Rule
    >>> def oja(pre, post, weight, rate=0.01):
    ...     return rate * post * (pre - post * weight)
    >>> rule = Rule(oja)
    >>> rule
    <Rule oja: rate=0.01>
    >>> rule(rate=0.1)
    <Rule oja: rate=0.1>
    >>> net = architect.Perceptron(3, 1, squash="identity", seed=0)
    >>> net.rule = rule
    >>> outputs = net.activate([0.5, 1.0, 0.0])
    >>> net.propagate()
    0.0
    """

    __slots__ = ("_functions", "_options", "_settings", "_signature", "name")

    _functions: tuple[Function | None, ...]
    _options: dict[str, Any]
    _settings: dict[str, float]
    _signature: Signature
    name: str | None

    def __init__(
        self,
        change: Function | None = None,
        *,
        on_pre: Function | None = None,
        on_post: Function | None = None,
        name: str | None = None,
        replace: bool = False,
        **settings: Any,
    ) -> None:
        functions = change, on_pre, on_post
        checks.boolean("replace", replace)
        if (change is None) == (on_pre is None and on_post is None):
            passed = "both" if change is not None else "none"
            raise ArgumentError(
                "Expected a function of every step, Rule(change), or functions of"
                f" events, Rule(on_pre=..., on_post=...), got {passed}."
            )
        signature = Signature()
        for function in functions:
            if function is not None:
                signature.add(function)
        taus = {key: declared.tau for key, (declared, _) in signature.traces.items()}
        self._set("_functions", functions)
        self._set("_signature", signature)
        self._set("name", None if name is None else checks.text("name", name))
        self._set("_settings", {**signature.settings, **taus, "dt": 1.0})
        self._set("_options", dict.fromkeys(OPTIONS))
        self._change(settings)
        self._require_sizes()
        _require_compiled(self)
        if name is not None:
            self._register(name, replace)

    def __call__(self, **settings: Any) -> Rule:
        """Return the rule with other settings.

        Raises ArgumentError or ArgumentTypeError if a setting does not exist or is out
        of range.
        """
        rule = object.__new__(Rule)
        for slot in Rule.__slots__:
            rule._set(slot, getattr(self, slot))
        rule._set("_settings", dict(self._settings))
        rule._set("_options", dict(self._options))
        rule._change(settings)
        return rule

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise checks.attribute_error(
            f"A rule cannot be changed. Call it for one with other settings:"
            f" rule({name}={checks.short_repr(value)})."
        )

    def _change(self, settings: Mapping[str, Any]) -> None:
        """Check settings and options, and adopt them."""
        names = {*self._settings, *OPTIONS}
        for name, value in settings.items():
            title = f"`{name}` of the rule {self._label}"
            if name not in names:
                raise checks.unknown_name(f"setting of {self._label}", name, names)
            if name in OPTIONS:
                self._options[name] = _checked_option(name, title, value)
            elif name in self._signature.traces or name == "dt":
                self._settings[name] = checks.positive_number(title, value)
            else:
                self._settings[name] = checks.finite_number(title, value)

    def _require_sizes(self) -> None:
        """Raise ArgumentError if one function changes weights and another sizes."""
        asked = {
            name for _, names, _ in self._signature.functions.values() for name in names
        }
        if {"weight", "size"} <= asked:
            raise ArgumentError(
                f"The rule {self._label} has the arguments `weight` and `size`, but"
                " its results change only one of them. Write size as abs(weight), or"
                " use size alone."
            )

    def _register(self, name: str, replace: bool) -> None:
        """Enter the rule under its name, for files."""
        if _named.again(name, replace, lambda known: known._key == self._key) is None:
            functions = self._signature.functions.values()
            package = str(__package__)
            ours = all(copy.__module__.startswith(package) for copy, *_ in functions)
            _named.enter(name, self, built_in=ours)

    # --- values -----------------------------------------------------------------------

    @property
    def _label(self) -> str:
        """Name of the rule, or the names of its functions."""
        names = [f.__name__ for f in self._functions if f is not None]
        return self.name or "-".join(names)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings, time constants of traces and given options by name, as a copy."""
        options = {k: v for k, v in self._options.items() if v is not None}
        return {**self._settings, **options}

    @property
    def traces(self) -> tuple[str, ...]:
        """Names of the rule's traces."""
        eligible = ("eligibility",) if self._options["eligibility"] else ()
        return (*self._signature.traces, *eligible)

    def __repr__(self) -> str:
        shown = {k: v for k, v in self.settings.items() if (k, v) != ("dt", 1.0)}
        settings = ", ".join(f"{k}={checks.short_repr(v)}" for k, v in shown.items())
        return f"<Rule {self._label}{settings and f': {settings}'}>"

    @property
    def _key(self) -> Hashable:
        return tuple(self._signature.key), tuple(f is None for f in self._functions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and (self._key, self.settings) == (
            other._key,
            other.settings,
        )

    def __hash__(self) -> int:
        return hash((self._key, tuple(self._settings.items())))

    def __deepcopy__(self, memo: dict[int, Any]) -> Rule:
        return self

    def __reduce__(self) -> Any:
        require_name(self)
        return rule_named, (self.name, self.settings)

    def _asks_for(self, name: str) -> bool:
        """Return whether one of the functions requests a value of a synapse."""
        return any(name in names for _, names, _ in self._signature.functions.values())

    @property
    def _needs_modulator(self) -> bool:
        """Whether a step needs a modulator."""
        return bool(self._options["eligibility"]) or self._asks_for("modulator")

    # --- for kernels ------------------------------------------------------------------

    @property
    def _by_side(self) -> dict[str, tuple[int, int]]:
        """Side of each trace, and its position among the traces of neurons or of
        synapses.
        """
        counts = [0, 0]
        places = {}
        sides = {name: side for name, (_, side) in self._signature.traces.items()}
        for name in self.traces:
            side = sides.get(name, OF_BOTH)
            places[name] = side, counts[side == OF_BOTH]
            counts[side == OF_BOTH] += 1
        return places

    @property
    def _by_events(self) -> bool:
        """Whether synapses are visited only where an event happens."""
        sides = [side for _, side in self._signature.traces.values()]
        every = self._functions[0] is not None or self._options["normalize"] is not None
        return not every and OF_BOTH not in sides

    def _numbers(self) -> list[float]:
        """Return the numbers that all synapses share, see ``_names.RATE``."""
        options = self._options
        settings = self._settings
        dt = settings["dt"]
        low, high = options["bounds"] or (-inf, inf)
        if self._asks_for("size"):
            low = max(low, 0.0)
        keep = exp(-dt / options["eligibility"]) if options["eligibility"] else 0.0
        traces = self._signature.traces
        decays = [exp(-dt / settings[name]) for name in traces]
        gains = [
            1.0 - decay if declared.number == MEAN else decay
            for decay, (declared, _) in zip(decays, traces.values(), strict=True)
        ]
        of_functions = [settings[name] for name in self._signature.settings]
        sum_of_sizes = options["normalize"] or 0.0
        return [1.0, low, high, keep, sum_of_sizes, dt, *of_functions, *decays, *gains]

    @property
    def _pass(self) -> Any:
        """Pass over synapses, compiled for the rule's functions."""
        from ._kernels import learning

        key = (
            self._key,
            self._options["eligibility"] is None,
            self._options["bounds"] is None,
            self._options["normalize"] is None,
        )
        if key not in _passes:
            from ..engine.functions.user_functions import called_in_python

            _passes[key] = learning.made_pass(self._form(learning))
            _passes[key].in_python = called_in_python(self._formulas)
        return _passes[key]

    @property
    def _formulas(self) -> list[UserFormula]:
        """What the functions compute."""
        from ..engine.functions.user_functions import formula_of_rule

        functions = self._signature.functions.values()
        return [formula_of_rule(copy, names) for copy, names, _ in functions]

    def _form(self, kernels: Any) -> Any:
        signature = self._signature
        order = [*NAMES, *signature.settings, *signature.traces]
        calls = {
            function: (
                formula.calling(number),
                tuple(order.index(name) for name in formula.names),
            )
            for number, (function, formula) in enumerate(
                zip(signature.functions, self._formulas, strict=True)
            )
        }
        call = calls.get
        places = self._by_side
        decays = DELTA_T + 1 + len(signature.settings)
        gains = decays + len(signature.traces)
        traces = tuple(
            kernels.TraceForm(
                *(k, side, declared.number, places[name][1]),
                *(decays + k, gains + k, call(declared.of)),
            )
            for k, (name, (declared, side)) in enumerate(signature.traces.items())
        )
        of_synapses = tuple(trace for trace in traces if trace.side == OF_BOTH)
        return kernels.PassForm(
            *map(call, self._functions),
            traces,
            tuple(trace for trace in traces if trace.side != OF_BOTH),
            of_synapses,
            tuple(range(DELTA_T, decays)),
            tuple(range(gains + len(traces))),
            self._asks_for("size"),
            len(of_synapses) if self._options["eligibility"] is not None else None,
            self._functions[0] is None
            or self._asks_for("size")
            or self._asks_for("sign"),
            self._options["bounds"] is not None or self._asks_for("size"),
            self._options["normalize"] is not None,
            self._by_events,
            self._asks_for("gain"),
        )


def _checked_option(name: str, title: str, value: Any) -> Any:
    """Check an option of a rule, as far as this needs no network, and return it."""
    if value is None:
        return None
    if name == "bounds":
        low, high = checks.pair(title, value)
        low = -inf if low is None else low
        high = inf if high is None else high
        return checks.bounds(title, low, high)
    if name in ("eligibility", "normalize"):
        return checks.positive_number(title, value)
    checks.require_type(
        name != "post" or isinstance(value, Mapping),
        title,
        "a mapping of layers to layers, {voltage: spikes}",
        value,
    )
    return dict(value) if isinstance(value, Mapping) else value


def _require_compiled(rule: Rule) -> None:
    """Raise ArgumentError, with file and line, if a user's function is no formula.
    Functions of the library are not read on import.
    """
    from ..engine.functions.formula import UnreadableError
    from ..engine.functions.user_functions import formula_of_rule

    for copy, names, _ in rule._signature.functions.values():
        if not copy.__module__.startswith(__package__):
            try:
                formula_of_rule(copy, names)
            except UnreadableError as error:
                raise ArgumentError(
                    f"The function {copy.__name__!r} of a rule cannot be compiled:"
                    f" {error.place}: {error}."
                ) from error


def require_name(rule: Rule) -> None:
    """Raise ArgumentTypeError if a rule has no name for files."""
    if rule.name is None:
        raise ArgumentTypeError(
            f"{rule!r} has no name, and a file can only name a rule. Pass one:"
            ' Rule(..., name="...").'
        )


def rule_named(name: str, settings: Mapping[str, Any]) -> Rule:
    """Return a registered rule with settings, for files and pickles."""
    if name not in _named:
        raise checks.unknown_name("registered rule", name, _named)
    # the rule of this name may have options that the settings do not have
    return _named[name](**dict.fromkeys(OPTIONS) | dict(settings))

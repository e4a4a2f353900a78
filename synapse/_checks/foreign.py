"""Advice for arguments and attributes of other libraries: each message names the call to use here.

`SYNONYMS` has our names of arguments, `ARGUMENTS` other advice by call, `ATTRIBUTES` that by class or
module. They are searched only after a call has failed, so that successful calls cost nothing. Names of
arguments are in the form of :func:`plain`; ``{value}`` is replaced by the given value. The migration page
shows names that are in these tables.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, cast

from ..errors import ArgumentTypeError, SynapseError
from .arguments import counted, shown, with_article
from .names import closest, known_names, plain, suggestion

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")

SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("learningrate", "lr", "learningrateinit"), "rate"),
    **dict.fromkeys(("iterations", "nepochs", "nbepoch", "numepochs", "maxiter"), "epochs"),
    **dict.fromkeys(("weightdecay", "alpha"), "l2"),
    **dict.fromkeys(("activation", "hiddenactivation", "nonlinearity"), "squash"),
    **dict.fromkeys(("kernelinitializer", "weightinitializer"), "initializer"),
    **dict.fromkeys(("hiddenlayersizes", "hiddenunits", "nhidden"), "hidden"),
    **dict.fromkeys(("validationsplit", "validationfraction"), "validation"),
    **dict.fromkeys(("solver", "optim"), "optimizer"),
    **dict.fromkeys(("type", "connectiontype"), "kind"),
    "eps": "epsilon",
    "loss": "cost",
    "niternochange": "patience",
    "outputactivation": "output_squash",
    "randomstate": "seed",
    "rho": "decay",
    "weight": "weights",
}
"""Our names of arguments that other libraries call otherwise. The signatures tell which call has them."""
_TRAINER = {
    "momentum": "Use optimizer=synapse.optimizers.SGD(momentum={value}).",
    "schedule": "Give callbacks=[synapse.every(10, function)] to train(). Give a schedule of rates as rate=.",
    "crossvalidate": "Give validation=0.3 and patience=10 to train().",
    "log": "Give callbacks=[synapse.every({value}, print)] to train().",
    "verbose": "Give progress=True or progress=False to train().",
    "metrics": "Use trainer.test(inputs, targets, cost=...) after training; it also has the accuracy.",
    "device": "Omit it: Synapse computes on the CPU.",
}
_TRAIN = {
    "schedule": "Use callbacks=[synapse.every(10, function)]. Give a schedule of rates to Trainer(rate=...).",
    "crossvalidate": "Use validation=0.3, the fraction of the data to hold out, and patience=10.",
    "log": "Use callbacks=[synapse.every({value}, print)], or progress=True for a progress bar.",
    "verbose": "Use progress=True or progress=False.",
    "validationdata": "Use validation=(inputs, targets).",
    "earlystopping": "Use patience=10 and validation=0.3.",
    **dict.fromkeys(
        ("ckptpath", "resumefromcheckpoint", "initialepoch"),
        "Use synapse.load(path).train(inputs, targets, resume=True).",
    ),
    "metrics": _TRAINER["metrics"],
    **dict.fromkeys(("x", "y"), "Use train(inputs, targets)."),
}
_TEST = {
    **dict.fromkeys(("metrics", "scoring"), "Use cost={value}."),
    **dict.fromkeys(("verbose", "progress", "batchsize", "log"), "Omit it: a test is a single pass."),
    **dict.fromkeys(("x", "y"), "Use test(inputs, targets)."),
}
_NETWORK = {
    **dict.fromkeys(("inputs", "outputs"), "Use Network(input, [hidden], output), with Layers."),
    "layers": "Use Network(input, hidden, output), with Layers in order.",
    **dict.fromkeys(
        ("inputsize", "hiddensize", "outputsize"),
        "Use Network(Layer(2), Layer(3), Layer(1)), or architect.Perceptron(2, 3, 1).",
    ),
}
SIZES = "Give the sizes of the layers in order, inputs first."
_NOT_OF_ARCHITECTURES = {
    "hidden": SIZES,
    **{name: f"Give {name}={{value}} to Trainer()." for name in ("rate", "l2", "cost")},
    "optimizer": "Give optimizer=synapse.optimizers.Adam(), or another, to Trainer().",
    "epochs": "Give epochs={value} to Trainer.train().",
}
"""Advice by our names of the arguments, which is that for their synonyms, too."""
_ARCHITECTURE = {
    **dict.fromkeys(("inputsize", "inputshape", "inputdim", "hiddensize", "hiddensizes"), SIZES),
    **dict.fromkeys(("outputsize", "outputdim", "numlayers", "units"), SIZES),
    "dropout": "Give dropout={value} to Trainer(), with method='bptt'.",
    **_NOT_OF_ARCHITECTURES,
    **{name: _NOT_OF_ARCHITECTURES[ours] for name, ours in SYNONYMS.items() if ours in _NOT_OF_ARCHITECTURES},
}
TRAINING = "Use synapse.Trainer(net).train(inputs, targets)."
RUNNING = "Use net.run(inputs), or net.activate(inputs) for one step."
TESTING = "Use synapse.Trainer(net).test(inputs, targets)."
NUMBERS = "Use net.weights and net.biases, or synapse.save(net, path) and synapse.load(path)."
COMPILED = "It is not needed: everything is compiled, and all values are always up to date."
FLOAT = "Synapse computes on the CPU. Give dtype=np.float32 to layers and architectures for single precision."
SAVING = "Use synapse.save(net, path), or synapse.readwrite.json_data(net) for a dict."
LOADING = "Use synapse.load(path), which also reads files of Synaptic."
_NETWORK_ATTRIBUTES = {
    **dict.fromkeys(("fit", "train"), TRAINING),
    "partial_fit": "Use synapse.Trainer(net).train(inputs, targets, epochs=1), or net.propagate.",
    "compile": "It is not needed: give cost=, optimizer= and rate= to synapse.Trainer(net, ...).",
    **dict.fromkeys(("predict", "predict_proba", "forward", "feed", "transform"), RUNNING),
    **dict.fromkeys(("evaluate", "score", "test"), TESTING),
    "summary": "Use print(net), or synapse.draw.network(net).",
    **dict.fromkeys(("state_dict", "load_state_dict", "parameters", "named_parameters"), NUMBERS),
    **dict.fromkeys(("get_weights", "set_weights"), NUMBERS),
    "backward": "Use net.propagate(rate, targets), or synapse.gradient(net, inputs, targets).",
    "zero_grad": "It is not needed: gradients are not accumulated between calls.",
    "eval": "Use net.deterministic = True if there are random neurons.",
    **dict.fromkeys(("to", "cpu", "cuda", "half", "float", "double"), FLOAT),
    **dict.fromkeys(("modules", "children"), "Use net.layers."),
    **dict.fromkeys(("toJSON", "to_json"), SAVING),
    **dict.fromkeys(("fromJSON", "from_json"), LOADING),
    **dict.fromkeys(("toDot", "to_dot"), "Use synapse.save(net, 'drawing.dot')."),
    "standalone": "Use synapse.save(net, 'program.js'), or with the suffix .py, .c or .onnx.",
    **dict.fromkeys(("optimize", "setOptimize", "optimized", "restore"), COMPILED),
    "trainer": "Use trainer = synapse.Trainer(net).",
    "worker": "Use synapse.experiments.train_many([net], inputs, targets).",
    "inputs": "Use net.input, the input layer; len(net.input) is the number of inputs.",
    "outputs": "Use net.output, the output layer; len(net.output) is the number of outputs.",
    "save": "Use synapse.save(net, path).",
    "load": "Use synapse.load(path).",
    "set": "Use Network(input, [hidden], output); net.add(layer) adds a hidden layer.",
    "size": "Use len(net.neurons).",
}
LAYERS = {
    "input": "Use net.input.",
    "hidden": "Use net.hidden[0], or net['hidden'].",
    "output": "Use net.output.",
}
"""Advice for attributes of `net.layers`, an object in Synaptic."""
_LEARN = "Use net.learn(patterns)."
_RECALL = "Use net.recall(pattern)."
_TRAINER_ATTRIBUTES = {
    "fit": "Use trainer.train(inputs, targets).",
    "partial_fit": "Use trainer.train(inputs, targets, epochs=1).",
    **dict.fromkeys(("evaluate", "validate", "score"), "Use trainer.test(inputs, targets)."),
    **dict.fromkeys(("predict", "predict_proba", "run", "activate"), "Use trainer.network.run(inputs)."),
    **dict.fromkeys(
        ("trainAsync", "workerTrain"),
        "Use synapse.experiments.train_many([net], inputs, targets), or a thread.",
    ),
    "compile": "It is not needed: give cost=, optimizer= and rate= to synapse.Trainer(net, ...).",
    "XOR": "Run `python -m demos xor`.",
    "DSR": "Run `python -m demos recall`; synapse.tasks.Recall makes the data.",
    "ERG": "Run `python -m demos reber`; synapse.tasks.EmbeddedReber makes the data.",
    "timingTask": "The repository has its data, in studies/tasks/timing.py.",
    "iterations": "Use trainer.train(inputs, targets, epochs=20000).",
    "error": "Use trainer.train(inputs, targets, error=0.005).",
    "shuffle": "Use trainer.train(inputs, targets, shuffle=True).",
    "schedule": "Use trainer.train(inputs, targets, callbacks=[synapse.every(10, function)]).",
    "crossValidate": "Use trainer.train(inputs, targets, validation=0.3, patience=10).",
    **dict.fromkeys(("learning_rate", "learningRate"), "Use trainer.rate."),
    "loss": "Use trainer.cost.",
    "save": "Use synapse.save(trainer, path), or synapse.save(trainer.network, path) for the network alone.",
    **dict.fromkeys(("resume", "load"), "Use synapse.load(path).train(inputs, targets, resume=True)."),
    "model": "Use trainer.network.",
    "cost": "Costs have names: Trainer(net, cost='mean_squared_error'), 'cross_entropy' or 'binary_misses'.",
}
_LAYER = {
    **dict.fromkeys(("size", "units", "n"), "Use len(layer)."),
    **dict.fromkeys(("list", "neurons"), "A layer is a sequence: use list(layer), layer[0] or a loop."),
    "set": "Use layer.squash = 'tanh', layer.biases = ... and layer.name = ...",
    **dict.fromkeys(("connect", "connectTo"), "Use layer.project(other)."),
    "add": "Use layer.append(neuron).",
    "connectionType": "Use synapse.ALL_TO_ALL, synapse.ONE_TO_ONE or synapse.ALL_TO_ELSE.",
    "gateType": "Use synapse.gate.INPUT, synapse.gate.OUTPUT or synapse.gate.ONE_TO_ONE.",
    **dict.fromkeys(("connected", "connectedTo"), "Use [neuron.connected(other) for neuron in layer]."),
    "selfconnected": "Use [neuron.self_connection for neuron in layer].",
    "connections": "Use the projection that layer.project(other) returns, or neuron.incoming.",
    **dict.fromkeys(("weights", "get_weights", "kernel"), "Use projection.weights; layer.project makes it."),
    **dict.fromkeys(("bias", "bias_"), "Use layer.biases."),
    **dict.fromkeys(("activation", "output"), "Use layer.activations; layer.squash is the function."),
    "forward": "Use layer.activate(values).",
}
_NEURON = {
    **dict.fromkeys(("selfconnected", "selfconnection"), "Use neuron.self_connection, a connection or None."),
    "connections": "Use neuron.incoming, neuron.outgoing and neuron.gated.",
    "trace": "Use connection.eligibility and connection.extended, of a connection in neuron.incoming.",
    **dict.fromkeys(("connect", "connectTo"), "Use neuron.project(other)."),
    **dict.fromkeys(("ID", "id"), "Use neuron.name, or the neuron itself as a key."),
    "old": "Use synapse.record(net, 'state') for states of earlier steps.",
    **dict.fromkeys(("neighbors", "neighboors"), "Use neuron.outgoing, or net.graph."),
    "weights": "Use [connection.weight for connection in neuron.incoming].",
    "output": "Use neuron.activation.",
    **dict.fromkeys(
        ("toJSON", "to_json"), "Use synapse.save(net, path): a neuron is saved with its network."
    ),
    **dict.fromkeys(("optimize", "worker"), COMPILED),
}
_CONNECTION = {
    **dict.fromkeys(("to", "dst"), "Use connection.target."),
    **dict.fromkeys(("from", "from_", "src"), "Use connection.source."),
    **dict.fromkeys(("ID", "id"), "Use the connection itself as a key, or its source and target."),
    "connection": "neuron.connected(other) returns the connection itself.",
    "type": "Use connection.source is connection.target, or connection.gater.",
}
_PROJECTION = {
    **dict.fromkeys(("ID", "id"), "Use the projection itself as a key, or its source and target."),
    "weight": "Use projection.weights.",
    "size": "Use len(projection).",
    **dict.fromkeys(("list", "connections"), "A projection is a sequence: use list(projection)."),
    **dict.fromkeys(("from_", "layerFrom"), "Use projection.source."),
    **dict.fromkeys(("to", "layerTo"), "Use projection.target."),
}
_SEQUENTIAL = "Use architect.Perceptron(2, 3, 1), or Layers, layer.project and Network."
_SYNAPSE = {
    **dict.fromkeys(
        ("Architect", "architect"), "Use `import architect`, then architect.Perceptron(2, 3, 1)."
    ),
    **dict.fromkeys(("Sequential", "Model", "Dense", "Linear", "MLPClassifier", "MLPRegressor"), _SEQUENTIAL),
    **dict.fromkeys(("nn", "layers"), _SEQUENTIAL),
    **dict.fromkeys(("optim", "Adam", "SGD", "RMSprop"), "Use synapse.optimizers.Adam(), or another."),
    "losses": "Use the name of a cost; synapse.cost.names() lists them.",
}
_OPTIMIZER = {
    **dict.fromkeys(("params", "parameters"), "Omit it: a Trainer gives the parameters of its network."),
    **dict.fromkeys(("beta1", "beta2"), "Use betas=(0.9, 0.999)."),
    "l2": "Use weight_decay={value}, or give l2={value} to Trainer().",
    **dict.fromkeys(("clipnorm", "maxnorm"), "Give clip={value} to Trainer()."),
    "clipvalue": "Give clip_value={value} to Trainer().",
}
_ESTIMATOR = {
    "seed": "Use random_state={value}.",
    "earlystopping": "Use validation=0.1, patience=10.",
    "verbose": "Use progress=True or progress=False.",
}
_UNITS = {
    **dict.fromkeys(("size", "units", "n", "outfeatures"), "Use Layer({value})."),
    **dict.fromkeys(("usebias", "biasinitializer"), "Give bias=, or set layer.biases."),
    **dict.fromkeys(("infeatures", "inputshape"), "Omit it: layer.project(other) makes the connections."),
}
NAMESPACES = {
    "Neuron": {"squash": "Use neuron.squash = {name!r}."},
    "Layer": {"squash": "Use layer.squash = {name!r}."},
}
"""Advice for the constants of a class, such as ``Neuron.squash.TANH``, which is a property here."""
ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "Trainer": _TRAINER,
    "train": _TRAIN,
    "test": _TEST,
    "Network": _NETWORK,
    "architecture": _ARCHITECTURE,
    "Layer": _UNITS,
    "Neuron": _UNITS,
    "optimizer": _OPTIMIZER,
    "estimator": _ESTIMATOR,
}
"""Advice for arguments, by the call that is given them."""
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "Network": _NETWORK_ATTRIBUTES,
    "Trainer": _TRAINER_ATTRIBUTES,
    "Layer": _LAYER,
    "Neuron": _NEURON,
    "Connection": _CONNECTION,
    "Projection": _PROJECTION,
    "Hopfield": {
        **dict.fromkeys(("fit", "partial_fit", "train"), _LEARN),
        **dict.fromkeys(("feed", "predict", "forward", "transform"), _RECALL),
    },
    "Kohonen": {
        **dict.fromkeys(("fit", "partial_fit"), "Use net.train(samples)."),
        **dict.fromkeys(("predict", "transform", "forward", "feed"), "Use net.winner(sample)."),
    },
    "synapse": _SYNAPSE,
    "architect": {
        **dict.fromkeys(("Sequential", "Dense", "Linear", "MLPClassifier", "MLPRegressor"), _SEQUENTIAL),
        **dict.fromkeys(("Network", "Layer", "Neuron", "Trainer"), "Import it from synapse."),
        **dict.fromkeys(("RNN", "SimpleRNN"), "Use architect.Elman(2, 3, 1)."),
        **dict.fromkeys(("Conv1D", "Conv1d"), "Use architect.Convolutional."),
    },
}
"""Advice for attributes, by the class or module that does not have them."""


def understands(kind: str, *siblings: str) -> Callable[[Function], Function]:
    """Make a decorator of a call, or of a class, that raises an error with advice for an unknown argument.

    The advice comes from the table of this kind in `ARGUMENTS`, or names our parameter, from `SYNONYMS`, and
    the call of the same class that has it (`siblings` are the names of such methods), or suggests the most
    similar parameter of all these calls. The decorator preserves signature and annotations, and does nothing
    if the arguments fit. Options that are given as a dict, as in Synaptic, are answered in the same way.
    """
    table = ARGUMENTS.get(kind, {})

    def wrap(function: Function) -> Function:
        if isinstance(function, type):
            function.__init__ = wrap(function.__init__)  # type: ignore[misc]
            return cast(Function, function)

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except (TypeError, ValueError) as error:
                began = error.__traceback__ is None or error.__traceback__.tb_next is not None
                if began and not isinstance(error, SynapseError):
                    raise
                calls = [
                    function,
                    *(getattr(type(owner), name) for owner in arguments[:1] for name in siblings),
                ]
                options = next((given for given in arguments[2:] if isinstance(given, dict)), {})
                sentence = "" if began else about_arguments(calls, named, table)
                sentence = sentence or about_arguments(calls, options, table, as_dict=True)
                if not (sentence or began):
                    sentence = _about_positions(function, arguments)
                if not sentence:
                    raise
            raise ArgumentTypeError(sentence)

        return cast(Function, call)

    return wrap


def about_arguments(
    calls: Sequence[Callable[..., Any]],
    named: Mapping[Any, Any],
    table: Mapping[str, str],
    as_dict: bool = False,
) -> str:
    """Make the sentences about all unknown keyword arguments of the first call; "" if there are none.

    Of options that are given as a dict, each is unknown.
    """
    own, call = _parameters(calls[0]), _name_of(calls[0])
    places = {name: _name_of(other) for other in reversed(calls) for name in _parameters(other)}
    advice = {
        name: _advice(name, own, places, table).replace("{value}", shown(value))
        for name, value in named.items()
        if isinstance(name, str) and (as_dict or name not in own)
    }
    if as_dict and advice:
        each = " ".join(f"{name}: {words}" for name, words in advice.items())
        return f"{call}() takes options by name, not as {shown(named)}. {each}"
    return " ".join(f"{call}() has no argument {name!r}. {words}" for name, words in advice.items())


def _about_positions(call: Callable[..., Any], arguments: Sequence[Any]) -> str:
    """Make the sentence about arguments by position that a method takes by name; "" if there are none."""
    parameters = inspect.signature(call).parameters.values()
    places = [parameter for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in places):
        return ""
    by_name = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    given = [f"{name}={shown(value)}" for name, value in zip(by_name, arguments[len(places) :], strict=False)]
    count = counted(len(places) - 1, "argument")
    return f"{_name_of(call)}() takes {count} by position. Use {', '.join(given)}." if given else ""


def _advice(name: str, own: list[str], places: Mapping[str, str], table: Mapping[str, str]) -> str:
    """Advice about an argument that a call with the parameters `own` does not have.

    `places` are the calls that have a parameter, by its name.
    """
    right = {plain(ours): ours for ours in places}.get(plain(name))
    if right is None and SYNONYMS.get(plain(name)) in places:
        right = SYNONYMS[plain(name)]
    if plain(name) in table and right not in own:
        return table[plain(name)]
    if right is not None:
        return f"Use {right}={{value}}." if right in own else f"Give {right}={{value}} to {places[right]}()."
    close = closest(name, [*own, *places])
    hint = "" if close is None else f"Did you mean {close!r}? "
    if close is None or close in own:
        return f"{hint}It has: {known_names(own)}."
    return f"{hint}Give it to {places[close]}()."


def _parameters(call: Callable[..., Any]) -> list[str]:
    """The names by which its arguments can be given."""
    parameters = inspect.signature(call).parameters.values()
    return [one.name for one in parameters if one.name != "self" and one.kind is not one.VAR_POSITIONAL]


def _name_of(call: Callable[..., Any]) -> str:
    """The name by which a user calls a method: ``Trainer`` for its ``__init__``."""
    owner, _, short = call.__qualname__.rpartition(".")
    return owner.rpartition(".")[2] if short == "__init__" else short


class ForeignAttribute:
    """An attribute of another library's class: reading it raises AttributeError with the equivalent call.

    A descriptor, because a method ``__getattr__`` would make every attribute of the class slower to read.
    """

    def __init__(self, name: str, advice: str) -> None:
        self.name, self.advice = name, advice
        self.__doc__ = None  # not an attribute to document

    def __get__(self, owned: Any, owner: type) -> NoReturn:
        noun = with_article(owner.__name__)
        raise AttributeError(
            f"{noun[0].upper()}{noun[1:]} has no attribute {self.name!r}. {self.advice}",
            name=self.name,
            obj=owned,
        )


class ForeignNamespace(property):
    """A property that another library's class has as constants: reading one raises an error with advice."""

    def __init__(self, own: property, label: str, advice: str) -> None:
        super().__init__(own.fget, own.fset, None, own.__doc__)
        self.label, self.advice = label, advice

    def __getattr__(self, constant: str) -> NoReturn:
        hint = self.advice.format(name=constant.lower()) if constant.isupper() else ""
        raise AttributeError(f"{self.label} has no attribute {constant!r}. {hint}".rstrip(), name=constant)


Class = TypeVar("Class", bound=type)


def answers(kind: str) -> Callable[[Class], Class]:
    """A class decorator: errors about attributes that only `ATTRIBUTES` has give its advice."""

    def answering(cls: Class) -> Class:
        for name, advice in ATTRIBUTES[kind].items():
            if not hasattr(cls, name):
                setattr(cls, name, ForeignAttribute(name, advice))
        for name, advice in NAMESPACES.get(kind, {}).items():
            setattr(cls, name, ForeignNamespace(getattr(cls, name), f"{kind}.{name}", advice))
        cls.__dir__ = own_names  # type: ignore[assignment]
        return cls

    return answering


def fixed_attributes(cls: Class) -> Class:
    """A class decorator: setting a public attribute that the class does not declare raises AttributeError.

    A subclass of a user may have more, unless their names are nearly those that can be set.
    """
    settable = [name for name, one in vars(cls).items() if isinstance(one, property) and one.fset]

    def set_attribute(self: Any, name: str, value: Any) -> None:
        kind = type(self)
        if not (name.startswith("_") or name in vars(self) or hasattr(kind, name)):
            declared = any(name in getattr(one, "__annotations__", ()) for one in kind.__mro__)
            ours = kind.__module__.partition(".")[0] in ("synapse", "architect")
            own = ours and hasattr(sys.modules[kind.__module__], kind.__name__)  # not an example's
            if not declared and (own or closest(name, settable, NEARLY)):
                hint = suggestion(name, settable)
                raise AttributeError(f"A {cls.__name__} has no attribute {name!r} to set.{hint}")
        object.__setattr__(self, name, value)

    cls.__setattr__ = set_attribute  # type: ignore[method-assign, assignment]
    return cls


NEARLY = 0.85
"""Similarity from which an attribute of a user's class counts as misspelt."""


def own_names(owned: Any) -> list[str]:
    """The names of an object's attributes, without those of other libraries."""
    own, kind = getattr(owned, "__dict__", ()), type(owned)
    every = ((name, inspect.getattr_static(kind, name, None)) for name in object.__dir__(owned))
    return [name for name, value in every if name in own or type(value) is not ForeignAttribute]


class NotCalled(list[Item]):
    """A list that is a method in other libraries: calling it says so."""

    def __init__(self, items: Iterable[Item], name: str) -> None:
        super().__init__(items)
        self.name = name

    def __call__(self) -> NoReturn:
        raise ArgumentTypeError(f"{self.name} is a list, not a method. Use {self.name} without parentheses.")


class NoAttributes(tuple[Item, ...]):
    """The layers of a network, which are attributes of an object in Synaptic: reading one gives advice."""

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        hint = LAYERS.get(name, "")
        raise AttributeError(f"net.layers is a tuple, without an attribute {name!r}. {hint}".rstrip())

"""Advice for arguments and attributes of other libraries: each message names the call to use here.

The tables are searched only after a call has failed, so that successful calls cost nothing. Their keys
are in the form of :func:`plain`; ``{value}`` is replaced by the given value.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast

from ..errors import KindError
from .arguments import shown
from .names import known_names, plain, suggestion

Function = TypeVar("Function", bound=Callable[..., Any])

RATE = dict.fromkeys(("learningrate", "lr", "learningrateinit"), "rate={value}")
EPOCHS = dict.fromkeys(("iterations", "nepochs", "nbepoch", "numepochs", "maxiter"), "epochs={value}")
OF_TRAINER = ("rate", "cost", "method", "optimizer", "batch_size", "window", "clip", "l1", "l2", "dropout")
OF_TRAIN = (
    *("epochs", "error", "shuffle", "seed", "progress", "validation", "patience", "callbacks"),
    *("checkpoint", "every", "resume"),
)

TRAINER = {
    **{name: f"Use {right}." for name, right in RATE.items()},
    **{name: f"Give {right} to train()." for name, right in EPOCHS.items()},
    **{name: f"Give {name}={{value}} to train()." for name in OF_TRAIN},
    "loss": "Use cost={value}.",
    "momentum": "Use optimizer=synapse.optimizers.SGD(momentum={value}).",
    **dict.fromkeys(("weightdecay", "alpha"), "Use l2={value}."),
    "schedule": "Give callbacks=[synapse.every(10, function)] to train(). Give a schedule of rates as rate=.",
    "crossvalidate": "Give validation=0.3 and patience=10 to train().",
    "log": "Give callbacks=[synapse.every({value}, print)] to train().",
    "verbose": "Give progress=True or progress=False to train().",
    "randomstate": "Give seed={value} to train().",
    "metrics": "Use trainer.test(inputs, targets, cost=...) after training.",
    "device": "Omit it: Synapse computes on the CPU.",
}
"""Advice for arguments of a Trainer."""

TRAIN = {
    **{name: f"Use {right}." for name, right in EPOCHS.items()},
    **{name: f"Give {right} to Trainer()." for name, right in RATE.items()},
    **{plain(name): f"Give {name}={{value}} to Trainer()." for name in OF_TRAINER},
    "loss": "Give cost={value} to Trainer().",
    "schedule": "Use callbacks=[synapse.every(10, function)]. Give a schedule of rates to Trainer(rate=...).",
    "crossvalidate": "Use validation=0.3, the fraction of the data to hold out, and patience=10.",
    "log": "Use callbacks=[synapse.every({value}, print)], or progress=True for a progress bar.",
    "verbose": "Use progress=True or progress=False.",
    "validationdata": "Use validation=(inputs, targets).",
    "validationsplit": "Use validation={value}.",
    "earlystopping": "Use patience=10 and validation=0.3.",
    **dict.fromkeys(
        ("ckptpath", "resumefromcheckpoint", "initialepoch"),
        "Use synapse.load(path).train(inputs, targets, resume=True).",
    ),
    "randomstate": "Use seed={value}.",
    "metrics": "Use trainer.test(inputs, targets, cost=...) after training.",
    "x": "Use train(inputs, targets).",
    "y": "Use train(inputs, targets).",
}
"""Advice for arguments of Trainer.train."""

TEST = {
    **dict.fromkeys(("loss", "metrics", "scoring"), "Use cost={value}."),
    **dict.fromkeys(("verbose", "progress", "batchsize", "log"), "Omit it: a test is a single pass."),
    "x": "Use test(inputs, targets).",
    "y": "Use test(inputs, targets).",
}
"""Advice for arguments of Trainer.test."""

NETWORK = {
    "inputs": "Use Network(input, [hidden], output), with Layers.",
    "outputs": "Use Network(input, [hidden], output), with Layers.",
    "layers": "Use Network(input, hidden, output), with Layers in order.",
    "inputsize": "Use Network(Layer(2), Layer(3), Layer(1)), or architect.Perceptron(2, 3, 1).",
    "hiddensize": "Use Network(Layer(2), Layer(3), Layer(1)), or architect.Perceptron(2, 3, 1).",
    "outputsize": "Use Network(Layer(2), Layer(3), Layer(1)), or architect.Perceptron(2, 3, 1).",
}
"""Advice for arguments of a Network."""

SIZES = "Give the sizes of the layers in order, inputs first."
ARCHITECTURE = {
    "activation": "Use squash={value}.",
    "outputactivation": "Use output_squash={value}.",
    "nonlinearity": "Use squash={value}.",
    **dict.fromkeys(("inputsize", "inputshape", "inputdim", "hiddensize", "hiddensizes"), SIZES),
    **dict.fromkeys(("hiddenlayersizes", "outputsize", "outputdim", "numlayers", "units"), SIZES),
    "kernelinitializer": "Use initializer={value}.",
    "weightinitializer": "Use initializer={value}.",
    "randomstate": "Use seed={value}.",
    "dropout": "Give dropout={value} to Trainer(), with method='bptt'.",
    **{name: f"Give {right} to Trainer()." for name, right in RATE.items()},
    **dict.fromkeys(("weightdecay", "alpha"), "Give l2={value} to Trainer()."),
    "solver": "Give optimizer=synapse.optimizers.Adam(), or another, to Trainer().",
    "maxiter": "Give epochs={value} to Trainer.train().",
}
"""Advice for arguments of architectures."""

TRAINING = "Use synapse.Trainer(net).train(inputs, targets)."
RUNNING = "Use net.run(inputs), or net.activate(inputs) for one step."
TESTING = "Use synapse.Trainer(net).test(inputs, targets)."
NUMBERS = "Use net.weights and net.biases, or synapse.save(net, path) and synapse.load(path)."
COMPILED = "It is not needed: everything is compiled, and all values are always up to date."
FLOAT = "Synapse computes on the CPU. Give dtype=np.float32 to layers and architectures for single precision."
SAVING = "Use synapse.save(net, path), or synapse.readwrite.json_data(net) for a dict."
LOADING = "Use synapse.load(path), or synapse.readwrite.read_synaptic(path) for files of Synaptic."
METHODS = {
    **dict.fromkeys(("fit", "train"), TRAINING),
    "partial_fit": "Use synapse.Trainer(net).train(inputs, targets, epochs=1), or net.propagate.",
    "compile": "It is not needed: give cost=, optimizer= and rate= to synapse.Trainer(net, ...).",
    **dict.fromkeys(("predict", "predict_proba", "forward", "feed", "transform"), RUNNING),
    **dict.fromkeys(("evaluate", "score", "test"), TESTING),
    "summary": "Use print(net), or synapse.draw.network(net).",
    **dict.fromkeys(("state_dict", "load_state_dict", "parameters", "named_parameters"), NUMBERS),
    **dict.fromkeys(("get_weights", "set_weights"), NUMBERS),
    "backward": "Use net.propagate(rate, target), or synapse.gradient(net, inputs, targets).",
    "zero_grad": "It is not needed: gradients are not accumulated between calls.",
    "eval": "Use net.deterministic = True if there are random neurons.",
    **dict.fromkeys(("to", "cpu", "cuda", "half", "float", "double"), FLOAT),
    **dict.fromkeys(("modules", "children"), "Use net.layers."),
    **dict.fromkeys(("toJSON", "to_json"), SAVING),
    **dict.fromkeys(("fromJSON", "from_json"), LOADING),
    **dict.fromkeys(("toDot", "to_dot"), "Use synapse.readwrite.write_dot(net, path)."),
    "standalone": "Use synapse.readwrite.write_javascript(net, path), write_python, write_c or write_onnx.",
    **dict.fromkeys(("optimize", "setOptimize", "optimized", "restore"), COMPILED),
    "trainer": "Use trainer = synapse.Trainer(net).",
    "worker": "Use synapse.experiments.train_many([net], inputs, targets).",
    "inputs": "Use net.input, the input layer; len(net.input) is the number of inputs.",
    "outputs": "Use net.output, the output layer; len(net.output) is the number of outputs.",
    "save": "Use synapse.save(net, path).",
    "load": "Use synapse.load(path).",
    "set": "Use Network(input, [hidden], output); net.add(layer) adds a hidden layer.",
}
"""Advice for attributes of networks."""

TRAINER_METHODS = {
    "fit": "Use trainer.train(inputs, targets).",
    "partial_fit": "Use trainer.train(inputs, targets, epochs=1).",
    **dict.fromkeys(("evaluate", "validate", "score"), "Use trainer.test(inputs, targets)."),
    **dict.fromkeys(("predict", "predict_proba", "run", "activate"), "Use trainer.network.run(inputs)."),
    "trainAsync": "Use synapse.experiments.train_many([net], inputs, targets), or a thread.",
    "workerTrain": "Use synapse.experiments.train_many([net], inputs, targets), or a thread.",
    "compile": "It is not needed: give cost=, optimizer= and rate= to synapse.Trainer(net, ...).",
    "XOR": "Run `python -m demos xor`.",
    "DSR": "Run `python -m demos recall`; synapse.tasks.Recall makes the data.",
    "ERG": "Run `python -m demos reber`; synapse.tasks.EmbeddedReber makes the data.",
    **dict.fromkeys(("learning_rate", "learningRate"), "Use trainer.rate."),
    "loss": "Use trainer.cost.",
    "save": "Use synapse.save(trainer, path), or synapse.save(trainer.network, path) for the network alone.",
    **dict.fromkeys(("resume", "load"), "Use synapse.load(path).train(inputs, targets, resume=True)."),
    "model": "Use trainer.network.",
}
"""Advice for attributes of trainers."""


def understands(table: Mapping[str, str]) -> Callable[[Function], Function]:
    """Make a decorator that raises an error with advice for an unknown keyword argument.

    The advice comes from the `table`, or suggests the most similar parameter. The decorator preserves
    signature and annotations, and does nothing if the arguments fit.
    """

    def wrap(function: Function) -> Function:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except TypeError as error:
                began = error.__traceback__ is None or error.__traceback__.tb_next is not None
                sentence = "" if began else _about_arguments(function, named, table)
                if not sentence:
                    raise
            raise KindError(sentence)

        return cast(Function, call)

    return wrap


def _about_arguments(function: Callable[..., Any], named: Mapping[str, Any], table: Mapping[str, str]) -> str:
    """Make the sentence about the first unknown keyword argument; "" if there is none."""
    known = [name for name in inspect.signature(function).parameters if name != "self"]
    foreign = [name for name in named if name not in known]
    if not foreign:
        return ""
    name, spelled = foreign[0], {plain(one): one for one in known}
    owner, _, short = function.__qualname__.rpartition(".")
    call = owner.rpartition(".")[2] if short == "__init__" else short
    same = spelled.get(plain(name))
    advice = f"Use {same}={{value}}." if same else table.get(plain(name))
    if advice is None:
        advice = f"{suggestion(name, known).lstrip()} It has: {known_names(known)}.".lstrip()
    return f"{call}() has no argument {name!r}. {advice.replace('{value}', shown(named[name]))}"


class ForeignAttribute:
    """An attribute of another library's class: reading it raises AttributeError with the equivalent call.

    A descriptor, because a method ``__getattr__`` would make every attribute of the class slower to read.
    """

    def __init__(self, name: str, advice: str) -> None:
        self.name, self.advice = name, advice
        self.__doc__ = None  # not an attribute to document

    def __get__(self, owned: Any, owner: type) -> NoReturn:
        article = "An" if owner.__name__[0] in "AEIO" else "A"
        raise AttributeError(
            f"{article} {owner.__name__} has no attribute {self.name!r}. {self.advice}",
            name=self.name,
            obj=owned,
        )


Class = TypeVar("Class", bound=type)


def answers(table: Mapping[str, str]) -> Callable[[Class], Class]:
    """A class decorator: for the attributes of a table that a class does not have, errors give the advice."""

    def answering(cls: Class) -> Class:
        for name, advice in table.items():
            if not hasattr(cls, name):
                setattr(cls, name, ForeignAttribute(name, advice))
        return cls

    return answering


def own_names(owned: Any) -> list[str]:
    """The names of an object's attributes, without those of other libraries."""
    foreign = {
        name
        for base in type(owned).__mro__
        for name in vars(base)
        if type(vars(base)[name]) is ForeignAttribute
    }
    return [name for name in object.__dir__(owned) if name not in foreign]

"""The first calls of people who come from Synaptic, Keras, PyTorch or scikit-learn."""

import re
import warnings
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise, product
from operator import attrgetter
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import architect
import synapse
from synapse import (
    Layer,
    Network,
    Neuron,
    Trainer,
    _cost,
    _initializer,
    costs,
    initializers,
    optimizers,
    reward,
    squashes,
)
from synapse._checks import ARGUMENTS, ATTRIBUTES, SYNONYMS
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    TopologyWarning,
    UnknownNameError,
)
from tests.helpers.cases import Cases, all_refused

ROWS = np.random.default_rng(0).normal(size=(20, 2))
CLASSES = np.arange(20) % 3
ONE_HOT = np.eye(3)[CLASSES]


@pytest.fixture
def net():
    return a_net()


@pytest.fixture
def soft():
    return architect.Perceptron(2, 4, 3, output_squash="softmax", seed=0)


# --- packages and names ---------------------------------------------------------------


def test_a_module_suggests_the_name_that_was_meant():
    with Cases() as case:
        for module, wrong, right in (
            (synapse, "Trianer", "Trainer"),
            (squashes, "sigmiod", "sigmoid"),
            (costs, "mean_square_error", "mean_squared_error"),
            (initializers, "ortogonal", "orthogonal"),  # codespell:ignore ortogonal
            (optimizers, "Adm", "Adam"),
            (architect, "LSMT", "LSTM"),
        ):
            with (
                case(module.__name__, wrong),
                pytest.raises(AttributeError, match=f"mean '{right}'"),
            ):
                getattr(module, wrong)
            assert not hasattr(module, wrong)
            assert not hasattr(module, "__wrapped__")


def test_costs_and_initializers_under_other_names_are_the_same():
    theirs = {
        "mse": "MSE MSELoss mean-squared-error",
        "cross_entropy": "CROSS_ENTROPY crossentropy bce BCELoss",
        "categorical_cross_entropy": "categorical_crossentropy CrossEntropyLoss"
        " sparse_categorical_crossentropy",
    }
    for name, others in theirs.items():
        assert {_cost.get(other) for other in others.split()} == {_cost.get(name)}
    names = "Xavier", "glorot_uniform", "kaiming"
    glorot, he = initializers.glorot, initializers.he
    assert [*map(_initializer.get, names)] == [glorot, glorot, he]


def test_an_unknown_name_is_answered_with_what_is_nearest():
    net = a_net()
    source, target = Layer(2), Layer(2)

    def squash(name):
        Layer(2, squash=name)

    def cost(name):
        Trainer(net, cost=name)

    def initializer(name):
        source.project(target, initializer=name)

    cases = (
        (squash, "hard_sigmoid", "The nearest is ramp"),
        (squash, "logistik", "Did you mean 'logistic'. Known: "),
        (squash, "sigmoyd", "Did you mean 'sigmoid'"),
        (cost, "BINARY", "Use cost='binary_misses'"),
        (cost, "SSE", "Use cost='squared_error', which is half of it"),
        (cost, "mae", "@costs.register"),
        (initializer, "glorrot", "Did you mean 'glorot'"),
        (initializer, "he_uniform", "The nearest is he"),
    )
    all_refused(
        [(partial(take, name), UnknownNameError, words) for take, name, words in cases]
    )


# --- calls of other libraries ---------------------------------------------------------

CALLS = {
    "Trainer": lambda **options: Trainer(a_net(), **options),
    "train": lambda **options: Trainer(a_net()).train(ROWS, CLASSES % 2, **options),
    "test": lambda **options: Trainer(a_net()).test(ROWS, CLASSES % 2, **options),
    "Network": lambda **options: Network(Layer(2), Layer(1), **options),
    "architecture": lambda **options: architect.Perceptron(2, 3, 1, **options),
    "Layer": lambda **options: Layer(3, **options),
    "Neuron": Neuron,
    "project": lambda **options: Layer(2).project(Layer(2), **options),
    "optimizer": optimizers.Adam,
    "RMSprop": optimizers.RMSprop,
}


def a_net():
    return architect.Perceptron(2, 3, 1, seed=0)


def answer(call, name):
    with pytest.raises(ArgumentTypeError) as raised:
        call(**{name: 0.5})
    return str(raised.value)


def test_an_argument_of_another_library_is_answered_by_ours():
    """Every entry of the table, and some of the rules that are none."""
    with Cases() as case:
        for call_name, call in CALLS.items():
            for name, advice in ARGUMENTS.get(call_name, {}).items():
                words = advice.replace("{value}", "0.5")
                with (
                    case(call_name, name),
                    pytest.raises(ArgumentTypeError, match=re.escape(words)) as raised,
                ):
                    call(**{name: 0.5})
                assert f"() has no argument {name!r}. " in str(raised.value)
        for name, ours in SYNONYMS.items():
            with case(name):
                answers = " ".join(answer(call, name) for call in CALLS.values())
                # of estimators
                assert f"Use {ours}=0.5." in answers or ours == "hidden"
                advice = (
                    ARGUMENTS["architecture"].get(ours, "").replace("{value}", "0.5")
                )
                assert advice in answer(CALLS["architecture"], name)
    net = a_net()
    train = Trainer(a_net()).train
    answered = {
        "train() has no argument 'Shuffle'. Use shuffle=True.": lambda: train(
            ROWS, Shuffle=True
        ),
        "train() has no argument 'lr'. Pass rate=0.1 to Trainer().": lambda: train(
            ROWS, lr=0.1
        ),
        "Pass batch_size=32 to Trainer().": lambda: train(ROWS, batch_size=32),
        "Did you mean 'epochs'? It has: callbacks, ": lambda: train(ROWS, epoch=5),
        "Use hidden_to_hidden=True.": lambda: architect.LSTM(
            2, 3, 1, hiddenToHidden=True
        ),
        "Did you mean 'Adam'?": lambda: Trainer(net, optimizer="adem"),
        "Use optimizer=synapse.optimizers.RMSprop().": lambda: Trainer(
            net, optimizer=optimizers.RMSprop
        ),
        "Trainer(). log: Use callbacks=[synapse.every(9, print)]": lambda: train(
            ROWS, {"rate": 0.1, "log": 9}
        ),
        "rate: Use rate=0.1. iterations: Pass epochs=5 to train().": lambda: Trainer(
            net, {"rate": 0.1, "iterations": 5}
        ),
        "'lr'. Pass rate=0.1 to Trainer(). train() has no argument 'log'. ": lambda: (
            train(ROWS, lr=0.1, log=9)
        ),
        "peepholes: Use peepholes=None.": lambda: architect.LSTM(
            2, 3, 1, {"peepholes": None}
        ),
        "Liquid() takes 3 arguments by position. Use connections=30, gates=10.": (
            lambda: architect.Liquid(2, 20, 1, 30, 10)
        ),
        "project() takes 2 arguments by position. Use weights=0.5.": (
            lambda: Layer(2).project(Layer(2), None, 0.5)
        ),
        "net.neurons is a list, not a method.": net.neurons,
        "DEKF() has no argument 'lr'. Use rate=0.1.": lambda: optimizers.DEKF(lr=0.1),
    }
    all_refused(
        [
            (call, ArgumentTypeError, re.escape(words))
            for words, call in answered.items()
        ]
    )


@pytest.mark.full
def test_an_attribute_of_another_library_is_answered_by_ours():
    """Every entry of the table; what the advice names is there, and `dir` lists no
    entry."""
    kinds = owners()
    owned = {name: one for name, one in kinds.items() if name.islower()}
    with Cases() as case:
        for (owner_name, table), name in advised(ATTRIBUTES):
            owner = kinds[owner_name]
            # costs of a trainer, as in Trainer.cost.MSE
            both = [type(owner)] if owner_name[0].isupper() else []
            both += [owner] if name != "cost" else []
            words = re.escape(f"attribute {name!r}. {table[name]}")
            for one in both:
                with (
                    case(owner_name, name),
                    pytest.raises(AttributeError, match=words),
                ):
                    getattr(one, name)
            with case(owner_name, name, "in dir"):
                assert name == "cost" or name not in dir(owner)
        for (owner_name, table), name in (*advised(ARGUMENTS), *advised(ATTRIBUTES)):
            is_net = owner_name in ("Hopfield", "LBFGS", "RecursiveOptimizer")
            named_here = owned | ({"net": kinds[owner_name]} if is_net else {})
            pattern = rf"\b({'|'.join(owned)})((?:\.[a-zA-Z_]\w*)+)"
            for owner, named in re.findall(pattern, table[name]):
                with case(owner_name, owner, named):
                    attrgetter(named[1:])(named_here[owner])


def advised(tables):
    """Each name in the tables of advice, with its table."""
    return [(item, name) for item in tables.items() for name in item[1]]


@cache
def owners():
    """Objects by the names that the tables of advice have for them."""
    net = a_net()
    layer = Layer(2)
    projection = layer.project(Layer(2), seed=0)
    td = reward.TD(architect.Perceptron(1, 1, squash="identity", seed=0))
    with synapse.record(net, "activation"):
        net.activate([0, 1])
    return {
        "Neuron": layer[0],
        "Connection": projection[0],
        "Layer": layer,
        "Projection": projection,
        "Network": net,
        "Trainer": Trainer(net),
        "Hopfield": architect.Hopfield(3),
        "LBFGS": optimizers.LBFGS(),
        "RecursiveOptimizer": optimizers.RLS(),
        "Optimizer": optimizers.Adam(),
        "Result": Trainer(net).train(ROWS[:1], [[1]], epochs=1, progress=False),
        "Gradient": synapse.gradient(net, [[0, 1]], [[1]]),
        "NetworkEstimator": synapse.sklearn.NetworkClassifier(),
        "analysis": synapse.analysis,
        "draw": synapse.draw,
        "learning": synapse.learning,
        "sklearn": synapse.sklearn,
        "reward": reward,
        "Agent": td,
        "Run": reward.Run(np.zeros(1), np.ones(1, int), 1, 0.1, "steps"),
        "synapse": synapse,
        "architect": architect,
        "layers": net.layers,
        "net": net,
        "trainer": Trainer(net),
        "layer": layer,
        "neuron": layer[0],
        "projection": projection,
        "connection": projection[0],
    }


SYNAPTIC = {
    "Neuron": "activate propagate project gate connected selfconnected clear reset"
    " optimize uid quantity squash connection ID label connections error trace state"
    " old activation derivative bias neighboors neighbours selfconnection",
    "Layer": "activate propagate project gate connected selfconnected clear reset"
    " neurons add set size list label connectedTo connectionType gateType connection",
    "Connection": "ID from to weight gain gater uid inputs",
    "Projection": "ID from to connections list size type gatedfrom selfconnection",
    "Network": "activate propagate project gate clear reset optimize restore inputs"
    " outputs neurons set setOptimize toJSON toDot standalone worker clone fromJSON"
    " layers optimized trainer",
    "Trainer": "train trainAsync test XOR DSR timingTask workerTrain cost set network"
    " rate iterations error shuffle crossValidate schedule",
    "synapse": "Neuron Layer Network Trainer Architect ALL_TO_ALL ALL_TO_ELSE"
    " ONE_TO_ONE INPUT OUTPUT",
}
"""The members of Synaptic's classes, static ones among them."""


def test_every_member_of_synaptic_is_here_or_answered():
    with Cases() as case:
        for owner_name, members in SYNAPTIC.items():
            for name in members.split():
                with case(owner_name, name):
                    try:
                        getattr(owners()[owner_name], name)
                    except AttributeError as error:
                        answer = str(error).partition(f"attribute {name!r}")[2]
                        assert answer.count(".") > 1


def test_a_name_of_synaptic_below_an_attribute_or_in_an_import_is_answered():
    """What a class or an object of Synaptic has there is an array, a function or a name
    here."""
    net = a_net()
    ones = Layer(2).project(Layer(2))
    connection = Neuron().project(Neuron())
    hopfield = architect.Hopfield(4)
    pairs = [(0, 1), (1, 0)]
    answered = {
        "Use neuron.squash = 'tanh'.": (AttributeError, lambda: Neuron.squash.TANH),
        "Use layer.squash = 'hlim'.": (AttributeError, lambda: Layer.squash.HLIM),
        "Use net.hidden[0], or net['hidden'].": (
            AttributeError,
            lambda: net.layers.hidden,
        ),
        "is the connection itself.": (
            AttributeError,
            lambda: connection.connection,
        ),
        "Did you mean 'input'?": (ArgumentError, lambda: Layer(2).gate(ones, "INPUT")),
        "Did you mean 'all_to_else'?": (
            ArgumentError,
            lambda: Layer(2).project(Layer(2), "ALL_TO_ELSE"),
        ),
        "pass tuple(zip(*pairs)).": (
            ArgumentError,
            lambda: Layer(2).project(Layer(2), pairs),
        ),
        "got 0.0. For 0 and 1, pass 2 * ": (
            ArgumentError,
            lambda: hopfield.learn([[0, 1, 0, 1]]),
        ),
        "or of booleans, got 0.5.": (
            ArgumentError,
            lambda: hopfield.learn([[0.5, 1, 0, 1]]),
        ),
        "Use `import architect`": (
            ImportError,
            partial(exec, "from synapse import Trainer, Architect"),
        ),
        "Use architect.LSTM after": (
            ImportError,
            partial(exec, "from synapse import LSTM"),
        ),
        "Did you mean 'Elman'?": (
            ImportError,
            partial(exec, "from architect import Elmann"),
        ),
        "cannot import name 'zzz' from": (
            ImportError,
            partial(exec, "from synapse import zzz"),
        ),
    }
    all_refused(
        [
            (call, error, f"{re.escape(words)}")
            for words, (error, call) in answered.items()
        ]
    )
    assert not hasattr(Neuron.squash, "tanh")
    assert Neuron.squash.fget is not None
    assert len(Layer(2).project(Layer(2), tuple(zip(*pairs, strict=True)))) == 2
    # packages that `synapse` has not imported
    exec("from synapse import draw, sklearn")


def test_the_migration_page_lists_names_that_are_answered():
    """Of each object of another library in a left column, the table has the name, or it
    is ours."""
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(
        encoding="utf-8"
    )
    kinds = {
        "a": Neuron,
        "neuron": Neuron,
        "layer": Layer,
        "Layer": Layer,
        "net": Network,
        "model": Network,
        "Network": Network,
        "trainer": Trainer,
        "Trainer": Trainer,
        "connection": synapse.Connection,
    }
    found = [
        named
        for line in re.findall(r"^\| (.+?) \| ", page, re.MULTILINE)
        for named in re.findall(rf"\b({'|'.join(kinds)})\.(\w+)", line)
    ]
    assert len(found) > 40
    assert not [
        (owner, name)
        for owner, name in found
        if not any(name in vars(base) for base in kinds[owner].__mro__)
    ]


def test_a_mistake_inside_a_call_is_passed_on(net):
    def fails(progress):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        Trainer(net).train(
            ROWS, CLASSES % 2, epochs=1, callbacks=[fails], progress=False
        )
    with pytest.raises(TypeError, match=r"^Trainer\(\) is missing `network`\.$"):
        Trainer()


def test_xor_is_learnt_by_what_is_wired_by_hand_with_the_defaults():
    def by_layers(layers, rng):
        for source, target in pairwise(layers):
            source.project(target, seed=rng)

    def by_neurons(layers, rng):
        for source, target in pairwise(layers):
            for neuron in source:
                neuron.project(target if len(target) > 1 else target[0], seed=rng)

    def anew(layers, rng):
        by_layers(layers, None)
        Network(*layers).reset_parameters(rng)

    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    targets = np.array([[0], [1], [1], [0]])

    def learns(wire, name, seed):
        layers = Layer(2), Layer(4, name), Layer(1)
        wire(layers, np.random.default_rng(seed))
        net = Network(*layers)
        options = {"epochs": 5000, "seed": seed, "progress": False}
        Trainer(net, rate=0.3).train(inputs, targets, **options)
        return ((net.run(inputs) > 0.5) == targets).all()

    for wire, name in product((by_layers, by_neurons, anew), ("tanh", "softsign")):
        learnt = sum(learns(wire, name, seed) for seed in range(8))
        assert learnt >= 7, (wire.__name__, name)


def test_samples_may_be_dicts_as_in_synaptic():
    samples = [{"input": row, "output": [float(sum(row) > 0)]} for row in ROWS.tolist()]
    arrays = ROWS, [sample["output"] for sample in samples]
    net, twin = (architect.Perceptron(2, 3, 1, seed=0) for _ in range(2))
    training = Trainer(net).train(samples, epochs=3, seed=0, progress=False)
    second = Trainer(twin).train(*arrays, epochs=3, seed=0, progress=False)
    assert training.loss == second.loss
    assert Trainer(net).test(samples) == Trainer(net).test(*arrays)
    for wrong in (ROWS, [{"input": [0, 1], "target": [1]}]):
        with pytest.raises(ArgumentError, match="got no targets"):
            Trainer(net).test(wrong)


# --- classes as targets ---------------------------------------------------------------


def test_classes_are_targets_of_softmax_outputs(soft):
    several = ROWS.reshape(4, 5, 2)
    holed = np.where(np.arange(20) == 3, np.nan, CLASSES)
    forms = {
        "list": (ROWS, CLASSES.tolist(), ONE_HOT),
        "column": (ROWS, CLASSES.astype(np.uint8)[:, None], ONE_HOT),
        "sequences": (several, CLASSES.reshape(4, 5), ONE_HOT.reshape(4, 5, 3)),
        "columns": (several, CLASSES.reshape(4, 5, 1), ONE_HOT.reshape(4, 5, 3)),
        "ragged": (
            [ROWS[:3], ROWS[3:9]],
            [CLASSES[:3], CLASSES[3:9].tolist()],
            [ONE_HOT[:3], ONE_HOT[3:9]],
        ),
        "without a target": (
            ROWS,
            holed,
            np.where(np.isnan(holed)[:, None], np.nan, ONE_HOT),
        ),
    }
    with Cases() as case:
        for form, (inputs, *both) in forms.items():

            def numbers(targets, inputs=inputs):
                net = soft.clone()
                cost = Trainer(net).test(inputs, targets).loss
                slopes = synapse.gradient(net, inputs, targets).weights.tolist()
                data = {"validation": (inputs, targets), "seed": 0, "progress": False}
                Trainer(net).train(inputs, targets, epochs=2, **data)
                compared = synapse.learning.compare_gradients(net, inputs, targets)
                net.activate(ROWS[0])
                is_class = np.ndim(targets[0]) == np.ndim(inputs[0]) - 1
                net.propagate(0.1, 2 if is_class else [0.0, 0.0, 1.0])
                return cost, slopes, compared.cosine, net.weights.tolist()

            with case(form):
                assert numbers(both[0]) == numbers(both[1])


def test_what_is_no_class_is_refused_with_its_place(soft):
    before = soft.weights
    train = partial(Trainer(soft).train, ROWS, epochs=1)
    soft.activate(ROWS[0])
    wrong = [
        (
            lambda: train(targets=CLASSES + 1),
            "`targets` must be classes from 0 to 2 .*, got 3 in row 2",
        ),
        (lambda: train(targets=CLASSES - 1), "got -1 in row 0"),
        (lambda: train(targets=CLASSES + 0.5), "got 0.5 in row 0"),
        (
            lambda: train(targets=np.where(CLASSES == 1, np.inf, 0.0)),
            "got inf in row 1",
        ),
        (lambda: train(targets=["a"] * 20), "text"),
        (
            lambda: Trainer(soft).test([ROWS[:2], ROWS[2:4]], [[0, 1], [3, 0]]),
            "sequence 1 .* 3 in row 0",
        ),
        (lambda: soft.propagate(0.1, 3), "classes from 0 to 2 .*, got 3"),
        (lambda: soft.output.propagate(0.1, 3), "classes from 0 to 2 .*, got 3"),
    ]
    all_refused(
        [(call, (ArgumentError, ArgumentTypeError), words) for call, words in wrong]
    )
    assert (soft.weights == before).all()


def lstm(outputs, squash="identity"):
    return architect.LSTM(2, 3, outputs, output_squash=squash, seed=0)


CODE = {
    "array": ([3, 5, 2], np.arange(3.0), "identity"),
    "column": ([3, 5, 2], np.arange(3.0)[:, None], "identity"),
    "rows": ([3, 5, 2], np.arange(6.0).reshape(3, 2), "identity"),
    "ragged": (None, [[1.0], [2.0]], "identity"),
    "classes": ([4, 5, 2], [0, 1, 2, 0], "softmax"),
    "column of classes": ([4, 5, 2], np.array([[0], [1], [2], [0]]), "softmax"),
}


def test_one_target_per_sequence_is_answered_by_code_that_works():
    """Keras' usual form. The code of the message puts it at the last step."""
    with Cases() as case:
        for form, (shape, targets, squash) in CODE.items():
            inputs = np.ones(shape) if shape else [np.ones((4, 2)), np.ones((3, 2))]
            width = np.size(targets) // len(targets)
            trainer = Trainer(lstm(3 if squash == "softmax" else width, squash))
            with case(form), pytest.raises(ArgumentError) as refused:
                trainer.train(inputs, targets)
            message = str(refused.value)
            assert "got one per sequence" in message
            assert "synapse.sklearn.SequenceClassifier" in message
            names = {"np": np, "inputs": inputs, "targets": targets}
            exec(re.search(r"(steps = .*)\. Or use", message)[1], names)
            trainer.train(inputs, names["steps"], epochs=1, progress=False)
            lasts = [np.ravel(rows[-1]).tolist() for rows in names["steps"]]
            assert lasts == np.reshape(targets, (len(targets), width)).tolist()
            assert all(np.isnan(rows[:-1]).all() for rows in names["steps"])
    with pytest.raises(ArgumentError, match="softmax.*got one per sequence"):
        Trainer(architect.LSTM(2, 3, 3, seed=0)).train(np.ones((4, 5, 2)), [0, 1, 2, 0])


def test_other_mistakes_in_data_of_every_step_are_told_as_they_are():
    """Also if a sequence has as many steps as there are outputs, or a single one."""
    soft, plain = lstm(3, "softmax"), lstm(1, "logistic")
    single = np.ones((4, 1, 2))
    single[2] = np.nan
    all_refused(
        [
            (
                lambda: Trainer(soft).train(np.ones((2, 3, 2)), [[0, 1, 2], [0, 3, 1]]),
                ArgumentError,
                "sequence 1 must be classes from 0 to 2 .* got 3 in row 1",
            ),
            (
                lambda: Trainer(plain).train(single, np.ones((4, 1))),
                ArgumentError,
                "`inputs` of sequence 2 must be finite",
            ),
        ]
    )


def test_classes_of_outputs_that_are_not_softmax_are_answered():
    net = architect.Perceptron(2, 4, 3, seed=0)
    net.activate(ROWS[0])
    several = ROWS.reshape(4, 5, 2), CLASSES.reshape(4, 5)
    calls = [
        lambda: Trainer(net).train(ROWS, CLASSES),
        lambda: Trainer(net).train(ROWS, CLASSES.tolist()),
        lambda: Trainer(net).train(ROWS, CLASSES[:, None]),
        lambda: Trainer(net).test(ROWS, CLASSES),
        lambda: synapse.gradient(net, ROWS, CLASSES),
        lambda: Trainer(net).train(ROWS, ONE_HOT, validation=(ROWS, CLASSES)),
        lambda: Trainer(lstm(3)).train(*several),
        lambda: net.propagate(0.1, 2),
        lambda: net.output.propagate(0.1, 2),
    ]
    advice = r'output_squash="softmax", or pass one-hot rows, such as np.eye\(3\)\[cl'
    all_refused([(call, ArgumentError, advice) for call in calls])
    with pytest.raises(ArgumentError, match="got 1 dimension"):
        Trainer(net).train(ROWS, CLASSES + 0.5)


# --- calls of other libraries ---------------------------------------------------------


def test_sizes_in_a_list_are_answered_by_the_call():
    answered = {
        "Use Perceptron(10, 16, 1).": lambda: architect.Perceptron([10, 16, 1]),
        "Use Perceptron(2, 3, 4, 1).": lambda: architect.Perceptron(2, (3, 4), 1),
        "Use LSTM(2, 6, 1).": lambda: architect.LSTM([2, 6, 1]),
        "Use NARX(2, 3, 1).": lambda: architect.NARX([2, 3, 1]),
        "Use CTRNN(2, 3, 1).": lambda: architect.CTRNN([2, 3, 1]),
        "is missing `outputs`.": lambda: architect.Convolutional([8, 1]),
        "A layer has one size: Layer(2). For a network": lambda: Layer([2, 3]),
    }
    all_refused(
        [
            (call, ArgumentTypeError, re.escape(words))
            for words, call in answered.items()
        ]
    )
    # which no call with these numbers would mend
    with pytest.raises(ArgumentError, match="LSTM must have at least 3 sizes: .*got 1"):
        architect.LSTM([8])
    with pytest.raises(TypeError, match=r"NARX\(\) is missing `hidden` and `outputs`"):
        architect.NARX([8])


def test_a_cost_of_several_rows_is_answered_by_the_trainer():
    net = architect.Perceptron(2, 3, 1, output_squash="identity", seed=0)
    inputs, targets = np.zeros((4, 2)), np.ones((4, 1))
    with pytest.raises(ArgumentError, match="For several rows use Trainer") as got:
        synapse.costs.mse(net.run(inputs), targets)
    call = str(got.value).partition("use ")[2].rstrip(".")
    names = {"Trainer": Trainer, "net": net, "inputs": inputs, "targets": targets}
    outputs = net.clone().run(inputs)
    assert eval(call, names) == pytest.approx(np.mean((targets - outputs) ** 2))


def test_project_of_a_neuron_answers_names_of_arguments_as_that_of_a_layer_does():
    source = Neuron()
    answered = {
        "project() has no argument 'weights'. Use weight=0.3.": {"weights": 0.3},
        "Use weight=0.3.": {"Weight": 0.3},
        "Remove it: a neuron is connected to every neuron": {"kind": "all_to_all"},
        "project(layer, initializer='he').": {"initializer": "he"},
        "Did you mean 'trainable'? It has: delay, seed, sign, target, train": {
            "trainabel": True
        },
    }
    all_refused(
        [
            (partial(source.project, target, **named), ArgumentTypeError, words)
            for target in (Neuron(), Layer(2))
            for words, named in (
                (re.escape(words), named) for words, named in answered.items()
            )
        ]
    )
    assert not source.outgoing


def test_what_is_no_metadata_is_answered_by_what_finds_it(net):
    net.neurons[0].metadata["kind"] = "x"
    answered = {
        "net['h'] finds a layer or a neuron": {"name": "h"},
        "net['hidden'] finds a layer": {"layer": "hidden"},
        "if neuron.squash.name == ...]": {"squash": "tanh"},
        "if neuron.bias == ...]": {"bias": 0.5},
        "named 'kinds'. Did you mean 'kind'? Known: kind.": {"kinds": 1},
    }
    all_refused(
        [
            (partial(net.select, **wanted), UnknownNameError, re.escape(words))
            for words, wanted in answered.items()
        ]
    )
    with pytest.raises(UnknownNameError, match=r"if connection.weight == \.\.\.]"):
        net.select("connections", weight=1.0)
    with pytest.raises(UnknownNameError, match="of connections named 'kind'.$"):
        net.select("connections", kind="x")


def test_a_network_that_is_wired_to_others_is_refused_by_the_name_of_the_call():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.hidden[0].project(Layer(1))
    data = ROWS, ROWS[:, :1]
    answered = {
        "cannot be cloned, because it has 3 conn": net.clone,
        "checked by check_gradient": lambda: synapse.check_gradient(net, *data),
        "examined by compare_gradients": lambda: synapse.learning.compare_gradients(
            net, *data
        ),
        "examined by lesions": lambda: synapse.analysis.lesions(net, *data),
        "examined by patch": lambda: synapse.analysis.patch(net, ROWS, ROWS, net[0], 0),
        "be pruned": lambda: synapse.analysis.prune(net, fraction=0.5),
        "be explored": lambda: synapse.draw.explore(net, ROWS),
        "be put into a link": lambda: synapse.draw.link(net),
        "be saved": lambda: synapse.save(net, None),
    }
    all_refused([(call, TopologyError, words) for words, call in answered.items()])


def test_a_network_instead_of_sizes_is_answered_by_build():
    net = a_net()
    advice = "build=lambda n_inputs, n_outputs, seed: net"
    classes = CLASSES % 2
    calls = [
        lambda: synapse.sklearn.NetworkClassifier(net).fit(ROWS, classes),
        lambda: synapse.sklearn.NetworkClassifier(build=net).fit(ROWS, classes),
    ]
    if find_spec("river"):  # an extra that the default tier may lack
        calls.append(
            lambda: synapse.river.NetworkClassifier(net).learn_one({"a": 1.0}, 1)
        )
    all_refused([(call, ArgumentTypeError, advice) for call in calls])


# --- networks of layers ---------------------------------------------------------------


def layers():
    a = Layer(2)
    b = Layer(3)
    c = Layer(3)
    d = Layer(1)
    a.project(b, seed=0), b.project(c, seed=1), c.project(d, seed=2)
    return a, b, c, d


def test_layers_are_given_one_by_one_or_in_lists():
    for make in (
        lambda a, b, c, d: Network(a, [b, c], d),
        Network,
        lambda a, b, c, d: Network(a, (b,), [c], d),
        lambda a, b, c, d: Network([a, b, c, d]),
        lambda a, b, c, d: Network(input=a, hidden=[b, c], output=d),
        lambda a, b, c, d: Network(a, b, c, output=d),
    ):
        stack = layers()
        net = make(*stack)
        assert net.layers == stack
        assert [layer.name for layer in net.layers] == [
            "input",
            "hidden 1",
            "hidden 2",
            "output",
        ]


def test_what_is_no_layer_is_answered_with_what_to_do():
    cases = (
        (
            (Layer(2), Neuron(), Layer(1)),
            r"<Neuron.*Wrap neurons in a layer: Layer\(\[neuron\]\)",
        ),
        ((Layer(2), [Neuron()], Layer(1)), "Wrap neurons"),
        ((2, 3, 1), r"got 2\. architect\.Perceptron"),
        (({"input": 2},), r"Use Network\(input=a, hidden=\[b\], output=c\)"),
        ((Layer(2),), "Expected an input layer and an output layer, got 1 layer"),
        ((), "got none"),
        (
            ("input", "output"),
            "A part of a network must be a Layer or a list of Layers, got 'input'",
        ),
    )
    errors = ArgumentError, ArgumentTypeError
    all_refused([(partial(Network, *layers), errors, words) for layers, words in cases])


def test_a_name_or_an_optimizer_in_the_first_place_is_answered(net):
    known = r"Did you mean 'tanh'\? Known: .*\.$"
    all_refused(
        [
            (lambda: Neuron("sensor 1"), UnknownNameError, "given as name='sensor 1'"),
            (lambda: Neuron("tahn"), UnknownNameError, known),
            (lambda: Trainer(net, "Adam"), ArgumentTypeError, r"Use .*r='Adam'\.$"),
        ]
    )


def test_what_is_no_network_is_answered_by_the_call_that_has_one(net):
    model = synapse.Model(net)
    graph = nx.DiGraph([("x", "y")])
    calls = (
        Network,
        Trainer,
        synapse.Topology.of,
        synapse.to_networkx,
        synapse.draw.network,
        partial(synapse.gradient, inputs=ROWS, targets=ROWS[:, :1]),
    )
    values = (
        (graph, r"\. Use synapse\.from_networkx\(graph\)\.$"),
        (nx.MultiGraph(graph), "from_networkx"),
        (Trainer(net), "Use trainer.network"),
        (model, "Use model.whole()"),
    )
    all_refused(
        [
            (partial(call, value), ArgumentTypeError, words)
            for call, (value, words) in product(calls, values)
        ]
    )


def test_outputs_that_nothing_reaches_warn_once_for_each_topology():
    net = Network(Layer(2), Layer(3), Layer(1))
    with pytest.warns(
        TopologyWarning, match="no connection leads into its outputs.*Connect a layer"
    ) as told:
        net.activate([0.0, 1.0])
    assert len(told) == 1
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.activate([0.0, 1.0])
        net.run(ROWS)
    net.input.project(net.hidden[0])
    with pytest.warns(TopologyWarning):
        net.run(ROWS)
    links = net.hidden[0].project(net.output)
    net.activate([0.0, 1.0])  # silent
    for connection in list(links):
        connection.source.disconnect(connection.target)
    with pytest.warns(TopologyWarning):
        net.activate([0.0, 1.0])

"""The first calls of people who come from Synaptic, Keras, PyTorch or scikit-learn."""

import copy
import pickle
import subprocess
import sys
import warnings
from itertools import count

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron, Trainer, cost, initializers, optimizers, squash
from synapse.errors import ArgumentError, KindError, TopologyWarning, UnknownNameError

ROWS = np.random.default_rng(0).normal(size=(20, 2))
CLASSES = np.arange(20) % 3
ONE_HOT = np.eye(3)[CLASSES]
NUMBER = count()


@pytest.fixture
def net():
    return architect.Perceptron(2, 3, 1, seed=0)


@pytest.fixture
def soft():
    return architect.Perceptron(2, 4, 3, output_squash="softmax", seed=0)


# --- packages and names --------------------------------------------------------------------------


def test_packages_are_reached_by_import_synapse_and_loaded_when_used():
    code = (
        "import sys, synapse\n"
        "names = ['analysis', 'draw', 'experiments', 'forecasting', 'tasks']\n"
        "assert not any(f'synapse.{name}' in sys.modules for name in names)\n"
        "assert set(names) <= set(dir(synapse))\n"
        "assert synapse.tasks.Recall and synapse.analysis.compare\n"
        "assert synapse.experiments.train_many\n"
        "assert synapse.readwrite.write_dot and synapse.learning.fit_readout\n"
        "assert 'synapse.draw' not in sys.modules\n"
        "from synapse import draw\n"
        "assert synapse.draw is draw\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("module", "wrong", "right"),
    [
        (synapse, "Trianer", "Trainer"),
        (synapse, "Perceptron", ""),
        (squash, "sigmiod", "sigmoid"),
        (cost, "mean_square_error", "mean_squared_error"),
        (initializers, "ortogonal", "orthogonal"),  # codespell:ignore ortogonal
        (optimizers, "Adm", "Adam"),
        (architect, "LSMT", "LSTM"),
    ],
)
def test_a_module_suggests_the_name_that_was_meant(module, wrong, right):
    hint = f"Did you mean '{right}'?" if right else "has no attribute"
    with pytest.raises(AttributeError, match=hint):
        getattr(module, wrong)
    assert not hasattr(module, wrong)
    assert not hasattr(module, "__wrapped__")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("sigmoid", "logistic"),
        ("Sigmoid", "logistic"),
        ("LOGISTIC", "logistic"),
        ("linear", "identity"),
        ("IDENTITY", "identity"),
        ("TANH", "tanh"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        ("hardtanh", "hard_tanh"),
        ("Hard Tanh", "hard_tanh"),
        ("HLIM", "step"),
        ("hard_limit", "step"),
        ("SiLU", "swish"),
        ("sin", "sinus"),
        ("Sine", "sinus"),
        ("signum", "sign"),
        ("softshrink", "soft_threshold"),
        ("Hardshrink", "hard_threshold"),
        ("abs", "absolute"),
    ],
)
def test_a_squash_is_found_under_the_names_of_the_field(given, name):
    assert squash.get(given) is squash.get(name)
    neuron = Neuron(given)
    assert neuron.squash.name == name
    assert name in repr(neuron)


def test_the_name_of_a_squash_is_saved_whatever_it_was_called(tmp_path):
    net = architect.Perceptron(2, 3, 1, squash="SIGMOID", output_squash="Linear", seed=0)
    synapse.save(net, tmp_path / "net.json")
    assert "igmoid" not in (tmp_path / "net.json").read_text()
    assert synapse.load(tmp_path / "net.json").output[0].squash is squash.identity


def test_squashes_under_other_names_are_the_same_functions():
    states = np.linspace(-3.0, 3.0, 13)
    definitions = {
        "sigmoid": lambda s: 1 / (1 + np.exp(-s)),
        "linear": lambda s: s,
        "sine": np.sin,
        "signum": np.sign,
        "hlim": lambda s: (s > 0).astype(float),
        "softshrink": lambda s: np.sign(s) * np.maximum(np.abs(s) - 0.5, 0),
        "hardshrink": lambda s: np.where(np.abs(s) > 0.5, s, 0.0),
        "abs": np.abs,
    }
    for name, definition in definitions.items():
        assert np.allclose([squash.get(name)(s) for s in states], definition(states), atol=1e-15), name


def test_costs_under_other_names_are_the_same_costs():
    targets, outputs = np.array([0.0, 1.0, 0.5]), np.array([0.2, 0.7, 0.4])
    assert cost.get("MSE")(targets, outputs) == pytest.approx(np.mean((targets - outputs) ** 2))
    assert cost.get("MSELoss") is cost.get("mean-squared-error") is cost.mse
    bce = -(0.3 * np.log(0.8) + 0.7 * np.log(0.2))
    assert cost.get("bce")([0.3], [0.8]) == pytest.approx(bce)
    for name in ("CROSS_ENTROPY", "crossentropy", "binary_crossentropy", "BCELoss"):
        assert cost.get(name) is cost.cross_entropy
    for name in ("categorical_crossentropy", "sparse_categorical_crossentropy", "CrossEntropyLoss"):
        assert cost.get(name) is cost.categorical_cross_entropy


def test_a_mean_over_several_outputs_is_not_taken_for_a_sum():
    wide = architect.Perceptron(2, 3, seed=0)
    with pytest.raises(ArgumentError, match=r"mean over 3 outputs .* Use cost='cross_entropy', and 1/3 of"):
        Trainer(wide, cost="BCE")
    wide.activate([0.0, 1.0])
    with pytest.raises(ArgumentError, match="mean over 3 outputs"):
        wide.propagate(0.1, [0.0, 1.0, 0.0], cost="bce")
    with pytest.raises(ArgumentError, match="mean over 3 outputs"):
        wide.output.propagate(0.1, [0.0, 1.0, 0.0], cost="bce")


@pytest.mark.parametrize(
    ("get", "name", "words"),
    [
        (squash.get, "hard_sigmoid", "The nearest is ramp"),
        (squash.get, "logistik", "Did you mean 'logistic'. Known: "),
        (squash.get, "sigmoyd", "Did you mean 'sigmoid'"),
        (cost.get, "BINARY", "Use cost='binary_misses'"),
        (cost.get, "SSE", "Use cost='squared_error', which is half of it"),
        (cost.get, "mae", "@cost.register"),
        (cost.get, "cross entropi", "Did you mean 'cross_entropy'"),
        (initializers.get, "glorrot", "Did you mean 'glorot'"),
        (initializers.get, "he_uniform", "The nearest is he"),
    ],
)
def test_an_unknown_name_is_answered_with_what_is_nearest(get, name, words):
    with pytest.raises(UnknownNameError, match=words):
        get(name)


def test_initializers_are_found_under_other_names():
    assert initializers.get("Xavier") is initializers.get("glorot_uniform") is initializers.glorot
    assert initializers.get("kaiming") is initializers.he


@pytest.mark.parametrize("name", ["sigmoid", "Sigmoid", "leakyrelu", "LINEAR"])
def test_a_function_of_ones_own_cannot_take_the_other_names_of_one(name):
    def function(state):
        return 2.0 * state, 2.0

    function.__name__ = name
    before = squash.names()
    with pytest.raises(ArgumentError, match=f"A squash named '{name}' is registered already as '"):
        squash.register(function)
    assert squash.names() == before


def test_a_function_of_ones_own_is_found_in_any_spelling_and_as_an_attribute():
    name = f"own_ramp_{next(NUMBER)}"

    def function(state):
        return 3.0 * state, 3.0

    function.__name__ = name
    made = squash.register(function)
    assert squash.get(name.upper().replace("_", "-")) is made is getattr(squash, name)
    function.__name__ = name.upper()
    with pytest.raises(ArgumentError, match=f"registered already as '{name}'"):
        squash.register(function)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda net: Trainer(net, method="bptd"),
            "'bptt' or 'online' or 'rtrl', got 'bptd'. Did you mean 'bptt'?",
        ),
        (lambda net: net["hidde"], "Did you mean 'hidden'? It has: input, hidden, output."),
        (lambda net: synapse.record(net, "activatoin"), "Did you mean 'activation'?"),
        (lambda net: synapse.save(net, "x", format="jsn"), "Did you mean 'json'?"),
    ],
)
def test_other_names_are_suggested_too(net, call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call(net)
    assert words in str(caught.value)


# --- calls of other libraries --------------------------------------------------------------------

TRAIN = [
    ({"iterations": 20000}, "train() has no argument 'iterations'. Use epochs=20000."),
    ({"crossValidate": {"testSize": 0.3}}, "Use validation=0.3"),
    ({"cross_validate": {"test_size": 0.3}}, "Use validation=0.3"),
    ({"schedule": {"every": 10, "do": print}}, "Use callbacks=[synapse.every(10, function)]"),
    ({"log": 100}, "Use callbacks=[synapse.every(100, print)]"),
    ({"verbose": 0}, "Use progress=True or progress=False."),
    ({"validation_data": (ROWS, CLASSES)}, "Use validation=(inputs, targets)."),
    ({"validation_split": 0.1}, "Use validation=0.1."),
    ({"batch_size": 32}, "Give batch_size=32 to Trainer()."),
    ({"lr": 0.5}, "Give rate=0.5 to Trainer()."),
    ({"metrics": ["accuracy"]}, "Use trainer.test("),
    ({"epoch": 5}, "Did you mean 'epochs'? It has: callbacks, "),
    ({"Shuffle": True}, "Use shuffle=True."),
]
TRAINER = [
    ({"learningRate": 0.1}, "Trainer() has no argument 'learningRate'. Use rate=0.1."),
    ({"learning_rate": 0.1}, "Use rate=0.1."),
    ({"loss": "mse"}, "Use cost='mse'."),
    ({"iterations": 10}, "Give epochs=10 to train()."),
    ({"optimizer": "adam"}, "Use optimizer=synapse.optimizers.Adam()."),
    ({"optimizer": optimizers.RMSprop}, "Use optimizer=synapse.optimizers.RMSprop()."),
    ({"optimizer": "adm"}, "Did you mean 'Adam'?"),
    ({"weight_decay": 0.1}, "Use l2=0.1."),
]


@pytest.mark.parametrize(("given", "words"), TRAIN, ids=[next(iter(given)) for given, _ in TRAIN])
def test_an_argument_of_another_library_is_answered_by_ours(net, given, words):
    trainer = Trainer(net)
    before = net.weights
    with pytest.raises(KindError) as caught:
        trainer.train(ROWS, CLASSES % 2, **given)
    assert words in str(caught.value)
    assert (net.weights == before).all()


@pytest.mark.parametrize(("given", "words"), TRAINER, ids=[str(given) for given, _ in TRAINER])
def test_an_option_of_another_library_is_answered_by_ours(net, given, words):
    with pytest.raises(KindError) as caught:
        Trainer(net, **given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: architect.Perceptron(2, 3, 1, activation="relu"), "Use squash='relu'."),
        (lambda: architect.LSTM(2, 3, 1, hiddenToHidden=True), "Use hidden_to_hidden=True."),
        (lambda: architect.GRU(2, 3, 1, hidden_size=4), "Give the sizes of the layers in order"),
        (lambda: architect.Elman(2, 3, 1, random_state=4), "Use seed=4."),
        (lambda: Network(Layer(2), Layer(1), inputs=Layer(2)), "Network() has no argument 'inputs'."),
    ],
)
def test_constructors_answer_arguments_of_other_libraries(make, words):
    with pytest.raises(KindError) as caught:
        make()
    assert words in str(caught.value)


def test_a_test_answers_arguments_of_other_libraries(net):
    with pytest.raises(KindError, match="test.. has no argument 'verbose'. Omit it"):
        Trainer(net).test(ROWS, CLASSES % 2, verbose=0)
    with pytest.raises(KindError, match="Use cost='mse'."):
        Trainer(net).test(ROWS, CLASSES % 2, loss="mse")


def test_a_mistake_inside_a_call_is_passed_on(net):
    def fails(progress):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        Trainer(net).train(ROWS, CLASSES % 2, epochs=1, callbacks=[fails], progress=False)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Trainer()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fit", "synapse.Trainer(net).train(inputs, targets)"),
        ("predict", "net.run(inputs)"),
        ("evaluate", ".test(inputs, targets)"),
        ("compile", "synapse.Trainer(net, ...)"),
        ("summary", "print(net)"),
        ("partial_fit", "epochs=1"),
        ("score", ".test("),
        ("state_dict", "net.weights"),
        ("load_state_dict", "synapse.load(path)"),
        ("parameters", "net.weights"),
        ("forward", "net.run(inputs)"),
        ("to", "CPU"),
        ("toJSON", "synapse.save(net, path)"),
        ("optimize", "It is not needed"),
        ("standalone", "write_javascript"),
        ("trainer", "synapse.Trainer(net)"),
    ],
)
def test_an_attribute_of_another_library_is_answered_by_ours(net, name, words):
    with pytest.raises(AttributeError) as caught:
        getattr(net, name)
    assert str(caught.value).startswith(f"A Perceptron has no attribute {name!r}.")
    assert words in str(caught.value)
    assert not hasattr(net, name)
    assert getattr(net, name, None) is None


def test_classes_and_trainers_answer_too(net):
    with pytest.raises(AttributeError, match=r"A Network has no attribute 'fromJSON'\. Use synapse\.load"):
        Network.fromJSON  # noqa: B018
    with pytest.raises(AttributeError, match=r"A Trainer has no attribute 'fit'\. Use trainer\.train\("):
        Trainer(net).fit  # noqa: B018


def test_the_error_of_a_property_is_its_own():
    class Broken(Network):
        @property
        def part(self):
            return self.name.nothing

    a, b = Layer(2), Layer(1)
    a.project(b)
    with pytest.raises(AttributeError, match="'str' object has no attribute 'nothing'"):
        Broken(a, b).part  # noqa: B018


def test_copies_and_pickles_are_as_before(net):
    for twin in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (twin.weights == net.weights).all()
    assert not callable(net)


def test_samples_may_be_dicts_as_in_synaptic():
    samples = [{"input": row, "output": [float(sum(row) > 0)]} for row in ROWS.tolist()]
    arrays = ROWS, [sample["output"] for sample in samples]
    one, two = (architect.Perceptron(2, 3, 1, seed=0) for _ in range(2))
    first = Trainer(one).train(samples, epochs=3, seed=0, progress=False)
    second = Trainer(two).train(*arrays, epochs=3, seed=0, progress=False)
    assert first.error == second.error
    assert Trainer(one).test(samples) == Trainer(one).test(*arrays)
    with pytest.raises(ArgumentError, match="got no targets"):
        Trainer(one).test(ROWS)
    with pytest.raises(ArgumentError, match="got no targets"):
        Trainer(one).test([{"input": [0, 1], "target": [1]}])


def test_targets_of_one_output_may_have_one_dimension(net):
    flat = (CLASSES % 2).astype(float)
    assert Trainer(net).test(ROWS, flat) == Trainer(net).test(ROWS, flat[:, None])


# --- classes as targets --------------------------------------------------------------------------


def holed(classes):
    found = classes.astype(float)
    found[3] = np.nan
    return found


@pytest.mark.parametrize(
    ("inputs", "classes", "rows"),
    [
        (ROWS, CLASSES, ONE_HOT),
        (ROWS, CLASSES.tolist(), ONE_HOT),
        (ROWS, CLASSES.astype(np.float32), ONE_HOT),
        (ROWS, CLASSES.astype(np.uint8)[:, None], ONE_HOT),
        (ROWS.reshape(4, 5, 2), CLASSES.reshape(4, 5), ONE_HOT.reshape(4, 5, 3)),
        (ROWS.reshape(4, 5, 2), CLASSES.reshape(4, 5, 1), ONE_HOT.reshape(4, 5, 3)),
        ([ROWS[:3], ROWS[3:9]], [CLASSES[:3], CLASSES[3:9].tolist()], [ONE_HOT[:3], ONE_HOT[3:9]]),
        (ROWS, holed(CLASSES), np.where(np.isnan(holed(CLASSES))[:, None], np.nan, ONE_HOT)),
    ],
    ids=["array", "list", "float32", "column", "sequences", "columns", "ragged", "without a target"],
)
def test_classes_are_targets_of_softmax_outputs(soft, inputs, classes, rows):
    trainer, twin = Trainer(soft), soft.clone()
    assert trainer.test(inputs, classes) == trainer.test(inputs, rows)
    by_class, by_row = synapse.gradient(soft, inputs, classes), synapse.gradient(soft, inputs, rows)
    assert (by_class.weights == by_row.weights).all()
    trainer.train(inputs, classes, epochs=2, seed=0, progress=False, validation=(inputs, classes))
    Trainer(twin).train(inputs, rows, epochs=2, seed=0, progress=False, validation=(inputs, rows))
    assert (soft.weights == twin.weights).all()


def test_classes_of_sequences_of_one_input():
    net = architect.Elman(1, 3, 3, output_squash="softmax", seed=0)
    inputs, classes = ROWS[:, :1].reshape(4, 5), CLASSES.reshape(4, 5)
    rows = ONE_HOT.reshape(4, 5, 3)
    assert Trainer(net).test(inputs, classes) == Trainer(net).test(inputs, rows)
    assert Trainer(net).test(inputs[:, :3], classes[:, :3]) == Trainer(net).test(inputs[:, :3], rows[:, :3])


def test_classes_in_comparisons_validations_and_single_steps(soft):
    for call in (
        lambda targets: synapse.learning.compare_gradients(soft, ROWS, targets).cosine,
        lambda targets: (
            synapse.experiments.cross_validate(
                lambda fold: architect.Perceptron(2, 3, output_squash="softmax", seed=fold),
                ROWS,
                targets,
                folds=2,
                epochs=2,
                seed=0,
            ).mean
        ),
    ):
        assert call(CLASSES) == call(ONE_HOT)
    twin = soft.clone()
    for one in (soft, twin):
        one.activate(ROWS[0])
    assert soft.propagate(0.1, 2) == twin.propagate(0.1, [0.0, 0.0, 1.0])
    soft.output.propagate(0.1, np.int64(1))
    twin.output.propagate(0.1, [0.0, 1.0, 0.0])
    assert (soft.weights == twin.weights).all()


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (CLASSES + 1, "Expected the targets to be classes from 0 to 2 .*, got 3 in row 2"),
        (CLASSES - 1, "got -1 in row 0"),
        (CLASSES + 0.5, "got 0.5 in row 0"),
        (np.where(CLASSES == 1, np.inf, 0.0), "got inf in row 1"),
        (["a"] * 20, "text"),
    ],
)
def test_what_is_no_class_is_refused_with_its_place(soft, targets, words):
    trainer, before = Trainer(soft), soft.weights
    with pytest.raises((ArgumentError, KindError), match=words):
        trainer.train(ROWS, targets, epochs=1)
    assert (soft.weights == before).all()


def test_a_class_that_does_not_exist_is_refused_in_a_sequence_and_in_a_step(soft):
    with pytest.raises(ArgumentError, match="targets of sequence 1 to be classes .*, got 3 in row 0"):
        Trainer(soft).test([ROWS[:2], ROWS[2:4]], [[0, 1], [3, 0]])
    soft.activate(ROWS[0])
    for call in (soft.propagate, soft.output.propagate):
        with pytest.raises(ArgumentError, match="classes from 0 to 2 .*, got 3"):
            call(0.1, 3)


def test_one_number_a_row_is_a_target_of_one_output_as_before(net):
    assert Trainer(net).test(ROWS, CLASSES % 2).steps == 20
    two = architect.Perceptron(2, 2, seed=0)  # logistic: each output is a question of its own
    with pytest.raises(ArgumentError, match="targets"):
        Trainer(two).test(ROWS, CLASSES % 2)


# --- networks of layers --------------------------------------------------------------------------


def layers():
    a, b, c, d = Layer(2), Layer(3), Layer(3), Layer(1)
    a.project(b, seed=0), b.project(c, seed=1), c.project(d, seed=2)
    return a, b, c, d


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b, c, d: Network(a, [b, c], d),
        Network,
        lambda a, b, c, d: Network(a, (b,), [c], d),
        lambda a, b, c, d: Network([a, b, c, d]),
        lambda a, b, c, d: Network(input=a, hidden=[b, c], output=d),
        lambda a, b, c, d: Network(a, b, c, output=d),
    ],
)
def test_layers_are_given_one_by_one_or_in_lists(make):
    given = layers()
    net = make(*given)
    assert net.layers == given
    assert [layer.name for layer in net.layers] == ["input", "hidden 1", "hidden 2", "output"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((Layer(2), Neuron(), Layer(1)), r"got <Neuron.*Wrap neurons in a layer: Layer\(\[neuron\]\)"),
        ((Layer(2), [Neuron()], Layer(1)), "Wrap neurons"),
        ((2, 3, 1), r"got 2\. architect\.Perceptron"),
        (({"input": 2},), r"Use Network\(input=a, hidden=\[b\], output=c\)"),
        ((Layer(2),), "Expected an input layer and an output layer, got 1 layer"),
        ((), "got none"),
        (("input", "output"), "Expected a part of a network to be a Layer or a list of Layers, got 'input'"),
    ],
)
def test_what_is_no_layer_is_answered_with_what_to_do(given, words):
    with pytest.raises((ArgumentError, KindError), match=words):
        Network(*given)


def test_outputs_that_nothing_reaches_warn_once_for_each_topology():
    net = Network(Layer(2), Layer(3), Layer(1))
    with pytest.warns(TopologyWarning, match="no connection leads into its outputs.*Connect a layer") as told:
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

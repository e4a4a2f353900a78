"""One door for data: every form of numbers is the same data everywhere, or is refused."""

import decimal
import fractions
import math

import numpy as np
import pandas
import pytest

import architect
import synapse
from synapse import Layer, Network, Trainer, analysis, draw
from synapse.errors import ArgumentError, KindError, SynapseError
from synapse.experiments import cross_validate, train_many
from synapse.learning import compare_gradients, fit_readout

from .networks import unchanged

RNG = np.random.default_rng(3)
ROWS, AIMS = RNG.integers(0, 2, (6, 2)).astype(float), RNG.integers(0, 2, (6, 1)).astype(float)
MANY, MANY_AIMS = RNG.integers(0, 2, (3, 4, 2)).astype(float), RNG.integers(0, 2, (3, 4, 1)).astype(float)


class Foreign:
    """What a library without a form of its own here may offer: `__array__`, or only `to_numpy`."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return map(type(self), self.values)


class Table:
    """The other."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def to_numpy(self):
        return self.values


class Tensor(Foreign):
    """As of torch: it requires its gradient, so it must be detached."""

    def __init__(self, values, grad=True):
        super().__init__(values)
        self.grad = grad

    def detach(self):
        return Tensor(self.values, grad=False)

    def cpu(self):
        return self

    def __array__(self, dtype=None, copy=None):
        if self.grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return super().__array__(dtype)


def mapped(tmp_path, values):
    path = tmp_path / f"{RNG.integers(2**60)}.npy"
    np.save(path, values)
    return np.load(path, mmap_mode="r")


KINDS = {0: "Int64", 1: "bool"}
FORMS = {
    "array": lambda x, _: x,
    "list": lambda x, _: x.tolist(),
    "tuple": lambda x, _: tuple(map(tuple, x.tolist())),
    "list of rows": lambda x, _: list(x),
    "integers": lambda x, _: x.astype(int),
    "small unsigned integers": lambda x, _: x.astype(np.uint8),
    "booleans": lambda x, _: x.astype(bool),
    "list of booleans": lambda x, _: x.astype(bool).tolist(),
    "float32": lambda x, _: x.astype(np.float32),
    "float16": lambda x, _: x.astype(np.float16),
    "long double": lambda x, _: x.astype(np.longdouble),
    "other byte order": lambda x, _: x.astype(">f8"),
    "Fortran order": lambda x, _: np.asfortranarray(x),
    "slices": lambda x, _: np.repeat(np.repeat(x, 2, axis=0), 2, axis=-1)[::2, ..., ::2],
    "backwards": lambda x, _: x[::-1].copy()[::-1],
    "read-only": lambda x, _: np.frombuffer(x.tobytes()).reshape(x.shape),
    "memory map": lambda x, tmp_path: mapped(tmp_path, x),
    "masked, nothing masked": lambda x, _: np.ma.masked_array(x, np.zeros(x.shape, bool)),
    "__array__": lambda x, _: Foreign(x),
    "to_numpy": lambda x, _: Table(x),
    "tensor": lambda x, _: Tensor(x),
    "list of tensors": lambda x, _: [Tensor(row) for row in x],
    "DataFrame": lambda x, _: pandas.DataFrame(x, index=range(10, 10 + len(x))),
    "DataFrame of kinds": lambda x, _: pandas.DataFrame(x).astype(dict(list(KINDS.items())[: x.shape[1]])),
    "list of Series": lambda x, _: [row for _, row in pandas.DataFrame(x).iterrows()],
}
by_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def net_of(**options):
    return architect.LSTM(2, 3, 1, seed=1, **options)


def readable(inputs):
    """A network whose read-out can be fitted."""
    return architect.Elman(inputs, 3, 1, seed=0, output_squash="identity")


def in_rows(form, tmp_path):
    return form(ROWS, tmp_path), form(AIMS, tmp_path)


def bits(*parts):
    return [np.asarray(part, float).tobytes() for part in parts]


def trained(data, **options):
    net = net_of()
    result = Trainer(net, 0.1, **options).train(*data, 2, progress=False, seed=0)
    return bits(net.weights, net.biases, result.history["error"])


def recorded(net, inputs):
    """The activations of a run."""
    with synapse.record(net) as log:
        net.run(inputs)
    return log.activation


CALLS = {
    "train": trained,
    "train, exact": lambda data: trained(data, method="bptt"),
    "validation": lambda data: bits(
        Trainer(net_of())
        .train(ROWS, AIMS, 1, progress=False, validation=data, seed=0)
        .history["validation_error"]
    ),
    "test": lambda data: Trainer(net_of()).test(*data),
    "gradient": lambda data: bits(synapse.gradient(net_of(), *data).weights),
    "compare_gradients": lambda data: bits(compare_gradients(net_of(), *data).weights["rule"]),
    "fit_readout": lambda data: fit_readout(readable(2), *data),
    "run": lambda data: bits(net_of().run(data[0])),
    "train_many": lambda data: bits(*[r.error for r in train_many([net_of()], *data, epochs=1, seed=0)]),
    "cross_validate": lambda data: bits(
        cross_validate(
            lambda fold: architect.Perceptron(2, 2, 1, seed=fold), *data, folds=2, epochs=1, seed=0
        ).errors
    ),
    "saliency": lambda data: str(analysis.saliency(net_of(), data[0])),
    "record": lambda data: bits(recorded(net_of(), data[0])),
    "sensitivity": lambda data: bits(draw.sensitivity(net_of(), data[0])),
    "Kohonen": lambda data: architect.Kohonen(2, (2, 2), seed=0).quantization_error(data[0]),
}


@pytest.mark.parametrize("name", CALLS)
@by_form
def test_rows_are_the_same_data_in_every_form(form, name, tmp_path):
    assert CALLS[name](in_rows(form, tmp_path)) == CALLS[name]((ROWS, AIMS))


# --- sequences ----------------------------------------------------------------------------------

SEQUENCES = {
    "array": lambda x: x,
    "lists": lambda x: x.tolist(),
    "list of arrays": list,
    "tuple of lists": lambda x: tuple(x.tolist()),
    "list of DataFrames": lambda x: [pandas.DataFrame(rows) for rows in x],
    "list of tensors": lambda x: [Tensor(rows) for rows in x],
    "tensor": Tensor,
    "__array__": Foreign,
    "float32": lambda x: x.astype(np.float32),
    "mixed": lambda x: [x[0].tolist(), pandas.DataFrame(x[1]), Tensor(x[2])],
}
BY_SEQUENCES = {
    name: CALLS[name] for name in CALLS if name not in ("saliency", "record", "sensitivity", "Kohonen", "run")
}


@pytest.mark.parametrize("name", BY_SEQUENCES)
@pytest.mark.parametrize("form", SEQUENCES.values(), ids=SEQUENCES)
def test_sequences_are_the_same_data_in_every_form(form, name):
    call = BY_SEQUENCES[name]
    assert call((form(MANY), form(MANY_AIMS))) == call((MANY, MANY_AIMS))


def test_sequences_of_one_number_a_step_need_no_column():
    def net():
        return architect.LSTM(1, 2, 1, seed=0)

    inputs, targets = MANY[..., :1], MANY_AIMS
    wanted = bits(synapse.gradient(net(), inputs, targets).weights)
    for flat in (
        (inputs, targets[..., 0]),
        (inputs[..., 0], targets),
        (list(inputs), [pandas.Series(rows[:, 0]) for rows in targets]),
        (inputs.tolist(), targets[..., 0].tolist()),
        ([pandas.Series(rows[:, 0]) for rows in inputs], list(targets)),
        ([Tensor(rows[:, 0]) for rows in inputs], [Tensor(rows[:, 0]) for rows in targets]),
    ):
        assert bits(synapse.gradient(net(), *flat).weights) == wanted


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: x[:, 0],
        lambda x: x[:, 0].tolist(),
        lambda x: pandas.Series(x[:, 0]),
        lambda x: Tensor(x[:, 0]),
    ],
    ids=["array", "list", "Series", "tensor"],
)
@pytest.mark.parametrize(
    "name", ["train", "train, exact", "test", "gradient", "fit_readout", "cross_validate"]
)
def test_targets_of_one_output_need_no_column(flat, name):
    assert CALLS[name]((ROWS, flat(AIMS))) == CALLS[name]((ROWS, AIMS))


def test_inputs_of_one_neuron_need_no_column():
    net = architect.LSTM(1, 2, 1, seed=0)
    wanted = net.clone().run(AIMS)
    for flat in (AIMS[:, 0], AIMS[:, 0].tolist(), pandas.Series(AIMS[:, 0]), range(0)):
        np.testing.assert_array_equal(net.clone().run(flat), wanted[: len(flat)])
    np.testing.assert_array_equal(recorded(net.clone(), AIMS[:, 0]), recorded(net.clone(), AIMS))


def test_a_row_for_a_network_of_two_inputs_is_no_column():
    for call in (
        net_of().run,
        lambda x: Trainer(net_of()).train(x, AIMS[:2], seed=0),
        lambda x: recorded(net_of(), x),
    ):
        with pytest.raises(ArgumentError, match=r"1 dimension|2 (inputs|numbers) (a|per) step"):
            call([0.0, 1.0])


def test_a_single_number_is_a_row_of_one():
    net, other = (architect.LSTM(1, 2, 1, seed=0) for _ in range(2))
    assert net.activate(0.5) == other.activate([0.5])
    assert net.propagate(0.1, 1) == other.propagate(0.1, [1.0])
    net.output.propagate(0.1, 0.25)
    with pytest.raises(ArgumentError, match="Expected 2 inputs, got a single number"):
        net_of().activate(0.5)
    with pytest.raises(ArgumentError, match="Expected 1 input, got 2"):
        net.activate([0.5, 0.5])


# --- running over sequences ---------------------------------------------------------------------


def cleared_runs(net, parts):
    found = []
    for rows in parts:
        net.clear()
        found.append(net.run(rows))
    return found


def test_a_batch_runs_sequence_by_sequence_from_a_cleared_context():
    net, other = net_of(), net_of()
    net.activate([1.0, 1.0])
    outputs = net.run(MANY)
    assert outputs.shape == (3, 4, 1)
    assert bits(*outputs) == bits(*cleared_runs(other, MANY))
    assert [neuron.state for neuron in net] == [neuron.state for neuron in other]


def test_a_list_of_sequences_gives_a_list():
    parts = [MANY[0], np.empty((0, 2)), MANY[1, :2], [[1, 0]], pandas.DataFrame(MANY[2]), []]
    net, other = net_of(), net_of()
    outputs = net.run(parts)
    assert [rows.shape for rows in outputs] == [(4, 1), (0, 1), (2, 1), (1, 1), (4, 1), (0, 1)]
    assert bits(*(rows for rows in outputs if len(rows))) == bits(
        *cleared_runs(other, [MANY[0], MANY[1, :2], [[1, 0]], MANY[2]])
    )
    assert net.output.activations == other.output.activations  # an empty sequence has cleared nothing


@pytest.mark.parametrize(
    ("shape", "outputs"),
    [((0, 4, 2), (0, 4, 1)), ((3, 0, 2), (3, 0, 1)), ((0, 2), (0, 1)), ((1, 1, 2), (1, 1, 1))],
)
def test_batches_may_be_empty(shape, outputs):
    assert net_of().run(np.zeros(shape)).shape == outputs
    assert net_of().run([]).shape == (0, 1)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([MANY[0], MANY[1][:, :1]], "inputs of sequence 1 to be 2 numbers per step"),
        (
            [MANY[0], np.full((2, 2), np.nan)],
            "inputs of sequence 1 to be finite, got NaN or infinity in row 0",
        ),
        ([MANY[0], "text"], "inputs of sequence 1 to be rows of 2 numbers each"),
        (np.zeros((2, 3, 4, 2)), "4 dimension"),
        (MANY[..., :1], r"2 (inputs|numbers) (a|per) step"),
    ],
)
def test_a_batch_that_is_refused_has_not_run_at_all(parts, sentence):
    net = net_of()
    net.activate([1.0, 0.0])
    with unchanged(net), pytest.raises(SynapseError, match=sentence):
        net.run(parts)


def test_a_batch_is_recorded_as_its_sequences_are():
    net, other = net_of(), net_of()
    with synapse.record(net, "state") as log:
        net.run(MANY)
    with synapse.record(other, "state") as each:
        cleared_runs(other, MANY)
    np.testing.assert_array_equal(log["state"], each["state"])


# --- what is refused ----------------------------------------------------------------------------

BAD = {
    "complex": (ROWS + 0j, "complex numbers"),
    "complex lists": ([[1j, 0.0]] * 6, "complex numbers"),
    "text": ([["0", "1"]] * 6, "text"),
    "text among numbers": ([[0.0, "1"]] * 6, "text"),
    "bytes": (np.full((6, 2), b"1"), "text"),
    "dates": (np.zeros((6, 2), "M8[s]"), "dates"),
    "durations": (np.zeros((6, 2), "m8[s]"), "durations"),
    "objects": (ROWS.astype(object), None),
    "None": ([[None, 1.0]] * 6, "None"),
    "huge integers": ([[10**30, 0]] * 6, "1000000"),
    "huge integers among floats": ([[0.5, 10**400]] * 6, None),
    "decimals": ([[decimal.Decimal(1), 0]] * 6, "Decimal"),
    "fractions": ([[fractions.Fraction(1), 0]] * 6, "Fraction"),
    "records": (np.zeros((6, 2), [("a", float)]), None),
    "ragged": ([[0.0, 1.0], [1.0]] * 3, r"\[\[0.0, 1.0\], \[1.0\]"),
    "a mapping": ({"a": [0.0, 1.0]}, None),
    "a set": ({0.0, 1.0}, None),
    "a generator": ((row for row in ROWS), "generator"),
    "a word": ("words", "words|text"),
    "a number": (0.5, "0.5|a single number"),
    "nothing": (None, "None"),
    "a network": (architect.Perceptron(1, 1, seed=0), "Perceptron"),
    "masked": (np.ma.masked_equal(ROWS, 1.0), "masked"),
    "rows masked": ([np.ma.masked_equal(row, 1.0) for row in ROWS], "masked"),
    "a column of text": (
        pandas.DataFrame({"year": [1.0] * 6, "name": list("abcdef")}),
        "in the column 'name'",
    ),
    "a column of dates": (
        pandas.DataFrame({"a": [1.0] * 6, "b": pandas.to_datetime(["2020-01-01"] * 6)}),
        "'b'",
    ),
    "a column of categories": (pandas.DataFrame({"a": [1.0] * 6, "b": pandas.Categorical(["1"] * 6)}), "'b'"),
    "a column of complex numbers": (
        pandas.DataFrame({"a": [1j] * 6, "b": [1.0] * 6}),
        "got complex128 in the column 'a'",
    ),
    "a missing value": (pandas.DataFrame({"a": [1, None] * 3, "b": [1.0] * 6}).convert_dtypes(), "finite"),
    "NaN": (np.where(ROWS == 1, np.nan, ROWS), "finite"),
    "infinity": (ROWS + np.inf, "finite"),
    "too long a double": (ROWS + np.longdouble("1e4000"), "finite"),
    "another width": (ROWS[:, :1], r"2 (inputs|numbers) (a|per) step"),
    "a DataFrame of another width": (pandas.DataFrame(ROWS[:, :1]), r"2 (inputs|numbers) (a|per) step"),
    "four dimensions": (np.zeros((1, 2, 3, 2)), r"dimension|2 (inputs|numbers) (a|per) step"),
}
DOORS = {
    "train": lambda net, x: Trainer(net).train(x, AIMS, 1, progress=False, seed=0),
    "train, exact": lambda net, x: Trainer(net, method="bptt").train(x, AIMS, 1, progress=False, seed=0),
    "validation": lambda net, x: Trainer(net).train(
        ROWS, AIMS, 1, progress=False, validation=(x, AIMS), seed=0
    ),
    "test": lambda net, x: Trainer(net).test(x, AIMS),
    "gradient": lambda net, x: synapse.gradient(net, x, AIMS),
    "compare_gradients": lambda net, x: compare_gradients(net, x, AIMS),
    "fit_readout": lambda net, x: fit_readout(readable(2), x, AIMS),
    "run": lambda net, x: net.run(x),
    "record": recorded,
    "sensitivity": draw.sensitivity,
    "explore": lambda net, x: draw.explore(net, x, "never written.html"),
    "saliency": analysis.saliency,
    "activation_distribution": analysis.activation_distribution,
    "half_lives": lambda net, x: analysis.half_lives(net, [] if x is None else x),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize(("given", "sentence"), BAD.values(), ids=BAD)
def test_what_would_lose_something_is_refused_in_one_sentence(given, sentence, door):
    net = net_of()
    net.activate([1.0, 0.0])
    if sentence == "None" and given is None and door is DOORS["half_lives"]:
        sentence = "at least one step"
    with unchanged(net), pytest.raises((ArgumentError, KindError), match=sentence) as found:
        door(net, given)
    assert len(str(found.value)) < 250


@pytest.mark.parametrize(
    "name", ["complex", "text", "objects", "huge integers", "masked", "a column of text"]
)
def test_targets_are_refused_as_inputs_are(name):
    given, sentence = BAD[name]
    net = architect.Elman(2, 3, 2, seed=0)
    for call in (
        Trainer(net).train,
        Trainer(net).test,
        lambda x, t: synapse.gradient(net, x, t),
        lambda x, t: fit_readout(net, x, t),
    ):
        with unchanged(net), pytest.raises((ArgumentError, KindError), match=sentence):
            call(ROWS, given)


ROW = {name: [given] for name, given in {"complex": 1j, "text": "1", "None": None, "huge": 10**400}.items()}
ROW |= {"NaN": [math.nan], "masked": np.ma.masked_all(1), "Series": pandas.Series(["a"]), "objects": [[]]}


@pytest.mark.parametrize("given", ROW.values(), ids=ROW)
def test_single_rows_are_refused_alike(given):
    a, b = Layer(1), Layer(1)
    projection = a.project(b, seed=0)
    net = Network(a, [], b)
    net.activate([0.5])
    calls = {
        "activate": lambda: net.activate(given),
        "propagate": lambda: net.propagate(0.1, given),
        "weights": lambda: setattr(net, "weights", given),
        "biases of a network": lambda: setattr(net, "biases", list(given) * 2),
        "biases": lambda: setattr(b, "biases", given),
        "activate a layer": lambda: a.activate(given),
        "propagate a layer": lambda: b.propagate(0.1, given),
        "weights of a projection": lambda: projection.weights.__setitem__(slice(None), given),
        "a projection": lambda: Layer(1).project(Layer(1), weights=given),
        "sample_weight": lambda: Trainer(net, method="bptt").train(
            [[0.0]],
            [[0.5]],
            1,
            progress=False,
            sample_weight=given,
            seed=0,
        ),
    }
    for call in calls.values():
        with unchanged(net), pytest.raises((ArgumentError, KindError)):
            call()


# --- the float of the network -------------------------------------------------------------------


def test_what_does_not_fit_a_float32_is_refused_as_infinity_is():
    net = architect.Elman(2, 3, 1, seed=0, dtype=np.float32, output_squash="identity")
    net.activate([0.5, 0.5])
    rows = np.where(ROWS == 1, 1e39, 0.0)
    alone = Layer(2, dtype=np.float32)
    projection = alone.project(Layer(2, dtype=np.float32), weights=0.0)
    calls = {
        name: (lambda door=door: door(net, rows)) for name, door in DOORS.items() if name != "fit_readout"
    }
    calls |= {
        "fit_readout": lambda: fit_readout(net, rows, AIMS),
        "a list": lambda: net.run(rows.tolist()),
        "a batch": lambda: net.run(rows[None]),
        "activate": lambda: net.activate([1e39, 0.0]),
        "activate an array": lambda: net.activate(np.array([-1e39, 0.0])),
        "propagate": lambda: net.propagate(0.1, [1e39]),
        "targets": lambda: Trainer(net).train(ROWS, rows[:, :1], 1, progress=False, seed=0),
        "targets, exact": lambda: Trainer(net, method="bptt").train(
            ROWS, rows[:, :1], 1, progress=False, seed=0
        ),
        "gradient": lambda: synapse.gradient(net, ROWS, rows[:, :1]),
        "weights": lambda: setattr(net, "weights", np.full(len(net.connections), 1e39)),
        "biases": lambda: setattr(net, "biases", np.full(len(net), -1e39)),
        "biases of a layer": lambda: setattr(net.output, "biases", [1e39]),
        "a layer": lambda: net.input.activate([1e39, 0.0]),
        "propagate a layer": lambda: net.output.propagate(0.1, [1e39]),
        "weights of a projection": lambda: projection.weights.__setitem__(0, 1e39),
        "a projection": lambda: alone.project(Layer(2, dtype=np.float32), weights=1e39),
        "an initializer": lambda: alone.project(
            Layer(2, dtype=np.float32), initializer=synapse.initializers.constant(1e39)
        ),
        "reset": lambda: net.reset(initializer=synapse.initializers.constant(1e39)),
        "reset of a layer": lambda: net.output.reset(initializer=synapse.initializers.constant(1e39)),
    }
    for call in calls.values():
        with (
            unchanged(net),
            pytest.raises(ArgumentError, match="to fit float32.* at most 3.4e.38, got -?1e.39"),
        ):
            call()
    most = float(np.finfo(np.float32).max)
    assert np.isfinite(net.activate([most, 0.0])).all()
    with pytest.raises(ArgumentError, match="finite"):
        net.activate([math.inf, 0.0])


def test_layers_of_several_stores_take_what_fits_all():
    pair = Layer([synapse.Neuron(dtype=np.float32), synapse.Neuron()])
    with unchanged(pair), pytest.raises(ArgumentError, match="float32"):
        pair.biases = [0.0, 1e39]
    pair.biases = [0.5, 0.25]
    assert pair.biases.tolist() == [0.5, 0.25]


def test_missing_values_of_a_table_are_missing_targets():
    table = pandas.DataFrame({"y": pandas.array([1, None, 0, None, 1, 1], dtype="Int64")})
    aims = np.array([[1.0], [np.nan], [0.0], [np.nan], [1.0], [1.0]])
    assert trained((ROWS, table)) == trained((ROWS, aims))
    assert trained((ROWS, table["y"])) == trained((ROWS, aims))


def test_the_sentences_about_targets_are_as_for_arrays():
    net = net_of()
    with pytest.raises(ArgumentError, match="Expected at least one step with a target"):
        Trainer(net).train(pandas.DataFrame(ROWS), pandas.DataFrame(AIMS * np.nan), progress=False)
    assert math.isnan(Trainer(net).test(ROWS, AIMS * np.nan).error)
    with pytest.raises(ArgumentError, match="Expected targets to be finite, or all NaN in a row"):
        Trainer(architect.LSTM(2, 2, 2, seed=0)).train(ROWS, np.where(ROWS == 1, np.nan, 0.0), progress=False)

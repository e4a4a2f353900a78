"""One door for data: every form of numbers is the same data everywhere, or is
refused."""

import decimal
import math
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas
import pytest

import architect
import synapse
from synapse import Layer, Trainer, analysis, draw
from synapse.errors import ArgumentError, ArgumentTypeError, SynapseError
from synapse.learning import fit_readout
from tests.helpers.cases import Cases
from tests.helpers.networks import unchanged

RNG = np.random.default_rng(3)
ROWS = RNG.integers(0, 2, (6, 2)).astype(float)
AIMS = RNG.integers(0, 2, (6, 1)).astype(float)
MANY = RNG.integers(0, 2, (3, 4, 2)).astype(float)
MANY_AIMS = RNG.integers(0, 2, (3, 4, 1)).astype(float)


class Foreign:
    """What a library without a form of its own here may offer: `__array__`, or only
    `to_numpy`."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return map(type(self), self.values)


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


FORMS = {
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(map(tuple, x.tolist())),
    "list of rows": list,
    "small unsigned integers": lambda x: x.astype(np.uint8),
    "list of booleans": lambda x: x.astype(bool).tolist(),
    "float16": lambda x: x.astype(np.float16),
    "long double": lambda x: x.astype(np.longdouble),
    "other byte order": lambda x: x.astype(">f8"),
    "slices": lambda x: np.repeat(np.repeat(x, 2, axis=0), 2, axis=-1)[::2, ..., ::2],
    "backwards, read-only": lambda x: np.frombuffer(x[::-1].tobytes()).reshape(x.shape)[
        ::-1
    ],
    "masked, nothing masked": lambda x: np.ma.masked_array(x, np.zeros(x.shape, bool)),
    "__array__": Foreign,
    "to_numpy": lambda x: SimpleNamespace(shape=x.shape, to_numpy=lambda: x),
    "tensor": Tensor,
    "list of tensors": lambda x: [Tensor(row) for row in x],
    "DataFrame of kinds": lambda x: pandas.DataFrame(
        x, index=range(10, 10 + len(x))
    ).astype({0: "Int64"}),
    "list of Series": lambda x: [row for _, row in pandas.DataFrame(x).iterrows()],
}
SEQUENCES = {
    "lists": lambda x: x.tolist(),
    "list of arrays": list,
    "tensor": Tensor,
    "float32": lambda x: x.astype(np.float32),
    "mixed": lambda x: [x[0].tolist(), pandas.DataFrame(x[1]), Tensor(x[2])],
}
FLAT = {
    "array": lambda x: x[:, 0],
    "list": lambda x: x[:, 0].tolist(),
    "Series": lambda x: pandas.Series(x[:, 0]),
    "tensor": lambda x: Tensor(x[:, 0]),
}


def net_of(**options):
    return architect.Elman(2, 3, 1, seed=1, output_squash="identity", **options)


def trained(net, *data, **options):
    result = Trainer(net, 0.1, **options).train(*data, 2, progress=False, seed=0)
    return result.history["loss"], net.weights.tolist()


def validated(net, *data):
    short = {"epochs": 1, "progress": False, "seed": 0}
    return (
        Trainer(net)
        .train(ROWS, AIMS, validation=data, **short)
        .history["validation_loss"]
    )


BY_SEQUENCES = {
    "train": trained,
    "train, exact": lambda net, x, t: trained(net, x, t, rule="bptt"),
    "validation": validated,
    "test": lambda net, x, t: Trainer(net).test(x, t),
    "gradient": lambda net, x, t: synapse.gradient(net, x, t).weights.tolist(),
    "fit_readout": fit_readout,
}
CALLS = BY_SEQUENCES | {
    "run": lambda net, x, t: net.run(x).tolist(),
    "saliency": lambda net, x, t: str(analysis.saliency(net, x)),
    "error_flow": lambda net, x, t: analysis.error_flow(net, x).tolist(),
}
DOORS = CALLS | {
    "explore": lambda net, x, t: draw.explore(net, x, path="never written.html"),
    "half_lives": lambda net, x, t: analysis.half_lives(net, [] if x is None else x),
}


@pytest.mark.full
@pytest.mark.parametrize("name", CALLS)
def test_data_are_the_same_in_every_form(name):
    call = CALLS[name]
    with Cases() as case:
        expected = call(net_of(), ROWS, AIMS)
        for form, make in FORMS.items():
            with case(form):
                assert call(net_of(), make(ROWS), make(AIMS)) == expected
        if name not in BY_SEQUENCES:
            return
        for form, make in FLAT.items():
            with case("targets without a column", form):
                assert call(net_of(), ROWS, make(AIMS)) == expected
        expected = call(net_of(), MANY, MANY_AIMS)
        for form, make in SEQUENCES.items():
            with case("sequences", form):
                assert call(net_of(), make(MANY), make(MANY_AIMS)) == expected


def bits(*arrays):
    return [np.asarray(numbers_given, float).tobytes() for numbers_given in arrays]


def cleared_runs(net, parts):
    outputs = []
    for rows in parts:
        net.clear()
        outputs.append(net.run(rows))
    return outputs


def test_a_list_of_sequences_gives_a_list():
    parts = [
        [],
        MANY[0],
        MANY[1, :2],
        [[1, 0]],
        pandas.DataFrame(MANY[2]),
        np.empty((0, 2)),
    ]
    net = net_of()
    other = net_of()
    outputs = net.run(parts)
    assert [rows.shape for rows in outputs] == [
        (0, 1),
        (4, 1),
        (2, 1),
        (1, 1),
        (4, 1),
        (0, 1),
    ]
    assert bits(*(rows for rows in outputs if len(rows))) == bits(
        *cleared_runs(other, [MANY[0], MANY[1, :2], [[1, 0]], MANY[2]])
    )
    assert net_of().run(np.zeros((3, 0, 2))).shape == (3, 0, 1)
    assert net_of().run([]).shape == (0, 1)
    # an empty sequence has cleared nothing
    assert net.output.activations == other.output.activations


def test_a_batch_that_is_refused_has_not_run_at_all():
    refused = [
        (
            [MANY[0], MANY[1][:, :1]],
            "`inputs` of sequence 1 must be 2 numbers per step",
        ),
        (
            [MANY[0], np.full((2, 2), np.nan)],
            "sequence 1 must be finite, got NaN or infinity in row 0",
        ),
        (
            [MANY[0], np.vstack([MANY[0][:2], np.full((2, 2), np.nan)])],
            "row 2. Pass sequences of different lengths as a list of arrays",
        ),
        ([MANY[0], "text"], "`inputs` of sequence 1 must be rows of 2 numbers each"),
        (np.zeros((2, 3, 4, 2)), "4 dimension"),
        (MANY[..., :1], r"2 (inputs|numbers) (a|per) step"),
    ]
    net = net_of()
    net.activate([1.0, 0.0])
    with Cases() as case:
        for parts, sentence in refused:
            with (
                case(sentence),
                unchanged(net),
                pytest.raises(SynapseError, match=sentence),
            ):
                net.run(parts)


BAD = {
    "complex": (ROWS + 0j, "complex numbers"),
    "text": ([["0", "1"]] * 6, "text"),
    "text among numbers": ([[0.0, "1"]] * 6, "text"),
    "dates": (np.zeros((6, 2), "M8[s]"), "dates"),
    "None": ([[None, 1.0]] * 6, "None"),
    "huge integers among floats": ([[0.5, 10**400]] * 6, None),
    "ragged": ([[0.0, 1.0], [1.0]] * 3, r"\[\[0.0, 1.0\], \[1.0\]"),
    "a generator": ((row for row in ROWS), "generator"),
    "a word": ("words", "words|text"),
    "a number": (0.5, "0.5|a single number"),
    "nothing": (None, "None"),
    "masked": (np.ma.masked_equal(ROWS, 1.0), "masked"),
    "a column of text": (
        pandas.DataFrame({"a": [1.0] * 6, "name": list("abcdef")}),
        "the column 'name'",
    ),
    "dates in a column": (
        pandas.DataFrame({"a": [1.0] * 6, "b": pandas.to_datetime(["2020"] * 6)}),
        "'b'",
    ),
    "a missing value": (
        pandas.DataFrame({"a": [1, None] * 3, "b": [1.0] * 6}).convert_dtypes(),
        "finite",
    ),
    "NaN": (np.where(ROWS == 1, np.nan, ROWS), "finite"),
    "infinity": (ROWS + np.inf, "finite"),
    "too long a double": (ROWS + np.longdouble("1e4000"), "finite"),
    "another width": (ROWS[:, :1], r"2 (inputs|numbers) (a|per) step"),
    "four dimensions": (
        np.zeros((1, 2, 3, 2)),
        r"dimension|2 (inputs|numbers) (a|per) step",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("name", DOORS)
def test_what_would_lose_something_is_refused_in_one_sentence(name):
    net = net_of()
    net.activate([1.0, 0.0])
    with Cases() as case:
        for fault, (wrong_rows, sentence) in BAD.items():
            if (name, fault) == ("half_lives", "nothing"):
                sentence = "at least one step"
            if (name, fault) == ("explore", "nothing"):
                continue  # the network is shown as it is
            refused = pytest.raises((ArgumentError, ArgumentTypeError), match=sentence)
            with case(fault):
                with unchanged(net), refused as refusal:
                    DOORS[name](net, wrong_rows, AIMS)
                assert len(str(refusal.value)) < 250


@pytest.mark.full
def test_what_does_not_fit_a_float32_is_refused_as_infinity_is():
    net = net_of(dtype=np.float32)
    net.activate([0.5, 0.5])
    rows = np.where(ROWS == 1, 1e39, 0.0)
    alone = Layer(2, dtype=np.float32)
    projection = alone.project(Layer(2, dtype=np.float32), weights=0.0)
    calls = {
        name: (lambda door=door: door(net, rows, AIMS)) for name, door in DOORS.items()
    }
    calls |= {
        "activate": lambda: net.activate([1e39, 0.0]),
        "propagate": lambda: net.propagate(0.1, [1e39]),
        "the rate": lambda: net.propagate(1e39, [0.5]),
        "a neuron": lambda: net.output[0].propagate(0.1, 1e39),
        "an input": lambda: net.input[0].activate(1e39),
        "targets": lambda: Trainer(net).train(
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
        "reset": lambda: net.reset_parameters(
            initializer=synapse.initializers.constant(1e39)
        ),
        "reset of a layer": lambda: net.output.reset_parameters(
            initializer=synapse.initializers.constant(1e39)
        ),
    }
    with Cases() as case:
        for name, call in calls.items():
            refused = pytest.raises(
                ArgumentError, match="fit float32.* at most 3.4e.38, got -?1e.39"
            )
            with case(name), unchanged(net), refused:
                call()
    assert np.isfinite(net.activate([float(np.finfo(np.float32).max), 0.0])).all()
    for call in (
        lambda: net.activate([math.inf, 0.0]),
        lambda: Trainer(net).train(
            ROWS, np.full((6, 1), math.inf), 1, progress=False, seed=0
        ),
    ):
        with pytest.raises(ArgumentError, match="finite"):
            call()


def test_missing_values_of_a_table_are_missing_targets():
    table = pandas.DataFrame(
        {"y": pandas.array([1, None, 0, None, 1, 1], dtype="Int64")}
    )
    aims = np.array([[1.0], [np.nan], [0.0], [np.nan], [1.0], [1.0]])
    assert trained(net_of(), ROWS, table) == trained(net_of(), ROWS, aims)
    assert trained(net_of(), ROWS, table["y"]) == trained(net_of(), ROWS, aims)
    net = net_of()
    with pytest.raises(ArgumentError, match="Expected at least one step with a target"):
        Trainer(net).train(
            pandas.DataFrame(ROWS), pandas.DataFrame(AIMS * np.nan), progress=False
        )
    assert math.isnan(Trainer(net).test(ROWS, AIMS * np.nan).loss)


def test_exact_numbers_of_python_are_numbers():
    net = net_of()
    rows = [[Fraction(1, 2), decimal.Decimal("0.25")]]
    assert net.clone().run(rows) == net.run([[0.5, 0.25]])
    with pytest.raises(ArgumentTypeError, match="rows of 2 numbers"):
        net.run(np.array([[decimal.Decimal(1), "0.25"]], object))


def test_an_address_is_no_path():
    for call in (synapse.load, partial(synapse.save, net_of())):
        with pytest.raises(ArgumentError, match=r"got 's3://a/b.json'. Open the addre"):
            call("s3://a/b.json")

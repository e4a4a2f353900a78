"""Random damage of the arrays of a file is refused in one sentence, or read as what the
arrays say."""

import io
import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import architect
from synapse import errors, load, save, tie
from synapse.readwrite import from_npz_data, npz_data
from tests.helpers.cases import all_hold
from tests.helpers.strategies import delay_some

from .mutation import all_damage_refused

STRUCTURE = (
    "connections/source",
    "connections/target",
    "connections/gater",
    "connections/delay",
    "neurons/bias",
    "connections/weight",
    "connections/trainable",
    "connections/sign",
    "neurons/synchronous",
)
KINDS = ("f4", "f8", "i8", "u1", "?", "i1", ">i4", ">f8", "c16", "S3", "M8[s]", "f2")
FLOATS = (0.0, -1.0, 1e308, np.inf, np.nan, 1.5, 1e-320)


def random_graph(seed):
    net = architect.Random(2, 6, 2, gates=3, backward=4, seed=seed)
    delay_some(net, seed, 5)
    tie(net.connections[:2])
    net.synchronous = seed % 3 == 0
    net.rule = "rtrl" if seed % 2 else "online"
    return net


def lstm(seed):
    net = architect.LSTM(2, 3, 2, style="synaptic", seed=seed)
    net.rule = "rtrl" if seed % 2 else "online"
    delay_some(net, seed, 1)
    return net


def trained(net):
    for row in np.random.default_rng(0).normal(size=(4, 2)):
        net.activate(row)
        net.propagate(0.1, [0.2, 0.3])
    return npz_data(net)


FILES = [trained(make(seed)) for make in (random_graph, lstm) for seed in range(4)]


def a_number(array, rng):
    """A number that an index or a count might have by mistake."""
    size = array.size
    largest = int(array.max(initial=0))
    return int(
        rng.choice(
            [
                0,
                1,
                2,
                -1,
                -2,
                size - 1,
                size,
                largest,
                largest + 1,
                2**31 - 1,
                2**32 - 1,
            ]
        )
    )


def changed(array, rng):
    """The array with a wrong value."""
    array, place = array.copy(), rng.integers(array.size)
    if array.dtype.kind == "b":
        array[place] = not array[place]
    elif array.dtype.kind == "f":
        array[place] = rng.choice(FLOATS)
    else:
        array = array.astype(np.int64)
        array[place] = a_number(array, rng)
    return array


def reshaped(array, rng):
    return (
        array[:-1],
        np.append(array, array[-1:]),
        array[None],
        array[:0],
        array[:, None],
    )[rng.integers(5)]


def converted(array, rng):
    with np.errstate(all="ignore"):
        return array.astype(rng.choice(KINDS))


def doubled(array, rng):
    array = array.copy()
    array[rng.integers(array.size)] = array[rng.integers(array.size)]
    return array


DAMAGE = (
    *(changed, changed, changed, converted, reshaped, doubled),
    lambda array, rng: rng.permutation(array),
    lambda array, rng: np.roll(array, 1),
)


def damaged(seed):
    """The arrays of a network, of which one or two are damaged, or one is missing and
    not named."""
    rng = np.random.default_rng(seed)
    data = dict(FILES[rng.integers(len(FILES))])
    for name in rng.choice(
        sorted(data.keys() - {"document"}), rng.integers(1, 3), replace=False
    ):
        if rng.random() < 0.1:
            del data[name]
            document = json.loads(data["document"].item())
            document["arrays"].remove(name)
            data["document"] = np.array(json.dumps(document).encode())
        else:
            data[name] = DAMAGE[rng.integers(len(DAMAGE))](data[name], rng)
    return data


def content_of(data):
    """What arrays say, in whatever order: values other than 0 by what they are of."""
    ends = {}
    if "runs/source" in data:
        names = "runs/source", "runs/target", "runs/length"
        runs = zip(*(data[name].tolist() for name in names), strict=True)
        pairs = [
            (source + i, target)
            for source, target, length in runs
            for i in range(length)
        ]
        ends = dict(zip(STRUCTURE[:2], np.transpose(pairs), strict=True))
    columns = {name: it.tolist() for name, it in {**data, **ends}.items()}
    return {name: it for name, it in columns.items() if name in STRUCTURE and any(it)}


def traces_of(data):
    """Traces other than 0, by their neurons and connections."""

    def rows(table, *names):
        columns = (data.get(f"{table}/{name}", np.empty(0)).tolist() for name in names)
        return [*zip(*columns, strict=True)]

    pairs = rows("influence", "gater", "gated", "value")
    extended = {
        (*pairs[pair][:2], link, value)
        for pair, link, value in rows("extended", "influence", "connection", "value")
        if value
    }
    eligible = rows("eligibility", "connection", "value")
    return extended, *({row for row in table if row[-1]} for table in (pairs, eligible))


def check(seed):
    data = damaged(seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", errors.TopologyWarning)  # two that add up
        try:
            net = from_npz_data(data)
        except errors.FormatError:
            return
        written = npz_data(net)
        assert content_of(written) == content_of(data), seed
        for wanted, present in zip(traces_of(data), traces_of(written), strict=True):
            assert wanted <= present, seed
        rows = np.full((3, len(net.input)), 0.3)
        outputs = net.run(rows)
        np.testing.assert_array_equal(from_npz_data(written).run(rows), outputs)
        assert all(link.delay >= 0 for link in net.connections)


@pytest.mark.full
@given(st.integers(0, 2**32))
@settings(max_examples=100)
def test_random_damage_is_refused_or_read_as_it_says(seed):
    check(seed)


@pytest.mark.slow
def test_much_random_damage_is_refused_or_read_as_it_says():
    all_hold(check, range(2000))


def put(name, row, value):
    def damage(data):
        data[name] = data[name].copy()
        data[name][row] = value

    return damage


def delayed():
    """A pair with two connections, the second with a delay of 3, and one of 2."""
    net = architect.Perceptron(2, 1, 1, seed=0)
    net.input[0].project(net.hidden[0][0], weight=0.5, delay=3)
    net.input[1].project(net.output[0], weight=0.5, delay=2)
    net.run([[1.0, 2.0], [3.0, 4.0]])
    data = npz_data(net)
    assert data["connections/delay"].tolist() == [0, 0, 0, 3, 2]
    return data


DELAYS = {
    "twice": (
        put("connections/delay", 3, 0),
        "connections 0 and 3 both lead from neuron 0 to neuron 2.* of a delay",
    ),
    "long": (put("connections/delay", 4, 10_001), "delay .*10000"),
    # any neuron may have been delayed before, by one step at least
    "past": (put("past/steps", 0, 0), "steps of past activation 0 .*from 1 to 10000"),
}


def test_delays_of_no_network_are_refused():
    all_damage_refused(DELAYS, delayed, from_npz_data)


def test_traces_of_what_keeps_none_and_clocks_are_refused():
    cases = {
        "twice": (
            put("eligibility/connection", 0, 6),
            "Row . of the table 'eligibility' is a duplicate",
        ),
        "pair": (
            put("influence/gated", 0, 1),
            "Row . of the table '(influence|extended)'",
        ),
        "clock": (
            _say_together,
            "all neurons but inputs, .* got False for neuron",
        ),
    }
    all_damage_refused(cases, lambda: dict(FILES[4]), from_npz_data)


def _say_together(data):
    count = len(json.loads(data["document"].item())["neurons"]["squash"])
    data["neurons/synchronous"] = np.arange(count) == count - 1
    document = json.loads(data["document"].item())
    document["arrays"] = sorted([*document["arrays"], "neurons/synchronous"])
    data["document"] = np.array(json.dumps(document).encode())


def test_a_file_cut_anywhere_is_refused():
    stream = io.BytesIO()
    save(random_graph(1), stream, "npz")
    whole = stream.getvalue()
    for length in range(0, len(whole), 97):
        with pytest.raises(errors.FormatError):
            load(io.BytesIO(whole[:length]), "npz")

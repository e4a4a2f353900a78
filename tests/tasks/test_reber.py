"""The embedded Reber grammar, against a regular expression written from the paper's arcs."""

import itertools
import re

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError, KindError
from synapse.tasks import reber

FROM_4 = "(?:XT*VP)*(?:SE|XT*VVE)"
INNER = f"B(?:TS*X{FROM_4}|PT*V(?:VE|P{FROM_4}))"
EMBEDDED = re.compile(f"B(?:T{INNER}T|P{INNER}P)E")


def accepted(string):
    try:
        reber.legal(string)
    except ArgumentError:
        return False
    return True


@pytest.fixture(scope="module")
def many():
    return reber.strings(20_000, seed=1)


def test_symbols():
    assert reber.SYMBOLS == "BTPSXVE"


def test_arcs_are_those_of_the_paper():
    assert reber.ARCS == {
        0: {"B": 1},
        1: {"T": 2, "P": 3},
        2: {"S": 2, "X": 4},
        3: {"T": 3, "V": 5},
        4: {"S": 6, "X": 3},
        5: {"V": 6, "P": 4},
        6: {"E": 7},
    }


def test_every_string_is_of_the_grammar(many):
    assert [string for string in many if not EMBEDDED.fullmatch(string)] == []


def test_shortest_strings(many):
    assert min(map(len, many)) == 9
    shortest = {string for string in many if len(string) == 9}
    assert shortest == {"BTBTXSETE", "BPBTXSEPE", "BTBPVVETE", "BPBPVVEPE"}


def test_mean_length_is_12(many):
    """n_i symbols come after place i: 1 + the mean of n over the ways on; the envelope adds 4."""
    ways = np.eye(8)
    for place, arcs in reber.ARCS.items():
        for to in arcs.values():
            ways[place, to] -= 1 / len(arcs)
    expected = 4 + np.linalg.solve(ways, [1.0] * 7 + [0.0])[0]
    assert expected == pytest.approx(12)
    assert np.mean([len(string) for string in many]) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("place", range(1, 6))
def test_every_branch_has_a_chance_of_one_half(many, place):
    taken = []
    for string in many:
        node = 0
        for symbol in string[2:-2]:
            if node == place:
                taken.append(symbol == next(iter(reber.ARCS[node])))
            node = reber.ARCS[node][symbol]
    assert len(taken) > 5000
    assert np.mean(taken) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(taken)))


def test_envelopes_are_as_frequent(many):
    assert np.mean([string[1] == "T" for string in many]) == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize("length", [4, 5])
def test_accepts_exactly_the_grammar(length):
    """All inner strings of this length but the B, in matching and other envelopes."""
    for symbols in itertools.product(reber.SYMBOLS, repeat=length):
        string = f"BTB{''.join(symbols)}TE"  # codespell:ignore te
        assert accepted(string) == bool(EMBEDDED.fullmatch(string)), string


def test_accepts_no_changed_string(many):
    rng = np.random.default_rng(0)
    for string in many[:2000]:
        at = rng.integers(len(string))
        changed = string[:at] + reber.SYMBOLS[rng.integers(7)] + string[at + 1 :]
        assert accepted(changed) == bool(EMBEDDED.fullmatch(changed)), changed


@pytest.mark.parametrize(
    "string", ["", "B", "BTE", "BTTE", "BTBTXSEPE", "BPBTXSETE", "BTBTXSETEE", "btbtxsete"]
)
def test_strings_of_another_form_are_refused(string):
    with pytest.raises(ArgumentError, match="Expected an embedded Reber string to be"):
        reber.legal(string)


def test_legal_is_what_can_follow(many):
    """At each step: the symbols with which some string of the grammar goes on."""
    prefixes = {}
    for string in many:
        for end in range(1, len(string)):
            prefixes.setdefault(string[:end], set()).add(string[end])
    for string in many[:300]:
        allowed = reber.legal(string)
        assert len(allowed) == len(string) - 1
        for end, symbols in enumerate(allowed, start=1):
            assert string[end] in symbols
            assert prefixes[string[:end]] <= set(symbols)
            if end < 7:  # frequent enough for all ways on to have been taken
                assert prefixes[string[:end]] == set(symbols)


def test_envelope_decides_the_last_but_one():
    inner = "BTSSXXVPSE"
    for outer in "TP":
        assert reber.legal(f"B{outer}{inner}{outer}E")[-2:] == [outer, "E"]


def test_legal_mask_is_legal():
    string = reber.string(seed=3)
    mask = reber.legal_mask(string)
    assert mask.shape == (len(string) - 1, 7)
    assert mask.dtype == bool
    assert ["".join(s for s, yes in zip(reber.SYMBOLS, row, strict=True) if yes) for row in mask] == [
        "".join(sorted(symbols, key=reber.SYMBOLS.index)) for symbols in reber.legal(string)
    ]


def test_encode():
    string = "BTBTXSETE"
    inputs, targets = reber.encode(string)
    assert inputs.shape == targets.shape == (8, 7)
    assert inputs.dtype == np.float64
    np.testing.assert_array_equal(inputs.sum(axis=1), 1)
    assert "".join(reber.SYMBOLS[i] for i in inputs.argmax(axis=1)) == string[:-1]
    np.testing.assert_array_equal(inputs[1:], targets[:-1])
    assert targets[-1].argmax() == reber.SYMBOLS.index("E")


@pytest.mark.parametrize("string", ["", "B", "BZ"])
def test_encode_refuses(string):
    with pytest.raises(ArgumentError, match="Expected a string to encode to be"):
        reber.encode(string)


def test_kinds_are_checked():
    with pytest.raises(KindError, match="(to be|Expected) a string"):
        reber.legal(7)
    with pytest.raises(KindError, match="a string to encode"):
        reber.encode(None)
    with pytest.raises(KindError, match="the count of strings"):
        reber.strings(2.5)
    with pytest.raises(ArgumentError, match="the count of strings"):
        reber.strings(0)
    with pytest.raises(KindError, match="Expected a Network"):
        reber.fraction_right("net", reber.strings(2, seed=0))
    with pytest.raises(ArgumentError, match="at least one sequence"):
        reber.fraction_right(architect.LSTM(7, 2, 7, style="synaptic", seed=0), [])


def test_sequences_are_the_strings_encoded():
    inputs, targets = reber.sequences(20, seed=4)
    for string, rows, wanted in zip(reber.strings(20, seed=4), inputs, targets, strict=True):
        np.testing.assert_array_equal(rows, reber.encode(string)[0])
        np.testing.assert_array_equal(wanted, reber.encode(string)[1])


def test_seeds():
    assert reber.strings(50, seed=1) == reber.strings(50, seed=1)
    assert reber.strings(50, seed=1) != reber.strings(50, seed=2)
    assert reber.strings(50, seed=np.random.default_rng(1)) == reber.strings(50, seed=1)
    rng = np.random.default_rng(1)
    assert reber.strings(20, seed=rng) + reber.strings(30, seed=rng) == reber.strings(50, seed=1)
    with pytest.raises(ArgumentError, match="Expected the seed to be"):
        reber.string(seed=-1)


def outputs_for(string, legal, other):
    return np.where(reber.legal_mask(string), legal, other)


def test_right_asks_for_the_most_active_output():
    string = reber.string(seed=5)
    mask = reber.legal_mask(string)
    assert reber.right(outputs_for(string, 0.5, 0.4), mask)
    assert reber.right(outputs_for(string, 0.5, 0.4), mask, strict=True)
    assert not reber.right(outputs_for(string, 0.4, 0.5), mask)
    assert not reber.right(outputs_for(string, 0.5, 0.5), mask), "a tie is not right"
    assert not reber.right(np.full(mask.shape, np.nan), mask)


def test_right_asks_it_at_every_step():
    string = reber.string(seed=5)
    mask = reber.legal_mask(string)
    for step in range(len(mask)):
        outputs = outputs_for(string, 0.5, 0.1)
        outputs[step] = ~mask[step]
        assert not reber.right(outputs, mask)


def test_strict_asks_for_all_legal_symbols():
    string = "BTBTXSETE"
    mask, outputs = reber.legal_mask(string), outputs_for(string, 0.6, 0.4)
    outputs[0, reber.SYMBOLS.index("P")] = 0.3
    assert reber.right(outputs, mask)
    assert not reber.right(outputs, mask, strict=True)


def test_fraction_right_counts_strings_and_clears_before_each():
    net = architect.LSTM(7, 4, 7, style="synaptic", seed=0)
    strings = reber.strings(30, seed=6)
    net.run(np.ones((5, 7)))  # a context to be cleared
    found = reber.fraction_right(net, strings)
    count = 0
    for string in reversed(strings):
        net.clear()
        outputs = net.run(reber.encode(string)[0])
        allowed = [set(symbols) for symbols in reber.legal(string)]
        best = [reber.SYMBOLS[i] for i in outputs.argmax(axis=1)]
        count += all(symbol in symbols for symbol, symbols in zip(best, allowed, strict=True))
    assert found == count / 30


def test_a_network_that_knows_the_machine_is_entirely_right():
    """Trained shortly, a network is right on some strings; judged on those alone, on all of them."""
    from synapse import Trainer
    from synapse.initializers import uniform

    cells = {"peepholes": None, "cell_squash": "identity", "forget_gate_bias": 3.0, "style": "synaptic"}
    net = architect.LSTM(7, 8, 7, initializer=uniform(0.4), seed=0, **cells)
    Trainer(net, 0.05).train(*reber.sequences(3000, seed=0), epochs=1, progress=False, seed=0)
    strings = reber.strings(200, seed=7)
    right = [string for string in strings if reber.fraction_right(net, [string]) == 1.0]
    assert 0.4 < len(right) / 200 <= 1.0
    assert reber.fraction_right(net, right) == 1.0
    assert reber.fraction_right(net, strings) == len(right) / 200

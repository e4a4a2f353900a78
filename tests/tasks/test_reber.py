"""The embedded Reber grammar, against a regular expression written from the paper's arcs."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

import architect
from synapse import Trainer
from synapse.errors import ArgumentError, KindError
from synapse.initializers import uniform
from synapse.tasks import ContinualReber, EmbeddedReber, Ranked, reber

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


def test_seeds():
    assert reber.strings(50, seed=1) == reber.strings(50, seed=1)
    assert reber.strings(50, seed=1) != reber.strings(50, seed=2)
    assert reber.strings(50, seed=np.random.default_rng(1)) == reber.strings(50, seed=1)
    rng = np.random.default_rng(1)
    assert reber.strings(20, seed=rng) + reber.strings(30, seed=rng) == reber.strings(50, seed=1)
    with pytest.raises(ArgumentError, match="Expected the seed to be"):
        reber.string(seed=-1)


# --- the tasks ------------------------------------------------------------------------------------


def outer_chain():
    """Probabilities of going from node to node of the embedded grammar; the last row is the end."""
    n = len(reber.NODES)
    chain = np.zeros((n + 1, n + 1))
    for node, arcs in enumerate(reber.NODES):
        for _, to in arcs:
            chain[node, to or n] += 1 / len(arcs)
    chain[n, n] = 1
    return chain


def test_lengths_have_the_probabilities_of_the_grammar():
    """Length n: the walk arrives at the end with its n-th symbol. Gers et al. give 11.5 as the mean."""
    chain, arrived = outer_chain(), [0.0]
    ways = np.eye(len(chain))
    for _ in range(40):
        ways = ways @ chain
        arrived.append(ways[0, -1])
    exact = np.diff(arrived)  # of the lengths 1 to 40
    assert exact[:8].sum() == 0
    assert exact[8] == 0.25
    lengths = np.array([len(sample) + 1 for sample in EmbeddedReber().batch(20_000, 5)])
    expected = 20_000 * exact[8:25]
    found = np.array([(lengths == n).sum() for n in range(9, 26)])
    assert (np.abs(found - expected) < 5 * np.sqrt(expected)).all()
    assert lengths.mean() == pytest.approx(12, abs=0.1)


def test_symbols_have_the_probabilities_of_the_grammar():
    """Expected visits of every arc of a string, from the fundamental matrix of the walk."""
    chain = outer_chain()[:-1, :-1]
    visits = np.linalg.inv(np.eye(len(chain)) - chain)[0]
    expected = np.zeros(7)
    for node, arcs in enumerate(reber.NODES):
        for symbol, _ in arcs:
            expected[symbol] += visits[node] / len(arcs)
    assert expected.sum() == pytest.approx(12)
    counts = np.array([sample.targets.sum(axis=0) for sample in EmbeddedReber().batch(20_000, 6)])
    counts[:, 0] += 1  # the first B is no target
    deviation = counts.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(counts.mean(axis=0) - expected) <= 5 * deviation + 1e-12).all()


def test_samples_are_strings_with_their_legal_symbols():
    samples = EmbeddedReber().batch(300, 4)
    for string, sample in zip(reber.strings(300, seed=4), samples, strict=True):
        inputs, targets = reber.encode(string)
        np.testing.assert_array_equal(sample.inputs, inputs)
        np.testing.assert_array_equal(sample.targets, targets)
        np.testing.assert_array_equal(sample.allowed, reber.legal_mask(string))
    legal = EmbeddedReber(targets="legal").batch(300, 4)
    np.testing.assert_array_equal(legal.rows, samples.rows)
    np.testing.assert_array_equal(legal.goals, samples.allowed)
    with pytest.raises(ArgumentError, match="targets of EmbeddedReber"):
        EmbeddedReber(targets="last")


def test_a_string_is_right_if_all_legal_symbols_are_ahead_at_every_step():
    sample = EmbeddedReber().sample(5)
    outputs = np.where(sample.allowed, 0.5, 0.4)
    assert sample.right(outputs)
    assert not sample.right(1 - outputs)
    assert not sample.right(np.full(outputs.shape, 0.5)), "a tie is not right"
    for step in range(len(sample)):
        wrong = outputs.copy()
        wrong[step, sample.allowed[step].argmax()] = 0.3
        assert np.flatnonzero(~sample.right_steps(wrong)).tolist() == [step]
    loose = replace(sample, judge=Ranked(all_allowed=False))
    outputs[0, reber.SYMBOLS.index("P")] = 0.3  # the first step allows T and P
    assert not sample.right(outputs)
    assert loose.right(outputs)
    assert not loose.right(np.where(sample.allowed, 0.4, 0.5))


def test_a_stream_is_strings_without_marks():
    sample = ContinualReber(3000).sample(7)
    assert sample.inputs.shape == sample.targets.shape == (3000, 7)
    stream = ContinualReber().stream(7)
    parts = [stream.take(steps) for steps in (1, 999, 1700, 300)]
    np.testing.assert_array_equal(np.concatenate([part.inputs for part in parts]), sample.inputs)
    np.testing.assert_array_equal(np.concatenate([part.targets for part in parts]), sample.targets)
    text = "".join(reber.SYMBOLS[i] for i in sample.inputs.argmax(axis=1))
    begin = 0
    while found := EMBEDDED.match(text, begin):
        legal = [*reber.legal(found[0]), "B"]
        for step, symbols in enumerate(legal, start=begin):
            assert {s for s, yes in zip(reber.SYMBOLS, sample.targets[step], strict=True) if yes} == set(
                symbols
            )
        begin = found.end()
    assert len(text) - begin < 60, "only the last string may be incomplete"


def test_a_step_of_a_stream_is_right_within_049():
    sample = ContinualReber(50).sample(0)
    assert sample.right(np.abs(sample.targets - 0.489))
    assert not sample.right_steps(np.abs(sample.targets - 0.491)).any()


def test_batches_of_a_seed_are_the_same():
    task = EmbeddedReber()
    rng = np.random.default_rng(1)
    whole, parts = task.batch(50, 1), [task.batch(20, rng), task.batch(30, rng)]
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts]), whole.rows)
    one, other = (ContinualReber(100).batch(2, 3).rows for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one[:100], one[100:])
    assert reber.strings(2, seed=0) == ["BPBTSSXXVPXVPSEPE", "BPBTXSEPE"]  # in every process


def test_a_score_counts_strings_and_clears_before_each():
    cells = {"peepholes": None, "cell_squash": "identity", "forget_gate_bias": 3.0, "style": "synaptic"}
    net = architect.LSTM(7, 8, 7, initializer=uniform(0.4), seed=0, **cells)
    task, samples = EmbeddedReber(), EmbeddedReber().batch(3000, 0)
    Trainer(net, 0.05).train(samples.inputs, samples.targets, epochs=1, progress=False, seed=0)
    fresh = replace(task.batch(200, 7), judge=Ranked(all_allowed=False))
    net.run(np.ones((5, 7)))  # a context to be cleared
    right = []
    for sample in fresh:
        twin = net.clone()
        twin.clear()
        best = twin.run(sample.inputs).argmax(axis=1)
        right.append(sample.allowed[np.arange(len(best)), best].all())
    assert 0.4 < np.mean(right) < 1.0
    assert fresh.score(net).right == sum(right)
    assert str(task.criterion) == "all of 512 right"
    assert not task.solved(net, task.batch(512, 8))

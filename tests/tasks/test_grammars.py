"""The embedded Reber grammar, against a regular expression of the paper's arcs; and a^n
b^n, a^n b^n c^n."""

import itertools
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from studies.tasks import AnBn, AnBnCn, ContinualReber
from synapse import Layer, Network
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.tasks import EmbeddedReber, Ranked, reber
from synapse.tasks._reber import ARCS
from tests.helpers.cases import all_refused
from tests.helpers.networks import unchanged

from .chances import as_often, binomial

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


def test_strings_are_of_the_grammar_and_every_branch_is_as_likely(many):
    assert [string for string in many if not EMBEDDED.fullmatch(string)] == []
    taken = {place: [] for place in ARCS}
    for string in many:
        node = 0
        for symbol in string[2:-2]:
            taken[node].append(symbol == next(iter(ARCS[node])))
            node = ARCS[node][symbol]
    for place in range(1, 6):
        assert binomial(sum(taken[place]), len(taken[place])), place
    lengths = np.bincount([len(string) for string in many], minlength=12)
    assert as_often([lengths[9], 20_000 - lengths[9]], [5000, 15_000])


def test_accepts_exactly_the_grammar(many):
    """All inner strings of this length but the B, and strings with a changed symbol."""
    rng = np.random.default_rng(0)
    for symbols in itertools.product(reber.SYMBOLS, repeat=5):
        string = f"BTB{''.join(symbols)}TE"  # codespell:ignore te
        assert accepted(string) == bool(EMBEDDED.fullmatch(string)), string
    for string in many[:2000]:
        at = rng.integers(len(string))
        changed = string[:at] + reber.SYMBOLS[rng.integers(7)] + string[at + 1 :]
        assert accepted(changed) == bool(EMBEDDED.fullmatch(changed)), changed


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
            assert prefixes[string[:end]] <= set(symbols)
            if end < 7:  # frequent enough for all ways on to have been taken
                assert prefixes[string[:end]] == set(symbols)


def spelled(rows, symbols=reber.SYMBOLS):
    return "".join(symbols[i] for i in rows.argmax(axis=1))


def named(rows):
    """The symbols that are on in each row."""
    return [{s for s, on in zip(reber.SYMBOLS, row, strict=True) if on} for row in rows]


def test_samples_are_strings_with_their_legal_symbols():
    samples = EmbeddedReber().batch(300, 4)
    for string, sample in zip(reber.strings(300, seed=4), samples, strict=True):
        assert spelled(sample.inputs) == string[:-1]
        following = [*sample.inputs[1:], np.eye(7)[-1]]
        np.testing.assert_array_equal(following, sample.targets)
        assert named(sample.allowed) == [*map(set, reber.legal(string))]
    legal = EmbeddedReber(targets="legal").batch(300, 4)
    np.testing.assert_array_equal(legal.rows, samples.rows)
    np.testing.assert_array_equal(legal.goals, samples.allowed)


def test_a_string_is_right_if_all_legal_symbols_are_ahead_at_every_step():
    sample = EmbeddedReber().sample(5)
    outputs = np.where(sample.allowed, 0.5, 0.4)
    assert sample.right(outputs)
    assert not sample.right(np.full(outputs.shape, 0.5)), "a tie is not right"
    wrong = outputs.copy()
    wrong[3, sample.allowed[3].argmax()] = 0.3
    assert np.flatnonzero(~sample.right_steps(wrong)).tolist() == [3]
    loose = replace(sample, judge=Ranked(all_allowed=False))
    outputs[0, reber.SYMBOLS.index("P")] = 0.3  # the first step allows T and P
    assert not sample.right(outputs)
    assert loose.right(outputs)
    assert not loose.right(np.where(sample.allowed, 0.4, 0.5))


def test_a_stream_is_strings_without_marks():
    sample = ContinualReber(3000).sample(7)
    text = spelled(sample.inputs)
    begin = 0
    while match := EMBEDDED.match(text, begin):
        legal = [*map(set, reber.legal(match[0])), {"B"}]
        assert named(sample.targets[begin : match.end()]) == legal
        begin = match.end()
    assert len(text) - begin < 60, "only the last string may be incomplete"


def test_batches_of_a_seed_are_the_same():
    task = EmbeddedReber()
    rng = np.random.default_rng(1)
    parts = [task.batch(count, rng).rows for count in (20, 30)]
    np.testing.assert_array_equal(np.concatenate(parts), task.batch(50, 1).rows)
    # in every process
    assert reber.strings(2, seed=0) == ["BPBTSSXXVPXVPSEPE", "BPBTXSEPE"]


def test_what_is_refused():
    told = "An embedded Reber string must be"
    all_refused(
        [
            (partial(reber.legal, 7), ArgumentTypeError, "must be a string"),
            (partial(reber.strings, 0), ArgumentError, "`count`"),
            *(
                (partial(reber.legal, string), ArgumentError, told)
                for string in ("", "BTTE", "BPBTXSETE", "BTBTXSETEE")
            ),
        ]
    )


TASKS = [AnBn(), AnBnCn(), AnBn(off=0.0), AnBnCn(30, off=0.0)]


@pytest.mark.parametrize("task", TASKS[:2])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_legal_symbols_are_those_of_some_string(task, n):
    """After each prefix, a symbol is legal if and only if a string of the language
    continues with it."""
    whole = task.string(n)
    strings = [task.string(other) for other in range(1, 4 * n + 2)]
    assert [*map(set, task.legal(n))] == [
        {other[i] for other in strings if other.startswith(whole[:i])}
        for i in range(1, len(whole))
    ]


@pytest.mark.parametrize("task", TASKS)
def test_encoding(task):
    numbers = [1, 2, 7, 1]
    samples = task.encoded(numbers)
    symbols = "S" + task.letters + "T"
    assert len(samples) == 4
    for n, sample in zip(numbers, samples, strict=True):
        assert spelled(sample.inputs, symbols) == task.string(n)[:-1]
        sizes = [task.off] * len(task.letters) + [1.0]
        assert (np.sort(sample.inputs, axis=1) == sizes).all()
        assert [
            "".join(s for s, on in zip(symbols[1:], row == 1.0) if on)
            for row in sample.targets
        ] == task.legal(n)
        assert set(np.unique(sample.targets)) == {task.off, 1.0}
        np.testing.assert_array_equal(sample.inputs, task.encode(n).inputs)


def counter():
    """Weights by hand: one counter for a - b, one for b - c, and outputs that compare
    them."""
    x, counts, y = Layer(4), Layer(2, "identity"), Layer(4, "identity")
    net = Network(x, [counts], y)
    counts.biases, y.biases = np.zeros(2), np.zeros(4)
    start, a, b, c = x
    counts_b, counts_c = counts
    go_a, go_b, go_c, end = y
    for source, target, weight in [
        *[(counts_b, counts_b, 1.0), (counts_c, counts_c, 1.0)],
        *[(a, counts_b, 1.0), (b, counts_b, -1.0)],
        *[(b, counts_c, 1.0), (c, counts_c, -1.0)],
        *[(start, go_a, 1.0), (a, go_a, 1.0), (a, go_b, 1.0)],
        *[(counts_b, go_b, 1.0), (counts_b, go_c, -50.0)],
        *[(counts_c, go_c, 1.0), (c, go_b, -50.0)],
        *[(c, end, 0.6), (counts_c, end, -1.0)],
    ]:
        source.project(target, weight=weight)
    return net


@pytest.mark.full
def test_the_longest_of_a_network_that_counts():
    """The counter is right up to any n; with a leak it is right up to some n."""
    net = counter()
    task = AnBnCn(off=0.0)
    net.activate([0.0, 1.0, 0.0, 0.0])
    with unchanged(net):
        assert task.longest(net, 40) == 40
    assert task.solved(net, task.batch(50, 0))
    assert AnBnCn().longest(net, 40) == 0  # it counts inputs of 0 and 1
    lengths = {}
    for leak in np.geomspace(1e-5, 1e-2, 40):
        net.hidden[0][0].self_connection.weight = 1.0 - leak
        right = [
            task.encode(n).right(net.run([task.encode(n).inputs])[0])
            for n in range(1, 41)
        ]
        lengths[[*right, False].index(False)] = task.longest(net, 40)
    assert list(lengths) == list(lengths.values())
    assert {8, 9} & set(lengths), (
        "the first string that is wrong is the first or the last of a part"
    )

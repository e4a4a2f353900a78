"""What a connection does, and how runs are walked, as plain Python."""

from types import SimpleNamespace

import numpy as np

import architect
from synapse.engine import terms
from synapse.engine.lowering.flags import (
    DENSE,
    LISTED,
    PAIRED,
    SHARED,
    STEPPED,
    ZIPPED,
)

READ = (
    *(f"run_{name}" for name in ("start", "stop", "kind", "first", "length", "flags")),
    *("run_source", "run_gater", "source", "gate", "alike_stop"),
)


def networks():
    yield architect.LSTM(3, 4, 2, style="synaptic", seed=0)
    yield architect.LSTM(3, 8, 2, seed=0)
    yield architect.GRU(2, 6, 2, seed=0)
    yield architect.Random(4, 30, 2, gates=20, self_connections=8, backward=9, seed=0)


def note(c, i, g, *rest):
    """Append a connection and where it reads to the last argument."""
    *numbers, seen = rest
    seen.append((c, i, g, *numbers))


def test_walks_meet_every_connection_once_where_it_reads():
    kinds = set()
    stepped = 0
    for net in networks():
        net._store.ensure_lowered()
        columns = net._store.columns
        store = SimpleNamespace(**{name: columns[name].tolist() for name in READ})
        for j in range(net._store.n_neurons):
            for r in range(store.run_start[j], store.run_stop[j]):
                kinds.add(store.run_kind[r])
                seen = []
                terms.each_term(store, r, store.source, 100, 1000, note, seen)
                begin = store.run_first[r]
                rows = range(begin, begin + store.run_length[r])
                assert seen == [
                    (
                        c,
                        100 + store.source[c],
                        999 + store.gate[c] if store.gate[c] else None,
                    )
                    for c in rows
                ]
                if store.run_flags[r] & STEPPED:
                    stepped += 1
                    runs = store.run_stop[j] - store.run_start[j]
                    count = store.alike_stop[j] - j
                    gap = store.run_first[r + runs] - begin if count > 1 else 0
                    of_all, each = [], []
                    terms.stepped_terms(store, r, gap, count, 100, 1000, note, of_all)
                    for t in range(count):
                        terms.each_term(
                            store, r + t * runs, store.source, 100, 1000, note, each
                        )
                    assert sorted(x[:3] for x in of_all) == sorted(each)
                    assert {x[3] for x in of_all} == {*range(count)}
    assert kinds == {DENSE, LISTED, SHARED, ZIPPED, PAIRED}
    assert stepped > 0


def test_terms_are_the_factors_of_the_product():
    """A product of three numbers changes by the product of two if the third grows by
    1."""
    for g in (None, 2):
        gain, weight, y, scale, carry = 0.5, -1.5, 0.25, 3.0, 0.875

        def brought(gain, weight, y, g=g):
            store = SimpleNamespace(weight=[weight])
            return terms.brought(0, 1, g, store, [0, y], [0, 0, gain])

        now = brought(gain, weight, y)
        assert now == weight * y * (gain if g else 1.0)
        store = SimpleNamespace(weight=[weight])
        activations, gains = [0, y], [0, 0, gain]
        pushed, weights, traces = np.ones(3), np.ones(4), np.ones(4)
        terms.push_source(0, 1, g, scale, store, pushed, gains)
        assert pushed[1] == 1 + scale * (brought(gain, weight, y + 1) - now)
        terms.push_gater(0, 1, g, scale, store, pushed, activations)
        if g is not None:
            assert pushed[2] == 1 + scale * (brought(gain + 1, weight, y) - now)
        factor = brought(gain, weight + 1, y) - now
        terms.move(0, 1, g, scale, weights, 3, activations, gains)
        assert weights.tolist() == [1, 1, 1, 1 + scale * factor]
        terms.trace(0, 1, g, scale, carry, traces, 3, activations, gains)
        assert traces.tolist() == [1, 1, 1, carry + scale * factor]

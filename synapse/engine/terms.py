"""Define the effects of a connection, with each equation once, for the online rule,
exact gradients and sensitivities.

A connection adds the product g w y of its gain, its weight and the activation of its
source to the state of its target. By the product rule, all other equations contain a
factor of this product.

===============  =======  =============================================
`brought`        g w y    is added to the state of the target
`push_source`    g w      times the target's error, goes to the source
`push_gater`     w y      times the target's error, goes to the gater
`move`           g y      times the target's step, goes to the weight
`trace`          g y      is added to a trace
===============  =======  =============================================

`each_term`, or the walk for some kinds of runs, calls such a function as
``use(c, i, g, *of)`` for every connection c of a run: i is where its source is in a
column, g where its gater is, None without one. All of it is compiled with the flags of
the caller.
"""

from .language import added, in_order
from .lowering.flags import DENSE, LISTED, PAIRED, SHARED, ZIPPED
from .schema import NONE

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

# --- the product and its factors ------------------------------------------------------


def gained(x, g, gains):
    """Return a number times the gain of a connection."""
    # [equation gain]
    return x if g is None else x * gains[g]
    # [end]


def brought(c, i, g, store, activations, gains):
    """Return what a connection brings to the state of its target."""
    # [equation state: connection]
    return gained(store.weight[c], g, gains) * activations[i]
    # [end]


def push_source(c, i, g, delta, store, pushed, gains):
    """Send the error of the target to the source."""
    # [equation error: to a source]
    pushed[i] += gained(delta, g, gains) * store.weight[c]
    # [end]


def push_gater(c, i, g, delta, store, pushed, activations):
    """Send the error of the target to the gater."""
    # [equation error: to a gater]
    if g is not None:
        pushed[g] += delta * store.weight[c] * activations[i]
    # [end]


def move(c, i, g, step, weights, to, activations, gains):
    """Update the weight, along an eligibility that is not stored. Weight 0 would be at
    `to`.
    """
    # [equation learning: weights]
    weights[to + c] += gained(step, g, gains) * activations[i]
    # [end]


def trace(c, i, g, scale, carry, traces, to, activations, gains):
    """Update a trace. Trace 0 would be at `to`; `scale` is 1 for an eligibility."""
    # [equation trace]
    decayed = carry * traces[to + c]
    traces[to + c] = decayed + gained(scale, g, gains) * activations[i]
    # [end]


# --- walks over runs ------------------------------------------------------------------


def dense_terms(store, r, places, at, by, use, *of):
    """Walk over a run of consecutive sources. Source 0 would be at `at`."""
    row = store.run_first[r]
    source = at + store.run_source[r]
    for t in range(store.run_length[r]):
        use(row + t, source + t, None, *of)


@in_order
def listed_terms(store, r, places, at, by, use, *of):
    """Walk over a run of listed sources; `places` are those in a list."""
    row = store.run_first[r]
    for c in range(row, row + store.run_length[r]):
        use(c, at + places[c], None, *of)


def gated_terms(store, r, places, at, by, use, *of):
    """Walk over a run with gaters; gater 0 would be at `by`."""
    row = store.run_first[r]
    n = store.run_length[r]
    source = at + store.run_source[r]
    gater = by + store.run_gater[r]
    if store.run_kind[r] == SHARED:
        for t in range(n):
            use(row + t, source + t, gater, *of)
    elif store.run_kind[r] == ZIPPED:
        for t in range(n):
            use(row + t, source + t, gater + t, *of)
    else:
        for c in range(row, row + n):
            use(c, at + places[c], by + store.gate[c] - 1, *of)


def each_ungated(store, r, places, at, by, use, *of):
    """Walk over a run of either kind without gaters."""
    if store.run_kind[r] == DENSE:
        dense_terms(store, r, places, at, by, use, *of)
    else:
        listed_terms(store, r, places, at, by, use, *of)


def each_term(store, r, places, at, by, use, *of):
    """Walk over a run of any kind."""
    if store.run_kind[r] <= LISTED:
        each_ungated(store, r, places, at, by, use, *of)
    else:
        gated_terms(store, r, places, at, by, use, *of)


def own_term(store, j, at, by, use, *of):
    """Walk over the self-connection of a neuron, whose source is its own state."""
    gater = store.self_gater[j]
    if gater == NONE:
        use(store.self_row[j], at + j, None, *of)
    else:
        use(store.self_row[j], at + j, by + gater, *of)


def stepped_terms(store, r, gap, count, at, by, use, *of):
    """Walk over a run of `count` neurons whose sources and gaters are shifted by one
    from neuron to neuron, and whose connections are `gap` apart; `use` gets the number
    of the neuron, too.
    """
    row = store.run_first[r]
    source = at + store.run_source[r]
    gater = by + store.run_gater[r]
    for q in range(store.run_length[r]):
        if store.run_kind[r] == SHARED:
            for t in range(count):
                use(row + q + t * gap, source + q + t, gater + t, t, *of)
        else:
            for t in range(count):
                use(row + q + t * gap, source + q + t, None, t, *of)


def sum_of_gated(store, r, at, by, none, *of):
    """Return what the connections of a run with several gaters bring."""
    row = store.run_first[r]
    n = store.run_length[r]
    source = at + store.run_source[r]
    gater = by + store.run_gater[r]
    if store.run_kind[r] == PAIRED:
        return added(
            (
                brought(c, at + store.source[c], by + store.gate[c] - 1, store, *of)
                for c in range(row, row + n)
            ),
            none,
        )
    return added(
        (brought(row + t, source + t, gater + t, store, *of) for t in range(n)), none
    )

"""Apply ties and signs to weights of tied connections, biases of tied neurons, and
weights that keep a sign.

In a step, each member updates its own number, like any other. Additional work is only
done before and after the step. Therefore, inner loops do not depend on ties, and
neurons do not read numbers that have been updated already.
"""

from ..language import inline, kernel, lazy_part, zero_like


@inline
def save_shared(values, leaders, base, update, groups):
    """Copy the shared number of each group to `base`."""
    for g in range(groups):
        base[g] = values[leaders[g]]
        update[g] = zero_like(base[g])


@inline
def add_updates(values, rows, lengths, groups, base, update, ranges):
    """Add the updates of all members to `base`, and give all members the sum."""
    for s in range(ranges):
        row = rows[s]
        g = groups[s]
        update[g : g + lengths[s]] += (
            values[row : row + lengths[s]] - base[g : g + lengths[s]]
        )
    for s in range(ranges):
        row = rows[s]
        g = groups[s]
        values[row : row + lengths[s]] = (
            base[g : g + lengths[s]] + update[g : g + lengths[s]]
        )


@inline
def clip_to_sign(store, row, weight):
    """Return the weight of this connection after an update, or 0 if its sign would
    change.
    """
    return zero_like(weight) if store.sign[row] * weight < 0.0 else weight


@inline
def clip_to_signs(store, start, stop):
    """Set weights of consecutive connections to 0 if they have the wrong sign."""
    for row in range(start, stop):
        store.weight[row] = clip_to_sign(store, row, store.weight[row])


@lazy_part()
def save_tied(store):
    """Store the shared numbers before a step."""
    base = store.tied_base, store.tied_update, store.ties.groups
    save_shared(store.weight, store.tied_first, *base)
    base_of_bias = store.bias_tied_base, store.bias_tied_update, store.ties.bias_groups
    save_shared(store.bias, store.bias_tied_first, *base_of_bias)


@lazy_part()
def update_shared(store):
    """Update shared numbers by the sum of their members' updates."""
    if store.ties.ranges != 0:
        ranges = store.tied, store.tied_length, store.tied_group
        add_updates(
            store.weight,
            *ranges,
            store.tied_base,
            store.tied_update,
            store.ties.ranges,
        )
        for s in range(store.ties.ranges if store.ties.signed != 0 else 0):
            clip_to_signs(store, store.tied[s], store.tied[s] + store.tied_length[s])
    if store.ties.bias_ranges != 0:
        ranges = store.bias_tied, store.bias_tied_length, store.bias_tied_group
        add_updates(
            store.bias,
            *ranges,
            store.bias_tied_base,
            store.bias_tied_update,
            store.ties.bias_ranges,
        )


@inline
def before_updates(store):
    """Save the values of tied parameters before they change, if there are any."""
    if store.ties.ranges + store.ties.bias_ranges != 0:
        save_tied(store)


@inline
def after_updates(store):
    """Give all tied parameters the sum of their updates, if there are any."""
    if store.ties.ranges + store.ties.bias_ranges != 0:
        update_shared(store)


@kernel
def begin_deferred_ties(store, scalar):
    """Begin a phase in which neurons propagate one by one and update only their own
    numbers.
    """
    before_updates(store)
    store.ties.held = 1


@kernel
def commit_deferred_ties(store, scalar):
    """End this phase by updating the shared numbers by the sum of all updates since its
    beginning.
    """
    store.ties.held = 0
    after_updates(store)

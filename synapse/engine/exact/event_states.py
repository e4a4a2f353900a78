"""Compute the states of neurons by events. A state consists of the sums to which events
have been added, the value that a self-connection carries over, and runs that are
gathered.
"""

from ..by_source.active import PART, PART_BITS, part_of, part_stop
from ..functions import activations
from ..language import added, by_case, inline
from ..lowering.flags import SHARED, STEPPED
from ..online.read_order import at_gaters_step, at_self_gater_step
from ..schema import NONE
from .event_index import CARRYING, EQUAL, FIRST_RUN, MIXED, RECEIVING, SELF
from .states import add_runs, commit_states
from .step import sources_at


@inline
def has_own_states(store, code):
    """Return whether the states of such neurons, between the first and the last steps
    of a call, are not their activations.
    """
    return code != activations.IDENTITY or store.ties.clamped != 0


@inline
def compute_states_by_events(store, tapes, events, start, stop, step):
    """Compute the states of a piece of a block from the sums of events, and from runs
    that are gathered.
    """
    j = start
    while j < stop:
        form = events.form[j - events.origin]
        end = min(events.form_stop[j - events.origin], part_stop(events, j), stop)
        if form & CARRYING:
            carry_states(store, tapes, events, j, end, step)
        else:
            add_events(store, tapes, events, j, end, step)
        if form & MIXED:
            gather_runs(store, tapes, events, j, end, step)
        j = end


@inline
def is_touched(events, j):
    """Return whether events may have been added to neurons in this neuron's part."""
    return events.touched[part_of(events, j)] | events.touched[events.parts.size] != 0


@inline
def has_events(events, j):
    """Return whether events may have been added to neurons of one form and part."""
    return events.form[j - events.origin] & RECEIVING != 0 and is_touched(events, j)


@inline
def add_events(store, tapes, events, start, stop, step):
    """s_j = b_j + the sum of events."""
    biases = aligned_at(events, 0, start)
    if has_events(events, start):
        for j in range(start, stop):
            state = events.aligned[biases + j] + events.sums[j - events.origin]
            tapes.new_state[step.offset + j] = state
    else:
        tapes.new_state[step.offset + start : step.offset + stop] = events.aligned[
            biases + start : biases + stop
        ]


@inline
def aligned_at(events, slot, j):
    """Return the offset from the rows of neurons in the part of neuron j to their
    numbers in a slot.
    """
    return events.block[slot * events.parts.size + part_of(events, j)] - events.origin


@inline
def carry_states(store, tapes, events, start, stop, step):
    """s_j = g_jj w_jj s_j(old) + b_j + the sum of events."""
    block = start, stop, step
    if step.whole_before or has_own_states(store, store.squash[start]):
        carry_from(store, tapes, events, tapes.state, *block)
    else:
        carry_from(store, tapes, events, tapes.activation, *block)


@inline
def carry_from(store, tapes, events, states, start, stop, step):
    """Carry states as `carry_states` does, from the column with the states of the step
    before.
    """
    receives = has_events(events, start)
    of = store, tapes, events, states, start, stop, step
    # one loop for each case, which has no branch
    if store.self_gater[start] != NONE:
        by_case(carry_by, receives, *of, True)
    else:
        by_case(carry_by, receives, *of, False)


@inline
def carry_by(store, tapes, events, states, start, stop, step, gated, receives):
    """Carry states for one of the cases of `carry_from`."""
    gains = 0
    if gated:
        gater = store.self_gater[start]
        gains = at_self_gater_step(store, start, step.now, step.before) + gater - start
    biases = aligned_at(events, 0, start)
    weights = aligned_at(events, SELF, start)
    for j in range(start, stop):
        carried = events.aligned[weights + j] * states[step.before + j]
        if gated:
            carried *= tapes.activation[gains + j]
        if receives:
            carried += events.sums[j - events.origin]
        tapes.new_state[step.offset + j] = events.aligned[biases + j] + carried


@inline
def is_one_to_one(store, r):
    """Return whether each neuron of several has one source in this run, and the next
    neuron has the next source. The same must hold for the gaters.
    """
    return store.run_length[r] == 1 and store.run_flags[r] & STEPPED != 0


@inline
def add_one_to_one(store, tapes, events, r, weights, start, stop, step):
    """Add the weighted inputs of neurons from a one-to-one run; ``events.aligned`` has
    their weights from `weights` on.
    """
    source = sources_at(store, tapes, r, step) + store.run_source[r] - start
    if store.run_kind[r] == SHARED:
        flags = store.run_flags[r]
        gater = at_gaters_step(flags, step.now, step.before) + store.run_gater[r]
        for j in range(start, stop):
            gained = tapes.activation[gater - start + j] * events.aligned[weights + j]
            brought = gained * tapes.activation[source + j]
            tapes.new_state[step.offset + j] += brought
    else:
        for j in range(start, stop):
            brought = tapes.activation[source + j] * events.aligned[weights + j]
            tapes.new_state[step.offset + j] += brought


@inline
def gather_runs(store, tapes, events, start, stop, step):
    """Add the weighted inputs of neurons from runs that are gathered."""
    j = start
    while j < stop:
        alike_stop = min(stop, store.alike_stop[j])
        runs = store.run_stop[j] - store.run_start[j]
        slot = FIRST_RUN
        for r in range(store.run_start[j], store.run_stop[j]):
            if events.skipped[r]:
                continue
            if is_one_to_one(store, r) and slot < slots_of(events):
                weights = aligned_at(events, slot, j)
                add_one_to_one(store, tapes, events, r, weights, j, alike_stop, step)
                slot += 1
            else:
                add_runs(store, tapes, r, r + 1, runs, j, alike_stop, step)
        j = alike_stop


@inline
def slots_of(events):
    """Return how many slots ``events.aligned`` has."""
    return events.block.size // events.parts.size


@inline
def keep_carried(tapes, events, start, stop, step):
    """Store the states that self-connections carry over to the next step."""
    j = start
    while j < stop:
        end = min(events.form_stop[j - events.origin], stop)
        if events.form[j - events.origin] & CARRYING:
            commit_states(tapes, j, end, step)
        j = end


@inline
def align_numbers(store, events, span):
    """Copy the biases and weights of neurons one after the other, so that those of
    neighbours are side by side.
    """
    n = events.sums.size
    for j in range(span.start, span.stop):
        i = j - events.origin
        events.aligned[i] = store.bias[j]
        if events.form[i] & CARRYING:
            events.aligned[SELF * n + i] = store.weight[store.self_row[j]]
        if events.form[i] & MIXED:
            slot = FIRST_RUN
            for r in range(store.run_start[j], store.run_stop[j]):
                is_aligned = is_one_to_one(store, r) and not events.skipped[r]
                if is_aligned and slot < slots_of(events):
                    events.aligned[slot * n + i] = store.weight[store.run_first[r]]
                    slot += 1
    equal = 0
    for slot in range(slots_of(events)):
        for part_index in range(events.parts.size):
            equal = find_equal(events, slot, part_index, equal)


@inline
def find_equal(events, slot, part_index, equal):
    """Use the place of a number for a slot of a part in which all numbers are equal to
    it. The first `equal` numbers have a place already. Returns how many have one
    afterwards.
    """
    n = events.sums.size
    shift = part_index << PART_BITS
    at = slot * events.parts.size + part_index
    begin, stop = slot * n + shift, slot * n + min(shift + PART, n)
    events.block[at] = slot * n
    number = events.aligned[begin]
    if added(events.aligned[q] != number for q in range(begin, stop)) > 0:
        return equal
    to = slots_of(events) * n
    for k in range(min(equal + 1, EQUAL)):
        if k == equal:
            events.aligned[to : to + PART] = number
        if events.aligned[to] == number:
            events.block[at] = to - shift
            return max(equal, k + 1)
        to += PART
    return equal

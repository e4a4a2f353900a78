"""List the packs of sources with a nonzero activation, for runs that many neurons read.

A pack contains as many neighbouring sources as fill a vector register. Because products
with 0 change neither sums nor weights, sums and updates that walk a list in the order
of the packs have the same bits as if they read all packs. A list belongs to one call,
and kernels only use lists that they have made themselves.

If too many packs are not 0, ``list_count`` is ``lowering.lists.TOO_MANY``, and all
packs are read. Unlike steps by events, this does not require an index by source,
because a run contains the places of its sources, and one pass over them finds the
present packs in the order of the sums.

When a batch ends, its sums are only read for sources that are marked in ``touched``,
because a step of the batch has added to the sums of their connections. For all other
sources, the sums are 0.
"""

from ..language import (
    SPAN,
    add_rows_products,
    added,
    for_each,
    in_order,
    inline,
    lanes_of,
    lazy_part,
    strict_fp,
    tile,
    totals,
    update_rows,
    width,
)
from ..language.packs import SHORT_PACK
from ..lowering.flags import FIXED
from ..lowering.lists import SHARE, TOO_MANY
from ..schema import NONE
from .read_order import sources_read

NEW = 2.0
"""Mark of a pack that steps of the present batch have touched. The mark 1 belongs to
the batch before, whose sums are still in place."""
GROUP = 8
"""Number of packs that are tested together, because most of them are 0."""


@inline
def is_listed(store, r):
    """Return whether the sources of a run that are not 0 are listed in this step."""
    number = store.run_list[r]
    return number != NONE and store.list_count[number] >= 0


@inline
def has_some(activations, start, n):
    """Return whether any of n activations is not 0."""
    return added(activations[i] != 0.0 for i in range(start, start + n)) != 0


@inline
def list_units(store, r, numbers, at, unit, lanes):
    """Write the list of `list_some`, and return its length or `TOO_MANY`."""
    source = at + store.run_source[r]
    entry = store.list_first[store.run_list[r]]
    n = store.run_length[r] - store.run_length[r] % unit
    count = 0
    for start in range(0, n, GROUP * unit):
        stop = min(start + GROUP * unit, n)
        if has_some(numbers, (source + start) * lanes, (stop - start) * lanes):
            for q in range(start, stop, unit):
                if has_some(numbers, (source + q) * lanes, unit * lanes):
                    if count == store.run_length[r] // (unit * SHARE):
                        return TOO_MANY
                    store.listed[entry + count] = q
                    count += 1
    return count


@inline
def list_some(store, r, numbers, at, unit, lanes):
    """List the sources of a run, and of all runs with the same range of sources, in
    groups of `unit` sources that contain a number other than 0. If there are too many,
    none is listed. Each source has `lanes` numbers, and the numbers of row 0 are `at`
    sources further.
    """
    # ``input_rows.listed`` counts the ranges with a list, of which this may be one
    store.input_rows.listed -= int(is_listed(store, r))
    number = store.run_list[r]
    store.list_count[number] = list_units(store, r, numbers, at, unit, lanes)
    store.input_rows.listed += int(is_listed(store, r))


@inline
def list_packs(store, r, activations, at):
    """List the packs of a run's sources that are not all 0. The activations of neurons
    are `at` places further.
    """
    list_some(store, r, activations, at, width(store.activation), 1)


@inline
def listed_range(store, r):
    """Return the start and stop of the list of a run's sources."""
    entry = store.list_first[store.run_list[r]]
    return entry, entry + store.list_count[store.run_list[r]]


@lazy_part(SPAN)
def list_again(store, span):
    """List the sources that the neurons of a network have read, for a propagation in a
    separate call.
    """
    for number in range(store.ties.lists):
        r = store.list_run[number]
        if span.start <= store.run_source[r] < span.stop:
            list_packs(store, r, sources_read(store, r), 0)


@lazy_part(SPAN)
def mark_touched(store, span):
    """Mark the packs of sources whose connections a step has updated in the sums of a
    batch, or will update in a gradient.
    """
    step = width(store.activation)
    for number in range(store.ties.lists):
        r = store.list_run[number]
        source = store.run_source[r]
        if span.start <= source < span.stop:
            if is_listed(store, r):
                entry, stop = listed_range(store, r)
                for k in range(entry, stop):
                    store.touched[source + store.listed[k]] = NEW
            else:
                for q in range(0, store.run_length[r], step):
                    store.touched[source + q] = NEW


@inline
def packs_of_float(store):
    """Return the number of sources in an entry of ``touched``, whose gradients are
    summed together.
    """
    return tile().packs * width(store.activation)


@lazy_part(SPAN)
def list_touched(store, span):
    """List the marked sources in groups of `packs_of_float`. If the last group is
    smaller, it is always listed.
    """
    step = packs_of_float(store)
    for number in range(store.ties.lists):
        r = store.list_run[number]
        if span.start <= store.run_source[r] < span.stop:
            list_some(store, r, store.touched, 0, step, 1)
            n = store.run_length[r]
            if is_listed(store, r) and n % step != 0:
                store.listed[listed_range(store, r)[1]] = n - n % step
                store.list_count[number] += 1


@strict_fp
def over_touched(store, span, each, total, *of):
    """Apply `each` to a total and to the rows of trainable weights from marked sources,
    or from all sources of runs without a list, and return the last result.
    """
    step = packs_of_float(store)
    for j in range(span.learning, span.stop):
        if store.self_row[j] != NONE:
            total = each(total, store.self_row[j], 1, *of)
        for r in range(store.run_start[j], store.run_stop[j]):
            row = store.run_first[r]
            n = store.run_length[r]
            if store.run_flags[r] & FIXED:
                continue
            if is_listed(store, r):
                entry, stop = listed_range(store, r)
                for k in range(entry, stop):
                    q = store.listed[k]
                    total = each(total, row + q, min(n - q, step), *of)
            else:
                total = each(total, row, n, *of)
    return total


@inline
def age_marks(store, span, fresh):
    """Convert the marks of a batch, whose sums are still in place, to marks of the
    previous batch. Unless the marks are `fresh`, earlier sums are in place, too.
    """
    if store.ties.lists != 0:
        for j in range(span.start, span.stop):
            kept = store.touched[j] == NEW or (not fresh and store.touched[j] != 0.0)
            store.touched[j] = 1.0 if kept else 0.0


@inline
def relist(store, span):
    """Call `list_again` if there are lists."""
    if store.ties.lists != 0:
        list_again(store, span)


@inline
def sums_of_each(rows, none):
    """Return the number of sums of packs like `none` that each of some rows with the
    same sources has. With two sums, few multiply-adds wait for the previous one. Four
    rows only need one sum each for that, and more sums than registers would be stored
    and loaded again.
    """
    return 2 if len(rows) == 1 or lanes_of(none) <= SHORT_PACK or tile().twice else 1


@in_order
def sum_listed(store, none, rows, r):
    """Return the sums of `states.sum_packs` over the listed packs of a run, in the
    same registers.
    """
    step = width(store.activation)
    source = store.run_source[r]
    n = store.run_length[r]
    of = store.weight, rows
    sums = for_each(rows, none)
    others = sums
    entry, stop = listed_range(store, r)
    for k in range(entry, stop):
        q = store.listed[k]
        at = source + q
        if sums_of_each(rows, none) == 2 and q & step:
            others = add_rows_products(others, store.activation, at, *of, q, step)
        else:
            sums = add_rows_products(sums, store.activation, at, *of, q, step)
    q = n - n % step
    if q < n:
        others = add_rows_products(others, store.activation, source + q, *of, q, n - q)
    return totals(sums, others)


@in_order
def update_listed(store, none, activations, r, step):
    """Add `step` times the listed activations to the weights of a run."""
    wide = width(store.activation)
    source = store.run_source[r]
    n = store.run_length[r]
    of = store.weight_destination, (store.run_first[r],)
    entry, stop = listed_range(store, r)
    for k in range(entry, stop):
        q = store.listed[k]
        update_rows(*of, q, (step,), activations, source + q, wide, (none,))
    q = n - n % wide
    if q < n:
        update_rows(*of, q, (step,), activations, source + q, n - q, (none,))

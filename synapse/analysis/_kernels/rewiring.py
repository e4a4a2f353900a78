"""Exchange the targets of edges while preserving the degrees of every node.

An edge is a row, and leads from the node ``source`` to the node ``target``. Rows with
the same source and delay form a *line*. They are neighbours, and ``first[line]`` is
their first. Only rows of one ``group``, such as one sign, exchange targets, which
preserves degrees within groups. Self-connections have the group -1, and are not
exchanged.

A move is proposed as often as its inverse. A move that would make a self-connection or
a repeated pair changes nothing but counts. Therefore, all wirings that can be reached
are equally probable in the end.
"""

from __future__ import annotations

from typing import NamedTuple

from ..._typing import Ints
from ...engine.language import inline, kernel, stream

NOWHERE = -1
"""The row of an edge that does not exist."""


class Edges(NamedTuple):
    """The rows, of which moves change the column ``target``."""

    target: Ints
    source: Ints
    group: Ints
    line: Ints
    first: Ints


@inline
def below(count, rng):
    """Return a random whole number from 0 to count - 1."""
    rng[0], number = stream(rng[0])
    return int(number * count)


@inline
def row_to(target, line, edges):
    """Return the row of a line that leads to a target, or NOWHERE."""
    for row in range(edges.first[line], edges.first[line + 1]):
        if edges.target[row] == target:
            return row
    return NOWHERE


@inline
def may_lead(row, target, edges):
    """Return whether an edge may get this target: one that its line has not got."""
    return (
        edges.source[row] != target
        and row_to(target, edges.line[row], edges) == NOWHERE
    )


@inline
def swap(e, f, edges):
    """Exchange the targets of two edges.

    If both new pairs exist already, in one other group, their edges exchange targets,
    too. This means that two pairs of nodes exchange the groups of their edges.
    """
    b = edges.target[e]
    d = edges.target[f]
    if edges.line[e] == edges.line[f] or b == d:
        return False
    if edges.source[e] == d or edges.source[f] == b:
        return False
    x = row_to(d, edges.line[e], edges)
    y = row_to(b, edges.line[f], edges)
    if (x == NOWHERE) != (y == NOWHERE):
        return False
    if x != NOWHERE:
        if edges.group[x] != edges.group[y] or edges.group[x] == edges.group[e]:
            return False
        edges.target[x] = b
        edges.target[y] = d
    edges.target[e] = d
    edges.target[f] = b
    return True


@inline
def rotate(e, f, g, edges):
    """Give each of three edges the target of the next. This reverses a cycle of three
    nodes, which exchanges of two edges cannot do.
    """
    b = edges.target[e]
    d = edges.target[f]
    h = edges.target[g]
    if b == d or d == h or h == b:
        return False
    line = edges.line
    if line[e] == line[f] or line[f] == line[g] or line[g] == line[e]:
        return False
    if not (may_lead(e, d, edges) and may_lead(f, h, edges) and may_lead(g, b, edges)):
        return False
    edges.target[e] = d
    edges.target[f] = h
    edges.target[g] = b
    return True


@kernel
def exchange(edges, members, bounds, tries, rng):
    """Make this many moves of two or of three edges, and return the number of possible
    ones.

    `members` lists the rows by group, where group k starts at ``bounds[k]``.
    """
    done = 0
    for _ in range(tries):
        e = members[below(members.shape[0], rng)]
        start = bounds[edges.group[e]]
        size = bounds[edges.group[e] + 1] - start
        f = members[start + below(size, rng)]
        if below(2, rng) == 0:
            done += swap(e, f, edges)
        else:
            g = members[start + below(size, rng)]
            done += rotate(e, f, g, edges)
    return done

"""Mutations of structure, of one child in its place: ``place`` is its row of ``at``.

The child is the last one written, so nodes and genes are added behind it. ``rng`` is
the state of the stream of random numbers. ``known`` and ``counters`` are the
innovations of the population.
"""

from __future__ import annotations

from ..compiler.jit import inline, noinline, stream
from .genes import GENE0, GENE1, INNOVATIONS, NEXT_NODE, NOBODY, NODE0, NODE1, STATE
from .phenotype import row_of

TRIES = 20
"""How many pairs of nodes are drawn for a new connection, as in the authors'
program."""
LAST_POSITION = 1.0 - 2.0**-50
"""Positions of hidden nodes are below those of outputs, also after fifty splits in a
row."""


@inline
def draw(rng):
    """A number from 0 to 1 (exclusive)."""
    rng[0], number = stream(rng[0])
    return number


@inline
def below(count, rng):
    """A whole number from 0 to count - 1."""
    return int(draw(rng) * count)


@noinline
def innovation_of(source, target, known, counters):
    """The innovation number of a connection: that of the pair of nodes, or a new
    one.
    """
    for number in range(counters[INNOVATIONS] - 1, -1, -1):
        if known[number].source == source and known[number].target == target:
            return number
    new = known[counters[INNOVATIONS]]
    new.source = source
    new.target = target
    new.split = NOBODY
    counters[INNOVATIONS] += 1
    return counters[INNOVATIONS] - 1


@noinline
def add_gene(source, target, gater, weight, sign, genes, place, known, counters):
    """Insert an enabled gene in the order of innovation numbers, unless the child has
    it.
    """
    number = innovation_of(source, target, known, counters)
    row = place[GENE1]
    while row > place[GENE0] and genes[row - 1].innovation > number:
        row -= 1
    if row > place[GENE0] and genes[row - 1].innovation == number:
        return False
    for c in range(place[GENE1], row, -1):
        genes[c] = genes[c - 1]
    gene = genes[row]
    gene.innovation = number
    gene.source = source
    gene.target = target
    gene.gater = gater
    gene.weight = weight
    gene.enabled = 1
    gene.sign = sign
    place[GENE1] += 1
    return True


@noinline
def add_node(inputs, outputs, squash, fresh, nodes, genes, place, known, counters, rng):
    """Split an enabled connection: weight 1 into the new node, the old weight, sign and
    gater out of it.

    Neither connections that carry a state nor those from the bias are split. The same
    connection has the same new node in all genomes of a generation, whose new nodes are
    numbered from `fresh`.
    """
    row = NOBODY
    seen = 0
    for c in range(place[GENE0], place[GENE1]):
        if (
            genes[c].enabled != 0
            and genes[c].source != STATE
            and genes[c].source != inputs
        ):
            seen += 1
            if draw(rng) * seen < 1.0:  # so all are equally likely
                row = c
    if row == NOBODY:
        return
    source = genes[row].source
    target = genes[row].target
    gater = genes[row].gater
    weight = genes[row].weight
    sign = genes[row].sign
    number = genes[row].innovation
    genes[row].enabled = 0
    if known[number].split < fresh:
        known[number].split = counters[NEXT_NODE]
        counters[NEXT_NODE] += 1
    n0 = place[NODE0]
    n1 = place[NODE1]
    ends = inputs + outputs
    new = known[number].split
    middle = 0.5 * nodes[n0 + row_of(nodes, n0, n1, ends, source)].position
    middle += 0.5 * nodes[n0 + row_of(nodes, n0, n1, ends, target)].position
    if middle >= 1.0:  # between two outputs
        middle = 0.5
    nodes[n1].id = new
    nodes[n1].position = min(middle, LAST_POSITION)
    nodes[n1].squash = squash
    place[NODE1] += 1
    add_gene(source, new, NOBODY, 1.0, 0, genes, place, known, counters)
    add_gene(new, target, gater, weight, sign, genes, place, known, counters)


@noinline
def add_connection(q, inputs, nodes, genes, place, known, counters, rng):
    """Connect two nodes: forward, or with the probability `recurrent` backward or a
    node to itself.

    Nodes activate in the order of their positions, and of their ids where these are
    equal. A backward connection carries the activation of the previous step.
    """
    backward = draw(rng) < q.recurrent
    count = place[NODE1] - place[NODE0]
    for _ in range(TRIES):
        one = nodes[place[NODE0] + below(count, rng)]
        two = nodes[place[NODE0] + inputs + 1 + below(count - inputs - 1, rng)]
        later = one.position > two.position or (
            one.position == two.position and one.id >= two.id
        )
        if later == backward:
            weight = q.weight_range * (2.0 * draw(rng) - 1.0)
            if add_gene(
                one.id, two.id, NOBODY, weight, 0, genes, place, known, counters
            ):
                return


@noinline
def change_gate(add, inputs, nodes, genes, place, rng):
    """Let a node gate a connection without a gater, neither being the bias, or remove a
    gate.
    """
    row = NOBODY
    seen = 0
    for c in range(place[GENE0], place[GENE1]):
        fits = not add or (genes[c].enabled != 0 and genes[c].source != inputs)
        if fits and (genes[c].gater == NOBODY) == add:
            seen += 1
            if draw(rng) * seen < 1.0:
                row = c
    if row != NOBODY:
        gater = below(place[NODE1] - place[NODE0] - 1, rng)
        gater += gater >= inputs
        genes[row].gater = nodes[place[NODE0] + gater].id if add else NOBODY


@noinline
def remove_genes(node, row, ends, nodes, genes, place):
    """Remove the gene in a row, or those of a node, and hidden nodes that have none
    then.
    """
    end = place[GENE0]
    for c in range(place[GENE0], place[GENE1]):
        if c != row and genes[c].source != node and genes[c].target != node:
            genes[end] = genes[c]
            end += 1
    place[GENE1] = end
    drop_loose(ends, nodes, genes, place)


@noinline
def drop_loose(ends, nodes, genes, place):
    """Remove hidden nodes without connections, and gates of missing nodes."""
    n0 = place[NODE0]
    n1 = place[NODE1]
    n = n0 + ends + 1
    for i in range(n, n1):
        for c in range(place[GENE0], place[GENE1]):
            if genes[c].source == nodes[i].id or genes[c].target == nodes[i].id:
                nodes[n] = nodes[i]
                n += 1
                break
    place[NODE1] = n
    for c in range(place[GENE0], place[GENE1]):
        if genes[c].gater > ends:
            row = n0 + row_of(nodes, n0, n, ends, genes[c].gater)
            if row == n or nodes[row].id != genes[c].gater:
                genes[c].gater = NOBODY


@noinline
def mutate(
    q, squashes, inputs, outputs, fresh, nodes, genes, place, known, counters, rng
):
    """Apply each mutation of structure with its own probability."""
    ends = inputs + outputs
    if draw(rng) < q.add_node:
        add_node(
            inputs,
            outputs,
            squashes[0],
            fresh,
            nodes,
            genes,
            place,
            known,
            counters,
            rng,
        )
    if draw(rng) < q.add_connection:
        add_connection(q, inputs, nodes, genes, place, known, counters, rng)
    if draw(rng) < q.add_self_connection:
        node = nodes[
            place[NODE0]
            + inputs
            + 1
            + below(place[NODE1] - place[NODE0] - inputs - 1, rng)
        ].id
        add_gene(STATE, node, NOBODY, 1.0, 0, genes, place, known, counters)
    if draw(rng) < q.add_gate:
        change_gate(True, inputs, nodes, genes, place, rng)
    if draw(rng) < q.remove_gate:
        change_gate(False, inputs, nodes, genes, place, rng)
    first = place[NODE0] + ends + 1
    hidden = place[NODE1] - place[NODE0] - ends - 1
    if hidden > 0 and draw(rng) < q.mutate_squash:
        nodes[first + below(hidden, rng)].squash = squashes[
            below(squashes.shape[0], rng)
        ]
    if place[GENE1] > place[GENE0] and draw(rng) < q.remove_connection:
        row = place[GENE0] + below(place[GENE1] - place[GENE0], rng)
        remove_genes(NOBODY, row, ends, nodes, genes, place)
        hidden = place[NODE1] - first
    if hidden > 0 and draw(rng) < q.remove_node:
        remove_genes(
            nodes[first + below(hidden, rng)].id, NOBODY, ends, nodes, genes, place
        )

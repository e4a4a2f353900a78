"""Mutate the structure of a child.

The child is the last genome written, which allows nodes and genes to be added behind
it. ``rng`` is the state of the stream of random numbers.
"""

from ...engine.language import inline, noinline, stream
from .genes import GENE0, GENE1, INNOVATIONS, NEXT_NODE, NOBODY, NODE0, NODE1, STATE
from .phenotype import row_of

TRIES = 20
"""How many pairs of nodes are drawn for a new connection, as in the authors'
program."""
WEIGHT_TOLERANCE = 1e-9
"""How far a weight may be from a fraction that it counts as."""
LAST_POSITION = 1.0 - 2.0**-50
"""Upper limit of hidden nodes' positions, which stay below those of outputs even after
fifty splits in a row."""


@inline
def draw(rng):
    """Return a number from 0 to 1 (exclusive)."""
    rng[0], number = stream(rng[0])
    return number


@inline
def below(count, rng):
    """Return a whole number from 0 to count - 1."""
    return int(draw(rng) * count)


@noinline
def innovation_of(source, target, innovations):
    """Return the innovation number of a connection, which is the existing number for
    the pair of nodes, or a new one.
    """
    pairs, counters = innovations
    for number in range(counters[INNOVATIONS] - 1, -1, -1):
        if pairs[number].source == source and pairs[number].target == target:
            return number
    new = pairs[counters[INNOVATIONS]]
    new.source = source
    new.target = target
    new.split = NOBODY
    counters[INNOVATIONS] += 1
    return counters[INNOVATIONS] - 1


@noinline
def add_gene(source, target, gater, weight, sign, late, child, innovations):
    """Insert an enabled gene in the order of innovation numbers, unless the child has
    it.
    """
    genes = child.genes
    place = child.place
    number = innovation_of(source, target, innovations)
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
    gene.late = late
    place[GENE1] += 1
    return True


@noinline
def drawn_gene(source, other, child, rng):
    """Draw an enabled gene that comes from neither of two sources, with equal
    probabilities, or return NOBODY if there is none.
    """
    _, genes, place = child
    row = NOBODY
    seen = 0
    for c in range(place[GENE0], place[GENE1]):
        fits = genes[c].source != source and genes[c].source != other
        if fits and genes[c].enabled != 0:
            seen += 1
            if draw(rng) * seen < 1.0:
                row = c
    return row


@noinline
def add_node(inputs, outputs, squash, fresh, child, innovations, rng):
    """Split an enabled connection by a new node. The connection into the node has
    weight 1, and is late if the old one was. The connection out of it has the old
    weight, sign and gater.

    Connections that carry a state or come from the bias are not split. Within a
    generation, the same connection is split by the same new node in all genomes. New
    nodes are numbered from `fresh`.
    """
    nodes, genes, place = child
    pairs, counters = innovations
    row = drawn_gene(STATE, inputs, child, rng)
    if row == NOBODY:
        return
    source = genes[row].source
    target = genes[row].target
    gater = genes[row].gater
    weight = genes[row].weight
    sign = genes[row].sign
    late = genes[row].late
    number = genes[row].innovation
    genes[row].enabled = 0
    if pairs[number].split < fresh:
        pairs[number].split = counters[NEXT_NODE]
        counters[NEXT_NODE] += 1
    n0 = place[NODE0]
    n1 = place[NODE1]
    ends = inputs + outputs
    new = pairs[number].split
    middle = 0.5 * nodes[n0 + row_of(nodes, n0, n1, ends, source)].position
    middle += 0.5 * nodes[n0 + row_of(nodes, n0, n1, ends, target)].position
    if middle >= 1.0:  # between two outputs
        middle = 0.5
    nodes[n1].id = new
    nodes[n1].position = min(middle, LAST_POSITION)
    nodes[n1].squash = squash
    place[NODE1] += 1
    add_gene(source, new, NOBODY, 1.0, 0, late, child, innovations)
    add_gene(new, target, gater, weight, sign, 0, child, innovations)


@noinline
def add_connection(q, inputs, child, innovations, rng):
    """Connect two nodes: forward, or with the probability `recurrent` backward or a
    node to itself.

    Nodes activate in the order of their positions, and of their ids where these are
    equal. A backward connection carries the activation of the previous step.
    """
    nodes, _, place = child
    backward = draw(rng) < q.recurrent
    count = place[NODE1] - place[NODE0]
    for _ in range(TRIES):
        source = nodes[place[NODE0] + below(count, rng)]
        # neither an input nor the bias, which come first
        target = nodes[place[NODE0] + inputs + 1 + below(count - inputs - 1, rng)]
        later = source.position > target.position or (
            source.position == target.position and source.id >= target.id
        )
        if later == backward:
            weight = new_weight(q, rng)
            ends = source.id, target.id
            if add_gene(ends[0], ends[1], NOBODY, weight, 0, 0, child, innovations):
                return


@inline
def new_weight(q, rng):
    """Return the weight of a new connection, which is any number, or a small
    fraction.
    """
    if q.fractions == 0.0:
        return q.weight_range * (2.0 * draw(rng) - 1.0)
    return small_fraction(q.fractions, rng)


@noinline
def small_fraction(maximum, rng):
    """Return a fraction with a numerator and a denominator up to `maximum`, each one
    half as probable as the one before.
    """
    sign = 1.0 if draw(rng) < 0.5 else -1.0
    over = 1
    while over < maximum and draw(rng) < 0.5:
        over += 1
    under = 1
    while under < maximum and draw(rng) < 0.5:
        under += 1
    return sign * over / under


@noinline
def as_fraction(weight, maximum):
    """Return a weight's numerator and denominator, with the smallest possible
    denominator, or a denominator of 0 if the weight is not a fraction up to `maximum`.
    """
    for under in range(1, int(maximum) + 1):
        over = round(weight * under)
        if abs(weight * under - over) < WEIGHT_TOLERANCE * under:
            return int(over), under
    return 0, 0


@noinline
def move_fraction(weight, maximum, rng):
    """Return a fraction next to a weight: the numerator or the denominator is one more
    or less, or the sign is the other.
    """
    over, under = as_fraction(weight, maximum)
    if under == 0:
        return small_fraction(maximum, rng)
    choice = below(5, rng)
    if choice == 0:
        return -weight
    change = 1 if choice & 1 else -1
    if choice <= 2:
        over += change
        # 0 is passed over: such a connection would be none.
        over += change if over == 0 else 0
    else:
        under += change
    fits = 0 < under <= maximum and abs(over) <= maximum
    return over / under if fits else weight


@noinline
def delay_connection(inputs, child, rng):
    """Delay a connection by one step, or remove its delay."""
    row = drawn_gene(STATE, inputs, child, rng)
    if row != NOBODY:
        child.genes[row].late = 1 - child.genes[row].late


@noinline
def change_gate(add, inputs, child, rng):
    """Gate a connection without a gater by a node, neither being the bias, or remove a
    gate.
    """
    nodes, genes, place = child
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
def remove_genes(node, row, ends, child):
    """Remove the gene in a row, or the genes of a node, and hidden nodes that are left
    without genes.
    """
    _, genes, place = child
    end = place[GENE0]
    for c in range(place[GENE0], place[GENE1]):
        if c != row and genes[c].source != node and genes[c].target != node:
            genes[end] = genes[c]
            end += 1
    place[GENE1] = end
    drop_loose(ends, child)


@noinline
def drop_loose(ends, child):
    """Remove hidden nodes without connections, and gates of missing nodes."""
    nodes, genes, place = child
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
def mutate(rates, squashes, inputs, outputs, fresh, child, innovations, rng):
    """Apply each mutation of structure with its own probability.

    Seeded results depend on the order of the draws.
    """
    ends = inputs + outputs
    if draw(rng) < rates.add_node:
        add_node(inputs, outputs, squashes[0], fresh, child, innovations, rng)
    if draw(rng) < rates.add_connection:
        add_connection(rates, inputs, child, innovations, rng)
    if draw(rng) < rates.add_self_connection:
        target = drawn_of(inputs + 1, child, rng)
        add_gene(STATE, target.id, NOBODY, 1.0, 0, 0, child, innovations)
    if draw(rng) < rates.add_gate:
        change_gate(True, inputs, child, rng)
    if draw(rng) < rates.remove_gate:
        change_gate(False, inputs, child, rng)
    # None is drawn unless it is asked for, so that other evolutions stay as they were.
    if rates.delay_connection > 0.0 and draw(rng) < rates.delay_connection:
        delay_connection(inputs, child, rng)
    if has_hidden(ends, child) and draw(rng) < rates.mutate_squash:
        squash = squashes[below(squashes.shape[0], rng)]
        drawn_of(ends + 1, child, rng).squash = squash
    first_gene, genes_stop = child.place[GENE0], child.place[GENE1]
    if genes_stop > first_gene and draw(rng) < rates.remove_connection:
        row = first_gene + below(genes_stop - first_gene, rng)
        remove_genes(NOBODY, row, ends, child)
    if has_hidden(ends, child) and draw(rng) < rates.remove_node:
        remove_genes(drawn_of(ends + 1, child, rng).id, NOBODY, ends, child)


@inline
def has_hidden(ends, child):
    """Return whether a child has nodes besides its bias, inputs and outputs."""
    return child.place[NODE1] - child.place[NODE0] > ends + 1


@inline
def drawn_of(first, child, rng):
    """Draw one of the child's nodes from number `first` on."""
    row = child.place[NODE0] + first
    return child.nodes[row + below(child.place[NODE1] - row, rng)]

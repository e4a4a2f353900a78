"""Reproduce genomes and divide them into species, in compiled loops. See sections 3 and
4.1 of the paper.

The paper is K. O. Stanley and R. Miikkulainen, Evolving neural networks through
augmenting topologies, Evolutionary Computation 10 (2002) 99-127.
"""

from ...engine.language import inline, kernel, noinline
from .genes import (
    FEW_GENES,
    GENE0,
    GENE1,
    NEXT_NODE,
    NOBODY,
    NODE0,
    NODE1,
    STATE,
    Child,
)
from .mutation import (
    below,
    draw,
    drawn_gene,
    drop_loose,
    move_fraction,
    mutate,
    small_fraction,
)


@inline
def parent(survival, species, selection, rng):
    """Return one of the fittest genomes of a species."""
    size = selection.sizes[species]
    fittest = min(size, int(survival * size) + 1)
    return selection.order[selection.first[species] + below(fittest, rng)]


@kernel
def reproduce(
    settings,
    squashes,
    inputs,
    outputs,
    selection,
    old,
    innovations,
    rng,
    new,
    representatives,
):
    """Make the `new` generation of the `old` one, and draw the representatives of the
    species.

    Seeded results depend on the order of the draws.
    """
    quota, order, firsts, sizes, fitness = selection
    nodes, genes, at = old
    new_nodes, new_genes, new_at = new
    q = settings[0]
    all_species = quota.shape[0]
    born = 0
    n = 0
    c = 0
    fresh = innovations.counters[NEXT_NODE]
    for species in range(all_species):
        drawn = firsts[species] + below(sizes[species], rng)
        representatives[species] = order[drawn]
        for i in range(quota[species]):
            place = new_at[born]
            child = Child(new_nodes, new_genes, place)
            champion = i == 0 and sizes[species] > q.champion_size
            fitter = order[firsts[species]]
            other = NOBODY
            if not champion:
                fitter = parent(q.survival, species, selection, rng)
                if draw(rng) >= q.mutation_only:
                    mate = species
                    if all_species > 1 and draw(rng) < q.interspecies:
                        step = 1 + below(all_species - 1, rng)
                        mate = (species + step) % all_species
                    other = parent(q.survival, mate, selection, rng)
                    if fitness[other] > fitness[fitter]:
                        fitter, other = other, fitter
            place[NODE0] = n
            place[GENE0] = c
            if other == NOBODY:
                for k in range(at[fitter, NODE0], at[fitter, NODE1]):
                    new_nodes[n] = nodes[k]
                    n += 1
                for k in range(at[fitter, GENE0], at[fitter, GENE1]):
                    new_genes[c] = genes[k]
                    c += 1
            else:
                equal = fitness[fitter] == fitness[other]
                at1 = at[fitter]
                at2 = at[other]
                disabled = q.inherit_disabled
                n = cross_nodes(nodes, at1, at2, equal, new_nodes, n, rng)
                c = cross_genes(disabled, genes, at1, at2, equal, new_genes, c, rng)
            place[NODE1] = n
            place[GENE1] = c
            if other != NOBODY:
                drop_loose(inputs + outputs, child)
            if not champion:
                if draw(rng) < q.mutate_weights:
                    mutate_weights(q, child, rng)
                mutate(q, squashes, inputs, outputs, fresh, child, innovations, rng)
            n = place[NODE1]
            c = place[GENE1]
            born += 1


@noinline
def mutate_weights(q, child, rng):
    """Perturb or replace every weight, except those of connections that carry a state.
    If weights are fractions, change only one.
    """
    _, genes, place = child
    if q.fractions > 0.0:
        change_fraction(q, child, rng)
        return
    for c in range(place[GENE0], place[GENE1]):
        gene = genes[c]
        perturbed = draw(rng) < q.perturb
        width = q.weight_step if perturbed else q.weight_range
        # drawn in any case, so that the stream does not depend on the kind of gene
        moved = (2.0 * draw(rng) - 1.0) * width
        if gene.source != STATE:
            if not perturbed:
                gene.weight = moved if gene.sign == 0 else gene.sign * abs(moved)
            else:
                gene.weight += moved
            if gene.weight * gene.sign < 0.0:
                gene.weight = 0.0


@noinline
def change_fraction(q, child, rng):
    """Move one weight to a fraction next to it, or replace it by a new one."""
    row = drawn_gene(STATE, STATE, child, rng)
    if row == NOBODY:
        return
    gene = child.genes[row]
    if draw(rng) < q.perturb:
        weight = move_fraction(gene.weight, q.fractions, rng)
    else:
        weight = small_fraction(q.fractions, rng)
    gene.weight = weight if gene.sign == 0 else gene.sign * abs(weight)


@noinline
def cross_nodes(nodes, fitter, other, equal, new_nodes, n, rng):
    """Write the nodes of the fitter parent, or of both, with squashes of common nodes
    from either parent. Return the end of the nodes.
    """
    i = fitter[NODE0]
    i1 = fitter[NODE1]
    j = other[NODE0]
    j1 = other[NODE1]
    while i < i1 or (equal and j < j1):
        from_one = j >= j1 or (i < i1 and nodes[i].id <= nodes[j].id)
        both = from_one and j < j1 and nodes[i].id == nodes[j].id
        if from_one or equal:
            new_nodes[n] = nodes[i] if from_one else nodes[j]
            if both and draw(rng) < 0.5:
                new_nodes[n].squash = nodes[j].squash
            n += 1
        i, j = i + from_one, j + (both or not from_one)
    return n


@noinline
def cross_genes(inherit_disabled, genes, fitter, other, equal, new_genes, c, rng):
    """Write matching genes from either parent, and other genes from the fitter one.
    Return the end of the genes.

    If both parents are equally fit, each of the other genes is inherited with
    probability 1/2. A gene that is disabled in either parent is disabled with
    probability `inherit_disabled`, and enabled otherwise.
    """
    i = fitter[GENE0]
    i1 = fitter[GENE1]
    j = other[GENE0]
    j1 = other[GENE1]
    while i < i1 or (equal and j < j1):
        from_one = j >= j1 or (i < i1 and genes[i].innovation <= genes[j].innovation)
        both = from_one and j < j1 and genes[i].innovation == genes[j].innovation
        if both or (draw(rng) < 0.5 if equal else from_one):
            taken = j if not from_one or (both and draw(rng) < 0.5) else i
            new_genes[c] = genes[taken]
            if genes[taken].enabled == 0 or (
                both and genes[i + j - taken].enabled == 0
            ):
                new_genes[c].enabled = 0 if draw(rng) < inherit_disabled else 1
            c += 1
        i, j = i + from_one, j + (both or not from_one)
    return c


@noinline
def distance(q, genes, i, i1, others, j, j1):
    """delta = c1 E / N + c2 D / N + c3 W: excess and disjoint genes, mean difference of
    matching weights.
    """
    size = i1 - i
    other_size = j1 - j
    disjoint = 0
    matching = 0
    difference = 0.0
    count = max(size, other_size) if max(size, other_size) >= FEW_GENES else 1
    if (
        q.excess == q.disjoint
        and q.disjoint * abs(size - other_size) >= q.threshold * count
    ):
        return q.threshold  # at least; whoever asks compares it with the threshold
    while i < i1 and j < j1:
        if genes[i].innovation == others[j].innovation:
            matching += 1
            difference += abs(genes[i].weight - others[j].weight)
            i, j = i + 1, j + 1
        elif genes[i].innovation < others[j].innovation:
            disjoint, i = disjoint + 1, i + 1
        else:
            disjoint, j = disjoint + 1, j + 1
    unlike = (q.excess * (i1 - i + j1 - j) + q.disjoint * disjoint) / count
    return unlike + (
        q.weight_difference * difference / matching if matching > 0 else 0.0
    )


@kernel
def speciate(settings, genes, at, old_genes, old_at, representatives, kinds, member_of):
    """Put every genome into the first species whose representative is closer than
    `threshold`.

    `representatives` contains places of genomes by species. The first `kinds` belong to
    the previous generation, and those of new species are added. Returns the number of
    species.
    """
    q = settings[0]
    count = kinds
    for g in range(at.shape[0]):
        member_of[g] = count
        for s in range(count):
            r = representatives[s]
            start = at[g, GENE0]
            stop = at[g, GENE1]
            if s < kinds:
                apart = distance(
                    q, genes, start, stop, old_genes, old_at[r, GENE0], old_at[r, GENE1]
                )
            else:
                apart = distance(
                    q, genes, start, stop, genes, at[r, GENE0], at[r, GENE1]
                )
            if apart < q.threshold:
                member_of[g] = s
                break
        if member_of[g] == count:
            representatives[count] = g
            count += 1
    return count

"""Reproduction and species, in compiled loops over genomes. Sections 3 and 4.1 of the
paper.

The paper is K. O. Stanley and R. Miikkulainen, Evolving neural networks through
augmenting topologies, Evolutionary Computation 10 (2002) 99-127.
"""

from __future__ import annotations

from ..compiler.jit import inline, kernel, noinline
from .genes import FEW_GENES, GENE0, GENE1, NEXT_NODE, NOBODY, NODE0, NODE1, STATE
from .mutation import below, draw, drop_loose, mutate


@inline
def parent(survival, kind, order, first, sizes, rng):
    """One of the fittest genomes of a species."""
    return order[
        first[kind] + below(min(sizes[kind], int(survival * sizes[kind]) + 1), rng)
    ]


@kernel
def reproduce(
    settings, squashes, inputs, outputs, quota, order, first, sizes, fitness, nodes, genes, at, known,
    counters, rng, new_nodes, new_genes, new_at, representatives,
):  # fmt: skip
    """Make the next generation, and draw the representatives of the species.

    quota : number of children by species; order : genomes by species, the fittest first; first, sizes : where
    those of each species begin, and how many there are. The last four are written.
    """
    q = settings[0]
    kinds = quota.shape[0]
    child = 0
    n = 0
    c = 0
    fresh = counters[NEXT_NODE]
    for kind in range(kinds):
        representatives[kind] = order[first[kind] + below(sizes[kind], rng)]
        for i in range(quota[kind]):
            place = new_at[child]
            champion = i == 0 and sizes[kind] > q.champion_size
            one = order[first[kind]]
            two = NOBODY
            if not champion:
                one = parent(q.survival, kind, order, first, sizes, rng)
                if draw(rng) >= q.mutation_only:
                    mate = kind
                    if kinds > 1 and draw(rng) < q.interspecies:
                        mate = (kind + 1 + below(kinds - 1, rng)) % kinds
                    two = parent(q.survival, mate, order, first, sizes, rng)
                    if fitness[two] > fitness[one]:
                        one, two = two, one
            place[NODE0] = n
            place[GENE0] = c
            if two == NOBODY:
                for k in range(at[one, NODE0], at[one, NODE1]):
                    new_nodes[n] = nodes[k]
                    n += 1
                for k in range(at[one, GENE0], at[one, GENE1]):
                    new_genes[c] = genes[k]
                    c += 1
            else:
                equal = fitness[one] == fitness[two]
                n = cross_nodes(nodes, at[one], at[two], equal, new_nodes, n, rng)
                c = cross_genes(
                    q.inherit_disabled,
                    genes,
                    at[one],
                    at[two],
                    equal,
                    new_genes,
                    c,
                    rng,
                )
            place[NODE1] = n
            place[GENE1] = c
            if two != NOBODY:
                drop_loose(inputs + outputs, new_nodes, new_genes, place)
            if not champion:
                if draw(rng) < q.mutate_weights:
                    mutate_weights(q, new_genes, place, rng)
                mutate(
                    q, squashes, inputs, outputs, fresh, new_nodes, new_genes, place, known, counters,
                    rng,
                )  # fmt: skip
            n = place[NODE1]
            c = place[GENE1]
            child += 1


@noinline
def mutate_weights(q, genes, place, rng):
    """Perturb or replace every weight, except those of connections that carry a
    state.
    """
    for c in range(place[GENE0], place[GENE1]):
        gene = genes[c]
        perturbed = draw(rng) < q.perturb
        moved = (2.0 * draw(rng) - 1.0) * (
            q.weight_step if perturbed else q.weight_range
        )
        if gene.source != STATE:
            if not perturbed:
                gene.weight = moved if gene.sign == 0 else gene.sign * abs(moved)
            else:
                gene.weight += moved
            if gene.weight * gene.sign < 0.0:
                gene.weight = 0.0


@noinline
def cross_nodes(nodes, fitter, other, equal, new_nodes, n, rng):
    """Nodes of the fitter parent, or of both; squashes of common ones from either.
    Returns their end.
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
    """Matching genes from either parent, the others from the fitter one. Returns their
    end.

    Of equally fit parents, each of the other genes is inherited with probability 1/2. A
    gene that is disabled in either parent is disabled with probability
    `inherit_disabled`, and enabled otherwise.
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
    own = i1 - i
    other = j1 - j
    disjoint = 0
    matching = 0
    difference = 0.0
    count = max(own, other) if max(own, other) >= FEW_GENES else 1
    if q.excess == q.disjoint and q.disjoint * abs(own - other) >= q.threshold * count:
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

    representatives : places of genomes by species; the first `kinds` are of the previous generation, those of
    new species are added. Returns the number of species.
    """
    q = settings[0]
    count = kinds
    for g in range(at.shape[0]):
        member_of[g] = count
        for s in range(count):
            r = representatives[s]
            first = at[g, GENE0]
            stop = at[g, GENE1]
            if s < kinds:
                apart = distance(
                    q, genes, first, stop, old_genes, old_at[r, GENE0], old_at[r, GENE1]
                )
            else:
                apart = distance(
                    q, genes, first, stop, genes, at[r, GENE0], at[r, GENE1]
                )
            if apart < q.threshold:
                member_of[g] = s
                break
        if member_of[g] == count:
            representatives[count] = g
            count += 1
    return count

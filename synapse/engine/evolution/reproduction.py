"""The inner loops of reproduction: inheritance and species. Sections 3 and 4.1 of the paper.

The paper is K. O. Stanley and R. Miikkulainen, Evolving neural networks through augmenting topologies,
Evolutionary Computation 10 (2002) 99-127. Selection and mutations of structure, which concern few numbers,
are in ``synapse.evolve``.
"""

from __future__ import annotations

from ..compiler.jit import inline, kernel, noinline, stream
from .genes import (
    CHAMPION,
    EQUAL,
    FEW_GENES,
    GENE0,
    GENE1,
    MORE_GENES,
    MORE_NODES,
    NOBODY,
    NODE0,
    NODE1,
    ONE,
    TWO,
)
from .phenotype import row_of


@inline
def draw(rng):
    """A number from 0 to 1 (exclusive). writes: rng"""
    rng[0], number = stream(rng[0])
    return number


@kernel
def inherit(settings, ends, plan, nodes, genes, at, rng, new_nodes, new_genes, new_at):
    """Make the children of a plan, with mutated weights; mutations of structure come later.

    ends : number of inputs and outputs, which is the id of the last output. new_at : written, with room for
    mutations behind every child.
    """
    q, n, c = settings[0], 0, 0
    for child in range(plan.shape[0]):
        one, two = plan[child, ONE], plan[child, TWO]
        new_at[child, NODE0], new_at[child, GENE0] = n, c
        if two == NOBODY:
            for i in range(at[one, NODE0], at[one, NODE1]):
                new_nodes[n] = nodes[i]
                n += 1
            for i in range(at[one, GENE0], at[one, GENE1]):
                new_genes[c] = genes[i]
                c += 1
        else:
            equal = plan[child, EQUAL] != 0
            n = cross_nodes(nodes, at[one], at[two], equal, new_nodes, n, rng)
            c = cross_genes(q.inherit_disabled, genes, at[one], at[two], equal, new_genes, c, rng)
            n = drop_loose(ends, new_nodes, new_at[child, NODE0], n, new_genes, new_at[child, GENE0], c)
        new_at[child, NODE1], new_at[child, GENE1] = n, c
        if plan[child, CHAMPION] == 0 and draw(rng) < q.mutate_weights:
            for i in range(new_at[child, GENE0], c):
                gene = new_genes[i]
                perturbed = draw(rng) < q.perturb
                moved = (2.0 * draw(rng) - 1.0) * (q.weight_step if perturbed else q.weight_range)
                if gene.source != gene.target:  # self-connections have constant weights
                    gene.weight = gene.weight + moved if perturbed else moved
        n += MORE_NODES
        c += MORE_GENES


@noinline
def cross_nodes(nodes, fitter, other, equal, new_nodes, n, rng):
    """Nodes of the fitter parent, or of both; squashes of common ones from either. Returns their end."""
    i, i1, j, j1 = fitter[NODE0], fitter[NODE1], other[NODE0], other[NODE1]
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
    """Matching genes from either parent, the others from the fitter one. Returns their end.

    Of equally fit parents, each of the other genes is inherited with probability 1/2. A gene that is disabled
    in either parent is disabled with probability `inherit_disabled`, and enabled otherwise.
    """
    i, i1, j, j1 = fitter[GENE0], fitter[GENE1], other[GENE0], other[GENE1]
    while i < i1 or (equal and j < j1):
        from_one = j >= j1 or (i < i1 and genes[i].innovation <= genes[j].innovation)
        both = from_one and j < j1 and genes[i].innovation == genes[j].innovation
        if both or (draw(rng) < 0.5 if equal else from_one):
            taken = j if not from_one or (both and draw(rng) < 0.5) else i
            new_genes[c] = genes[taken]
            if genes[taken].enabled == 0 or (both and genes[i + j - taken].enabled == 0):
                new_genes[c].enabled = 0 if draw(rng) < inherit_disabled else 1
            c += 1
        i, j = i + from_one, j + (both or not from_one)
    return c


@noinline
def drop_loose(ends, nodes, n0, n1, genes, c0, c1):
    """Remove hidden nodes without connections, and gates of missing nodes. Returns the end of the nodes."""
    n = n0 + ends + 1
    for i in range(n, n1):
        for c in range(c0, c1):
            if genes[c].source == nodes[i].id or genes[c].target == nodes[i].id:
                nodes[n] = nodes[i]
                n += 1
                break
    for c in range(c0, c1):
        if genes[c].gater > ends:
            row = n0 + row_of(nodes, n0, n, ends, genes[c].gater)
            if row == n or nodes[row].id != genes[c].gater:
                genes[c].gater = NOBODY
    return n


@noinline
def distance(q, genes, i, i1, others, j, j1):
    """delta = c1 E / N + c2 D / N + c3 W: excess and disjoint genes, mean difference of matching weights."""
    own, other, disjoint, matching, difference = i1 - i, j1 - j, 0, 0, 0.0
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
    return unlike + (q.weight_difference * difference / matching if matching > 0 else 0.0)


@kernel
def speciate(settings, genes, at, old_genes, old_at, representatives, kinds, member_of):
    """Put every genome into the first species whose representative is closer than `threshold`.

    representatives : places of genomes by species; the first `kinds` are of the previous generation, those of
    new species are added. Returns the number of species.
    """
    q, count = settings[0], kinds
    for g in range(at.shape[0]):
        member_of[g] = count
        for s in range(count):
            r = representatives[s]
            if s < kinds:
                apart = distance(
                    q, genes, at[g, GENE0], at[g, GENE1], old_genes, old_at[r, GENE0], old_at[r, GENE1]
                )
            else:
                apart = distance(q, genes, at[g, GENE0], at[g, GENE1], genes, at[r, GENE0], at[r, GENE1])
            if apart < q.threshold:
                member_of[g] = s
                break
        if member_of[g] == count:
            representatives[count] = g
            count += 1
    return count

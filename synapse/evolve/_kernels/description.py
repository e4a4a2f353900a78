"""How many bits describe a genome, and a text by its outputs.

The measure comes from N. Lan, M. Geyer, E. Chemla and R. Katzir, Minimum description
length recurrent neural networks, Transactions of the Association for Computational
Linguistics 10 (2022) 785-799.
"""

import math

from ...engine.language import added, inline, kernel, noinline
from .genes import GENE0, GENE1, NODE0, NODE1, STATE
from .mutation import as_fraction
from .phenotype import advance, clear, row_of

MIN_SHARE = 1e-10
"""Probability of a symbol that a genome considers impossible, which costs 33 bits."""
NO_FRACTION = 1000
"""Bits of a weight that is not a fraction, which are more than any weight is worth."""


@inline
def bits_of(number):
    """Return the bits of a whole number from 0 on, which are those of number + 1 in
    binary, and as many for their count.
    """
    return 2.0 * math.ceil(math.log2(number + 1.0)) + 1.0


@noinline
def bits_of_weight(weight, maximum):
    """Return the bits of a weight, for its sign, and the numerator and denominator of a
    fraction.
    """
    over, under = as_fraction(weight, maximum)
    if under == 0:
        return float(NO_FRACTION)
    return 1.0 + bits_of(abs(over)) + bits_of(under)


@noinline
def bits_of_genome(genomes, g, inputs, outputs, squash_bits, maximum):
    """Return the bits of a genome. They encode the number of hidden nodes, for each
    node its squash and the number of its outgoing connections, and for each connection
    its target, its gater, its weight and whether it is late.
    """
    nodes, genes, at = genomes
    n0 = at[g, NODE0]
    n1 = at[g, NODE1]
    ends = inputs + outputs
    hidden = n1 - n0 - ends - 1
    bits = bits_of(hidden) + hidden * squash_bits
    for i in range(n0, n1):
        sent = added(
            genes[c].enabled != 0 and genes[c].source == nodes[i].id
            for c in range(at[g, GENE0], at[g, GENE1])
        )
        bits += bits_of(sent)
    # Whether a node carries its state over.
    bits += hidden + outputs
    for c in range(at[g, GENE0], at[g, GENE1]):
        gene = genes[c]
        if gene.enabled == 0:
            continue
        gater = 0
        if gene.gater >= 0:
            gater = 1 + row_of(nodes, n0, n1, ends, gene.gater)
        bits += bits_of(gater)
        if gene.source == STATE:
            continue
        target = row_of(nodes, n0, n1, ends, gene.target) - inputs - 1
        bits += bits_of(target) + bits_of_weight(gene.weight, maximum)
        # The bias is the same in every step.
        bits += gene.source != inputs
    return bits


@inline
def share_of(value, start, stop, symbol):
    """Return the fraction of a symbol among outputs, of which negative ones count as 0.
    A single output is the probability of symbol 1.
    """
    if stop == start + 1:
        one = min(max(value[start], 0.0), 1.0)
        return one if symbol == 1 else 1.0 - one
    total = added((max(value[o], 0.0) for o in range(start, stop)), 0.0)
    if not 0.0 < total < math.inf:
        return 1.0 / (stop - start)
    return max(value[start + symbol], 0.0) / total


@noinline
def bits_of_text(phenotypes, g, outputs, rows, symbols, starts, counts):
    """Return the bits of all symbols by the outputs of a genome, which are -log2 of
    their probabilities.
    """
    bits = 0.0
    for t in range(rows.shape[0]):
        if starts[t]:
            clear(phenotypes)
        last = advance(phenotypes, g, rows[t])
        share = share_of(phenotypes.value, last - outputs, last, symbols[t])
        bits -= counts[t] * math.log2(max(share, MIN_SHARE))
    return bits


@kernel
def describe(
    genomes, phenotypes, inputs, outputs, text, squash_bits, maximum, of_genome, of_text
):
    """Compute the bits of all genomes, and of a text by each.

    `text` contains its rows, the symbol after each, where sequences start, and how
    often each occurs. `maximum` is the largest numerator and denominator. The results
    are written to `of_genome` and `of_text`.
    """
    rows, symbols, starts, counts = text
    for g in range(genomes.at.shape[0]):
        of_genome[g] = bits_of_genome(genomes, g, inputs, outputs, squash_bits, maximum)
        of_text[g] = bits_of_text(phenotypes, g, outputs, rows, symbols, starts, counts)

"""Minimum description length: the bits are those that a program counts by hand."""

import math

import numpy as np
import pytest

from synapse import evolve
from synapse.errors import SynapseError
from synapse.evolve.fitness import description_length

SQUASHES = ("relu", "identity", "step", "tanh")
SETTINGS = evolve.Settings(
    fractions=9,
    squashes=SQUASHES,
    add_node=0.3,
    add_connection=0.6,
    recurrent=0.3,
    delay_connection=0.2,
    add_self_connection=0.1,
    add_gate=0.2,
    mutate_squash=0.2,
    remove_connection=0.1,
)
STATE = -2


def whole(number):
    """Bits of a whole number."""
    return 2 * math.ceil(math.log2(number + 1)) + 1


def weight_bits(weight):
    for under in range(1, 1001):
        over = weight * under
        if abs(over - round(over)) < 1e-9 * under:
            return 1 + whole(abs(round(over))) + whole(under)
    return 1000


def genome_bits(genome):
    """The description, item by item."""
    ids = genome.nodes["id"].tolist()
    genes = [gene for gene in genome.genes if gene["enabled"]]
    bits = whole(genome.hidden) + 2 * genome.hidden
    bits += sum(whole(sum(g["source"] == number for g in genes)) for number in ids)
    bits += genome.hidden + genome.outputs
    for gene in genes:
        bits += whole(0 if gene["gater"] < 0 else 1 + ids.index(gene["gater"]))
        if gene["source"] == STATE:
            continue
        bits += whole(ids.index(gene["target"]) - genome.inputs - 1)
        bits += weight_bits(gene["weight"])
        bits += gene["source"] != genome.inputs
    return bits


def text_bits(genome, rows, symbols):
    """-log2 of the share of each symbol, by the network of the genome."""
    outputs = genome.network().run(rows)
    if genome.outputs == 1:
        one = np.clip(outputs, 0.0, 1.0)
        shares = np.hstack([1.0 - one, one])
    else:
        shares = np.maximum(outputs, 0.0)
        shares[shares.sum(axis=1) == 0.0] = 1.0
        shares /= shares.sum(axis=1, keepdims=True)
    return -np.log2(np.maximum(shares[np.arange(len(rows)), symbols], 1e-10)).sum()


@pytest.mark.full
@pytest.mark.parametrize("outputs", [1, 3])
def test_bits_are_those_counted_by_hand(outputs):
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(steps, 3)) for steps in (4, 1, 7)]
    symbols = [rng.integers(0, max(outputs, 2), len(rows)) for rows in sequences]
    counts = [1.0, 5.0, 2.0]
    fitness = description_length(sequences, symbols, outputs, counts=counts, squashes=4)
    seen = []
    evolve.neat(
        lambda genome: seen.append(genome) or rng.random(),
        inputs=3,
        outputs=outputs,
        settings=SETTINGS,
        population=20,
        max_evaluations=400,
        seed=2,
    )
    gated = late = carried = 0
    for genome in seen[200::7]:
        of_genome, of_text = fitness.bits(genome)
        assert of_genome == genome_bits(genome)
        texts = [text_bits(genome, *each) for each in zip(sequences, symbols)]
        assert of_text == pytest.approx(np.dot(counts, texts), rel=1e-9)
        gated += (genome.genes["gater"] >= 0).any()
        late += genome.genes["late"].any()
        carried += (genome.genes["source"] == STATE).any()
    assert min(gated, late, carried) > 3


def test_a_rule_is_found_and_is_shorter_than_the_data():
    """Each symbol is the bit before the latest one."""
    bits = np.random.default_rng(3).integers(0, 2, 60)
    settings = evolve.Settings(
        fractions=9,
        squashes=["relu"],
        add_connection=0.3,
        delay_connection=0.1,
        remove_connection=0.2,
        mutation_only=1.0,
        threshold=math.inf,
    )
    previous = [0, *bits[:-1].tolist()]
    fitness = description_length([bits[:, None].astype(float)], [previous], 1)
    result = evolve.neat(
        fitness, settings=settings, population=100, max_evaluations=20_000, seed=0
    )
    of_genome, of_text = fitness.bits(result.genome)
    assert of_text < 2.0
    assert of_genome < 40.0
    (late,) = (gene for gene in result.genome.genes if gene["late"])
    assert late["enabled"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], 2), "the same length, at least 1"),
        (([[[0.0]]], [[0], [1]], 2), "the same length, at least 1, got 1, 2 and 2"),
        (([[[0.0], [1.0]]], [[0]], 2), "one symbol for each"),
        (([[0.0]], [[0]], 2), "one symbol for each"),
        (([[[0.0]]], [[2]], 2), "whole numbers below 2"),
        (([[[0.0]]], [[0.5]], 2), "whole numbers below 2"),
        (([[[0.0]]], [[-1]], 2), "whole numbers below 2"),
        (([[[0.0]]], [[0]], 0), "outputs"),
        (
            ([[[0.0], [1.0]], [[0.0, 1.0]]], [[0, 1], [1]], 1),
            "1 input, as the first one, got 2 in sequence 1",
        ),
        (
            ([np.zeros((2, 0))], [[0, 1]], 1),
            r"at least one row .* shapes .2, 0. and .2,.",
        ),
        (([np.zeros((0, 2))], [[]], 1), "at least one row of inputs"),
        (([[[0.0]]], [[0]], 2, {"counts": [-5]}), "0 or above, at least one above 0"),
        (([[[0.0]]], [[0]], 2, {"counts": [0.0]}), "0 or above, at least one above 0"),
        (([[[0.0]]], [[0]], 2, {"squashes": 0}), "squashes"),
    ],
)
def test_data_that_do_not_fit_are_refused(arguments, message):
    *data, outputs, options = (*arguments, {})[:4]
    with pytest.raises(SynapseError, match=message):
        description_length(*data, outputs, **options)

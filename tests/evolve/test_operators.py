"""Crossover, mutations and the meaning of genes, against plain Python that shares
nothing with the engine."""

import math
import pickle
from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest

from synapse import evolve
from synapse.evolve._population import Genomes, Population

from .test_genome import evolved

NONE = -1
STATE = -2
STILL = {
    "add_node": 0.0,
    "add_connection": 0.0,
    "mutate_weights": 0.0,
    "threshold": np.inf,
    "survival": 1.0,
    "champion_size": 10**6,
}
FUNCTIONS = {
    "logistic": lambda s: 1.0 / (1.0 + math.exp(-4.9 * s)),
    "tanh": math.tanh,
    "gaussian": lambda s: math.exp(-s * s),
    "relu": lambda s: max(0.0, s),
}


def genes_of(genome):
    """The genes as plain dicts, by innovation number."""
    names = genome.genes.dtype.names
    return {row[0]: dict(zip(names, row, strict=True)) for row in genome.genes.tolist()}


def nodes_of(genome):
    """The nodes, (position, squash) by id."""
    return {
        number: (position, squash) for number, position, squash in genome.nodes.tolist()
    }


def next_generation(parents, fitness, settings, seed):
    """The children of some genomes, of which none is evaluated."""
    people = Population(
        parents[0],
        len(parents),
        evolve.Settings(**settings),
        np.random.default_rng(seed),
    )
    people.genomes = Genomes.of(parents[0])
    for genome in parents[1:]:
        people.genomes = people.genomes.join(Genomes.of(genome))
    people.select(np.array(fitness, float)[:, None])
    people.breed()
    return [people.genomes[i] for i in range(len(parents))]


def relatives(seed):
    """Two genomes of one evolution that differ in gates, disabled genes, and nodes on
    both sides."""
    genomes = evolved(seed)
    rng = np.random.default_rng(seed)
    mine = others = {}
    while not (mine.keys() - others.keys() and others.keys() - mine.keys()):
        pair = [genomes[i] for i in rng.choice(len(genomes), 2, replace=False)]
        mine, others = map(genes_of, pair)
    # Parts that the evolution may not have given: gates by one's own nodes, and genes
    # that one has disabled.
    pair = pickle.loads(pickle.dumps(pair))
    common = sorted(mine.keys() & others.keys())
    for genome, other in (pair, pair[::-1]):
        unshared = sorted(nodes_of(genome).keys() - nodes_of(other).keys())
        changed = genome.genes.copy()
        for number in rng.choice(common, max(1, len(common) // 3), replace=False):
            row = np.searchsorted(changed["innovation"], number)
            changed["enabled"][row] ^= 1
            if unshared and changed["source"][row] != genome.inputs:
                changed["gater"][row] = rng.choice(unshared)
        genome.genes = changed
    return pair


def inherited(child, fitter, weaker, equal):
    """Check one child of two parents, `one` being fitter unless they are equally fit;
    returns its choices."""
    mine, others, genes = map(genes_of, (fitter, weaker, child))
    choices = Counter()
    connected = ends_of(genes)
    parents = {**nodes_of(weaker), **nodes_of(fitter)} if equal else nodes_of(fitter)
    ends = range(fitter.inputs + 1 + fitter.outputs)
    assert set(nodes_of(child)) == {
        number for number in parents if number in ends or number in connected
    }

    for number, gene in genes.items():
        sources = [parent[number] for parent in (mine, others) if number in parent]
        assert len(sources) == 2 or equal or number in mine
        fits = []
        for origin in sources:
            gater = origin["gater"] if origin["gater"] in nodes_of(child) else NONE
            fits.append(gene == {**origin, "gater": gater, "enabled": gene["enabled"]})
        assert any(fits)
        if len(sources) == 2 and fits.count(True) == 1:
            choices.update({"matching": 1, "of one": fits[0]})
        if all(origin["enabled"] for origin in sources):
            assert gene["enabled"]
        else:
            choices.update({"disabled in a parent": 1, "disabled": not gene["enabled"]})

    common = mine.keys() & others.keys()
    assert common <= genes.keys()
    if equal:
        choices["unmatched"] += len(mine.keys() ^ others.keys())
        choices["inherited"] += len(genes.keys() - common)
    else:
        assert mine.keys() == genes.keys()
    for number, (position, squash) in nodes_of(child).items():
        both = nodes_of(fitter), nodes_of(weaker)
        origins = [nodes[number] for nodes in both if number in nodes]
        assert position in [origin[0] for origin in origins]
        assert squash in [origin[1] for origin in origins]
    return choices


def ends_of(genes):
    return {gene[end] for gene in genes.values() for end in ("source", "target")}


def is_share(choices, part, whole, expected):
    """Whether a part of the choices is the expected share, but for chance."""
    deviation = math.sqrt(expected * (1.0 - expected) / choices[whole])
    return abs(choices[part] / choices[whole] - expected) < 4 * deviation


@pytest.mark.full
@pytest.mark.parametrize("equal", [False, True])
def test_crossover(equal):
    settings = {**STILL, "mutation_only": 0.0, "inherit_disabled": 0.75}
    choices = Counter()
    gates_lost = 0
    # Both are in the generation several times, so that most children have two
    # different parents.
    fitness = [1.0 if equal else 2.0, 1.0] * 4
    for seed, trial in product(range(8), range(6)):
        fitter, weaker = relatives(seed)
        mine, others = map(genes_of, (fitter, weaker))
        for child in next_generation([fitter, weaker] * 4, fitness, settings, trial):
            genes = genes_of(child)
            if equal:
                if genes.keys() not in (mine.keys(), others.keys()):
                    choices += inherited(child, fitter, weaker, True)
                continue
            # Children of two copies of the less fit genome cannot be told apart
            # otherwise.
            common = [
                (genes[n], mine[n], others[n])
                for n in genes
                if n in others and n in mine
            ]
            if genes.keys() == mine.keys() and any(
                gene["weight"] == other["weight"] != own["weight"]
                for gene, own, other in common
            ):
                choices += inherited(child, fitter, weaker, False)
                gates_lost += sum(
                    gene["gater"] == NONE and NONE not in (own["gater"], other["gater"])
                    for gene, own, other in common
                )
    assert min(choices["matching"], choices["disabled in a parent"]) > 500
    assert is_share(choices, "of one", "matching", 0.5)
    assert is_share(choices, "disabled", "disabled in a parent", 0.75)
    if equal:
        assert choices["unmatched"] > 500
        assert is_share(choices, "inherited", "unmatched", 0.5)
    else:
        assert gates_lost > 0


def answers(genome, rows):
    """What a genome computes, gene by gene."""
    nodes = nodes_of(genome)
    genes = [gene for gene in genes_of(genome).values() if gene["enabled"]]
    functions = dict(zip(CODES, FUNCTIONS.values(), strict=True))
    first = genome.inputs + 1
    outputs = range(first, first + genome.outputs)
    hidden = sorted((nodes[n][0], n) for n in nodes if n > outputs[-1])
    value = dict.fromkeys(nodes, 0.0) | {genome.inputs: 1.0, NONE: 1.0}
    state = dict.fromkeys(nodes, 0.0)
    results = []
    for row in rows:
        value.update(enumerate(row))
        for number in (*(number for _, number in hidden), *outputs):
            total = 0.0
            for gene in genes:
                if gene["target"] == number:
                    own = gene["source"] == STATE
                    source = state[number] if own else value[gene["source"]]
                    total += value[gene["gater"]] * gene["weight"] * source
            state[number] = total
            value[number] = functions[nodes[number][1]](total)
        results.append([value[number] for number in outputs])
    return np.array(results)


CODES = [int(code) for code in evolve._settings.codes_of(FUNCTIONS)]


def test_genes_mean_what_they_say():
    seen = Counter()
    for seed in range(3):
        for genome in evolved(seed)[::3]:
            rows = np.random.default_rng(seed).normal(size=(6, 3))
            expected = answers(genome, rows.tolist())
            np.testing.assert_allclose(genome.run(rows), expected, 1e-10, 1e-12)
            gated = genome.genes["gater"] != NONE
            of_state = genome.genes["source"] == STATE
            seen["gated"] += gated.sum()
            seen["gated states"] += (gated & of_state).sum()
            seen["disabled"] += (genome.genes["enabled"] == 0).sum()
    assert min(seen["gated"], seen["disabled"]) > 50
    assert seen["gated states"] > 0


def only(operator, seed, children=40):
    """A parent, and the children that one operator alone has changed, with the parent
    of each."""
    settings = {**STILL, "mutation_only": 1.0, "squashes": tuple(FUNCTIONS)}
    settings |= {operator: 1.0}
    if operator == "recurrent":
        settings["add_connection"] = 1.0
    people = Population(
        evolved(seed)[seed],
        children,
        evolve.Settings(**settings),
        np.random.default_rng(seed),
    )
    parents = [people.genomes[i] for i in range(children)]
    people.select(np.ones((children, 1)))
    people.breed()

    def alike(child, genome):
        return len({*child.genes["weight"]} & {*genome.genes["weight"]})

    pairs = []
    for i in range(children):
        child = people.genomes[i]
        pairs.append((max(parents, key=partial(alike, child)), child))
    return pairs


def is_later(genome, source, target):
    """Whether a node activates no earlier than another one."""
    nodes = nodes_of(genome)
    return (nodes[source][0], source) >= (nodes[target][0], target)


def added(parent, child):
    """The genes and nodes that a child has in addition; the others must be equal but
    for those returned."""
    before = genes_of(parent)
    after = genes_of(child)
    assert before.keys() <= after.keys()
    changed = [number for number in before if before[number] != after[number]]
    new = [after[number] for number in sorted(after.keys() - before.keys())]
    return new, changed, sorted(nodes_of(child).keys() - nodes_of(parent).keys())


def test_a_connection_becomes_late_and_prompt_again():
    late = []
    evolve.neat(
        lambda genome: late.append(int(genome.genes["late"].sum())) or 1.0,
        inputs=2,
        outputs=2,
        settings=evolve.Settings(delay_connection=1.0, mutation_only=1.0),
        population=10,
        max_evaluations=200,
        seed=0,
    )
    # Every child but a champion's copy changes one more connection.
    assert (set(late[:10]), set(late[10:20])) == ({0}, {0, 1})
    assert set(late[20:30]) >= {0, 2}


def test_weights_stay_fractions():
    """New ones and changed ones: both numbers are at most the setting."""
    settings = evolve.Settings(
        fractions=6, mutate_weights=1.0, add_connection=0.5, recurrent=0.5, perturb=0.6
    )
    rng = np.random.default_rng(0)
    weights = set()
    evolve.neat(
        lambda genome: weights.update(genome.genes["weight"].tolist()) or rng.random(),
        inputs=2,
        outputs=1,
        settings=settings,
        population=30,
        max_evaluations=600,
        seed=1,
    )
    exact = [Fraction(weight).limit_denominator(6) for weight in weights]
    assert max(abs(weight - e) for weight, e in zip(weights, exact)) < 1e-12
    assert all(0 < abs(e.numerator) <= 6 for e in exact)
    assert len(set(exact)) > 20
    assert min(exact) < -1 < 1 < max(exact)


@pytest.mark.parametrize("seed", range(2))
def test_a_split(seed):
    splits = {}
    for parent, child in only("add_node", seed):
        (into, out), (split,), (node,) = added(parent, child)
        old = genes_of(parent)[split]
        assert old["enabled"]
        assert genes_of(child)[split] == {**old, "enabled": 0}
        assert old["source"] not in (STATE, parent.inputs)
        numbers = node, into["innovation"], out["innovation"]
        plain = {"gater": NONE, "weight": 1.0, "sign": 0, "target": node}
        assert into == {**old, **plain, "innovation": numbers[1]}
        assert out == {**old, "source": node, "late": 0, "innovation": numbers[2]}
        ends = nodes_of(parent)[old["source"]], nodes_of(parent)[old["target"]]
        position = (ends[0][0] + ends[1][0]) / 2
        assert nodes_of(child)[node][0] == (position if position < 1.0 else 0.5)
        assert splits.setdefault(split, numbers) == numbers
    assert len(set(splits.values())) == len(splits) > 5


@pytest.mark.full
@pytest.mark.parametrize(
    "operator", ["add_connection", "recurrent", "add_self_connection"]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_new_connection(operator, seed):
    ends_of_number = {}
    for parent, child in only(operator, seed):
        new, changed, nodes = added(parent, child)
        assert (changed, nodes) == ([], [])
        assert len(new) <= 1
        for gene in new:
            ends = gene["source"], gene["target"]
            olds = genes_of(parent).values()
            assert ends not in [(old["source"], old["target"]) for old in olds]
            assert (gene["enabled"], gene["gater"], gene["sign"]) == (1, NONE, 0)
            assert gene["target"] > parent.inputs
            if operator == "add_self_connection":
                assert (gene["source"], gene["weight"]) == (STATE, 1.0)
            else:
                assert is_later(parent, *ends) == (operator == "recurrent")
                assert abs(gene["weight"]) <= 8.0
            assert ends_of_number.setdefault(gene["innovation"], ends) == ends
    assert len(set(ends_of_number.values())) == len(ends_of_number) > 0


@pytest.mark.full
@pytest.mark.parametrize("operator", ["add_gate", "remove_gate", "mutate_squash"])
@pytest.mark.parametrize("seed", range(3))
def test_a_change_of_one_thing(operator, seed):
    count = 0
    for parent, child in only(operator, seed):
        new, changed, nodes = added(parent, child)
        before = nodes_of(parent)
        squashes = [n for n, node in nodes_of(child).items() if node != before[n]]
        assert (new, nodes) == ([], [])
        count += len(changed) + len(squashes)
        if operator == "mutate_squash":
            assert not changed
            assert len(squashes) <= 1
            assert all(n > parent.inputs + parent.outputs for n in squashes)
            continue
        assert not squashes
        assert len(changed) <= 1
        for number in changed:
            old = genes_of(parent)[number]
            gene = genes_of(child)[number]
            assert {**old, "gater": gene["gater"]} == gene
            assert (old["gater"] == NONE) == (operator == "add_gate")
            assert (gene["gater"] == NONE) == (operator == "remove_gate")
            if operator == "add_gate":
                assert old["enabled"]
                assert old["source"] != parent.inputs
                assert gene["gater"] in before.keys() - {parent.inputs}
    assert count > 10


@pytest.mark.parametrize("operator", ["remove_connection", "remove_node"])
@pytest.mark.parametrize("seed", range(2))
def test_a_removal(operator, seed):
    gates = 0
    for parent, child in only(operator, seed):
        before = genes_of(parent)
        after = genes_of(child)
        gone = before.keys() - after.keys()
        if operator == "remove_connection":
            assert len(gone) == 1
        else:
            ends = [ends_of({number: before[number]}) for number in gone]
            lost = nodes_of(parent).keys() - nodes_of(child).keys()
            [removed, *_] = set.intersection(*ends) & lost
            assert gone == {n for n in before if removed in ends_of({n: before[n]})}
        first_hidden = parent.inputs + 1 + parent.outputs
        expected = {
            n: node
            for n, node in nodes_of(parent).items()
            if n < first_hidden or n in ends_of(after)
        }
        assert nodes_of(child) == expected
        for number, gene in after.items():
            gater = before[number]["gater"]
            lost = gater != NONE and gater not in expected
            gates += lost
            assert gene == {**before[number], "gater": NONE if lost else gater}
    assert gates > 0 or operator == "remove_connection"

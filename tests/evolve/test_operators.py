"""Crossover, mutations and the meaning of genes, against plain Python that shares
nothing with the engine."""

import math
from collections import Counter
from fractions import Fraction

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
    while True:
        mother, father = (
            genomes[i] for i in rng.choice(len(genomes), 2, replace=False)
        )
        mine = genes_of(mother)
        others = genes_of(father)
        if mine.keys() - others.keys() and others.keys() - mine.keys():
            break
    # Parts that the evolution may not have given: gates by one's own nodes, and genes
    # that one has disabled.
    common = sorted(mine.keys() & others.keys())
    for genome, other in ((mother, father), (father, mother)):
        unshared = sorted(nodes_of(genome).keys() - nodes_of(other).keys())
        changed = genome.genes.copy()
        for number in rng.choice(common, max(1, len(common) // 3), replace=False):
            row = np.searchsorted(changed["innovation"], number)
            changed["enabled"][row] ^= 1
            if unshared and changed["source"][row] != genome.inputs:
                changed["gater"][row] = rng.choice(unshared)
        genome.genes = changed
    return mother, father


def inherited(child, fitter, weaker, equal):
    """Check one child of two parents, `one` being fitter unless they are equally fit;
    returns its choices."""
    mine = genes_of(fitter)
    others = genes_of(weaker)
    genes_of_child = genes_of(child)
    choices = Counter()
    connected = {
        end
        for gene in genes_of_child.values()
        for end in (gene["source"], gene["target"])
    }
    parents = {**nodes_of(weaker), **nodes_of(fitter)} if equal else nodes_of(fitter)
    ends = range(fitter.inputs + 1 + fitter.outputs)
    assert set(nodes_of(child)) == {
        number for number in parents if number in ends or number in connected
    }

    for number, gene in genes_of_child.items():
        sources = [parent[number] for parent in (mine, others) if number in parent]
        if len(sources) == 1 and not equal:
            assert number in mine
        fits = []
        for origin in sources:
            gater = origin["gater"] if origin["gater"] in nodes_of(child) else NONE
            wanted = {**origin, "gater": gater, "enabled": gene["enabled"]}
            fits.append(gene == wanted)
        assert any(fits)
        if len(sources) == 2 and fits.count(True) == 1:
            choices["matching"] += 1
            choices["of one"] += fits[0]
        if all(origin["enabled"] for origin in sources):
            assert gene["enabled"]
        else:
            choices["disabled in a parent"] += 1
            choices["disabled"] += not gene["enabled"]

    assert mine.keys() & others.keys() <= genes_of_child.keys()
    if equal:
        choices["unmatched"] += len(mine.keys() ^ others.keys())
        choices["inherited"] += len(
            genes_of_child.keys() - (mine.keys() & others.keys())
        )
    else:
        assert mine.keys() == genes_of_child.keys()
    for number, (position, squash) in nodes_of(child).items():
        origins = [
            nodes[number]
            for nodes in (nodes_of(fitter), nodes_of(weaker))
            if number in nodes
        ]
        assert position in [origin[0] for origin in origins]
        assert squash in [origin[1] for origin in origins]
    return choices


@pytest.mark.full
@pytest.mark.parametrize("equal", [False, True])
def test_crossover(equal):
    settings = {**STILL, "mutation_only": 0.0, "inherit_disabled": 0.75}
    choices = Counter()
    gates_lost = 0
    for seed in range(8):
        fitter, weaker = relatives(seed)
        for trial in range(6):
            # Both are in the generation several times, so that most children have two
            # different parents.
            parents = [fitter, weaker] * 4
            fitness = [1.0 if equal else 2.0, 1.0] * 4
            for child in next_generation(parents, fitness, settings, trial):
                numbers = set(genes_of(child))
                mine = genes_of(fitter)
                others = genes_of(weaker)
                possible = [None]
                if numbers == set(mine):
                    possible = [fitter]
                elif numbers == set(others):
                    possible = [weaker]
                if equal:
                    if possible == [None]:
                        choices += inherited(child, fitter, weaker, True)
                    continue
                # Children of two copies of the less fit genome cannot be told apart
                # otherwise.
                if possible == [fitter] and any(
                    gene["weight"] == others[n]["weight"] != mine[n]["weight"]
                    for n, gene in genes_of(child).items()
                    if n in others
                ):
                    choices += inherited(child, fitter, weaker, False)
                    gates_lost += sum(
                        gene["gater"] == NONE
                        and NONE not in (mine[n]["gater"], others[n]["gater"])
                        for n, gene in genes_of(child).items()
                        if n in others
                    )
    assert choices["matching"] > 500
    assert abs(choices["of one"] / choices["matching"] - 0.5) < 4 * 0.5 / math.sqrt(
        choices["matching"]
    )
    assert choices["disabled in a parent"] > 500
    share = choices["disabled"] / choices["disabled in a parent"]
    assert abs(share - 0.75) < 4 * 0.44 / math.sqrt(choices["disabled in a parent"])
    if equal:
        assert choices["unmatched"] > 500
        share = choices["inherited"] / choices["unmatched"]
        assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(choices["unmatched"])
    else:
        assert gates_lost > 0


def answers(genome, rows):
    """What a genome computes, gene by gene."""
    nodes = nodes_of(genome)
    genes = [gene for gene in genes_of(genome).values() if gene["enabled"]]
    names = {code: name for name, code in zip(FUNCTIONS, CODES, strict=True)}
    outputs = range(genome.inputs + 1, genome.inputs + 1 + genome.outputs)
    hidden = sorted(
        (position, number)
        for number, (position, _) in nodes.items()
        if number > outputs[-1]
    )
    order = [number for _, number in hidden] + [*outputs]
    value = dict.fromkeys(nodes, 0.0)
    state = dict.fromkeys(nodes, 0.0)
    value[genome.inputs] = 1.0
    results = []
    for row in rows:
        value.update(enumerate(row))
        for number in order:
            total = 0.0
            for gene in genes:
                if gene["target"] == number:
                    source = (
                        state[number]
                        if gene["source"] == STATE
                        else value[gene["source"]]
                    )
                    gain = 1.0 if gene["gater"] == NONE else value[gene["gater"]]
                    total += gain * gene["weight"] * source
            state[number] = total
            value[number] = FUNCTIONS[names[nodes[number][1]]](total)
        results.append([value[number] for number in outputs])
    return np.array(results)


CODES = [int(code) for code in evolve._settings.codes_of(FUNCTIONS)]


def test_genes_mean_what_they_say():
    seen = Counter()
    for seed in range(4):
        for genome in evolved(seed)[::3]:
            rows = np.random.default_rng(seed).normal(size=(6, 3))
            expected = answers(genome, rows.tolist())
            np.testing.assert_allclose(
                genome.run(rows), expected, rtol=1e-10, atol=1e-12
            )
            for gene in genes_of(genome).values():
                seen["gated"] += gene["gater"] != NONE
                seen["gated states"] += (
                    gene["gater"] != NONE and gene["source"] == STATE
                )
                seen["disabled"] += not gene["enabled"]
    assert min(seen["gated"], seen["disabled"]) > 50
    assert seen["gated states"] > 0


def only(operator, seed, children=40):
    """A parent, and the children that one operator alone has changed, with the parent
    of each."""
    start = evolved(seed)[seed]
    settings = {**STILL, "mutation_only": 1.0, "squashes": tuple(FUNCTIONS)}
    settings |= {operator: 1.0}
    if operator == "recurrent":
        settings["add_connection"] = 1.0
    people = Population(
        start, children, evolve.Settings(**settings), np.random.default_rng(seed)
    )
    parents = [people.genomes[i] for i in range(children)]
    people.select(np.ones((children, 1)))
    people.breed()
    pairs = []
    for i in range(children):
        child = people.genomes[i]
        weights = set(child.genes["weight"].tolist())
        parent = max(
            parents,
            key=lambda genome: len(weights & set(genome.genes["weight"].tolist())),
        )
        pairs.append((parent, child))
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
    settings = evolve.Settings(delay_connection=1.0, mutation_only=1.0)
    late = []
    evolve.neat(
        lambda genome: late.append(int(genome.genes["late"].sum())) or 1.0,
        inputs=2,
        outputs=2,
        settings=settings,
        population=10,
        max_evaluations=200,
        seed=0,
    )
    # Every child but a champion's copy changes one more connection.
    assert set(late[:10]) == {0}
    assert set(late[10:20]) == {0, 1}
    assert set(late[20:30]) >= {0, 2}


def test_weights_stay_fractions():
    """New ones and changed ones: both numbers are at most the setting."""
    settings = evolve.Settings(
        fractions=6, mutate_weights=1.0, add_connection=0.5, recurrent=0.5, perturb=0.6
    )
    rng = np.random.default_rng(0)
    genomes = []
    evolve.neat(
        lambda genome: genomes.append(genome) or rng.random(),
        inputs=2,
        outputs=1,
        settings=settings,
        population=30,
        max_evaluations=1500,
        seed=1,
    )
    seen = set()
    for genome in genomes:
        for weight in genome.genes["weight"].tolist():
            exact = Fraction(weight).limit_denominator(6)
            assert abs(weight - exact) < 1e-12
            assert 0 < abs(exact.numerator) <= 6
            seen.add(exact)
    assert len(seen) > 20
    assert min(seen) < -1
    assert max(seen) > 1


@pytest.mark.parametrize("seed", range(3))
def test_a_split(seed):
    splits = {}
    for parent, child in only("add_node", seed):
        (into, out), (split,), (node,) = added(parent, child)
        old = genes_of(parent)[split]
        after = genes_of(child)[split]
        assert old["enabled"]
        assert after == {**old, "enabled": 0}
        assert old["source"] not in (STATE, parent.inputs)
        fresh = {"enabled": 1, "innovation": into["innovation"]}
        assert into == {
            **fresh,
            "source": old["source"],
            "target": node,
            "gater": NONE,
            "weight": 1.0,
            "sign": 0,
            "late": old["late"],
        }
        fresh = {"innovation": out["innovation"], "late": 0}
        assert out == {**old, "source": node, **fresh}
        position = (
            nodes_of(parent)[old["source"]][0] + nodes_of(parent)[old["target"]][0]
        ) / 2
        assert nodes_of(child)[node][0] == (position if position < 1.0 else 0.5)
        numbers = node, into["innovation"], out["innovation"]
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
        assert not changed
        assert not nodes
        assert len(new) <= 1
        for gene in new:
            ends = gene["source"], gene["target"]
            assert ends not in [
                (old["source"], old["target"]) for old in genes_of(parent).values()
            ]
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
        assert not new
        assert not nodes
        squashes = [
            n for n in nodes_of(child) if nodes_of(child)[n] != nodes_of(parent)[n]
        ]
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
                assert gene["gater"] in nodes_of(parent)
                assert gene["gater"] != parent.inputs
    assert count > 10


@pytest.mark.parametrize("operator", ["remove_connection", "remove_node"])
@pytest.mark.parametrize("seed", range(3))
def test_a_removal(operator, seed):
    gates = 0
    for parent, child in only(operator, seed):
        before = genes_of(parent)
        after = genes_of(child)
        gone = before.keys() - after.keys()
        if operator == "remove_connection":
            assert len(gone) == 1
        else:
            ends = [
                {before[number]["source"], before[number]["target"]} for number in gone
            ]
            [removed, *_] = set.intersection(*ends) & (
                nodes_of(parent).keys() - nodes_of(child).keys()
            )
            assert gone == {
                n
                for n, old in before.items()
                if removed in (old["source"], old["target"])
            }
        connected = {
            end for gene in after.values() for end in (gene["source"], gene["target"])
        }
        first_hidden = parent.inputs + 1 + parent.outputs
        expected = {
            n: node
            for n, node in nodes_of(parent).items()
            if n < first_hidden or n in connected
        }
        assert nodes_of(child) == expected
        for number, gene in after.items():
            gater = before[number]["gater"]
            lost = gater != NONE and gater not in expected
            gates += lost
            assert gene == {**before[number], "gater": NONE if lost else gater}
    assert gates > 0 or operator == "remove_connection"

"""Genomes, and what they compute: the same as the network that they become."""

import dataclasses
import math
import pickle
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import evolve
from synapse.errors import ArgumentError, SynapseError, TopologyError
from synapse.evolve.fitness import description_length
from tests.helpers.strategies import Twin, given_graphs, specs

ALL = evolve.Settings(
    add_node=0.4,
    add_connection=0.6,
    recurrent=0.4,
    add_self_connection=0.1,
    add_gate=0.4,
    remove_gate=0.05,
    mutate_squash=0.2,
    remove_connection=0.05,
    remove_node=0.05,
    weight_range=2.0,
    weight_step=0.5,
    squashes=("logistic", "tanh", "gaussian", "relu"),
)


@cache
def evolved(
    seed: int, generations: int = 25, settings: evolve.Settings = ALL
) -> list[evolve.Genome]:
    """The genomes of the last generation of an evolution that favours size."""
    seen: list[evolve.Genome] = []

    def size(genome):
        seen.append(genome)
        return genome.hidden + genome.connections

    evolve.neat(
        size,
        inputs=3,
        outputs=2,
        population=20,
        max_evaluations=20 * generations,
        settings=settings,
        seed=seed,
    )
    assert len(seen) == 20 * generations
    return seen[-20:]


def test_a_genome_computes_what_its_network_computes():
    """Also with late connections, those that are gated, from inputs, and of gates of
    memory."""
    settings = dataclasses.replace(ALL, delay_connection=0.5)
    kinds = Counter()
    for seed in range(3):
        for genome in evolved(seed, settings=settings)[::4]:
            genome = pickle.loads(pickle.dumps(genome))  # is accepted
            net = genome.network()
            forward = genome._expressed.links["late"].sum()
            genes = genome.genes[genome.genes["enabled"] == 1]
            loops = (genes["source"] == genes["target"]).sum()
            # a neuron reads its own past
            assert [link.delay for link in net.connections].count(1) == forward + loops
            table = synapse.Topology.of(net)
            kinds.update(table.squash)
            kinds.update(gates=table.gated.sum(), memory=table._self_connected.sum())
            kinds.update(delayed=forward, loops=loops)
            rows = np.random.default_rng(seed).normal(size=(12, 3))
            expected = net.run(rows)
            np.testing.assert_allclose(genome.run(rows), expected, 1e-12, 1e-12)
            genome.clear()
            one_by_one = [genome.activate(row) for row in rows]
            np.testing.assert_allclose(one_by_one, expected, 1e-12, 1e-12)
            again = evolve.Genome.from_network(net)
            np.testing.assert_allclose(again.run(rows), expected, 1e-9, 1e-9)
            for link in net.connections:
                link.weight *= 1.5 if link.trainable else 1.0
            genome.adopt(net)
            net.clear()
            np.testing.assert_allclose(genome.run(rows), net.run(rows), 1e-9, 1e-9)
    assert min(kinds[name] for name in ("gates", "memory", "delayed", "loops")) > 10
    assert kinds.keys() >= {"logistic", "tanh", "gaussian", "relu"}


# --- there and back -------------------------------------------------------------------

OPTIONAL = (
    "add_node",
    "add_connection",
    "recurrent",
    "add_self_connection",
    "add_gate",
    "remove_gate",
    "mutate_squash",
    "delay_connection",
    "remove_connection",
    "remove_node",
)
EVERY = st.builds(
    evolve.Settings,
    squashes=st.sampled_from([("logistic",), ("relu", "tanh", "identity", "logistic")]),
    fractions=st.sampled_from([0, 9]),
    weight_range=st.just(2.0),
    threshold=st.just(math.inf),
    **dict.fromkeys(OPTIONAL, st.sampled_from([0.0, 0.2, 0.6])),
)


def parts_of(genome):
    """Its nodes in the order of activation, their squashes, and the genes that compute
    something, by their ends."""
    nodes = sorted(genome.nodes.tolist(), key=lambda node: (node[1], node[0]))
    in_order = [node[0] for node in nodes]
    genes = {}
    for gene in genome.genes[genome.genes["enabled"] == 1]:
        source, target = int(gene["source"]), int(gene["target"])
        if source == genome.inputs and gene["weight"] == 0.0:
            continue
        forward = source >= 0 and in_order.index(source) < in_order.index(target)
        assert (source, target) not in genes
        genes[source, target] = (
            pytest.approx(float(gene["weight"]), rel=1e-12),
            int(gene["gater"]),
            int(gene["sign"]),
            bool(gene["late"]) and forward and source != genome.inputs,
        )
    return in_order, genes, [node[2] for node in nodes]


@pytest.mark.full
@given(EVERY, st.integers(0, 99))
def test_a_genome_and_that_of_its_network_are_the_same(settings, seed):
    """Of every evolution: with states carried over, late, gated and signed ones."""
    rng = np.random.default_rng(seed)
    fitness = description_length([rng.normal(size=(3, 3))], [[0, 1, 0]], 2, squashes=4)
    for genome in evolved(seed, 12, settings)[::5]:
        genes = genome.genes.copy()
        signed = rng.random(len(genes)) < 0.3
        genes["sign"] = np.where(signed, np.sign(genes["weight"]), 0)
        genes["sign"][genes["source"] == genome.inputs] = 0
        genome = evolve.Genome(genome.nodes, genes, 3, 2)
        again = evolve.Genome.from_network(genome.network())
        assert parts_of(again) == parts_of(genome)
        assert (again.hidden, again.connections) == (genome.hidden, genome.connections)
        if not (genes["weight"][genes["source"] == genome.inputs] == 0.0).any():
            assert fitness.bits(again) == pytest.approx(fitness.bits(genome), rel=1e-9)
        evolve.Genome(again.nodes, again.genes, 3, 2)  # is accepted


def test_a_late_connection_costs_as_many_bits_after_a_round_trip():
    """28 bits became 66, with nodes that delayed."""
    genome = evolve.Genome.minimal(1, 1, squash="identity", seed=0)
    genes = genome.genes.copy()
    genes["late"][0] = 1
    genes["weight"] = [1.0, 0.5]
    genome = evolve.Genome(genome.nodes, genes, 1, 1)
    again = evolve.Genome.from_network(genome.network())
    fitness = description_length([[[0.0], [1.0]]], [[0, 1]], 1)
    for part in (fitness.bits, lambda g: g.genes.tolist(), lambda g: g.nodes.tolist()):
        assert part(again) == part(genome)


@given_graphs(
    specs(squashes=("logistic", "tanh", "relu", "identity"), most=6),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99))),
    st.booleans(),
)
def test_the_genome_of_any_network_with_delays_computes_the_same(spec, delays, gated):
    """Also where a delayed connection is gated, or carries no state of its neuron."""
    net = Twin(spec).net
    for link in net.connections:
        if link.target in net.input:
            link.source.disconnect(link.target)
    hidden = [neuron for layer in net.hidden for neuron in layer]
    targets = [*hidden, *net.output]
    sources = [*net.input, *targets]
    for first, second in delays:
        source, target = sources[first % len(sources)], targets[second % len(targets)]
        link = source.connection_to(target)
        if source is target and source.connection_to(source, delay=1) is None:
            source.project(source, weight=0.5, delay=1)
        elif link is None:
            source.project(target, weight=0.5, delay=1)
        elif source is not target:
            link.delay = 1
    late = [link for link in net.connections if link.delay and not link.gater]
    if gated and late and hidden:
        hidden[-1].gate(late[-1])
    rows = np.random.default_rng(spec.seed).normal(size=(8, len(net.input)))
    genome = evolve.Genome.from_network(net)
    again = evolve.Genome.from_network(genome.network())
    assert (again.hidden, again.connections) == (genome.hidden, genome.connections)
    net.clear()
    expected = net.run(rows)
    for each in (genome, again):
        np.testing.assert_allclose(each.run(rows), expected, rtol=1e-9, atol=1e-9)


def test_delays_that_no_gene_has_are_refused():
    net = architect.Perceptron(1, 1, seed=0)
    link = net.input[0].project(net.output[0], weight=1.0, delay=1)
    with pytest.raises(TopologyError, match="two from 'input 0' to 'output 0', one wi"):
        evolve.Genome.from_network(net)
    net.input[0].disconnect(net.output[0], delay=0)
    link.delay = 2
    with pytest.raises(TopologyError, match="at most 1 step, .* with a delay of 2 ste"):
        evolve.Genome.from_network(net)


def test_networks_become_genomes():
    net = architect.LSTM(2, 3, 1, seed=1)
    rows = np.random.default_rng(1).normal(size=(9, 2))
    genome = evolve.Genome.from_network(net)
    np.testing.assert_allclose(genome.run(rows), net.run(rows), rtol=1e-10, atol=1e-12)
    result = evolve.neat(
        lambda genome: 1.0, start=net, population=8, max_evaluations=24, seed=0
    )
    assert (result.genome.inputs, result.genome.outputs) == (2, 1)
    softmax = architect.Perceptron(2, 2, output_squash="softmax", seed=0)
    with pytest.raises(ArgumentError, match="built in, of one state"):
        evolve.Genome.from_network(softmax)
    net.output[0].project(synapse.Neuron())
    with pytest.raises(TopologyError):
        evolve.Genome.from_network(net)


def test_an_id_or_an_innovation_that_occurs_twice_is_refused():
    genome = evolve.Genome.minimal(2, 1, seed=0)
    hidden = np.repeat(genome.nodes[-1:], 2)
    hidden["id"] = len(genome.nodes)
    hidden["position"] = 0.5
    nodes = np.concatenate([genome.nodes, hidden[:1]])
    assert len(evolve.Genome(nodes, genome.genes, 2, 1).nodes) == len(nodes)
    with pytest.raises(SynapseError, match="ascending ones of hidden nodes"):
        evolve.Genome(np.concatenate([nodes, hidden[1:]]), genome.genes, 2, 1)
    twice = np.concatenate([genome.genes, genome.genes[-1:]])
    with pytest.raises(SynapseError, match="ascending innovation numbers"):
        evolve.Genome(genome.nodes, twice, 2, 1)

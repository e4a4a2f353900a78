"""Trainers of a part of a network: the same bits as with everything else frozen by
hand."""

import copy
import pickle
import warnings
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import architect
import synapse
from synapse import Trainer, errors, optimizers
from tests.helpers.cases import all_refused, every_case
from tests.helpers.learners import learns, let_learn
from tests.helpers.ties import numbers

from .resumed import DATA, HELD_OUT, NETWORKS, TRAINERS

RULES = {
    "online": {},
    "bptt": {"rule": "bptt"},
    "rtrl": {"rule": "rtrl"},
    **TRAINERS,
}
HOW = {"epochs": 1, "progress": False, "seed": 5}


def drawn_part(net, rng):
    """Some layers, projections, neurons and connections, one of each kind at most."""
    projections = []
    if rng.random() < 0.5:
        projections.append(net.input.project(net.output, weights=0.3))
    kinds = [[*net.layers[1:], "output"], [*net], net.connections, projections]
    return [
        elements[rng.integers(len(elements))]
        for elements in kinds
        if elements and rng.random() < 0.6
    ]


def freeze_all_but(net, learners):
    """Make everything else not trainable, one by one."""
    single = synapse.Connection, synapse.Neuron
    chosen = set()
    for item in learners:
        item = net[item] if isinstance(item, str) else item
        chosen |= {item} if isinstance(item, single) else set(item)
    chosen |= {link for link in net.connections if link.target in chosen}
    chosen |= {element for mine in set(chosen) for element in mine.tied}
    for element in (*net.connections, *net):
        if element not in chosen and learns(element):
            let_learn(element, False)


def state_of(net):
    return (
        net.weights.tobytes(),
        net.biases.tobytes(),
        [(element.state, element.activation) for element in net],
        [
            (link.trainable, link.eligibility, [*link.extended.values()])
            for link in net.connections
        ],
        [neuron.bias_eligibility for neuron in net],
    )


@given(
    network=st.sampled_from(list(NETWORKS)),
    options=st.sampled_from(list(RULES)),
    data=st.sampled_from(list(DATA)),
    validation=st.sampled_from([None, HELD_OUT]),
    seed=st.integers(0, 1000),
)
@example("elman", "lbfgs", "stream", HELD_OUT, 1)
def test_a_part_learns_as_if_everything_else_were_frozen_by_hand(
    network, options, data, validation, seed
):
    endings = []
    for by_hand in (False, True):
        net = NETWORKS[network]()
        learners = drawn_part(net, np.random.default_rng(seed))
        before = [learns(element) for element in (*net, *net.connections)]
        if by_hand:
            freeze_all_but(net, learners)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                trainer = Trainer(
                    net, **RULES[options], only=None if by_hand else learners
                )
                result = trainer.train(*DATA[data], **HOW, validation=validation)
                again = trainer.train(*DATA[data], **HOW)
            except errors.SynapseError as error:
                if not by_hand and "`only`" in str(error):
                    return
                endings.append(type(error))
                continue
        after = [learns(element) for element in (*net, *net.connections)]
        assert by_hand or after == before
        for element, learned in zip((*net, *net.connections), before, strict=True):
            let_learn(element, learned)
        net.activate(DATA["stream"][0][0])
        endings.append((state_of(net), repr((result.history, again.history))))
    assert endings[0] == endings[1]


def test_a_part_comes_back_from_pickles_copies_and_files_and_grows_with_its_layer(
    tmp_path,
):
    net = architect.Perceptron(2, 3, 1, seed=0)
    extra = net.input.project(net.output, weights=0.3)
    learners = [net["hidden"], extra, net.output[0], net.connections[7]]
    options = {"rule": "bptt", "optimizer": optimizers.Adam()}
    trainer = Trainer(net, **options, only=learners)
    trainer.train(*DATA["samples"], **HOW)
    Trainer(net, **options, only=["output"]).train(*DATA["samples"], **HOW)
    synapse.save(trainer, tmp_path / "part.synapse")
    twins = [
        pickle.loads(pickle.dumps(trainer)),
        copy.deepcopy(trainer),
        synapse.load(tmp_path / "part.synapse"),
    ]
    trainer.train(*DATA["samples"], **HOW)
    for twin in twins:
        assert all(item not in learners for item in twin.only)
        twin.train(*DATA["samples"], **HOW)
        assert twin.network.weights.tobytes() == net.weights.tobytes()
    new = synapse.Neuron("tanh")
    net.input.project(new, weights=0.5)
    new.project(net.output[0], weight=0.5)
    net["hidden"].append(new)
    before = net["hidden"].biases.copy()
    Trainer(net, only=["hidden"]).train(*DATA["samples"], **HOW)
    trainer.train(*DATA["samples"], **HOW)
    assert (net["hidden"].biases != before).all()


NET = architect.Perceptron(2, 3, 1, seed=0)
OTHER = architect.Perceptron(2, 3, 1, seed=0)
LINK = synapse.Neuron().project(synapse.Neuron(), weight=0.5)
REFUSED = {
    "empty": ([], "got none"),
    "another network's layer": ([OTHER["hidden"]], "[Aa] part of"),
    "another network's neuron": ([NET["hidden"], OTHER[3]], "[Aa] part of"),
    "another network's connection": ([OTHER.connections[0]], "[Aa] part of"),
    "a connection in no network": ([LINK], "[Aa] part of"),
    "a number": ([3], "An item of"),
    "a name": ("hidden", "a list of"),
    "an unknown name": (["hiden"], "Did you mean 'hidden'"),
    "inputs": ([NET.input], "Expected a trainable weight or bias"),
}


@every_case(("learners", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_part_that_cannot_be_trained_is_refused(learners, message):
    trainer = Trainer(NET)
    assign = partial(setattr, trainer, "only", learners)
    all_refused(
        (call, errors.SynapseError, message)
        for call in (partial(Trainer, NET, only=learners), assign)
    )
    assert trainer.only is None


# --- the same bits as a network that was built that way -------------------------------


def walk(seed):
    """A network after random edits, freezes and trainings of parts."""
    rng = np.random.default_rng(seed)
    net = list(NETWORKS.values())[rng.integers(3)]()
    trainers = [
        Trainer(net, **RULES[name], only=only)
        for name in ("online", "adam", "rtrl")
        for only in (None, ["output"])
    ]
    for _ in range(8):
        neurons = [neuron for layer in net.layers[1:] for neuron in layer]
        source, two = (neurons[i] for i in rng.integers(len(neurons), size=2))
        links = net.connections
        match rng.integers(7):
            case 0:
                net.layers[rng.integers(1, len(net.layers))].freeze()
            case 1:
                for layer in net.layers:
                    layer.unfreeze()
            case 2 if (
                source not in [link.source for link in two.incoming]
                and source is not two
            ):
                source.project(two, weight=rng.normal())
            case 3 if len(links) > 10:
                link = links[rng.integers(len(links))]
                link.source.disconnect(link.target)
            case 4:
                links[rng.integers(len(links))].trainable ^= True
            case _:
                trainer = trainers[rng.integers(len(trainers))]
                with suppress(errors.ArgumentError):  # nothing in the part may learn
                    trainer.train(*DATA["sequences"], **HOW)
    return net, rng


@pytest.mark.full
@pytest.mark.parametrize(
    "walks", [range(25), pytest.param(range(25, 150), marks=pytest.mark.slow)], ids=len
)
def test_after_any_changes_a_network_learns_like_one_that_was_built_that_way(walks):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in walks:
            net, rng = walk(seed)
            net.clear()
            anew = synapse.readwrite.from_json_data(synapse.readwrite.json_data(net))
            options = RULES[["online", "adam", "rtrl"][rng.integers(3)]]
            for network in (net, anew):
                Trainer(network, **options).train(*DATA["sequences"], **HOW)
            assert state_of(net) == state_of(anew), seed


def test_parts_of_a_large_network_take_turns_with_edits():
    net = architect.Perceptron(100, 300, 10, seed=0)
    rng = np.random.default_rng(0)
    data = rng.random((8, 100)), rng.random((8, 10))
    parts = {"hidden": ["hidden"], "output": ["output"], "all": None}
    trainers = {name: Trainer(net, only=part) for name, part in parts.items()}
    outputs = set(net.output)
    for turn in [
        "hidden",
        "output",
        "hidden",
        "all",
        "output",
        "edit",
        "hidden",
        "edit",
    ]:
        if turn == "edit":
            net.input[rng.integers(50)].project(net.output[0])
        into = np.array([link.target in outputs for link in net.connections])
        before = net.weights
        trainers["all" if turn == "edit" else turn].train([data], progress=False)
        expected = {"hidden": ~into, "output": into}.get(turn, True)
        assert ((net.weights != before) == expected).all()


def test_a_trainer_finds_the_rows_that_a_frozen_weight_has_moved():
    net = architect.Perceptron(3, 4, 2, seed=0)
    rng = np.random.default_rng(0)
    data = rng.random((8, 3)), rng.random((8, 2))
    trainer = Trainer(net, rule="bptt", optimizer=optimizers.Adam())
    for change in (
        lambda net: net.hidden[0].freeze(),
        lambda net: net.hidden[0].unfreeze(),
        lambda net: setattr(net.connections[1], "trainable", False),
        lambda net: setattr(net.connections[1], "trainable", True),
    ):
        trainer.train([data], progress=False)
        change(net)
        twin = net.clone()
        Trainer(twin, rule="bptt", optimizer=optimizers.Adam()).train(
            [data], progress=False
        )
        trainer.train([data], progress=False)
        assert numbers(net).tobytes() == numbers(twin).tobytes()

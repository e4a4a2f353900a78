"""Trainers of a part of a network: the same bits as with everything else frozen by
hand."""

import copy
import pickle
import warnings
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import architect
import synapse
from synapse import Trainer, errors, optimizers
from tests.helpers.cases import every_case
from tests.helpers.learners import learns, let_learn

from .resumed import DATA, HELD_OUT, NETWORKS, TRAINERS

RULES = {
    "online": {},
    "bptt": {"rule": "bptt"},
    "rtrl": {"rule": "rtrl"},
    **TRAINERS,
}
HOW = {"epochs": 2, "progress": False, "seed": 5}


def drawn_part(net, rng):
    """Some layers, projections, neurons and connections, one of each kind at most."""
    projection = (
        net.input.project(net.output, weights=0.3) if rng.random() < 0.5 else None
    )
    kinds = [
        [*net.layers[1:], "output"],
        [*net],
        net.connections,
        [projection] if projection else [],
    ]
    return [
        elements[rng.integers(len(elements))]
        for elements in kinds
        if elements and rng.random() < 0.6
    ]


def freeze_all_but(net, learners):
    """Make everything else not trainable, one by one."""
    weights = set()
    biases = set()
    for item in learners:
        item = net[item] if isinstance(item, str) else item
        if isinstance(item, synapse.Connection | synapse.Projection):
            weights |= {item} if isinstance(item, synapse.Connection) else set(item)
        else:
            biases |= {item} if isinstance(item, synapse.Neuron) else set(item)
    weights |= {link for link in net.connections if link.target in biases}
    for every, chosen in ((net.connections, weights), ([*net], biases)):
        chosen |= {element for mine in set(chosen) for element in mine.tied}
        for element in every:
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
        rng = np.random.default_rng(seed)
        learners = drawn_part(net, rng)
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
        history = [
            list(map(repr, values))
            for element in (result, again)
            for values in element.history.values()
        ]
        if not by_hand:
            assert [learns(element) for element in (*net, *net.connections)] == before
        else:
            for element, learned in zip((*net, *net.connections), before, strict=True):
                let_learn(element, learned)
        net.activate(DATA["stream"][0][0])
        endings.append((state_of(net), history))
    assert endings[0] == endings[1]


def test_a_part_comes_back_from_pickles_copies_and_files_and_grows_with_its_layer(
    tmp_path,
):
    net = architect.Perceptron(2, 3, 1, seed=0)
    extra = net.input.project(net.output, weights=0.3)
    learners = [net["hidden"], extra, net.output[0], net.connections[7]]
    adam = optimizers.Adam()
    trainer = Trainer(net, rule="bptt", optimizer=adam, only=learners)
    # the same optimizer
    other = Trainer(net, rule="bptt", optimizer=adam, only=["output"])
    trainer.train(*DATA["samples"], **HOW)
    other.train(*DATA["samples"], **HOW)
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


@every_case("case", REFUSED)
def test_a_part_that_cannot_be_trained_is_refused(case):
    learners, message = REFUSED[case]
    trainer = Trainer(NET)
    for call in (
        lambda: Trainer(NET, only=learners),
        lambda: setattr(trainer, "only", learners),
    ):
        with pytest.raises(
            (errors.ArgumentError, errors.ArgumentTypeError), match=message
        ):
            call()
    assert trainer.only is None


# --- the same bits as a network that was built that way -------------------------------


def walk(seed):
    """A network after random edits, freezes and trainings of parts."""
    rng = np.random.default_rng(seed)
    net = list(NETWORKS.values())[rng.integers(3)]()
    trainers = [Trainer(net, **RULES[name]) for name in ("online", "adam", "rtrl")]
    trainers += [
        Trainer(net, **RULES[name], only=["output"])
        for name in ("online", "adam", "rtrl")
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
                if any(learns(source) for source in (*net.output, *net.connections)):
                    with suppress(
                        errors.ArgumentError
                    ):  # nothing in the part may be trainable
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
    trainers = {name: Trainer(net, only=[name]) for name in ("hidden", "output")}
    trainers[""] = Trainer(net)
    for turn in ["hidden", "output", "hidden", "", "output", "edit", "hidden", "edit"]:
        name = turn
        if turn == "edit":
            net.input[rng.integers(50)].project(net.output[0])
            name = ""
        outputs = set(net.output)
        expected = np.array(
            [
                not name or (link.target in outputs) == (name == "output")
                for link in net.connections
            ]
        )
        before = net.weights
        trainers[name].train([data], progress=False)
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
        again = Trainer(twin, rule="bptt", optimizer=optimizers.Adam())
        again.train([data], progress=False)
        trainer.train([data], progress=False)
        assert (net.weights == twin.weights).all()
        assert (net.biases == twin.biases).all()

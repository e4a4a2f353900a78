"""Agents and their controllers outside of a run: files, copies, exports of the whole
controller."""

import copy
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import strategies as st

import architect
import synapse
from synapse import reward
from synapse.errors import ArgumentError, FormatError, IncompleteWarning
from synapse.readwrite import _files, _npz
from tests.helpers.strategies import SQUASHES, Twin, given_graphs, specs

from .test_agents import gaussian, perceptron
from .test_episodes import Chance, agents, numbers


def gru(inputs, outputs, seed):
    net = architect.GRU(inputs, 4, outputs, output_squash="identity", seed=seed)
    net.rule = "rtrl"
    return net


def continuous():
    policy = gaussian(5, 4, actions=2)
    return reward.ActorCritic(policy, gru(5, 1, 1), scale_rewards=True, seed=3)


def every_agent():
    yield reward.TD(gru(5, 1, 0), scale_rewards=True)
    yield reward.TD(perceptron(1, 0), normalize=False, update=0.01)
    yield from agents()
    yield continuous()


def learned(agent, steps=17):
    """The agent, within an episode."""
    rng = np.random.default_rng(0)
    agent.begin(rng.normal(3.0, 2.0, 5))
    for _ in range(steps):
        agent.learn(rng.normal(), rng.normal(3.0, 2.0, 5))
    return agent


def test_arguments_of_an_agent_are_in_its_file_and_functions_are_refused(tmp_path):
    path = tmp_path / "agent.synapse"
    agent = reward.QLearning(
        perceptron(2, 0),
        explore=lambda step: 0.3,
        update=reward.ObGD(bound=0.5),
        discount=0.7,
        seed=0,
    )
    with pytest.raises(ArgumentError, match="Set the attribute to a number"):
        synapse.save(agent, path)
    assert not path.exists()
    agent.explore = 0.25
    synapse.save(agent, path)
    twin = synapse.load(path)
    assert (twin.explore, twin.update, twin.discount, twin.normalize) == (
        0.25,
        reward.ObGD(bound=0.5),
        0.7,
        True,
    )
    with pytest.raises(ArgumentError, match=r"agent\.model"):
        synapse.save(agent, tmp_path / "agent.json")
    for given, name in ((agent, "agent.c"), (agent.model.whole(), "whole.c")):
        synapse.save(given, tmp_path / name)
    texts = [(tmp_path / name).read_text() for name in ("agent.c", "whole.c")]
    assert texts[0] == texts[1]
    agent._rng = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(ArgumentError, match="PCG64"):
        synapse.save(agent, path)


def answers_of(agent, rows):
    """The activations of the outputs of an agent that acts, in an episode."""
    answers = []
    for place, row in enumerate(rows):
        agent.act(row, first=place == 0)
        answers.append(agent._networks[0].output.activations)
    return np.array(answers)


@pytest.mark.parametrize("number", range(4))
def test_the_model_of_an_agent_acts_elsewhere(number, tmp_path):
    """It has the scale of observations, and answers as the agent does."""
    agent = learned(list(every_agent())[number])
    rows = np.random.default_rng(2).normal(3.0, 2.0, (6, 5))
    answers = answers_of(agent, rows)
    synapse.save(agent.model, tmp_path / "model.json")
    model = synapse.load(tmp_path / "model.json")
    np.testing.assert_allclose(model.run(rows), answers, rtol=1e-9, atol=1e-11)


def changed(arrays, **members):
    text = json.dumps({**json.loads(arrays["document"].item()), **members})
    return {**arrays, "document": np.array(text.encode())}


def without(arrays, name):
    """The arrays without one, which the document does not name either."""
    head = json.loads(arrays["document"].item())
    head["arrays"].remove(name)
    others = {key: array for key, array in arrays.items() if key != name}
    return {**others, "document": np.array(json.dumps(head).encode())}


def test_files_of_agents_that_are_damaged_are_refused(tmp_path):
    agent = learned(next(agents()))
    path = tmp_path / "agent.npz"
    synapse.save(agent, path)
    with _files.opened(path) as stream:
        arrays = _npz.read_arrays(stream)
    head = json.loads(arrays["document"].item())
    settings, remembered = head["settings"], head["remembered"]
    observations = head["observations"]
    traces = "networks/network/traces"
    updates = (
        {**settings["update"], "name": ["ObGD"]},
        {**settings["update"], "name": "Clip"},
        {**settings["update"], "rate": "fast"},
        {**settings["update"], "scale": 3.0},
        {**settings["update"], "clip": {"limit": -1.0}},
        {"name": "ObGD"},
    )
    for wrong in (
        changed(arrays, kind="Agent"),
        changed(arrays, version=3),
        changed(arrays, settings={**settings, "discount": 2.0}),
        changed(arrays, settings={"discount": 0.5}),
        *(changed(arrays, settings={**settings, "update": each}) for each in updates),
        without(arrays, f"{traces}/square_bias"),
        {**arrays, f"{traces}/means": np.zeros(3)},
        changed(arrays, random={**head["random"], "bit_generator": "seed"}),
        changed(arrays, observations={}),
        changed(arrays, observations={**observations, "deviation": [0.0] * 5}),
        changed(arrays, remembered={**remembered, "_action": 2}),
        changed(arrays, remembered={**remembered, "steps": "many"}),
        changed(arrays, remembered={**remembered, "learn": 1}),
        {**arrays, f"{traces}/trace_weight": arrays[f"{traces}/trace_weight"][1:]},
        without(arrays, f"{traces}/trace_bias"),
    ):
        _npz.write_arrays(path, wrong)
        with pytest.raises(FormatError):
            synapse.load(path)


# --- controllers ----------------------------------------------------------------------


@given_graphs(
    specs(squashes=SQUASHES, most=6),
    st.sampled_from(["plain", "delayed", "delayed twice"]),
)
def test_a_controller_acts_as_its_agent_in_any_graph(spec, change):
    net = Twin(spec).net
    if change == "delayed":
        net.input[0].project(net.output[0], weight=0.5, delay=2)
    elif change == "delayed twice":
        net.input[-1].project(net.output[-1], weight=0.3, delay=1)
        net.output[0].project(net.output[-1], weight=0.3, delay=2)
    net.output.squash = "identity"
    net.rule = "rtrl"
    agent = (
        reward.TD(net, update=0.0)
        if len(net.output) == 1
        else reward.QLearning(net, update=0.0, seed=0)
    )
    rows = np.random.default_rng(spec.seed).normal(2.0, 3.0, (9, len(net.input)))
    agent.begin(rows[0])
    for row in rows[1:]:
        agent.learn(0.0, row)
    controller = agent.model.whole()
    ours = [controller.activate(row) for row in rows]
    np.testing.assert_allclose(ours, answers_of(agent, rows), rtol=1e-9, atol=1e-11)


def test_a_controller_of_neurons_that_activate_together_is_refused():
    inputs, outputs = synapse.Layer(1), synapse.Layer(1, "identity")
    inputs.project(outputs, seed=0)
    net = synapse.Network(inputs, outputs, synchronous=True)
    net.rule = "rtrl"
    with pytest.raises(ArgumentError, match="one step late"):
        reward.TD(net).model.whole()


def exported(controller, suffix, rows, tmp_path):
    """The outputs of a controller in another form, in a sequence of rows."""
    if suffix == "torch":
        torch = pytest.importorskip("torch")
        return synapse.to_torch(controller)(torch.tensor(rows)).detach().numpy()
    path = tmp_path / f"controller.{suffix}"
    synapse.save(controller, path)
    if suffix == "py":
        code = (
            "import json, controller; net = controller.Network();"
            f" print(json.dumps([net.step(row) for row in {rows.tolist()}]))"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return np.array(json.loads(answer.stdout))
    net = synapse.load(path)
    return np.array([net.activate(row) for row in rows])


@pytest.mark.full
@pytest.mark.parametrize(
    "suffix", ["json", "npz", "py", pytest.param("torch", marks=pytest.mark.torch)]
)
def test_a_controller_is_whole_in_every_form_and_a_network_alone_says_what_is_missing(
    suffix, tmp_path
):
    agent = learned(list(every_agent())[3])
    rows = np.random.default_rng(2).normal(3.0, 2.0, (6, 5))
    wanted = answers_of(agent, rows)
    actions = exported(agent.model.whole(), suffix, rows, tmp_path)
    np.testing.assert_allclose(actions, wanted, rtol=1e-9, atol=1e-11)
    with pytest.warns(IncompleteWarning, match=r"model\.whole\(\)"):
        exported(agent.network, suffix, rows, tmp_path)


def test_networks_that_need_no_scale_are_written_without_a_word(tmp_path):
    net = perceptron(2, 0)
    agent = reward.QLearning(net, normalize=False, seed=0)
    agent.begin(np.ones(5))
    synapse.save(net, tmp_path / "net.c")
    assert (agent.model.whole().activate(np.ones(5)) == net.activate(np.ones(5))).all()


@pytest.mark.full
@pytest.mark.parametrize("number", range(3))
def test_the_agent_in_a_checkpoint_is_the_last_one(number, tmp_path):
    agent = list(agents())[number]
    path = tmp_path / "agent.npz"
    reward.run(agent, Chance(), steps=150, seed=5, progress=False, checkpoint=path)
    assert numbers(synapse.load(path)) == numbers(agent)


def check_same_future(agent, twin):
    """Both act, learn and remember the same to the bit."""
    rng = np.random.default_rng(1)
    for _ in range(12):
        step = rng.normal(), rng.normal(3.0, 2.0, 5)
        np.testing.assert_array_equal(agent.learn(*step), twin.learn(*step))
    assert numbers(twin) == numbers(agent)
    for trace, other in zip(agent._traces, twin._traces, strict=True):
        for mine, theirs in zip(trace.read(), other.read(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.full
@pytest.mark.parametrize("number", range(6))
def test_an_agent_that_is_loaded_or_copied_goes_on_with_the_same_bits(number, tmp_path):
    def again():
        return learned(list(every_agent())[number])

    agent = again()
    path = tmp_path / "agent.npz"
    synapse.save(agent, path)
    check_same_future(again(), synapse.load(path))
    check_same_future(again(), pickle.loads(pickle.dumps(agent)))
    check_same_future(agent, copy.deepcopy(agent))

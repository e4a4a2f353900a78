"""The mathematics: the library against the reference, the exact gradient and automatic
differentiation."""

import math
from itertools import chain

import pytest
from hypothesis import assume, example, strategies as st

from synapse import Layer, Network, Neuron, Trainer
from tests.helpers import lowered_anew
from tests.helpers.strategies import (
    DELAYED_INTO_GATES,
    EVERY_GATE,
    Pair,
    Twin,
    given_graphs,
    specs,
)


@example(EVERY_GATE, 4, 0.0, False)
@example(EVERY_GATE, 4, 1.0, True)
@example(DELAYED_INTO_GATES, 4, 0.5, False)
@given_graphs(specs(delays=True), st.integers(1, 5), st.floats(0, 1), st.booleans())
def test_any_gated_graph_learns_as_the_reference_does(spec, steps, signed, together):
    """Also if a part of the connections has signs, and if all neurons activate
    together."""
    twin = Twin(spec)
    twin.net.synchronous = together
    for link in twin.reference.links:
        if twin.random.random() < signed:
            twin.set_sign(*link, True)
    for _ in range(steps):
        twin.step()
        assume(twin.tame)


EDITS = (
    "step sweep project loop disconnect gate ungate add remove train sign clock clamp"
    " weight bias squash clear look delay"
)
edits = st.tuples(
    st.sampled_from(EDITS.split()),
    st.integers(0, 99),
    st.integers(0, 99),
    st.booleans(),
)


def edit(twin, name, a, b, flag):
    """Do one edit, where there is something to do it to."""
    reference = twin.reference
    order = twin.order
    i = order[a % len(order)]
    j = order[b % len(order)]
    links = list(reference.links)
    gated = [p for p in links if reference.links[p].gater is not None]
    pair = links[a % len(links)] if links else None
    gaters = {
        reference.links[p].gater for p in gated if reference.links[p].gater not in p
    }
    free = [
        j for j in order[twin.inputs : len(order) - twin.outputs] if j not in gaters
    ]
    if name == "step":
        twin.step()
    elif name == "project" and (i, j) not in reference.links:
        twin.project(i, j, flag)
    elif name == "loop" and (i, i) not in reference.links:
        twin.project(i, i, flag)
    elif name == "disconnect" and pair:
        twin.disconnect(*pair)
    elif name == "gate" and pair and reference.links[pair].gater is None:
        twin.gate(j, *pair)
    elif name == "ungate" and gated:
        twin.ungate(*gated[a % len(gated)])
    elif name == "add":
        twin.add("logistic" if flag else "tanh", append=flag)
    elif name == "remove" and free:
        twin.remove(free[a % len(free)])
    elif name == "train" and pair:
        twin.set_trainable(*pair, flag)
    elif name == "sign" and pair:
        twin.set_sign(*pair, flag)
    elif name == "clamp" and j in order[twin.inputs :]:
        reference.units[j].held = b / 50 - 1 if flag else None
        twin.ours[j].clamp(b / 50 - 1) if flag else twin.ours[j].release()
    elif name == "clock":
        twin.net.synchronous = flag
    elif name == "weight" and pair:
        twin.set_weight(*pair)
    elif name == "bias":
        twin.set_trainable_bias(i, flag)
    elif name == "squash":
        reference.units[i].squash = "tanh" if flag else "softplus"
        twin.ours[i].squash = reference.units[i].squash
    elif name == "clear":
        reference.clear(i)
        twin.ours[i].clear()
    elif name == "look":
        twin.look()
    elif name == "delay" and pair:
        source = pair[0][0] if isinstance(pair[0], tuple) else pair[0]
        new = b % 5
        key = (source, new) if new else source
        carries = source == pair[1] and 0 in (new, reference.links[pair].delay)
        if (key, pair[1]) not in reference.links and not carries:
            twin.set_delay(*pair, new)
    elif name == "sweep" and not twin.net.synchronous:
        twin.sweep(b % len(order) if flag else None)


@given_graphs(specs(delays=True), st.lists(edits, min_size=2, max_size=25))
def test_edits_between_steps_leave_every_other_trace_as_it_was(spec, todo):
    """Compiled and plain loops also lower to the same program after any of them."""
    twin = Twin(spec)
    with pytest.MonkeyPatch.context() as patch:
        lowered_anew.install(patch)
        twin.step()
        for name, a, b, flag in todo:
            assume(twin.tame)
            edit(twin, name, a, b, flag)
        twin.step()


@given_graphs(
    specs(delays=True),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
    st.booleans(),
)
def test_bare_neurons_learn_in_the_order_in_which_they_are_activated(
    spec, random, steps, anew
):
    """The same order, or another one at every step. Those that have activated since get
    no error, even if they propagate later, against the rule."""
    twin = Twin(spec, network=False)
    order = list(spec.units)
    random.shuffle(order)
    for _ in range(steps):
        twin.step_each(order)
        assume(twin.tame)
        if anew:
            random.shuffle(order)
    twin.step_each(order, back=random.sample(order, len(order)))
    found = [twin.ours[j].error.responsibility for j in order]
    expected = [twin.reference.units[j].delta for j in order]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given_graphs(
    specs(most=8, delays=True),
    st.integers(0, 99),
    st.integers(0, 2),
    st.integers(1, 3),
)
def test_two_networks_joined_in_the_middle_of_a_sequence_learn_as_one(
    spec, at, before, after
):
    places = range(spec.inputs + 1, len(spec.units) - spec.outputs)
    assume(places)
    twin = Pair(spec, places[at % len(places)])
    for _ in range(before):
        twin.step()
    twin.join()
    for _ in range(after):
        assume(twin.tame)
        twin.step()


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TrainingWarning"
)  # outputs may be unreached
@example(DELAYED_INTO_GATES, [[True, True], [True]], True)
@given_graphs(
    specs(delays=True),
    st.lists(st.lists(st.booleans(), min_size=1, max_size=3), min_size=1, max_size=3),
    st.booleans(),
)
def test_an_epoch_in_one_call_learns_as_the_reference_does(spec, aimed, cleared):
    """Sequences of steps, of which those that are aimed have a target."""
    twin = Twin(spec)
    twin.step()
    aimed = [[True, *aimed[0][1:]], *aimed[1:]]
    if twin.net.has_memory and not cleared:
        aimed = [[*chain(*aimed)]]
    none = [math.nan] * twin.outputs
    inputs = [[twin.vector(twin.inputs) for _ in steps] for steps in aimed]
    targets = [
        [twin.vector(twin.outputs) if has else none for has in steps] for steps in aimed
    ]
    for xs, ts in zip(inputs, targets, strict=True):
        for j in twin.order if cleared else ():
            twin.reference.clear(j)
        for x, t in zip(xs, ts, strict=True):
            twin.reference.step(twin.order, x)
            if t is not none:
                twin.reference.learn(twin.order, 0.2, t, "squared_error")
            assume(twin.tame)
    if not cleared:
        inputs, targets = [*chain(*inputs)], [*chain(*targets)]
    Trainer(twin.net, 0.2, "squared_error").train(
        inputs, targets, epochs=1, shuffle=False, progress=False
    )
    twin.check(moved=aimed[-1][-1])


def gating(order):
    """A chain x, (g, j, k in this order), y in which j gates an input of the cell k;
    two steps are done."""
    x, g, j, k, y = (Neuron(name=name, squash="identity") for name in "xgjky")
    links = {
        a.name + b.name: a.project(b, w)
        for a, b, w in [(x, g, 0.25), (x, j, 0.5), (x, k, 0.7), (k, k, 0.9)]
    }
    k.project(y, 0.3)
    j.gate(links["xk"])
    hidden = [Layer([{"g": g, "j": j, "k": k}[name]]) for name in order]
    net = Network(Layer([x]), hidden, Layer([y]))
    net.run([[0.3], [1.0]])
    return net, g, k, links


def test_traces_after_changes_that_add_no_connection():
    net, g, _, links = gating("gjk")
    assert links["xj"].eligibility == 1.0
    g.gate(links["xj"])
    assert links["xj"].eligibility == 0.25  # the gain that the next activation reads
    net.activate([1.0])
    assert links["xj"].eligibility == 0.25
    net, _, k, links = gating("gjk")
    assert links["xk"].eligibility > 0.5
    assert links["xj"].extended[k] > 0.5
    for name in ("xk", "xj"):  # a weight that is not trainable has no traces
        links[name].trainable = False
    net.activate([1.0])
    for name in ("xk", "xj"):
        links[name].trainable = True
    assert links["xk"].eligibility == links["xj"].extended[k] == 0.0
    net, _, k, links = gating("kjg")
    assert links["xj"].extended == {}  # the gater comes later
    net.sort_layers()
    assert links["xj"].extended == {k: 0.0}
    net.activate([1.0])
    assert links["xj"].extended[k] > 0.5

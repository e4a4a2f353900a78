import gc
import math
import weakref

import numpy as np
import pytest

from synapse import Layer, Network, Neuron, squash
from synapse.errors import ArgumentError, KindError, SynapseError, TopologyError, UnknownNameError

from .networks import everything, fire, lstm, perceptron, unchanged

NOT_FINITE = [math.nan, math.inf, -math.inf]
NOT_NUMBERS = ["one", None, [1.0, 2.0], object()]


def chain(*weights, **options):
    """Neurons one behind the other."""
    neurons = [Neuron(name=letter, **options) for letter, _ in zip("abcdefg", [0, *weights], strict=False)]
    for weight, source, target in zip(weights, neurons, neurons[1:], strict=False):
        source.project(target, weight=weight)
    return neurons


# --- what it is ---------------------------------------------------------------------------------


def test_a_new_neuron_is_at_rest():
    neuron = Neuron()
    assert neuron.state == neuron.old_state == neuron.activation == neuron.derivative == neuron.bias == 0
    assert neuron.error.responsibility == neuron.error.projected == neuron.error.gated == 0
    assert neuron.squash is squash.logistic
    assert neuron.trainable
    assert neuron.incoming == neuron.outgoing == neuron.gated == ()
    assert neuron.self_connection is None


def test_it_takes_squash_bias_and_name_and_tells_them():
    neuron = Neuron(squash.tanh, bias=0.25, name="b")
    assert (neuron.squash.name, neuron.bias, neuron.name) == ("tanh", 0.25, "b")
    assert repr(neuron) == "<Neuron b, tanh>"
    assert repr(neuron.error) == "<error: responsibility 0, projected 0, gated 0>"
    assert Neuron().name == "neuron 0"


@pytest.mark.parametrize("name", ["state", "activation", "bias"])
def test_its_numbers_can_be_set(name):
    neuron = Neuron()
    setattr(neuron, name, 0.75)
    assert getattr(neuron, name) == 0.75


@pytest.mark.parametrize("name", ["old_state", "derivative"])
def test_what_follows_from_a_step_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(Neuron(), name, 1.0)


@pytest.mark.parametrize("name", ["state", "activation", "bias"])
@pytest.mark.parametrize("value", NOT_FINITE + NOT_NUMBERS)
def test_its_numbers_are_finite(name, value):
    neuron = Neuron(bias=0.5)
    with unchanged([neuron]), pytest.raises((ArgumentError, KindError)):
        setattr(neuron, name, value)


def test_its_numbers_are_python_floats():
    neuron = Neuron(dtype=np.float32)
    assert type(neuron.activate()) is float
    assert type(neuron.state) is type(neuron.bias) is type(neuron.error.gated) is float


def test_a_neuron_of_single_precision_counts_in_it():
    neuron = Neuron(bias=0.1, dtype=np.float32)
    assert neuron.bias == float(np.float32(0.1))
    assert neuron.activate() == pytest.approx(1 / (1 + math.exp(-0.1)), abs=1e-6)


def test_an_unknown_squash_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="logistic"):
        Neuron("sigmoidal")
    neuron = Neuron()
    with unchanged([neuron]), pytest.raises(UnknownNameError):
        neuron.squash = "sigmoidal"


@pytest.mark.parametrize("given", [math.tanh, 3, None])
def test_a_squash_is_a_name_or_a_registered_function(given):
    with pytest.raises(KindError, match="register"):
        Neuron(given)


def test_a_name_is_a_string():
    neuron = Neuron(name="b")
    with pytest.raises(KindError):
        neuron.name = 3
    assert neuron.name == "b"


def test_it_holds_no_attribute_of_its_own():
    with pytest.raises(AttributeError):
        Neuron().weight = 1.0


# --- its links ----------------------------------------------------------------------------------


def test_projecting_makes_a_connection_both_ends_know():
    a, b = Neuron(), Neuron()
    link = a.project(b, weight=0.5)
    assert (link.source, link.target, link.weight, link.trainable) == (a, b, 0.5, True)
    assert a.outgoing == b.incoming == (link,)
    assert a.incoming == b.outgoing == ()
    assert a.connected(b) is link
    assert b.connected(a) is None
    assert Neuron().connected(Neuron()) is None


def test_a_weight_that_is_not_given_is_small_and_follows_the_seed():
    weights = [Neuron().project(Neuron(), seed=seed).weight for seed in (1, 1, 2)]
    assert weights[0] == weights[1] != weights[2]
    assert all(-0.1 <= weight <= 0.1 for weight in weights)


def test_a_generator_goes_on_from_connection_to_connection():
    rng = np.random.default_rng(0)
    a = Neuron()
    assert a.project(Neuron(), seed=rng).weight != a.project(Neuron(), seed=rng).weight


def test_a_self_connection_has_weight_one_and_is_not_trained_unless_asked():
    a, b = Neuron(), Neuron()
    link = a.project(a)
    assert (link.weight, link.trainable, a.self_connection) == (1.0, False, link)
    assert a.incoming == a.outgoing == ()
    assert b.project(b, trainable=True).trainable


def test_a_weight_of_zero_is_zero():
    assert Neuron().project(Neuron(), weight=0).weight == 0
    a = Neuron()
    assert a.project(a, weight=0).weight == 0


def test_projecting_to_a_layer_gives_a_projection():
    a, layer = Neuron(), Layer(3)
    projection = a.project(layer, weight=0.5)
    assert [link.target for link in projection] == list(layer)
    assert [link.weight for link in projection] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("target", [None, "b", 3, object()])
def test_only_neurons_and_layers_can_be_projected_to(target):
    a = Neuron()
    with pytest.raises(KindError):
        a.project(target)
    assert a.outgoing == ()


@pytest.mark.parametrize("weight", NOT_FINITE + ["one", [1.0]])
def test_a_weight_that_is_no_finite_number_makes_no_connection(weight):
    a, b = Neuron(), Neuron()
    with pytest.raises((ArgumentError, KindError)):
        a.project(b, weight=weight)
    assert a.connected(b) is None


@pytest.mark.parametrize("seed", [-1, "one", 1.5])
def test_a_seed_that_cannot_be_used_makes_no_connection(seed):
    a, b = Neuron(), Neuron()
    with pytest.raises(SynapseError):
        a.project(b, seed=seed)
    assert a.connected(b) is None


def test_a_pair_has_one_connection():
    a, b = chain(0.5)
    with unchanged([a, b]), pytest.raises(TopologyError, match="already"):
        a.project(b)
    b.project(a)
    b.project(b)
    with pytest.raises(TopologyError):
        b.project(b)


def test_neurons_of_two_precisions_cannot_be_connected():
    a, b = Neuron(), Neuron(dtype=np.float32)
    with pytest.raises(TopologyError, match="float32 and float64"):
        a.project(b)
    assert a.outgoing == b.incoming == ()
    assert a.activate(1.0) == b.activate(1.0) == 1.0


def test_disconnecting_removes_the_connection():
    a, b = chain(0.5)
    link = b.incoming[0]
    a.disconnect(b)
    assert a.connected(b) is None
    assert a.outgoing == b.incoming == ()
    assert repr(link) == "<Connection, removed>"
    a.project(b, weight=0.25)
    assert b.incoming[0].weight == 0.25


def test_disconnecting_from_itself_ends_its_memory():
    a = Neuron("identity", bias=1.0)
    a.project(a)
    assert [a.activate(), a.activate()] == [1.0, 2.0]
    a.disconnect(a)
    assert a.activate() == 1.0


def test_what_is_not_connected_cannot_be_disconnected():
    a, b = chain(0.5)
    for one, other in [(b, a), (a, a), (a, Neuron())]:
        with pytest.raises(TopologyError, match="nothing to disconnect"):
            one.disconnect(other)
    with pytest.raises(KindError):
        a.disconnect(b.incoming[0])


# --- gates --------------------------------------------------------------------------------------


def test_a_gate_scales_a_connection_by_its_activation():
    a, b, gate = Neuron(), Neuron("identity"), Neuron()
    link = a.project(b, weight=0.5)
    gate.gate(link)
    assert (link.gater, link.gain, gate.gated) == (gate, 0.0, (link,))
    a.activate(1.0)
    assert b.activate() == 0.0  # a gate that has not fired is closed
    gate.activate(0.25)
    assert (link.gain, b.activate()) == (0.25, 0.125)


def test_ungating_opens_a_connection():
    a, b, gate = Neuron(), Neuron("identity"), Neuron()
    link = a.project(b, weight=0.5)
    gate.gate(link)
    gate.ungate(link)
    a.activate(1.0)
    assert (link.gater, link.gain, gate.gated, b.activate()) == (None, 1.0, (), 0.5)


def test_several_connections_are_gated_at_once():
    a, layer, gate = Neuron(), Layer(3), Neuron()
    gate.gate(a.project(layer), a.project(a))
    assert len(gate.gated) == 4
    gate.ungate(*gate.gated)
    assert gate.gated == ()


def test_a_neuron_may_gate_its_own_connections():
    a, b = chain(1.0, squash="identity")
    b.gate(b.incoming[0])
    b.activation = 0.5
    a.activate(1.0)
    assert [b.activate(), b.activate()] == [0.5, 0.5]


def test_a_gate_that_fires_later_counts_as_of_the_step_before():
    a, b, gate = Neuron(), Neuron("identity"), Neuron()
    gate.gate(a.project(b, weight=1.0))
    seen = []
    for value in (0.25, 0.5, 1.0):
        a.activate(1.0)
        seen.append(b.activate())
        gate.activate(value)
    assert seen == [0.0, 0.25, 0.5]


def test_a_connection_has_one_gater():
    a, b = chain(0.5)
    first, second = Neuron(name="first"), Neuron(name="second")
    other = a.project(a)
    first.gate(b.incoming[0])
    for gater in (first, second):
        with unchanged([a, b, first, second]), pytest.raises(TopologyError, match="already"):
            gater.gate(other, b.incoming[0])
    assert other.gater is None


def test_one_call_gates_a_connection_once():
    _, b = chain(0.5)
    with pytest.raises(TopologyError, match="twice"):
        Neuron().gate(b.incoming[0], b.incoming[0])
    assert b.incoming[0].gater is None


def test_only_its_gater_ungates_a_connection():
    a, b, gate, stranger = Neuron(), Neuron(), Neuron(), Neuron()
    link, free = a.project(b), b.project(a)
    gate.gate(link)
    with pytest.raises(TopologyError, match="is gated by"):
        stranger.ungate(link)
    with pytest.raises(TopologyError, match="has no gater"):
        gate.ungate(link, free)
    assert link.gater is gate


@pytest.mark.parametrize("given", [None, 3, "link", Neuron(), Layer(2)])
def test_only_connections_are_gated(given):
    with pytest.raises(KindError):
        Neuron().gate(given)
    with pytest.raises(KindError):
        Neuron().ungate(given)


def test_a_gate_of_another_precision_is_refused_for_all():
    a, b, c, d = (Neuron(dtype=dtype) for dtype in (np.float64, np.float64, np.float32, np.float32))
    first, second = a.project(b), c.project(d)
    with pytest.raises(TopologyError):
        Neuron().gate(first, second)
    assert first.gater is None


# --- a step -------------------------------------------------------------------------------------


def test_it_fires_from_what_leads_to_it():
    a, b = chain(0.5)
    b.bias = 0.25
    assert a.activate(1.5) == 1.5
    assert b.activate() == pytest.approx(1 / (1 + math.exp(-1.0)), abs=1e-15)
    assert b.state == 1.0
    assert b.derivative == pytest.approx(b.activation * (1 - b.activation), abs=1e-15)


def test_the_state_of_the_step_before_is_kept():
    a, b = chain(1.0, squash="identity")
    for value in (1.0, 2.0):
        fire(a, b, value=value)
    assert (b.state, b.old_state) == (2.0, 1.0)


def test_a_given_activation_has_no_derivative():
    neuron = Neuron("identity")
    neuron.activate()
    assert neuron.derivative == 1.0
    neuron.activate(0.5)
    assert (neuron.activation, neuron.derivative) == (0.5, 0.0)


def test_zero_can_be_given():
    neuron = Neuron(bias=1.0)
    assert neuron.activate(0) == neuron.activation == 0.0


@pytest.mark.parametrize("value", NOT_FINITE + ["one", [1.0, 2.0], object()])
def test_what_it_is_given_is_a_finite_number(value):
    a, b = chain(0.5)
    with unchanged([a, b]), pytest.raises((ArgumentError, KindError)):
        a.activate(value)


def test_it_learns_from_a_target():
    _, b = fire(*chain(0.5, squash="identity"))
    b.propagate(rate=0.1, target=1.0)
    assert (b.incoming[0].weight, b.bias) == pytest.approx((0.55, 0.05))
    assert b.error.responsibility == b.error.projected == 0.5


def test_error_goes_back_along_weights_as_they_were():
    a, b, c = fire(*chain(0.5, 2.0, squash="identity"))
    c.propagate(rate=0.5, target=2.0)
    assert b.connected(c).weight == 2.25
    b.propagate(rate=0.5)
    assert b.error.projected == 2.0
    assert a.connected(b).weight == 1.5


def test_at_rate_zero_errors_are_computed_and_nothing_moves():
    _, b = fire(*chain(0.5))
    b.propagate(rate=0.0, target=1.0)
    assert b.error.responsibility != 0
    assert (b.incoming[0].weight, b.bias) == (0.5, 0.0)


def test_a_logistic_neuron_learns_by_cross_entropy_unless_told():
    moved = []
    for cost in (None, "cross_entropy", "squared_error"):
        neuron = Neuron()
        neuron.activate()
        neuron.propagate(rate=1.0, target=1.0, cost=cost)
        moved.append(neuron.bias)
    assert moved == pytest.approx([0.5, 0.5, 0.125])


def test_other_neurons_learn_by_squared_error_unless_told():
    neuron = Neuron("tanh", bias=0.5)
    neuron.activate()
    neuron.propagate(rate=1.0, target=1.0)
    assert neuron.bias == pytest.approx(0.5 + (1 - math.tanh(0.5)) * (1 - math.tanh(0.5) ** 2))


def test_cross_entropy_needs_a_logistic_neuron():
    neuron = Neuron("tanh", bias=0.5)
    neuron.activate()
    with unchanged([neuron]), pytest.raises(ArgumentError, match="logistic"):
        neuron.propagate(target=1.0, cost="cross_entropy")


def test_what_is_not_trainable_does_not_move():
    a, b = chain(0.5)
    b.trainable = b.incoming[0].trainable = False
    fire(a, b)
    b.propagate(rate=1.0, target=1.0)
    assert (b.incoming[0].weight, b.bias) == (0.5, 0.0)
    assert not b.trainable


def test_an_input_does_not_learn():
    a, b = chain(0.5)
    a.project(a, trainable=True)
    fire(a, b)
    b.propagate(rate=1.0, target=1.0)
    with unchanged([a]):
        a.propagate(rate=1.0)


def test_a_given_activation_does_not_learn_from_a_target():
    neuron = Neuron()
    neuron.activate(1.0)
    neuron.propagate(rate=1.0, target=0.0)
    assert neuron.bias == 0.0


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("rate", value) for value in (*NOT_FINITE, -0.1, "fast", None)),
        *(("target", value) for value in (*NOT_FINITE, "one", [1.0, 2.0])),
        *(("cost", value) for value in ("hinge", 3)),
    ],
)
def test_what_it_cannot_learn_from_changes_nothing(argument, value):
    a, b = fire(*chain(0.5))
    with unchanged([a, b]), pytest.raises((ArgumentError, KindError, UnknownNameError)):
        b.propagate(**{"target": 1.0, argument: value})


def test_without_a_target_an_output_has_no_error():
    _, b = fire(*chain(0.5))
    b.propagate(rate=1.0)
    assert (b.error.responsibility, b.incoming[0].weight) == (0.0, 0.5)


def test_a_memory_cell_holds_its_error():
    """The constant error carousel: what came in long ago is credited in full."""
    source, cell = chain(0.5, squash="identity")
    cell.project(cell)
    for value in (1.0, 0.0, 0.0, 0.0):
        fire(source, cell, value=value)
    assert cell.state == 0.5
    assert cell.incoming[0].eligibility == 1.0
    cell.propagate(rate=0.1, target=1.5)
    assert cell.incoming[0].weight == pytest.approx(0.6)
    assert cell.bias == pytest.approx(0.1 * 4)  # the bias has been an input of 1 four times


def test_the_bias_has_a_trace_of_an_input_of_1():
    source, cell = chain(0.5, squash="identity")
    assert cell.bias_eligibility == 0.0
    fire(source, cell)
    assert cell.bias_eligibility == 1.0
    cell.project(cell, weight=0.5)
    for eligibility in (1.0, 1.5, 1.75):  # from 0 on with the new self-connection
        cell.activate()
        assert cell.bias_eligibility == eligibility
    with pytest.raises(AttributeError):
        cell.bias_eligibility = 1.0


# --- forgetting ---------------------------------------------------------------------------------


def test_a_cleared_memory_cell_owes_nothing_to_its_past():
    """Its state no longer depends on what its gate once let in."""
    source, gate, cell = Neuron(), Neuron(), Neuron("identity")
    into_gate = source.project(gate, weight=0.5)
    gate.gate(source.project(cell, weight=1.0))
    cell.project(cell)
    for neuron, value in ((source, 1.0), (gate, None), (cell, None)):
        neuron.activate(value)
    assert into_gate.extended[cell] != 0
    cell.clear()
    assert into_gate.extended[cell] == 0
    for neuron, value in ((source, 0.0), (gate, None), (cell, None)):
        neuron.activate(value)
    cell.propagate(rate=1.0, target=1.0)
    gate.propagate(rate=1.0)
    assert cell.error.responsibility == 1.0
    assert (gate.bias, into_gate.weight) == (0.0, 0.5)


def test_reset_draws_bias_and_incoming_weights_anew():
    a, b, c = chain(0.5, 0.5)
    own = b.project(b, weight=0.75)
    b.reset(seed=1)
    assert a.connected(b).weight != 0.5
    assert b.bias != 0
    assert (b.connected(c).weight, own.weight) == (0.5, 0.75)


def test_reset_is_fixed_by_its_seed():
    found = []
    for seed in (1, 1, 2):
        a, b, _ = chain(0.5, 0.5)
        b.reset(seed=seed)
        found.append((b.bias, a.connected(b).weight))
    assert found[0] == found[1] != found[2]


def test_reset_takes_an_initializer():
    a, b = chain(0.5)
    b.reset(initializer="zeros")
    assert (b.bias, a.connected(b).weight) == (0, 0)


def test_a_failed_reset_changes_nothing():
    a, b = fire(*chain(0.5))
    with unchanged([a, b]), pytest.raises(UnknownNameError):
        b.reset(initializer="random")
    with unchanged([a, b]), pytest.raises(ArgumentError):
        b.reset(initializer=lambda rng, shape, fan_in, fan_out: np.full(shape, math.nan))


# --- its life -----------------------------------------------------------------------------------


def removed():
    net = lstm(2, 2, 1)
    neuron = net.hidden[0][0]
    neuron.ungate(*neuron.gated)
    net.remove(neuron)
    return neuron


def test_a_removed_neuron_says_so():
    assert repr(removed()) == "<Neuron, removed>"


@pytest.mark.parametrize(
    "use",
    [
        lambda n: n.activate(),
        lambda n: n.propagate(),
        lambda n: n.project(Neuron()),
        lambda n: Neuron().project(n),
        lambda n: n.project(n),
        lambda n: n.state,
        lambda n: setattr(n, "bias", 1.0),
        lambda n: n.squash,
        lambda n: n.name,
        lambda n: n.incoming,
        lambda n: n.outgoing,
        lambda n: n.gated,
        lambda n: n.self_connection,
        lambda n: n.error.gated,
        lambda n: n.clear(),
        lambda n: n.reset(),
        lambda n: n.gate(Neuron().project(Neuron())),
        lambda n: n.ungate(),
        lambda n: Neuron().connected(n),
        lambda n: Layer([n]),
    ],
)
def test_a_removed_neuron_cannot_be_used(use):
    with pytest.raises(TopologyError, match="removed"):
        use(removed())


def test_a_neuron_that_nobody_holds_is_collected():
    a, b = chain(0.5)
    b.project(b)
    Neuron().gate(b.incoming[0])
    assert everything([a, b])
    watched = [weakref.ref(a), weakref.ref(b)]
    del a, b
    gc.collect()
    assert [reference() for reference in watched] == [None, None]


def test_a_neuron_lives_as_long_as_one_it_is_linked_to():
    a, b = chain(0.5)
    watched = weakref.ref(a)
    del a
    gc.collect()
    assert b.incoming[0].source is watched()


def test_views_stay_the_same_objects_when_stores_merge():
    a, b = chain(0.5)
    c, d, e = chain(0.25, 0.125)
    links = a.connected(b), c.connected(d), d.connected(e)
    b.project(c, weight=2.0)
    assert (a.connected(b), c.connected(d), d.connected(e)) == links
    assert [link.weight for link in links] == [0.5, 0.25, 0.125]
    assert [n.name for n in (a, b, c, d, e)] == ["a", "b", "a", "b", "c"]
    assert links[1].source is c


def test_numbers_survive_a_merge():
    a, b = chain(0.5)
    c, d = chain(0.25)
    for neuron, value in ((a, 1.0), (b, None), (c, 0.5), (d, None)):
        neuron.activate(value)
    with unchanged([a]), unchanged([d]):
        before = d.activation, b.state
        b.project(c, weight=1.0)
        assert (d.activation, b.state) == before


def test_a_neuron_is_of_one_network():
    a, b = Layer(1), Layer(1)
    net = Network(a, [], b)
    with pytest.raises(TopologyError, match="belongs to"):
        Network(Layer(1), [Layer([b[0]])], Layer(1))
    assert len(net) == 2


# --- their order --------------------------------------------------------------------------------


def test_neurons_of_a_network_are_ordered_as_they_activate():
    a, b, c = (Neuron(name=name) for name in "abc")
    a.project(c)
    c.project(b)
    net = Network(Layer([a]), [Layer([c])], Layer([b]))
    assert sorted([b, c, a]) == [a, c, b] == list(net)
    assert a < c < b
    assert b > a
    assert a <= a
    assert not a < a
    assert max(net) is b


def test_a_new_neuron_takes_its_place_in_the_order():
    net = perceptron(2, 2, 1)
    extra = net.add(Neuron())[0]
    assert sorted(net.graph) == list(net)
    assert net.hidden[0][1] < extra < net.output[0]


def test_neurons_that_are_not_linked_have_no_order():
    with pytest.raises(TypeError, match="not connected"):
        sorted([Neuron(), Neuron()])
    with pytest.raises(TypeError):
        _ = Neuron() < 1
    assert Neuron() != Neuron()

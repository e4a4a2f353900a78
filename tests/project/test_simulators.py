"""The table of docs/simulators.md, line by line: both sides are run and compared.

Each simulator runs where it can be imported. NEST's cell is also written in NumPy, so
that the default tier has one to compare with."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, errors, spikes
from tests.helpers.peers import peer, pinned

DT = 0.1
TAU = 20.0
TAU_SYN = 5.0
STEPS = 400
LEAK = math.exp(-DT / TAU)
FADE = math.exp(-DT / TAU_SYN)
INTO = (LEAK - FADE) * TAU_SYN / (TAU - TAU_SYN)
"""Weight of a current in a step of the exact solution."""
peers = pytest.mark.peers
torch_tier = pytest.mark.torch


@pytest.fixture
def brian():
    module = peer("brian2")
    module.start_scope()
    module.prefs.codegen.target = "numpy"
    module.defaultclock.dt = DT * module.ms
    return module


def steps_of(monitor, brian):
    """The steps of a monitor's spikes."""
    return np.rint(np.asarray(monitor.t / brian.ms) / DT).astype(int)


# --- Synapse's side -------------------------------------------------------------------


def wired(delay, weight=1.0, threshold=0.5, into="current", reset="zero", blocked=0):
    """A spike source, a current, a voltage and its spikes, as on the page: the source
    arrives after a delay in the current, or in the voltage itself.

    No spike can follow another within so many `blocked` steps."""
    source, current = Layer(1, name="source"), Layer(1, "identity", name="current")
    v = Layer(1, "identity", name="v")
    fired = Layer(1, "spike", -threshold, name="fired")
    source.project({"current": current, "v": v}[into], weights=weight, delay=delay)
    current.project(current, "one_to_one", weights=FADE)
    leak = v.project(v, "one_to_one", weights=LEAK)
    arrives = current.project(v, "one_to_one", weights=INTO)
    v.project(fired, "one_to_one", weights=1.0)
    layers = [current, v]
    if reset == "subtract":
        fired.project(v, "one_to_one", weights=-threshold)
    else:
        ready = Layer(1, "identity", 1.0, name="ready")
        for steps_ago in (0, *range(2, blocked + 1)):
            fired.project(ready, "one_to_one", weights=-1.0, delay=steps_ago)
        ready.gate(leak, "one_to_one")
        if blocked:
            ready.gate(arrives, "one_to_one")
        layers.insert(0, ready)
    return Network(source, layers, fired)


def recorded(net, rows, inject=None):
    """States of the voltage and spikes, by step."""
    with synapse.record(net, "activation", "state") as log:
        net.run(rows, traces=False, inject=inject)
    return log.of(net["v"], "state")[:, 0], log.of(net["fired"])[:, 0]


def source_spikes(times=(5, 9, 40)):
    rows = np.zeros((STEPS, 1))
    rows[list(times)] = 1.0
    return rows


# --- Brian2 ---------------------------------------------------------------------------

CURRENTS = """dv/dt = (I - v) / (20*ms) : 1 (unless refractory)
dI/dt = -I / (5*ms) : 1"""


def in_brian(brian, delay, on_pre="I += 60", threshold="v > 0.5", **options):
    """Voltages at the ends of the steps, and the steps of the spikes."""
    source = brian.SpikeGeneratorGroup(1, [0] * 3, np.array([5, 9, 40]) * DT * brian.ms)
    group = brian.NeuronGroup(
        1, CURRENTS, threshold=threshold, reset="v = 0", method="exact", **options
    )
    waits = {} if delay is None else {"delay": delay * DT * brian.ms}
    synapses = brian.Synapses(source, group, on_pre=on_pre, **waits)
    synapses.connect()
    state = brian.StateMonitor(group, "v", record=True, when="thresholds")
    fired = brian.SpikeMonitor(group)
    brian.Network(source, group, synapses, state, fired).run(STEPS * DT * brian.ms)
    return state.v[0], steps_of(fired, brian)


@peers
@pytest.mark.parametrize("delay", [None, 0, 1, 3, 18, 18.4, 18.5])
def test_a_delay_of_brian2_is_one_step_longer(brian, delay):
    """A synapse acts at the end of a step, behind the state update of the group."""
    steps = spikes.to_steps((delay or 0) * DT, DT) + 1
    voltages, when = in_brian(brian, delay)
    # The source of the page's cells is behind the current; here it is an input.
    net = wired(steps, weight=60.0)
    ours, fired = recorded(net, source_spikes())
    assert len(when) > 3
    assert np.flatnonzero(fired).tolist() == when.tolist()
    assert np.abs(ours - voltages)[: when[0]].max() < 1e-12

    # Straight into the voltage, it leaks once before the threshold is checked.
    brian.start_scope()
    _, when = in_brian(brian, delay, on_pre="v += 0.8")
    net = wired(steps, weight=0.8 * LEAK, into="v")
    assert len(when) == 3
    assert np.flatnonzero(recorded(net, source_spikes())[1]).tolist() == when.tolist()


@peers
def test_cells_of_brian2_without_a_delay_are_backward_connections(brian):
    """As on the page: the current comes before the spikes it reads."""
    group = brian.NeuronGroup(
        2, CURRENTS, threshold="v > 0.5", reset="v = 0", method="exact"
    )
    synapses = brian.Synapses(group, group, on_pre="I += 60")
    synapses.connect(i=[0], j=[1])
    group.v = [0.6, 0.0]
    monitor = brian.SpikeMonitor(group)
    brian.Network(group, synapses, monitor).run(STEPS * DT * brian.ms)
    current, v = Layer(2, "identity"), Layer(2, "identity", name="v")
    fired, unused = Layer(2, "spike", -0.5, name="fired"), Layer(1)
    keep = Layer(2, "identity", 1.0)
    current.project(current, "one_to_one", weights=FADE)
    current.project(v, "one_to_one", weights=INTO)
    keep.gate(v.project(v, "one_to_one", weights=LEAK), "one_to_one")
    v.project(fired, "one_to_one", weights=1.0)
    fired.project(keep, "one_to_one", weights=-1.0)
    fired.project(current, ([0], [1]), weights=60.0)
    unused.project(fired, weights=0.0)
    net = Network(unused, [keep, current, v], fired)
    v.states = [0.6, 0.0]
    ours = spikes.events(net.run(np.zeros((STEPS, 1)), traces=False), dt=DT)
    assert len(ours.times) > 2
    assert ours.times == pytest.approx(np.asarray(monitor.t / brian.ms), abs=1e-9)
    assert ours.neurons.tolist() == monitor.i[:].tolist()


@peers
def test_a_threshold_of_brian2_is_exceeded_not_met(brian):
    group = brian.NeuronGroup(3, "v : 1", threshold="v > 10", reset="v = 0")
    group.v = [10.0, np.nextafter(10.0, 11.0), 9.0]
    monitor = brian.SpikeMonitor(group)
    brian.Network(group, monitor).run(DT * brian.ms)
    v = Layer(3, "identity")
    fired = Layer(3, "spike", -10.0)
    unused = Layer(1)
    v.project(v, "one_to_one")
    v.project(fired, "one_to_one", weights=1.0)
    unused.project(fired, weights=0.0)
    net = Network(unused, v, fired)
    v.states = [10.0, np.nextafter(10.0, 11.0), 9.0]
    assert np.flatnonzero(net.activate([0.0])).tolist() == monitor.i[:].tolist() == [1]


@peers
@pytest.mark.parametrize("steps", [1, 2, 20, 50])
def test_a_refractory_time_of_brian2_blocks_one_step_less(brian, steps):
    """Driven to a spike in each step that allows one."""
    import architect

    _, when = in_brian(brian, 0, on_pre="I += 1e6", refractory=steps * DT * brian.ms)
    assert np.diff(when).min() == steps
    net = wired(1, weight=1e6, blocked=steps - 1)
    assert np.flatnonzero(recorded(net, source_spikes())[1]).tolist() == when.tolist()
    net = architect.Spiking(1, 1, 1, adaptive=0, refractory=steps - 1, seed=0)
    net.input[0].outgoing[0].weight = 1e6
    log = synapse.record(net, neurons=net["spikes"])
    with log:
        net.run(np.ones((STEPS, 1)))
    assert np.diff(np.flatnonzero(log.of(net["spikes"])[:, 0])).min() == steps


@peers
def test_connections_of_pairs_are_those_of_brian2(brian):
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, 30, 100), rng.integers(0, 20, 100)
    pairs = np.unique(np.stack([i, j]), axis=1)
    weights = rng.normal(size=pairs.shape[1])
    source = brian.SpikeGeneratorGroup(30, np.arange(30), np.zeros(30) * brian.ms)
    group = brian.NeuronGroup(20, "g : 1")
    synapses = brian.Synapses(source, group, "w : 1", on_pre="g += w")
    synapses.connect(i=pairs[0], j=pairs[1])
    synapses.w = weights
    brian.Network(source, group, synapses).run(DT * brian.ms)
    a, b = Layer(30), Layer(20, "identity")
    a.project(b, (pairs[0], pairs[1]), weights=weights)
    assert Network(a, b).activate(np.ones(30)) == pytest.approx(group.g[:], abs=1e-12)


@peers
def test_spikes_given_by_times_are_those_of_brian2(brian):
    times = np.array([0.0, 0.3, 0.3, 2.0, 0.19, 0.55, 0.69991, 0.6998])
    neurons = np.array([1, 0, 2, 1, 0, 1, 0, 2])
    source = brian.SpikeGeneratorGroup(3, neurons, times * brian.ms)
    monitor = brian.SpikeMonitor(source)
    brian.Network(source, monitor).run(3 * brian.ms)
    train = spikes.from_events(times, neurons, steps=30, count=3, dt=DT)
    ours = spikes.events(train, dt=DT)
    assert ours.times == pytest.approx(np.asarray(monitor.t / brian.ms), abs=1e-9)
    assert ours.neurons.tolist() == monitor.i[:].tolist()
    assert np.rint(ours.times / DT).tolist() == [0, 1, 3, 3, 5, 6, 7, 20]

    # Both refuse a second spike of a cell in a step.
    brian.start_scope()
    source = brian.SpikeGeneratorGroup(1, [0, 0], [0.31, 0.34] * brian.ms)
    with pytest.raises(brian.BrianObjectException) as refused:
        brian.Network(source).run(brian.ms)
    assert "spike more than once" in str(refused.value.__cause__)
    with pytest.raises(errors.ArgumentError, match="2 of neuron 0 in step 3"):
        spikes.from_events([0.31, 0.34], [0, 0], 10, 1, dt=DT)


@peers
def test_spikes_between_steps_are_later_in_nest(nest):
    """And several of a cell in a step are sent, as merge="sum" has them."""
    times = [0.2, 0.21, 0.24, 0.55]
    options = {"spike_times": times, "allow_offgrid_times": True}
    source = nest.Create("spike_generator", params=options)
    relay, recorder = nest.Create("parrot_neuron"), nest.Create("spike_recorder")
    nest.Connect(source, relay, syn_spec={"delay": DT})
    nest.Connect(relay, recorder)
    nest.Simulate(2.0)
    theirs = np.rint(recorder.events["times"] / DT).astype(int) - 2  # delay and end
    assert theirs.tolist() == [1, 2, 2, 5]
    ours = spikes.from_events(times, [0] * 4, 10, 1, dt=DT, merge="sum")
    assert np.repeat(np.arange(10), ours[:, 0].astype(int)).tolist() == [2, 2, 2, 5]
    on_grid = spikes.from_events(
        np.ceil(np.array(times) / DT - 1e-3) - 1, [0] * 4, 10, 1, merge="sum"
    )
    assert (
        np.repeat(np.arange(10), on_grid[:, 0].astype(int)).tolist() == theirs.tolist()
    )


@peers
def test_poisson_sources_of_nest_send_several_spikes_in_a_step(nest):
    rate, steps = 30_000.0, 1000
    source = nest.Create("poisson_generator", params={"rate": rate})
    relay, recorder = nest.Create("parrot_neuron"), nest.Create("spike_recorder")
    nest.Connect(source, relay, syn_spec={"delay": DT})
    nest.Connect(relay, recorder)
    nest.Simulate((steps + 1) * DT)
    when = np.rint(recorder.events["times"] / DT)
    mean = rate * DT / 1000
    assert abs(len(when) - steps * mean) < 5 * math.sqrt(steps * mean)
    chance = 1 - math.exp(-mean)
    spread = 5 * math.sqrt(steps * chance * (1 - chance))
    assert abs(len(np.unique(when)) - steps * chance) < spread
    ours = spikes.poisson(rate, steps, dt=DT, seed=0)
    assert abs(ours.sum() - steps * chance) < spread
    assert ours.max() == 1.0


@peers
def test_random_spikes_of_brian2_are_a_little_more_frequent(brian):
    """rate dt in each step, where ours have 1 - exp(-rate dt)."""
    for rate in (40.0, 2000.0):
        brian.start_scope()
        brian.seed(0)
        group = brian.PoissonGroup(1000, rate * brian.Hz)
        monitor = brian.SpikeMonitor(group)
        brian.Network(group, monitor).run(100 * brian.ms)
        probability = rate * DT / 1000
        count = 1000 * 1000 * probability
        assert abs(monitor.num_spikes - count) < 4 * math.sqrt(count)
        same = -math.log1p(-probability) * 1000 / DT  # the rate of as many spikes
        ours = spikes.poisson(np.full(1000, same), 1000, dt=DT, seed=0).sum()
        assert abs(ours - count) < 4 * math.sqrt(count)
    ours = spikes.poisson(np.full(1000, 2000.0), 1000, dt=DT, seed=0).sum()
    assert count - ours > 8 * math.sqrt(count)


@peers
def test_states_by_a_monitor_of_brian2_are_those_before_its_step(brian):
    group = brian.NeuronGroup(
        1, CURRENTS, threshold="v > 1e9", reset="v = 0", method="exact"
    )
    group.I = 1.0
    start = brian.StateMonitor(group, "v", record=True)
    end = brian.StateMonitor(group, "v", record=True, when="end")
    brian.Network(group, start, end).run(STEPS * DT * brian.ms)
    net = wired(1, threshold=1e9)
    net["current"].states = [1.0 / FADE]  # Brian's decays behind the voltage
    ours, _ = recorded(net, np.zeros((STEPS, 1)))
    assert ours == pytest.approx(end.v[0], abs=1e-12)
    assert ours[:-1] == pytest.approx(start.v[0][1:], abs=1e-12)


@peers
def test_rates_of_a_population_are_those_of_brian2(brian):
    train = spikes.poisson(np.full(50, 100.0), 200, dt=DT, seed=0)
    times, neurons = spikes.events(train, dt=DT)
    source = brian.SpikeGeneratorGroup(50, neurons, times * brian.ms)
    monitor = brian.PopulationRateMonitor(source)
    brian.Network(source, monitor).run(20 * brian.ms)
    ours = spikes.rates(train, dt=DT, window=DT).mean(axis=1)
    assert ours == pytest.approx(np.asarray(monitor.rate / brian.Hz), abs=1e-9)
    smooth = monitor.smooth_rate(window="flat", width=2.1 * brian.ms) / brian.Hz
    ours = spikes.rates(train, dt=DT, window=2.1).mean(axis=1)  # 21 steps, one by one
    assert ours == pytest.approx(np.asarray(smooth)[10:-10:21][: len(ours)], abs=1e-9)


@peers
def test_currents_from_outside_are_those_of_brian2_times_the_step(brian):
    """Brian2's current is in the equation, ours in the step: (1 - leak) times it."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0.0, 3.0, STEPS)
    currents = brian.TimedArray(values, dt=DT * brian.ms)
    group = brian.NeuronGroup(
        1,
        "dv/dt = (I(t) - v) / (20*ms) : 1",
        threshold="v > 0.5",
        reset="v = 0",
        method="euler",
        namespace={"I": currents},
    )
    exact = brian.NeuronGroup(
        1,
        "dv/dt = (c - v) / (20*ms) : 1\nc : 1",
        threshold="v > 0.5",
        reset="v = 0",
        method="exact",
    )
    exact.c = 0.9
    both = brian.SpikeMonitor(group), brian.SpikeMonitor(exact)
    brian.Network(group, exact, *both).run(STEPS * DT * brian.ms)
    expected = [steps_of(monitor, brian).tolist() for monitor in both]
    net = wired(1)
    net["v"][0].self_connection.weight = 1 - DT / TAU
    _, fired = recorded(net, np.zeros((STEPS, 1)), {"v": values * DT / TAU})
    assert np.flatnonzero(fired).tolist() == expected[0]
    _, fired = recorded(wired(1), np.zeros((STEPS, 1)), {"v": 0.9 * (1 - LEAK)})
    assert np.flatnonzero(fired).tolist() == expected[1]
    assert min(map(len, expected)) >= 1


@peers
def test_a_stored_state_of_brian2_is_a_clone(brian):
    group = brian.NeuronGroup(1, "dv/dt = -v / (20*ms) : 1", method="exact")
    group.v = 1.0
    net = brian.Network(group)
    net.run(2 * brian.ms)
    net.store()
    net.run(3 * brian.ms)
    after = group.v[0]
    net.restore()
    ours = wired(1, threshold=1e9)
    ours["v"].states = [1.0]
    ours.run(np.zeros((20, 1)), traces=False)
    again = ours.clone()
    ours.run(np.zeros((30, 1)), traces=False)
    assert ours["v"].states[0] == pytest.approx(after, abs=1e-12)
    assert again["v"].states[0] == pytest.approx(group.v[0], abs=1e-12)
    again.clear()
    assert again["v"].states[0] == 0.0  # and not what was stored


# --- Times as steps -------------------------------------------------------------------


@peers
def test_halves_of_steps_are_those_of_brian2(brian):
    """But where its quotient in seconds is less than a half, such as 1.5 steps."""
    halves = np.array([round(float(k + 0.5) * DT, 9) for k in range(200)])
    source = brian.SpikeGeneratorGroup(1, [0], [0] * brian.ms)
    group = brian.NeuronGroup(200, "arrived : second")
    synapses = brian.Synapses(source, group, on_pre="arrived_post = t")
    synapses.connect()
    synapses.delay = halves * brian.ms
    brian.Network(source, group, synapses).run(201 * DT * brian.ms)
    theirs = np.rint(np.asarray(group.arrived) / (DT / 1000)).astype(int)
    short = (halves * 0.001) / (DT * 0.001) < np.arange(200) + 0.5
    assert (theirs == spikes.to_steps(halves, DT) - short).all()
    assert short[np.isclose(halves, 0.15)].all()
    assert 0 < short.sum() < 60


@peers
def test_halves_of_steps_are_those_of_nest(nest):
    halves = np.array([round(float(k + 0.5) * DT, 9) for k in range(200)])
    ends = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", 200)
    nest.Connect(*ends, "all_to_all", syn_spec={"delay": halves[:, None]})
    table = nest.GetConnections(*ends).get(["target", "delay"])
    theirs = np.array(table["delay"])[np.argsort(table["target"])]
    assert np.rint(theirs / DT).tolist() == spikes.to_steps(halves, DT).tolist()


@peers
def test_refractory_times_between_steps_differ(brian, nest):
    """Brian2 rounds them down, NEST up, as the page says."""
    times = np.array([0.2, 0.25, 0.26, 0.29, 0.3])
    group = brian.NeuronGroup(
        5, "wait : second", threshold="True", reset="", refractory="wait"
    )
    group.wait = times * brian.ms
    monitor = brian.SpikeMonitor(group)
    brian.Network(group, monitor).run(3 * brian.ms)
    trains = monitor.spike_trains()
    gaps = [np.diff(trains[i] / brian.ms / DT).min().round() for i in range(5)]
    assert gaps == [2, 2, 2, 2, 3]
    cells = nest.Create("iaf_psc_exp", 5, params={"t_ref": times, "I_e": 1e6})
    recorders = nest.Create("spike_recorder", 5)
    nest.Connect(cells, recorders, "one_to_one")
    nest.Simulate(3.0)
    gaps = [np.diff(each["times"] / DT).min().round() for each in recorders.events]
    assert [gap - 1 for gap in gaps] == [2, 3, 3, 3, 3]


# --- NEST: iaf_psc_exp as documented, and as it is ------------------------------------


def by_documentation(arrivals, delay, weight, t_ref=0, drive=0.0):
    """Spikes of `iaf_psc_exp`, by step; a spike arrives from its sender `delay` steps
    later, at least 1.

    In each step the voltage reads the current of the step before, unless the cell is
    refractory; then the current fades, the spikes that arrive are added, and the
    threshold is checked: V >= V_th."""
    v = current = 0.0
    refractory = 0
    fired = []
    for t in range(STEPS):
        if refractory == 0:
            v = LEAK * v + INTO * current + (1 - LEAK) * drive
        else:
            refractory -= 1
        current *= FADE
        if t >= delay:
            current += weight * arrivals[t - delay]
        fired.append(v >= 0.5)
        if fired[-1]:
            v = 0.0
            refractory = t_ref
    return np.flatnonzero(fired)


@pytest.fixture
def nest():
    module = peer("nest")
    module.verbosity = module.VerbosityLevel.ERROR
    module.ResetKernel()
    module.resolution = DT
    return module


@pytest.fixture(params=["documented", pytest.param("real", marks=peers)])
def in_nest(request):
    """The steps in which a cell of NEST fires."""
    if request.param == "documented":
        return by_documentation
    return partial(by_nest, request.getfixturevalue("nest"))


def by_nest(nest, arrivals, delay, weight, t_ref=0, drive=0.0):
    """As above, by NEST: a time is the end of a step there."""
    cell = nest.Create(
        "iaf_psc_exp",
        params={
            "E_L": 0.0,
            "V_m": 0.0,
            "V_reset": 0.0,
            "V_th": 0.5,
            "tau_m": TAU,
            "tau_syn_ex": TAU_SYN,
            "tau_syn_in": TAU_SYN,
            "C_m": TAU,
            "t_ref": t_ref * DT,
            "I_e": drive,
        },
    )
    times = (np.flatnonzero(arrivals) + 1) * DT
    source = nest.Create("spike_generator", params={"spike_times": times})
    recorder = nest.Create("spike_recorder")
    nest.Connect(source, cell, syn_spec={"weight": weight, "delay": delay * DT})
    nest.Connect(cell, recorder)
    nest.Simulate(STEPS * DT)
    return np.rint(recorder.events["times"] / DT).astype(int) - 1


@pytest.mark.parametrize("delay", [1, 3, 18])
def test_a_delay_of_nest_is_one_step_longer(in_nest, delay):
    rows = source_spikes()
    when = in_nest(rows[:, 0], delay, 60.0)
    # NEST's current fades in the step that adds a spike, and not before it is read
    ours = recorded(wired(delay + 1, weight=60.0), rows)[1]
    assert len(when) > 3
    assert np.flatnonzero(ours).tolist() == when.tolist()


@pytest.mark.parametrize("steps", [1, 2, 20, 50])
def test_a_refractory_time_of_nest_blocks_all_its_steps(in_nest, steps):
    rows = source_spikes()
    when = in_nest(rows[:, 0], 1, 1e6, t_ref=steps)
    assert np.diff(when).min() == steps + 1
    ours = recorded(wired(2, weight=1e6, blocked=steps), rows)[1]
    assert np.flatnonzero(ours).tolist() == when.tolist()


def test_a_constant_current_of_nest_acts_through_the_leak(in_nest):
    rows = np.zeros((STEPS, 1))
    when = in_nest(rows[:, 0], 1, 0.0, drive=0.9)
    _, fired = recorded(wired(1), rows, {"v": 0.9 * (1 - LEAK)})
    assert len(when) >= 1
    assert np.flatnonzero(fired).tolist() == when.tolist()


# --- snnTorch and Norse ---------------------------------------------------------------


@torch_tier
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_leaky_cell_is_that_of_snntorch(reset):
    torch = peer("torch")
    snn = peer("snntorch")
    rows = np.random.default_rng(0).uniform(0.0, 0.2, (STEPS, 1))
    beta = 0.9
    cell = snn.Leaky(beta=beta, threshold=0.5, reset_mechanism=reset)
    memory = torch.zeros(1, dtype=torch.float64)
    states = []
    fired = []
    for row in torch.tensor(rows):
        spike, memory = cell(row, memory)
        states.append(memory.item())
        fired.append(spike.item())
    net = wired(0, into="v", reset=reset)
    net["v"][0].self_connection.weight = beta
    ours, spiked = recorded(net, rows)
    assert sum(fired) > 10
    assert spiked.tolist() == fired
    assert ours == pytest.approx(states, abs=1e-6)


@torch_tier
def test_rates_of_snntorch_are_probabilities_of_a_step():
    torch = peer("torch")
    spikegen = peer("snntorch.spikegen")
    torch.manual_seed(0)
    rate = 40.0
    steps = 1000
    train = spikegen.rate(torch.full((1000,), rate * DT / 1000), num_steps=steps)
    count = 1000 * steps * rate * DT / 1000
    assert abs(float(train.sum()) - count) < 4 * math.sqrt(count)
    ours = spikes.poisson(np.full(1000, rate), steps, dt=DT, seed=0)
    assert ours.shape == tuple(train.shape)
    assert abs(ours.sum() - count) < 4 * math.sqrt(count)


@torch_tier
def test_a_lif_cell_is_that_of_norse():
    """Its input arrives in the same step, and both leaks are Euler's."""
    torch = peer("torch")
    norse = peer("norse.torch")
    rows = source_spikes()
    parameters = norse.LIFParameters(
        tau_syn_inv=torch.tensor(1000.0 / TAU_SYN),
        tau_mem_inv=torch.tensor(1000.0 / TAU),
        v_th=torch.tensor(0.5),
    )
    cell = norse.LIFCell(parameters, dt=DT / 1000)
    state = None
    fired = []
    for row in torch.tensor(60.0 * rows):
        spike, state = cell(row[None], state)
        fired.append(spike.item())
    net = wired(0, weight=60.0)
    for name, tau in (("current", TAU_SYN), ("v", TAU)):
        net[name][0].self_connection.weight = 1 - DT / tau
    net["current"][0].connection_to(net["v"][0]).weight = DT / TAU
    assert sum(fired) > 3
    assert recorded(net, rows)[1].tolist() == fired


def test_the_page_names_the_versions_that_are_installed_here():
    """A row of the table was seen with these, which CI pins."""
    page = (
        Path(__file__).parents[2].joinpath("docs", "simulators.md").read_text("utf-8")
    )
    pins = pinned()
    names = {"nest-simulator": "NEST", "brian2": "Brian2", "numpy": "NumPy"}
    names |= {"snntorch": "snnTorch", "norse": "Norse"}
    assert not [n for n in names if f"{names[n]} {pins[n]}" not in page]

"""Files of NIR that other libraries write: which `dt` each needs, what has to change in
it, and which cells have every spike here. The table in docs/reference/nir.rst has a
row for each."""

import contextlib
import io
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import architect
from synapse import readwrite
from synapse.errors import FormatError, TopologyWarning
from tests.helpers.peers import peer, pinned

nir = pytest.importorskip("nir")
pytestmark = [
    pytest.mark.peers,
    # of the libraries about themselves
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
SEEDS = range(3)
SIZE = 8
STEP = 1e-4
"""Seconds, the default of :func:`synapse.readwrite.to_nir`."""
PAGE = Path(__file__).parents[2].joinpath("docs", "reference", "nir.rst")
NORSE_DT = 1e-3
"""Seconds, the default."""


def rows(seed, steps=150):
    rng = np.random.default_rng([seed, 1])
    return rng.uniform(-0.5, 1.5, (steps, 3)).astype(np.float32)


def by_file(graph, folder):
    """A graph as others get it."""
    nir.write(folder / "net.nir", graph)
    return nir.read(folder / "net.nir")


def agrees(graph, inputs, theirs, late=0, **options):
    """Whether the network of a graph has these outputs, some steps earlier."""
    ours = readwrite.from_nir(graph, **options).run(inputs.astype(float))
    ours = np.concatenate([np.zeros((late, SIZE)), ours[: len(ours) - late]])
    return np.abs(ours - theirs).max() < 1e-4


def weights(seed, scale=2.0):
    torch = peer("torch")
    torch.manual_seed(seed)
    linear = torch.nn.Linear(3, SIZE)
    linear.weight.data *= scale
    linear.bias.data.uniform_(0.0, 0.2)
    return linear


# --- snnTorch -------------------------------------------------------------------------

RESETS = {
    ("Leaky", "zero"): "value",
    ("Leaky", "subtract"): "subtract",
    ("Synaptic", "zero"): "hold",
    ("Synaptic", "subtract"): "subtract",
    ("RLeaky", "zero"): "hold",
    ("RLeaky", "subtract"): "subtract",
    ("RSynaptic", "zero"): "hold",
    ("RSynaptic", "subtract"): "subtract",
} | {(cell, "none"): "none" for cell in ("Leaky", "Synaptic", "RLeaky", "RSynaptic")}
"""By cell and `reset_mechanism`, with the default of `reset_delay`, True."""


def by_snntorch(cell, seed, threshold, **options):
    """Inputs, spikes and graph of a layer of snnTorch."""
    torch, snn = peer("torch"), peer("snntorch")
    export = peer("snntorch.export_nir").export_to_nir
    ones = torch.ones(SIZE)
    if "Synaptic" in cell:
        options["alpha"] = 0.8 * ones
        threshold = 2 * threshold
    if cell.startswith("R"):
        options["linear_features"] = SIZE
    linear = weights(seed, 1.2)
    layer = getattr(snn, cell)(
        beta=0.9 * ones, threshold=threshold * ones, init_hidden=True, **options
    )
    module = torch.nn.Sequential(linear, layer)
    with contextlib.redirect_stdout(io.StringIO()):
        graph = export(module, torch.zeros(1, 3), ignore_dims=[0])
    layer.reset_mem()
    inputs = rows(seed)
    theirs = [module(row[None]).detach().numpy()[0] for row in torch.tensor(inputs)]
    return inputs, np.array(theirs), graph


@pytest.mark.parametrize(("cell", "mechanism"), RESETS)
def test_each_reset_of_snntorch_has_a_value(cell, mechanism, tmp_path):
    """And no other one has its spikes."""
    others = {*RESETS.values()} - {RESETS[cell, mechanism]}
    for seed in SEEDS:
        inputs, theirs, graph = by_snntorch(
            cell, seed, 3.0 if mechanism == "none" else 0.7, reset_mechanism=mechanism
        )
        graph = by_file(graph, tmp_path)
        assert 0 < theirs.sum() < theirs.size
        assert agrees(graph, inputs, theirs, reset=RESETS[cell, mechanism])
        for reset in others:
            assert not agrees(graph, inputs, theirs, reset=reset)


@pytest.mark.parametrize("cell", ["Leaky", "Synaptic", "RLeaky"])
@pytest.mark.parametrize("mechanism", ["zero", "subtract", "none"])
def test_a_reset_at_once_of_snntorch_is_value_or_subtract_before_leak(cell, mechanism):
    """The latter while no voltage is above twice its threshold. (RSynaptic of snnTorch
    1.0.0 does not run with `reset_delay=False`.)"""
    reset = {"zero": "value", "subtract": "subtract_before_leak", "none": "none"}
    for seed in SEEDS:
        inputs, theirs, graph = by_snntorch(
            cell, seed, 2.0, reset_mechanism=mechanism, reset_delay=False
        )
        assert theirs.sum() > 20
        assert agrees(graph, inputs, theirs, reset=reset[mechanism])


# --- Norse ----------------------------------------------------------------------------


def by_norse(cell, seed):
    torch, norse = peer("torch"), peer("norse.torch")
    to_nir = peer("norse.torch.utils.export_nir").to_nir
    ones = torch.ones(SIZE)
    zeros = torch.zeros(SIZE)
    membrane = {"tau_mem_inv": 100.0 * ones, "v_leak": zeros}
    fires = {"v_th": ones, "v_reset": zeros}
    cells = {
        "LIFCell": lambda: norse.LIFCell(
            norse.LIFParameters(tau_syn_inv=200.0 * ones, **membrane, **fires)
        ),
        "LIFBoxCell": lambda: norse.LIFBoxCell(
            norse.LIFBoxParameters(**membrane, **fires | {"v_th": 0.3 * ones})
        ),
        "LIBoxCell": lambda: norse.LIBoxCell(norse.LIBoxParameters(**membrane)),
        "IAFCell": lambda: norse.IAFCell(norse.IAFParameters(**fires)),
    }
    module = norse.SequentialState(weights(seed, 4.0), cells[cell]())
    graph = to_nir(module, torch.zeros(3), dt=NORSE_DT)
    inputs = rows(seed)
    state, theirs = None, []
    for row in torch.tensor(inputs):
        output, state = module(row[None], state)
        theirs.append(output.detach().numpy()[0])
    return inputs, np.array(theirs), graph


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cell", ["LIFBoxCell", "LIFCell", "LIBoxCell", "IAFCell"])
def test_cells_of_norse_have_every_spike_with_the_square_of_its_dt(
    cell, seed, tmp_path
):
    inputs, theirs, graph = by_norse(cell, seed)
    graph = by_file(graph, tmp_path)
    (node,) = [each for each in graph.nodes.values() if hasattr(each, "r")]
    dt = NORSE_DT**2
    if cell != "IAFCell":
        with pytest.raises(FormatError, match=r"Norse 1\.1 .* dt=1e-6"):
            readwrite.from_nir(graph)
    else:
        with pytest.warns(TopologyWarning, match="dt=1"):
            readwrite.from_nir(graph, dt=dt)
        dt = 1.0
    if cell == "LIFCell":
        assert not agrees(graph, inputs, theirs, dt=dt)
        node.w_in = node.tau_syn / dt
    assert np.abs(theirs).sum() > 20
    assert agrees(graph, inputs, theirs, dt=dt)


# --- SpikingJelly ---------------------------------------------------------------------

OF_SPIKINGJELLY = {
    "IFNode": {"v_threshold": 3.0},
    "LIFNode": {"tau": 10.0, "v_threshold": 0.2},
    "LIFNode, decay_input=False": {"tau": 10.0, "decay_input": False},
    "ParametricLIFNode": {"init_tau": 5.0, "v_threshold": 0.3},
    "CUBALIFNode": {"c_decay": 0.6, "v_decay": 0.8},
}


@pytest.mark.parametrize("cell", OF_SPIKINGJELLY)
def test_cells_of_spikingjelly_have_every_spike(cell, tmp_path):
    torch, neuron = peer("torch"), peer("spikingjelly.activation_based.neuron")
    exchange = peer("spikingjelly.activation_based.nir_exchange")
    make = getattr(neuron, cell.partition(",")[0])
    for seed in SEEDS:
        module = torch.nn.Sequential(weights(seed), make(**OF_SPIKINGJELLY[cell]))
        graph = by_file(exchange.export_to_nir(module, torch.zeros(1, 3)), tmp_path)
        inputs = rows(seed)
        module[1].reset()
        with torch.no_grad():
            theirs = [module(row[None]).numpy()[0] for row in torch.tensor(inputs)]
        assert 20 < np.sum(theirs) < np.size(theirs)
        assert agrees(graph, inputs, np.array(theirs))


# --- sinabs ---------------------------------------------------------------------------


def by_sinabs(cell, seed, reset="MembraneSubtract", spike="SingleSpike", **options):
    """By its layers without an axis of sequences, which `to_nir` of newer versions of
    nir needs."""
    torch, layers = peer("torch"), peer("sinabs.layers")
    activation, to_nir = peer("sinabs.activation"), peer("sinabs.nir").to_nir
    options["batch_size"] = 1
    if cell != "IAF":
        options["tau_mem"] = torch.full((SIZE,), 20.0)
    if cell != "ExpLeak":
        options["spike_threshold"] = torch.full((SIZE,), 1.0 if cell == "IAF" else 0.2)
        options["spike_fn"] = getattr(activation, spike)
        options["reset_fn"] = getattr(activation, reset)()
    module = torch.nn.Sequential(
        weights(seed), getattr(layers, f"{cell}Squeeze")(**options)
    )
    inputs = rows(seed)
    with torch.no_grad():
        theirs = module(torch.tensor(inputs)).numpy()
    return inputs, theirs, to_nir(module, torch.tensor(inputs))


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_of_sinabs_have_every_spike_by_steps(seed, tmp_path):
    for reset, ours in (("MembraneSubtract", "subtract"), ("MembraneReset", "value")):
        inputs, theirs, graph = by_sinabs("IAF", seed, reset)
        graph = by_file(graph, tmp_path)
        assert theirs.sum() > 20
        assert agrees(graph, inputs, theirs, dt=1.0, reset=ours)
        with pytest.warns(TopologyWarning, match=r"0\.0001 of .* dt=1"):
            readwrite.from_nir(graph)

    for cell, reset in (("LIF", "subtract_before_leak"), ("ExpLeak", "value")):
        inputs, theirs, graph = by_sinabs(cell, seed)
        graph = by_file(graph, tmp_path)
        assert not agrees(graph, inputs, theirs, dt=1.0, reset=reset)
        (node,) = [each for each in graph.nodes.values() if hasattr(each, "tau")]
        node.tau = 1.0 / (1.0 - np.exp(-1.0 / node.tau))
        if cell == "ExpLeak":
            node.r = node.tau
        assert np.abs(theirs).sum() > 20
        assert agrees(graph, inputs, theirs, dt=1.0, reset=reset)


def test_what_files_of_sinabs_lack():
    """Synaptic currents, several spikes in a step, and that a threshold may be met."""
    _, _, graph = by_sinabs("LIF", 0)
    torch = peer("torch")
    _, _, with_current = by_sinabs("LIF", 0, tau_syn=torch.full((SIZE,), 10.0))
    nodes = [
        next(node for node in each.nodes.values() if hasattr(node, "tau"))
        for each in (graph, with_current)
    ]
    assert [type(node).__name__ for node in nodes] == ["LIF", "LIF"]
    assert (nodes[0].tau == nodes[1].tau).all()
    assert by_sinabs("IAF", 0, spike="MultiSpike")[1].max() > 1
    layers, activation = peer("sinabs.layers"), peer("sinabs.activation")
    cell = layers.IAF(spike_threshold=torch.ones(1), spike_fn=activation.SingleSpike)
    assert cell(torch.ones(1, 1, 1)).item() == 1.0
    unit = nir.NIRGraph(
        {
            "in": nir.Input(np.array([1])),
            "cell": nir.IF(np.ones(1), np.ones(1)),
            "out": nir.Output(np.array([1])),
        },
        [("in", "cell"), ("cell", "out")],
    )
    assert readwrite.from_nir(unit, dt=1.0).run([[1.0]]).item() == 0.0


# --- spyx -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_cells_of_spyx_have_every_spike_one_step_later(seed, tmp_path):
    nnx, spyx = peer("flax.nnx"), peer("spyx.nn")
    to_nir = peer("spyx.nir").to_nir
    draws = nnx.Rngs(seed)
    cells = {
        "IF": (spyx.IF((SIZE,)), "subtract"),
        "LIF": (spyx.LIF((SIZE,), beta=0.9, rngs=draws), "subtract"),
        "CuBaLIF": (
            spyx.CuBaLIF((SIZE,), alpha=0.8, beta=0.9, threshold=2.0, rngs=draws),
            "subtract_before_leak",
        ),
    }
    inputs = rows(seed)
    for cell, reset in cells.values():
        linear = nnx.Linear(3, SIZE, rngs=draws)
        linear.kernel[...] = 2.0 * linear.kernel[...]
        state, theirs = cell.initial_state(1), []
        for row in inputs:
            spikes, state = cell(linear(row[None]), state)
            theirs.append(np.asarray(spikes)[0])
        theirs = np.array(theirs)
        ends = {"input": np.array([3])}, {"output": np.array([SIZE])}
        graph = by_file(to_nir(spyx.Sequential(linear, cell), *ends), tmp_path)
        (node,) = [each for each in graph.nodes.values() if hasattr(each, "r")]
        if isinstance(node, nir.LIF):
            node.r = node.tau
        elif isinstance(node, nir.CubaLIF):
            node.r, node.w_in = node.tau_mem, node.tau_syn
        assert theirs.sum() > 20
        assert agrees(graph, inputs, theirs, late=1, dt=1.0, reset=reset)


# --- what they read -------------------------------------------------------------------


def some_cells(make, seed, sums=(), **options):
    """Two layers of cells of NIR, and then sums of these sizes, as a network."""
    rng = np.random.default_rng(seed)
    ones, zeros = np.ones(SIZE), np.zeros(SIZE)
    tau = STEP / (1.0 - options.pop("share", rng.uniform(0.8, 0.95)) * ones)
    settings = {"v_threshold": ones, "v_leak": zeros, **options}
    if make is nir.IF:
        settings = {"r": ones / STEP, "v_threshold": 3.0 * ones}
    elif make is nir.LIF:
        settings |= {"tau": tau, "r": tau / STEP}
    else:
        tau_syn = np.full(SIZE, STEP / 0.3)
        settings |= {"tau_mem": tau, "r": 0.5 * tau / STEP}
        settings |= {"tau_syn": tau_syn, "w_in": tau_syn / STEP}
    nodes = {"input": nir.Input(np.array([3]))}
    for k, count in ((1, 3), (2, SIZE)):
        matrix = rng.normal(size=(SIZE, count))
        nodes[f"w{k}"] = nir.Affine(matrix, rng.uniform(0.0, 0.4, SIZE))
        nodes[f"c{k}"] = make(**settings)
    for k, count in enumerate(sums, 3):
        matrix = rng.normal(size=(count, nodes[[*nodes][-1]].output_type["output"][0]))
        nodes[f"w{k}"] = nir.Affine(matrix, rng.normal(size=count))
    nodes["output"] = nir.Output(nodes[[*nodes][-1]].output_type["output"])
    return readwrite.from_nir(nir.NIRGraph(nodes, [*pairwise(nodes)]))


def with_more(seed, source, target, **options):
    """A network with more connections between two of its layers."""
    net = some_cells(nir.LIF, seed, sums=[2])
    net[source].project(net[target], seed=seed, **options)
    return net


EVERY, REFUSED, DIFFERENT = "every spike", "refused", "different"
WRITTEN = {
    "LIF with one time constant": (partial(some_cells, nir.LIF), EVERY, EVERY, EVERY),
    "CubaLIF": (partial(some_cells, nir.CubaLIF), EVERY, EVERY, EVERY),
    "IF": (partial(some_cells, nir.IF), REFUSED, EVERY, EVERY),
    "LIF with several time constants": (
        partial(some_cells, nir.LIF, share=np.linspace(0.8, 0.95, SIZE)),
        *(EVERY, REFUSED, DIFFERENT),
    ),
    "LIF with several thresholds": (
        partial(some_cells, nir.LIF, v_threshold=np.linspace(0.7, 1.0, SIZE)),
        *(REFUSED, REFUSED, EVERY),
    ),
    "connections between the cells of a layer": (
        partial(with_more, source="c1", target="c1 voltage"),
        *(DIFFERENT, EVERY, EVERY),
    ),
    "sums, also as the output": (
        partial(some_cells, nir.LIF, sums=[4, 2]),
        *(EVERY, EVERY, EVERY),
    ),
    "connections that skip a layer": (
        partial(with_more, source="input", target="output"),
        *(EVERY, EVERY, DIFFERENT),
    ),
    "delays": (
        partial(with_more, source="input", target="c2 voltage", delay=3),
        *(REFUSED, REFUSED, DIFFERENT),
    ),
    "leaky outputs (LI)": (
        lambda seed: architect.Spiking(
            3, SIZE, 2, adaptive=0, reset="zero", density=1e-9, seed=seed
        ),
        *(REFUSED, REFUSED, DIFFERENT),
    ),
}
"""By row of the page: a network by seed, and what each library reads."""
IMPORTS = {
    "snnTorch": ("snntorch.import_nir", "import_from_nir", {}),
    "SpikingJelly": (
        "spikingjelly.activation_based.nir_exchange",
        *("import_from_nir", {"dt": STEP}),
    ),
    "Norse": ("norse.torch.utils.import_nir", "from_nir", {"dt": STEP}),
}


def read_there(library, graph, inputs):
    """What a library computes for a graph; None: it refuses the graph."""
    module, name, options = IMPORTS[library]
    read = getattr(peer(module), name)
    state, theirs = None, []
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = read(graph, **options)
    except (AssertionError, ValueError):
        return None
    for row in peer("torch").tensor(inputs):
        output, state = loaded(row[None], state)
        theirs.append(output.detach().numpy()[0])
    return np.array(theirs)


@pytest.mark.parametrize("library", IMPORTS)
@pytest.mark.parametrize("row", WRITTEN)
def test_a_library_reads_what_the_page_says(row, library, tmp_path):
    make, *verdicts = WRITTEN[row]
    found = set()
    for seed in SEEDS:
        net, inputs = make(seed), rows(seed)
        ours = net.run(inputs.astype(float))
        assert np.abs(ours).sum() > 20
        theirs = read_there(library, by_file(readwrite.to_nir(net), tmp_path), inputs)
        if theirs is None:
            found.add(REFUSED)
        else:
            found.add(EVERY if np.abs(theirs - ours).max() < 1e-4 else DIFFERENT)
    assert found == {verdicts[[*IMPORTS].index(library)]}


def test_the_page_has_these_verdicts():
    text = PAGE.read_text(encoding="utf-8").partition("**Files for other")[2]
    rows_there = [row.split("\n     - ") for row in text.split("\n   * - ")[2:]]
    assert [[cell.split("\n\n")[0] for cell in row] for row in rows_there] == [
        [row, *verdicts] for row, (_, *verdicts) in WRITTEN.items()
    ]


def test_the_page_names_the_pinned_versions():
    text = PAGE.read_text(encoding="utf-8")
    names = {"snntorch": "snnTorch", "norse": "Norse", "sinabs": "sinabs"}
    names |= {"spyx": "spyx", "spikingjelly": "SpikingJelly"}
    pins = pinned()
    assert not [n for n in names if f"{names[n]} {pins[n]}" not in text]

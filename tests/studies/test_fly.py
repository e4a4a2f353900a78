"""The study of a network as large as a fly's brain, on a small one."""

import numpy as np

from studies import fly


def test_wiring_and_shuffled_wiring():
    wires = fly.wiring(400, 5_000, np.random.default_rng(0))
    assert 4_500 < len(wires.source) <= 5_000  # those drawn twice are left out
    pairs = set(zip(wires.source, wires.target, strict=True))
    assert len(pairs) == len(wires.source)
    assert (wires.source != wires.target).all()
    other = fly.shuffled(wires, np.random.default_rng(1))
    assert len(other.source) > 3_500  # some pairs would be connected twice
    assert len(pairs & set(zip(other.source, other.target, strict=True))) < 1_500
    for ends, others in ((wires.source, other.source), (wires.target, other.target)):
        degrees, now = (np.bincount(each, minlength=400) for each in (ends, others))
        assert (now <= degrees).all()


def test_a_network_has_the_gains_and_biases_of_its_types():
    rng = np.random.default_rng(0)
    wires = fly.wiring(400, 5_000, rng)
    true = fly.Parameters(rng.normal(size=fly.TYPES), rng.normal(size=fly.TYPES))
    entries = np.concatenate([rng.permutation(400)[:20] for _ in range(fly.INPUTS)])
    recorded = np.sort(rng.permutation(400)[:10])
    net = fly.network(wires, true, entries, recorded)
    order = fly.places(net)
    now = fly.parameters(net, wires, order)
    sends = np.unique(wires.type_of[wires.source])
    np.testing.assert_allclose(now.gains[sends], true.gains[sends], rtol=1e-6)
    present = np.unique(wires.type_of)
    np.testing.assert_allclose(now.biases[present], true.biases[present], rtol=1e-6)
    assert [int(neuron.name) for neuron in net.output] == recorded.tolist()

    inputs = rng.normal(size=(2, fly.STEPS, fly.INPUTS))
    seen = fly.activity(net, inputs, order)
    assert seen.shape == (fly.STEPS, 400)
    outputs = net.run(list(inputs), traces=False)
    half = fly.STEPS // 2
    np.testing.assert_allclose(seen[half - 1, recorded], outputs[0][-1], rtol=1e-5)
    before = [link.weight for link in net.output[0].incoming]
    facts = fly.learn(net, inputs, [0.0 * rows for rows in outputs], 0.0, 0)
    assert facts["updates"] == 0
    assert [link.weight for link in net.output[0].incoming] == before


def test_what_is_found_and_what_agrees():
    true, guess = np.array([1.0, 2.0]), np.array([2.0, 2.0])
    assert fly.found(true, guess, true) == 1.0
    assert fly.found(true, guess, guess) == 0.0
    assert fly.found(true, guess, np.array([3.0, 2.0])) == -3.0
    known = np.random.default_rng(0).normal(size=(50, 3))
    np.testing.assert_allclose(fly.correlations(known, 2.0 * known + 1.0), 1.0)

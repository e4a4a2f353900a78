"""The pages of the studies say what was measured."""

import json
from itertools import product

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("gymnasium")
pytest.importorskip("sklearn")
from studies import (
    event_xor,
    fixed_point,
    fly,
    gradients,
    memory_capacity,
    minimal,
    mnist1d,
    mushroom_body,
    pipelines,
    reward,
    reward_updates,
    rtrl,
    small_tables,
    spans,
    table_defaults,
    worm,
)
from synapse.errors import ArgumentError

pytestmark = pytest.mark.full  # run where gymnasium is: with the other tiers


def test_the_page_of_gradients_has_its_tables_and_what_it_claims():
    study = gradients
    page = gradients.PAGE.read_text()
    rows = json.loads(study.RESULTS.read_text())["runs"]
    assert all(
        text in page
        for text in (
            study.table(rows),
            study.table_of_rules(rows),
            study.table_of_reach(),
        )
    )

    for name, targets, scale in product(study.NETWORKS, study.TARGETS, study.SCALES):
        assert (
            study.cosines(rows, name, scale, targets, rule="exact") > 1 - study.EXACT
        ).all()
        last = np.median(study.cosines(rows, name, scale, targets), axis=1)[-1]
        if name in ("Perceptron", "LSTM, no peepholes"):
            assert last > 1 - study.EXACT
        elif scale == max(study.SCALES):
            assert (last < 0.9) == (name in ("GRU", "LSTM, standard"))


def test_the_page_of_online_learning_has_its_tables_of_ten_seeds():
    page = rtrl.PAGE.read_text(encoding="utf-8")
    for name, table in rtrl.TABLES.items():
        assert f"<!-- {name} -->" in page
        assert table() in page
        seeds = [100, 101] if name == "sunspot_rates" else list(range(10))
        assert len(rtrl.cases_of(name)) == len(rtrl.TASKS[name].cases)
        for _, rows in rtrl.cases_of(name):
            assert [row["seed"] for row in rows] == seeds


def test_the_pages_of_rewards_spans_events_and_the_worm_have_their_tables():
    page = (reward.HERE / "reward.md").read_text(encoding="utf-8")
    for name, report in reward.REPORTS.items():
        results = json.loads((reward.HERE / f"reward_{name}.json").read_text())
        assert (
            report(
                {
                    row: results[row]
                    for row in reward.STUDIES[name][0]
                    if results.get(row)
                }
            )
            in page
        )
    results = json.loads(reward_updates.RESULTS.read_text(encoding="utf-8"))
    for tasks in (reward_updates.CHOSEN_ON, reward_updates.TESTED_ON):
        assert reward_updates.report(tasks, results) in page
    assert reward_updates.report_continuous() in page
    for study in (
        event_xor,
        fixed_point,
        fly,
        memory_capacity,
        mnist1d,
        mushroom_body,
        spans,
        worm,
    ):
        results = json.loads(study.PAGE.with_suffix(".json").read_text())
        assert study.report(results) in study.PAGE.read_text(encoding="utf-8")


def test_the_page_of_every_length_has_its_tables():
    results = json.loads(minimal.PATH.read_text(encoding="utf-8"))
    page = minimal.PAGE.read_text(encoding="utf-8")
    assert minimal.report(results) in page
    assert minimal.report_learning(results) in page


def test_the_pages_of_estimators_and_of_small_tables_have_their_tables():
    page = (reward.HERE / "pipelines.md").read_text(encoding="utf-8")
    assert (
        pipelines.tables(json.loads(pipelines.OUT.read_text(encoding="utf-8"))) in page
    )
    numbers = json.loads(small_tables.RESULTS.read_text(encoding="utf-8"))
    assert small_tables.report(numbers) == small_tables.REPORT.read_text(
        encoding="utf-8"
    )
    numbers = json.loads(table_defaults.RESULTS.read_text(encoding="utf-8"))
    assert table_defaults.report(numbers) == table_defaults.REPORT.read_text(
        encoding="utf-8"
    )


def test_the_tables_of_the_worm_have_twenty_seeds():
    results = json.loads(worm.PATH.read_text())
    assert {
        len(rows) for row, rows in results.items() if row not in ("bptt", "rtrl")
    } == {20}


def test_a_memory_chain_pays_for_its_sign_and_patterns_for_what_they_announce():
    chain = reward.MemoryChain(5, noise=True)
    for seed in range(6):
        (sign, *_), _ = chain.reset(seed=seed)
        steps = [chain.step(int(sign > 0)) for _ in range(5)]
        assert [step[1] for step in steps] == [0.0] * 4 + [1.0]
        assert [step[2] for step in steps] == [False] * 4 + [True]
        assert [step[0][0] for step in steps] == [0.0] * 5
    rows, gains, returns = reward.patterns(50_000, np.random.default_rng(0))
    shown = np.flatnonzero(rows[:, :6].any(axis=1))
    paid = np.flatnonzero(gains)
    assert (rows[shown, :6].sum(axis=1) == 3).all()
    assert (np.diff(shown) >= 104).all()
    assert 0.35 < len(paid) / len(shown) < 0.65
    before = shown[np.searchsorted(shown, paid) - 1]
    assert set(paid - before) == set(range(24, 37))
    assert len({tuple(rows[t, :6]) for t in before}) == 10
    np.testing.assert_allclose(returns[:-1], gains[1:] + reward.DISCOUNT * returns[1:])


def test_rows_of_the_online_rule_can_be_run_although_agents_refuse_it():
    net = reward.recurrent("GRU", (2, 3, 1), "online", None, 0)
    with pytest.raises(ArgumentError, match="learn by .rtrl"):
        reward.reward.TD(net)
    agent = reward.learner(reward.reward.TD, "online")(net)
    assert agent.run([[0.0, 1.0]] * 3, [0.0, 1.0, 0.0]).shape == (3,)


@pytest.mark.parametrize("architecture", ["LSTM", "GRU"])
def test_truncated_slopes_are_those_of_the_last_step(architecture):
    net = reward.recurrent(architecture, (2, 3, 2), "one step", reward.SPAN, 0)
    agent = reward.truncated(reward.reward.QLearning)(
        net, normalize=False, update=0.0, trace_decay=0.0, seed=0
    )
    agent.begin([1.0, 0.0])
    agent.learn(0.0, [0.3, 0.2])
    before = net.clone()
    agent.learn(0.0, [0.5, 0.4])
    slopes = net.output_gradient([1.0, 0.0]).weights
    for i in np.flatnonzero([connection.trainable for connection in net.connections]):
        ends = []
        for bump in (1e-6, -1e-6):
            other = before.clone()
            weights = np.array(before.weights)
            weights[i] += bump
            other.weights = weights
            ends.append(other.activate([0.5, 0.4])[0])
        assert slopes[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


def test_a_pool_remembers_as_much_as_a_plain_loop_for_every_seed():
    results = json.loads(memory_capacity.PAGE.with_suffix(".json").read_text())
    kinds = iter(memory_capacity.ROWS)
    for weights in (0.1, 0.01):
        pools, loops, in_order = (results[next(kinds)] for _ in range(3))
        assert len(pools) == 20
        assert pools == loops, weights
        for pool, other in zip(pools, in_order, strict=True):
            assert pool["capacity"] > 1.4 * other["capacity"]
    net = memory_capacity.pool(0)
    inputs = memory_capacity.inputs_of(0)
    states = memory_capacity.by_network(net, inputs)
    assert np.abs(states - memory_capacity.by_numpy(net, inputs)).max() < 1e-12
    again = memory_capacity.capacity(states, inputs)
    assert again == pytest.approx(
        results[next(iter(memory_capacity.ROWS))][0]["capacity"], abs=0.01
    )

"""What a model carries with it, as `synapse info` shows it."""

import json

from hypothesis import given, strategies as st

from synapse.cli.facts import Facts, described

FACTS = Facts(
    targets=["Sales (kEUR)"],
    inputs=["Sales (kEUR)", "Costs"],
    units={"Sales (kEUR)": "kEUR"},
    classes=False,
    ahead=1,
    sequence=None,
    date="Month",
    step="month end",
    first_date="2020-01-31T00:00:00",
    last_date="2024-12-31T00:00:00",
    season=12,
    fill="linear",
    rows=59,
    held_out_rows=12,
    error={"Sales (kEUR)": 12.345678},
    baselines={"AR": {"Sales (kEUR)": 20.0}},
    verdict="The network is worth it.",
    trained="2026-11-21T12:00:00+00:00",
    version="0.1",
    command="synapse train a.csv",
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)


def test_facts_in_words():
    assert list(described({**FACTS, "mine": [1, 2]})) == [
        ("target", "Sales (kEUR)"),
        ("predicted from", "Sales (kEUR), Costs"),
        ("rows ahead", "1 (step: month end)"),
        ("dates", "Month, 2020-01-31 to 2024-12-31"),
        ("rows", "59, 12 of them held out"),
        ("held-out error", "12.35 kEUR"),
        ("error of AR", "20 kEUR"),
        ("verdict", "The network is worth it."),
        ("missing values", "mended by --fill linear"),
        ("trained", "2026-11-21T12:00:00+00:00, Synapse 0.1"),
        ("command", "synapse train a.csv"),
        ("mine", "'[1, 2]'"),
    ]


def test_several_targets_and_classes():
    both = {**FACTS, "targets": ["a", "b"], "error": {"a": 1.0, "b": 2.0}, "units": {"b": "m"}}
    assert dict(described(both))["held-out error"] == "a 1, b 2 m"
    classes = {**FACTS, "classes": True, "held_out_rows": 0, "error": {"k": 0.912}, "ahead": 0, "date": None}
    found = dict(described(classes))
    assert found["training accuracy"] == "91.2%"
    assert not {"dates", "rows ahead"} & set(found)


@given(st.dictionaries(st.sampled_from(list(Facts.__annotations__)), ANYTHING), st.text(max_size=3))
def test_any_metadata_is_shown(values, key):
    """A file may hold anything under these keys."""
    metadata = json.loads(json.dumps({**FACTS, **values, key: 1}))
    for what, value in described(metadata):
        assert what.isprintable()
        assert value.isprintable()

"""All pairs of a way to execute a network and a feature, as ``synapse/_ways.py``
declares them; in the slow tier all triples."""

import re
from itertools import combinations

import numpy as np
import pytest

from synapse import _ways
from synapse.engine.exact import event_index as events
from synapse.engine.quiet import index
from tests.helpers.cases import Cases
from tests.ways.networks import case, everything
from tests.ways.walks import WALKS

pytestmark = pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")

CELLS = _ways.cells()
SINGLE = "float32"
FEATURES = [name for name in _ways.FEATURES if name != SINGLE]
PRINTED = "programs", "programs that learn"
"""Each case of these is printed anew, which takes a tenth of a second."""
EACH = pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, marks=[pytest.mark.torch] if "PyTorch" in way else [])
        for way in WALKS
    ],
)


@pytest.fixture(autouse=True)
def small_networks_count(monkeypatch):
    """Ways for large networks are taken by small ones, too."""
    monkeypatch.setattr(events, "MIN_CONNECTIONS", 1)
    monkeypatch.setattr(index, "MIN_CONNECTIONS", 1)


def sentence(word):
    """A pattern of the refusal of this word."""
    return re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(_ways.REFUSED[word].sentence))


def cases_of(way):
    """Sets of features: none, and each by itself. Those that printed programs have are
    tried several at once."""
    together = [
        name for name in FEATURES if way in PRINTED and CELLS[way, name] in ("yes", "-")
    ]
    alone = [(name,) for name in FEATURES if name not in together]
    return [(), *alone, *filter(None, (together[::2], together[1::2]))]


def check(way, features, seed):
    """Walk over one cell, or over what several cells have in common."""
    walk, needs = WALKS[way]
    words = [CELLS[way, feature] for feature in features]
    refused = [word for word in words if word in _ways.REFUSED]
    tried = case(features, needs, seed, bool(refused))
    if refused:
        errors = tuple({_ways.REFUSED[word].raised for word in refused})
        with pytest.raises(errors, match="|".join(map(sentence, refused))):
            walk(tried)
        for net, before in tried.made:
            assert everything(net) == before
        return
    ours, theirs = walk(tried)
    assert len(ours) == len(theirs) > 0
    for mine, other in zip(ours, theirs, strict=True):
        assert np.size(mine)
        np.testing.assert_allclose(mine, other, rtol=tried.within, atol=tried.within)
    if len(features) < 2:
        assert tried.notes in ([], [not {*words} & {"apart", "each", "every"}])


@EACH
def test_every_pair_is_as_the_table_says(way):
    """*yes* and *slow* give the numbers of the reference or of another way; *refused*
    raises that sentence, and nothing has changed.

    Kernels of float32 are others, which take a third of the time to compile. They are
    those of the tier `full`."""
    with Cases() as tried:
        for seed, features in enumerate(cases_of(way)):
            with tried(*features):
                check(way, {*features}, seed)


@pytest.mark.full
@EACH
def test_every_way_is_as_the_table_says_in_single_precision(way):
    check(way, {SINGLE}, len(FEATURES))


@pytest.mark.slow
@EACH
def test_every_triple_is_as_the_table_says(way):
    with Cases() as tried:
        for seed, pair in enumerate(combinations(_ways.FEATURES, 2)):
            with tried(*pair):
                check(way, {*pair}, seed)


def test_no_cell_is_empty():
    assert [*CELLS] == [(way, name) for way in _ways.CALLS for name in _ways.FEATURES]
    assert {*WALKS} == {*_ways.CALLS}
    assert {*CELLS.values()} == {"yes", "-", *_ways.SLOW, *_ways.REFUSED}

"""Changes of a document, as bad luck or bad will make them."""

import pytest
from hypothesis import strategies as st

from synapse import errors
from tests.helpers.cases import all_hold


def put(*place):
    """A change of a document: the last argument at the place that the others tell."""
    *way, key, value = place

    def make(data):
        for name in way:
            data = data[name]
        data[key] = value

    return make


def drop(*place):
    """A change of a document: no member at this place."""

    def make(data):
        for key in place[:-1]:
            data = data[key]
        del data[place[-1]]

    return make


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([0, 1, 2, 13]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def mutate(data, value):
    """One change somewhere in a document: a member dropped, replaced, or repeated."""
    node = value
    while isinstance(node, (dict, list)) and node:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(node[key], (dict, list)) or data.draw(st.integers(0, 4)) == 0:
            break
        node = node[key]
    else:
        return
    act = data.draw(
        st.sampled_from(["drop", "replace", "replace", "repeat", "exchange"])
    )
    if act == "drop":
        del node[key]
    elif act == "replace":
        node[key] = data.draw(JSON)
    elif isinstance(node, list):
        other = data.draw(st.sampled_from(range(len(node))))
        node[key], node[other] = (
            (node[other], node[key])
            if act == "exchange"
            else (node[other], node[other])
        )


def all_damage_refused(cases, make, read):
    """Each case is a change of what `make` returns, and the words in which `read` must
    refuse it."""

    def check(change, sentence):
        data = make()
        change(data)
        with pytest.raises(errors.FormatError, match=sentence):
            read(data)

    all_hold(check, cases)

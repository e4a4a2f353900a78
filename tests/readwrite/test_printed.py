"""Typed programs as text: what people do not read is left out, and nothing else."""

from synapse.engine.language.decorators import noinline
from synapse.engine.language.tree import INT
from synapse.readwrite._printed.page import NETWORK, READ, WORDS, AnyNetwork, PageWriter
from synapse.readwrite._printed.specialised import Root, Specialised


@noinline
def count(store):
    """Count."""
    store.bias[0] += 1.0
    return store.bias[0]


@noinline
def count_few(store, number):
    """Count up to a number."""
    if number > 3:
        return 0.0
    return count(store)


@noinline
def count_all(store, number):
    """Count without reading how many."""
    for k in range(number):
        count_few(store, k)


def test_a_call_with_an_effect_stays_when_nobody_reads_its_result():
    roots = {"count_all": Root(count_all, (NETWORK, INT))}
    program = Specialised(AnyNetwork(), roots, WORDS, READ)
    text = "\n".join(PageWriter(program).functions)
    assert "bias[0] += 1;" in text
    assert "return 0" not in text

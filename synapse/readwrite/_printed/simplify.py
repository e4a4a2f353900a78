"""Typed programs for people: without what nobody reads, and without the variables that
only the translator needs.
"""

from __future__ import annotations

from typing import Any

from ...engine.language.program import Instance
from .inlined import bind_columns, inline_calls, unloop, without_overwritten
from .shorter import shortened
from .trees import reached_by
from .unread import columns_read, drop_parameters, narrow_results, sweep
from .variables import substitute


def simplified(roots: list[Instance], kept: set[str]) -> list[Instance]:
    """Return functions and those that they call, simplified.

    kept : columns read outside of the functions.
    """
    before: list[Any] = []
    while True:
        instances = reached_by(roots)
        after = [(i.parameters[:], i.body[:], i.result) for i in instances]
        if after == before:
            return instances
        before = after
        read = {*kept, *columns_read(instances)}
        for instance in instances:
            instance.body = without_overwritten(unloop(shortened(instance.body)))
            substitute(instance)
            sweep(instance, read)
        inline_calls(instances, roots)
        bind_columns(instances)
        drop_parameters(instances, roots)
        narrow_results(instances, roots)

"""Typed programs for people: without what nobody reads, and without the variables that
only the translator needs.
"""

from __future__ import annotations

from typing import Any

from ...engine.language.program import Instance
from .inlined import bind_columns, inline_calls, unloop, without_overwritten
from .shorter import shortened
from .trees import called_by, column_name, has_effects, reached_by, statements_in
from .unread import columns_read, drop_parameters, narrow_results, sweep
from .variables import substitute


def simplified(roots: list[Instance], kept: set[str]) -> list[Instance]:
    """Return functions and those that they call, simplified.

    kept : columns read outside of the functions.
    """
    before: list[Any] = []
    seen: dict[Instance, Any] = {}
    while True:
        instances = reached_by(roots)
        after = [(i.parameters[:], i.body[:], i.result) for i in instances]
        if after == before:
            return instances
        before = after
        read = {*kept, *columns_read(instances)}
        for instance in instances:
            depends_on = _depends_on(instance, read)
            if seen.get(instance) != depends_on:
                seen[instance] = depends_on
                body = without_overwritten(unloop(shortened(instance.body)))
                instance.body = body
                substitute(instance)
                sweep(instance, read)
            instance.has_effects = has_effects(instance)
        inline_calls(instances, roots)
        bind_columns(instances)
        drop_parameters(instances, roots)
        narrow_results(instances, roots)


def _depends_on(instance: Instance, read: set[str]) -> Any:
    """Return what the simple form of a function follows from."""
    stores = [node for node in statements_in(instance.body) if node.form == "store"]
    unread = {column_name(node.parts[0]) for node in stores} - read
    callees = {
        callee: (callee.has_effects, callee.body if len(callee.body) == 1 else None)
        for callee in called_by(instance)
    }
    return instance.body, instance.parameters, unread, callees

"""Write the functions of integers that a program in fixed point calls."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .._codegen import filled
from .fixed_numbers import FixedPoint


def parts_of(format_: FixedPoint) -> dict[str, Any]:
    """Return what the templates need to know about the numbers."""
    highest = (1 << (2 * format_.bits - 1)) - 1
    is_long = format_.bits == 32
    return {
        "number": f"int{format_.bits}_t",
        "sum": f"int{2 * format_.bits}_t",
        "array": f"Int{format_.bits}Array",
        "name": format_.name,
        "rate_one": 1 << format_.rate.fraction,
        "largest": format_.largest,
        "missing": format_.missing,
        "highest": highest,
        "lowest": -highest - 1,
        "fraction": format_.fraction,
        "twice": 2 * format_.fraction,
        "one": 1 << format_.fraction,
        "end": format_.end,
        "top": int(format_.table()[-1]),
        "intervals": format_.intervals,
        "width": format_.width,
        "more": format_.more,
        "shift": format_.width + format_.more,
        "half": 1 << (format_.width + format_.more - 1),
        # sums of JavaScript, which has no integers of 64 bits but BigInts
        "big": "BigInt" if is_long else "",
        "small": "Number" if is_long else "",
        "whole": "" if is_long else "Math.floor",
        "unit": "1n" if is_long else "1",
        "power": f"{1 << (2 * format_.fraction)}" + "n" * is_long,
    }


def functions_of(
    text: str, template: str, prefix: str, parts: dict[str, Any]
) -> dict[str, str]:
    """Return the functions of a template that a text calls, and those that these
    call.
    """
    _, *blocks = re.split(r"%% (\w+)\n", filled(template, parts))
    bodies = dict(zip(blocks[::2], map(str.rstrip, blocks[1::2]), strict=True))
    made: dict[str, str] = {}
    found = _named(text, prefix)
    while found:
        made |= {name: _with_bits(bodies, name, prefix) for name in found}
        found = {n for name in found for n in _named(made[name], prefix)} - made.keys()
    order = {name: place for place, name in enumerate(bodies)}
    names = [name for name in made if made[name]]
    names.sort(key=lambda name: (order[re.sub(r"_\d+$", "", name)], name))
    return {name: made[name] for name in names}


def _with_bits(bodies: dict[str, str], name: str, prefix: str) -> str:
    """Return a function, or an empty text if the template has none. That of name_15 is
    the function of `bits` for 15 bits.
    """
    stem, _, bits = name.rpartition("_")
    if name in bodies or "int bits" not in bodies.get(stem, ""):
        return bodies.get(name, "")
    body = re.sub(rf"\b({prefix}\w+)\((.*), bits\)", rf"\1_{bits}(\2)", bodies[stem])
    body = body.replace(f"{prefix}{stem}(", f"{prefix}{name}(").replace(
        ", int bits", ""
    )
    return re.sub(r"\bbits\b", bits, body)


def names_in(template: str) -> frozenset[str]:
    """Return the names that a template defines."""
    text = (Path(__file__).parent.parent / "templates" / template).read_text("utf-8")
    return frozenset(re.findall(r"%% (\w+)\n", text))


def _named(text: str, prefix: str) -> set[str]:
    return {*re.findall(rf"\b{prefix}(\w+)", text)}

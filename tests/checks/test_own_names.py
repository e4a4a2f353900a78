"""Names of other libraries, which are answered with advice, are listed nowhere: not by
`dir`, `help`, `inspect`, completion or Sphinx. The advice stays."""

import inspect
import pkgutil
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import pytest

import architect
import synapse
from synapse._checks.migration_hints import ATTRIBUTES, MissingAttributeHint
from tests.helpers.cases import all_hold

PACKAGES = (synapse, architect)


@cache
def modules():
    """All modules that can be imported here; those of extras may be missing."""
    imported = [*PACKAGES]
    for package in PACKAGES:
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "__main__" not in info.name:
                with suppress(ImportError):
                    imported.append(import_module(info.name))
    return imported


@cache
def classes():
    """All classes in them."""
    every = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__.split(".")[0] in {"synapse", "architect"}
    }
    return sorted(every, key=lambda cls: (cls.__module__, cls.__qualname__))


def foreign_in(cls):
    """The names of other libraries that a class answers with advice."""
    return {
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, MissingAttributeHint)
    }


def test_classes_list_no_name_of_another_library():
    answering = {cls.__name__: cls for cls in classes() if foreign_in(cls)}
    assert len(classes()) > 300
    assert len(answering) >= 30
    common = {"Network", "Neuron", "Layer", "Connection", "Projection", "Trainer"}
    assert common <= answering.keys()
    assert not [cls for cls in answering.values() if foreign_in(cls) & {*dir(cls)}]


def test_modules_list_their_own_names():
    """Of each package, and in its help: what it has."""

    def own(module):
        for name in dir(module):
            has = name in vars(module) or getattr(module, name, None) is not None
            assert has or find_spec(f"{module.__name__}.{name}")  # of a missing extra
        table = ATTRIBUTES.get(module.__name__.removeprefix("synapse."), {})
        assert not set(table) & set(dir(module))
        assert not set(table) & {name for name, _ in inspect.getmembers_static(module)}
        for name in table:
            with pytest.raises(AttributeError):
                getattr(module, name)

    all_hold(own, [module for module in modules() if hasattr(module, "__path__")])


def test_help_shows_our_names(capsys):
    for cls, shown in ((synapse.Network, "activate"), (synapse.Neuron, "project")):
        help(cls)
        page = capsys.readouterr().out
        assert f" {shown}(" in page
        assert "fromJSON" not in page
    assert "Network" in dir(sys.modules["synapse"])

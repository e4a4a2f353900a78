"""The declarations of columns, and everything that follows from them for a column that
somebody adds."""

import json
from dataclasses import fields

import numpy as np
import pytest

import architect
from synapse.engine import schema
from synapse.engine.language.decorators import Kernel, PartOptions
from synapse.engine.language.memory import reset_of, store_at
from synapse.engine.lowering.program import Traces
from synapse.engine.rtrl import PortableSensitivities
from synapse.engine.schema import COUNT, FLAG, GROUP, NUMBER, ROW, Column, require_sound
from tests.helpers.cases import every_case
from tests.helpers.processes import python


def neuron(dtype="float", default=0, kind=NUMBER, saved=False, **more):
    return Column("mine", "neuron", dtype, default, kind, saved, **more)


MISTAKES = {
    "no kind": (
        neuron(kind=None),
        "a column of float must have one of the kinds NUMBER, FACTOR, got none",
    ),
    "wide group": (
        neuron("uint64", kind=GROUP),
        "uint64 must have one of the kinds COUNT, TIME, got GROUP",
    ),
    "signed": (
        neuron("int32", kind=COUNT),
        "its dtype must be one of float, .*, got 'int32'",
    ),
    "axis": (
        Column("mine", "neurons", "float"),
        "its axis must be one of neuron, connection, node",
    ),
    "silent": (neuron(saved=None), "say whether it is saved, True or False, got None"),
    "row": (
        neuron("uint32", schema.NONE, ROW, True),
        "a ROW refers to one store, so it cannot be saved",
    ),
    "program": (
        Column("mine", "run", "float", saved=True),
        "only columns of neurons and connections",
    ),
    "no row": (
        neuron("uint32", 0, ROW),
        "the default of a ROW is from 4294967295 to 4294967295, got 0",
    ),
    "flag": (neuron("uint8", 2, FLAG), "the default of a FLAG is from 0 to 1, got 2"),
    "large": (
        neuron("uint8", 256, COUNT),
        "the default of a COUNT is from 0 to 255, got 256",
    ),
    "NaN": (neuron(default=float("nan")), "the default of a NUMBER is .*, got nan"),
    "lost": (
        neuron(cleared=True),
        "what is cleared is the context, which .* files hold, so it must be saved",
    ),
    "context": (
        Column("mine", "connection", "float", 0, NUMBER, True, cleared=True),
        "what is cleared is the context, which neurons have",
    ),
    "no group": (
        neuron(shared="team"),
        "it is shared by groups, so 'team' must be a GROUP of the same axis",
    ),
    "axes": (neuron(shared="tie"), "'tie' must be a GROUP of the same axis"),
    "twice": (
        Column("bias", "neuron", "float", 0, NUMBER, False),
        "a column of the axis 'neuron' has this name, too",
    ),
    "twice, of another axis": (
        Column("age", "connection", "uint64", 0, COUNT, True),
        "'connection': a column of the axis 'neuron' has this name, too",
    ),
}


@every_case("column, sentence", MISTAKES.values(), [*MISTAKES])
def test_a_wrong_declaration_is_told_with_the_name_of_the_column(column, sentence):
    """As it is when the schema is imported."""
    with pytest.raises(ValueError, match=sentence) as raised:
        require_sound((*schema.COLUMNS, column))
    assert column.name in str(raised.value)


ADDED = """
    Column("tried_leak", "neuron", "float", 0.5, NUMBER, saved=True, public=True),
    Column("tried_share", "neuron", "float", 0.0, NUMBER, True, shared="bias_tie", public=True),
    Column("tried_trail", "neuron", "float", 0.25, NUMBER, True, cleared=True),
    Column("tried_asleep", "neuron", "uint8", 1, FLAG, saved=True, public=True),
    Column("tried_team", "neuron", "uint32", 0, GROUP, saved=True, public=True),
    Column("tried_since", "neuron", "uint64", 0, TIME, saved=True),
    Column("tried_scratch", "neuron", "float", 2.0, NUMBER, False),
    Column("tried_delay", "connection", "float", -1.5, NUMBER, True, public=True),
    Column("tried_limit", "connection", "float", 0.0, NUMBER, saved=True, shared="tie", public=True),
    Column("tried_sign", "connection", "uint8", 0, FLAG, True, public=True),
    Column("tried_uses", "connection", "uint64", 0, COUNT, saved=True, public=True),
    Column("tried_bundle", "connection", "uint32", 0, GROUP, True, public=True),
    Column("tried_helper", "connection", "uint32", NONE, ROW, False),
"""  # noqa: E501 - one line each
"""Three have their name in a list of numbers that can be recorded."""

WITH_MORE_COLUMNS = """
import sys
from importlib.machinery import SourceFileLoader

class Loader(SourceFileLoader):
    def get_code(self, name):
        source = self.get_source(name)
        opening = "COLUMNS = (\\n"
        source = source.replace(opening, f"{opening}{sys.argv[1]}\\n", 1)
        pairs = ("ACTIVATED", "leak"), ("UPDATED", "scratch"), ("CONNECTION", "delay")
        for numbers, column in pairs:
            opening = f"{numbers}_NUMBERS = ("
            source = source.replace(opening, f"{opening}'tried_{column}', ", 1)
        return compile(source, self.path, "exec")

class Finder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name != "synapse.engine.schema":
            return None
        from importlib.util import spec_from_file_location
        file = path[0] + "/schema.py"
        return spec_from_file_location(name, file, loader=Loader(name, file))

sys.meta_path.insert(0, Finder)
import synapse
"""


def run_with(columns, code, *arguments):
    """What some code prints, without compiling, with columns added to the schema."""
    words = "-W", "error", "-c", WITH_MORE_COLUMNS + code, columns, *arguments
    return python(*words, SYNAPSE_COMPILE="0")


TRY = """
import json, tempfile
import numpy as np
from synapse.engine import schema
from tests.readwrite.columns import try_columns
json.dump(try_columns([name for name in sys.argv[2:]]), sys.stdout)
"""


@pytest.mark.slow
def test_a_saved_column_is_one_line():
    names = [line.split('"')[1] for line in ADDED.strip().splitlines()]
    wrong = json.loads(run_with(ADDED, TRY, *names))
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def test_clearing_sets_the_defaults_that_are_declared():
    """Compiled, too: the columns above are tried without compiling."""
    cleared = (
        neuron("float", 0.25)._replace(name="state"),
        neuron("uint64", 7)._replace(name="stamp"),
    )
    reset = reset_of(cleared)

    def clear(table, scalar, row):
        reset(store_at(table, scalar), row)

    for dtype in ("float64", "float32"):
        store = architect.Perceptron(1, 2, 1, seed=0, dtype=dtype)._store
        store["state"][:] = 1
        store["activation"][:] = 1
        store["stamp"][:] = 3
        Kernel(clear, PartOptions())(store.ensure_lowered(), store.scalar, np.uint64(1))
        assert store["state"].tolist() == [1, 0.25, 1, 1]
        assert store["stamp"].tolist() == [3, 7, 3, 3]
        assert (store["activation"] == 1).all()


def test_the_tables_of_files_refer_to_each_other_and_have_names_of_their_own():
    names = [table.name for table in schema.FILE_TABLES]
    every = [
        (table.full_name(column), column)
        for table in schema.FILE_TABLES
        for column in table.columns
    ]
    assert len({*names}) == len(names)
    assert len(dict(every)) == len(every)
    for name, column in every:
        assert column.kind is not None, name
        assert column.dtype in column.kind.dtypes, name
        assert not column.kind.table or column.kind.table in names, name
    # what carries them in memory has an attribute for each column
    for kept, tables in (
        (Traces, schema.TRACE_TABLES),
        (PortableSensitivities, schema.SENSITIVITY_TABLES),
    ):
        columns = {
            table.full_name(column) for table in tables for column in table.columns
        }
        inside = {f.name for f in fields(kept)} - {"memory", "memory_self"}
        # a file has one network, into which nothing leads from outside
        assert columns == {name for name in inside if not name.startswith("met_")}

import numpy as np

from synapse.engine import schema


def test_names_are_unique():
    names = [column.name for column in schema.COLUMNS]
    assert len(set(names)) == len(names)
    assert schema.Columns._fields == (*names, *schema.DESTINATIONS)


def test_every_type_is_one_that_numpy_knows():
    for column in schema.COLUMNS:
        assert schema.numpy_dtype(column, np.dtype(np.float32)).itemsize in (1, 4, 8)


def test_float_columns_take_the_float_of_the_store():
    kinds = {schema.numpy_dtype(c, np.dtype(np.float32)).name for c in schema.COLUMNS if c.dtype == "float"}
    assert kinds == {"float32"}


def test_indices_are_unsigned():
    """With signed ones the inner loops of the kernels do not vectorise."""
    whole = [
        schema.numpy_dtype(c, np.dtype(np.float64)) for c in schema.COLUMNS if not c.dtype.startswith("float")
    ]
    assert {dtype.kind for dtype in whole} == {"u"}


def test_a_default_fits_its_column():
    for column in schema.COLUMNS:
        assert schema.numpy_dtype(column, np.dtype(np.float64)).type(column.default) == column.default


def test_each_column_belongs_to_one_table():
    tables = (*schema.NEURON, *schema.CONNECTION, *schema.PROGRAM)
    others = {column.name for column in schema.COLUMNS} - {column.name for column in tables}
    recording = {name for name in others if name.startswith("watched")} | {"log", "log_place"}
    assert others == {"clock", "functions", "parts", "failed"} | recording
    assert len(set(tables)) == len(tables)


def test_what_a_neuron_forgets_is_a_number_of_its_own():
    neuron = {column.name for column in schema.NEURON}
    assert {column.name for column in schema.COLUMNS if column.cleared} <= neuron

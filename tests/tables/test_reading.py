"""Tables and series: pandas reads them by its own options, nothing is guessed, and what
cannot be read is refused with its line."""

import bz2
import gzip
import lzma
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from pandas._libs import parsers as pandas_parsers

import architect
from synapse import forecasting, tables
from synapse.errors import SynapseError
from synapse.forecasting._frames import labels_beside
from synapse.tables._encoding import choose_encoding
from synapse.tables._reading import MISSING, find_dates
from synapse.tables._row_models import predict_rows
from synapse.tables._series import phase, read_several, season_of, step_name, unit_of
from synapse.tables._series_task import predict_series, series_tasks
from synapse.tables._table import numbers, sequences
from synapse.tables._updating import update_series
from tests.helpers.cases import all_hold, all_refused

PACKAGES = {".parquet": "pyarrow", ".xlsx": "openpyxl"}


@pytest.fixture
def read(tmp_path):
    """A function that reads text or bytes."""

    def of(content, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tables.read_table(path, **options)

    return of


def told(function, cases):
    """Check that a function refuses inputs: its options, and words of the sentence."""
    all_refused(
        [
            (partial(function, content, **options), SynapseError, words)
            for content, (options, words) in cases.items()
        ]
    )


@pytest.fixture
def series(read):
    """A function that reads a series, with the options of both functions."""

    def of(content, **options):
        names = ("date", "date_format", "fill")
        series = {name: options.pop(name) for name in names if name in options}
        return tables.read_series(read(content, **options), ["y"], **series)

    return of


# --- files ----------------------------------------------------------------------------

WRITTEN = {
    # the same numbers, by the options of pandas
    "a,b\n1,2\n-3.5,40\n": {},
    "\ufeffa,b\r\n1,2\r\n\r\n-3.5,4e1": {},
    "a;b\n1,0;2\n-3,5;4e1\n": {"sep": ";", "decimal": ","},
    "a\tb\n1\t2\n-3.5\t40\n": {"sep": "\t"},
    " a   b\n 1 2\n-3.5  40\n": {"sep": r"\s+"},
    "a||b\n1||2\n-3.5||40\n": {"sep": r"\|\|"},
    "Report\n\na,b\n1,2\n-3.5,40\n": {"skiprows": 1},
    "Report\na,b\n1,2\n-3.5,40\n": {"header": 1},
    "# note\na,b\n1,2 # one\n-3.5,40\n": {"comment": "#"},
    '"a",b,c\n1,2,"x\ny"\n-3.5,40,n.v.\n': {"na_values": ["n.v."]},
    "a,b,c\n1,2,'007'\n-3.5,40,\n": {"dtype": {"c": str}},
}


def test_options_are_those_of_pandas(read):
    def check(content, **options):
        table = read(content, **options)
        assert numbers(table, ["a", "b"]).tolist() == [[1, 2], [-3.5, 40]]

    for content, options in WRITTEN.items():
        check(content, **options)
    check("a,b,\u00e4\n1,2,3\n-3.5,40,5\n".encode("cp1252"), encoding="cp1252")
    check("a,b\n1,2\n-3.5,40\n".encode("utf-16"), encoding="utf-16")
    assert (
        read("1,2\n3,4\n", header=None).columns.tolist(),
        read("a\n1.234\n5\n", thousands=".")["a"].tolist(),
    ) == (["0", "1"], [1234, 5])
    exact = np.random.default_rng(0).normal(size=99) * 10.0 ** np.arange(-50, 49)
    text = "\n".join(["a", *map(repr, exact.tolist())])
    assert read(text)["a"].tolist() == exact.tolist(), "each the nearest to its text"


def test_rows_have_their_lines_where_these_are_known(read):
    assert read("a,b\n1,2\n,\n3,4\n").index.tolist() == [2, 3, 4]
    table = read("t\nt\na\n1\n\n", skiprows=2)
    assert (table.index.name, table.index.tolist()) == ("line", [4])
    table = read('a,b\n"x\ny",1\n\nz,2\n')  # lines in quotes, and an empty one
    assert (table.index.name, table.index.tolist()) == ("row", [1, 2])


def test_what_pandas_cannot_read_is_refused_in_one_sentence(read, tmp_path):
    cases = {
        "d;y\n2020;1,5\n": ({}, "rows have more cells than the first row has names"),
        "a,b\n1,2\n3,4,5\n": (
            {},
            "Expected 2 fields in line 3, saw 3. If another mark",
        ),
        "Report of 2024\nd,y\n1,2\n": ({}, "more cells than .* --skiprows 1"),
        'a,b\n"1,2\n': ({}, "EOF inside string"),
        "": ({}, "No columns to parse"),
        "a,b\n": ({}, "has names of columns and no rows"),
        "a\n1\n": ({"decimal": ",,"}, "length-1 decimal markers"),
        "b\n1\n": ({"encoding": "foo"}, "unknown encoding: foo"),
        "c\n1\n": ({"header": "yes"}, "Cannot read"),
        "d\n1\n": ({"skiprows": -1}, "`skiprows` must be a whole number"),
        "e\n1\n": ({"sep": 3}, "`sep` must be a string"),
        "gr\u00f6\n1\n".encode("cp1252"): ({}, "not text in UTF-8. Name its encoding"),
        "a\n1\n".encode("utf-16-le"): ({}, "not text in UTF-8"),
        b"a,b\n1,\x002\n": ({}, "not text in UTF-8"),
    }
    told(read, cases)
    missing = tmp_path / "none.csv"
    with pytest.raises(SynapseError, match="No such file"):
        tables.read_table(missing)
    with pytest.raises(SynapseError, match="no column 'b'. It has 'a;b'.* --sep ';'"):
        tables.train_rows(read("a;b\n1;2\n"), ["b"], None, tables.TrainingOptions())


def test_a_file_is_unpacked_by_its_whole_beginning(read):
    text = b"BZh,y\n1,2\n"
    for pack in (bytes, bz2.compress, gzip.compress, lzma.compress):
        assert read(pack(text))["BZh"].tolist() == [1]


def test_usual_missing_values_are_those_of_pandas(read):
    assert MISSING | {""} == pandas_parsers.STR_NA_VALUES
    cells = sorted(MISSING)
    table = read("a,b\n" + "".join(f'"{cell}",x\n' for cell in cells))
    assert table["a"].isna().all()
    kept = read("a\n" + "\n".join(["x", *cells]), keep_default_na=False)
    assert kept["a"].tolist() == ["x", *cells]


@pytest.mark.parametrize("suffix", PACKAGES)
def test_parquet_and_excel_have_numbers_and_dates(suffix, tmp_path):
    pytest.importorskip(PACKAGES[suffix])
    path = tmp_path / f"t{suffix}"
    months = pd.date_range("2020-01-01", periods=5, freq="MS")
    frame = pd.DataFrame({"date": months, "y": [0.1, 2, 3, 4, 5], "s": [*"abcde"]})
    if suffix == ".xlsx":
        frame.to_excel(path, index=False, startrow=1)
        table = tables.read_table(path, skiprows=1)
        assert table.index.tolist() == [3, 4, 5, 6, 7]
    else:
        frame.set_index("date").to_parquet(path)
        table = tables.read_table(path)
        assert table.index.tolist() == [1, 2, 3, 4, 5]
    made = tables.read_series(table, ["y"])
    assert (made.index.freqstr, made["y"].tolist()) == ("MS", frame["y"].tolist())
    with pytest.raises(SynapseError, match="`sep` has no effect"):
        tables.read_table(path, sep=";")
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(SynapseError, match="Cannot read"):
        tables.read_table(path)


@pytest.mark.full
def test_frames_of_other_libraries_are_converted():
    arrow = pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": [1.0, 2.0] * 10, "y": [2.0, 4.0] * 10})
    table = arrow.Table.from_pandas(frame)
    model = tables.train_rows(
        table, ["y"], None, tables.TrainingOptions(epochs=1)
    ).model
    pd.testing.assert_frame_equal(
        predict_rows(model, table), predict_rows(model, frame)
    )
    assert tables.read_series(table, ["y"]).equals(tables.read_series(frame, ["y"]))


# --- numbers and words ----------------------------------------------------------------


def test_what_is_no_number_is_refused_with_its_line(read, series):
    table = read("a,y\n1,2\nx,3\n3,n/a\n4,inf\n")
    for name, gaps, words in (
        ("a", True, "line 3, column 'a', got 'x'. Correct it. .* --na-values 'x'"),
        ("y", True, "line 5, column 'y', got 'inf'"),
        ("y", False, "line 5, column 'y', got 'inf'"),
    ):
        with pytest.raises(SynapseError, match=words):
            numbers(table, [name], gaps)
    with pytest.raises(SynapseError, match="line 3, column 'y', got no value. To fill"):
        series("y\n1\nNA\n3\n")
    with pytest.raises(SynapseError, match="'1,5'; 2 other cells like it"):
        series('y\n"1,5"\n"2,5"\n"3,5"\n')
    with pytest.raises(SynapseError, match="a number below"):
        numbers(read("a\n1e300\n1\n"), ["a"])


def test_words_and_numbers_become_inputs(read):
    text = "id,city,age,note,empty,open\n" + "".join(
        f"{100 + i},{'Rome' if i % 3 else 'Oslo'},{i if i % 5 else ''},text {i},,"
        f"{i > 4}\n"
        for i in range(1, 13)
    )
    table = read(text)
    encoding, notes = choose_encoding(table, table.columns)
    words = ["city=Oslo", "city=Rome", "open=False", "open=True"]
    assert encoding.inputs == ["id", "age", *words]
    assert notes == [
        "'id' has a different whole number in every row. If these identify rows, leave"
        " them out: --ignore 'id'.",
        "Left out: 'note', a column of text with 12 different cells, such as 'text 1'"
        " in line 2.",
        "Left out: 'empty', which is empty.",
        "Words became inputs of 0 and 1: 'city', 'open'.",
    ]
    rows, notes = encoding.rows(
        read("city,age,id,open\nRome,4,1,True\nParis,n/a,2,False\n")
    )
    median = np.median([1, 2, 3, 4, 6, 7, 8, 9, 11, 12])
    assert rows.tolist() == [[1, 4, 0, 1, 0, 1], [2, median, 0, 0, 1, 0]]
    assert notes[0] == "1 missing value of 'age': the median, 6.5."
    assert "'Paris'" in notes[1]
    with pytest.raises(SynapseError, match="no column left.*'note'.*'text 1' in line"):
        choose_encoding(table, ["note", "empty"])
    with pytest.raises(SynapseError, match="line 4, column 'a', got 'x'"):
        choose_encoding(read("a\n1\n2\nx\n"), ["a"])


def test_sequences_are_adjacent(read):
    assert sequences(read("s,y\na,1\na,2\nb,3\n"), "s") == [slice(0, 2), slice(2, 3)]
    with pytest.raises(SynapseError, match="'a' must be consecutive.* in line 4"):
        sequences(read("s,y\na,1\nb,2\na,3\n"), "s")


# --- dates ----------------------------------------------------------------------------


def table_of(name, cells):
    return f"{name},y\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells))


DATED = {
    # the name of a column, its cells, and the step: None if they are no dates
    "years": ("year", (1700, 1701, 1702), "year"),
    "months": ("Date", ("2024-01", "2024-02", "2024-03"), "month"),
    "days": ("DATE", ("2024-01-30", "2024-01-31", "2024-02-01"), "day"),
    "times": ("timestamp", ("2024-01-01T00:00", "2024-01-01T00:15",
              "2024-01-01T00:30"), "15 minutes"),
    "offsets": ("time", ("2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00",
                "2024-03-31T04:00+02:00"), "hour"),
    "another name": ("month", ("2024-01", "2024-02", "2024-03"), None),
    "a count": ("time", (0, 1, 2), None),
    "days as numbers": ("date", (20240101, 20240102, 20240103), None),
    "decimal years": ("year", (2024.0, 2024.5, 2025.0), None),
    "few words": ("time", ("noon", "night", "noon"), None),
    "today": ("date", ("today", "now", "today"), None),
}  # fmt: skip


def test_which_column_has_the_dates(series):
    def check(name, cells, step):
        assert step_name(series(table_of(name, cells))) == step

    all_hold(check, DATED)


def test_dates_that_are_named_and_their_form(series, read):
    cells = ("31.01.2024", "01.02.2024", "02.02.2024")
    made = series(table_of("Tag", cells), date="Tag", date_format="%d.%m.%Y")
    assert str(made.index[1].date()) == "2024-02-01"
    assert step_name(series(table_of("date", cells), date_format="%d.%m.%Y")) == "day"
    made = series(
        "d,t,y\n" + "".join(f"1.2.2024,{i:02}00,{i}\n" for i in range(5)),
        date=["d", "t"],
        date_format="%d.%m.%Y %H%M",
        dtype={"t": str},
    )
    assert (made.index.name, step_name(made)) == ("d t", "hour")
    parts = "Year,Month,y\n" + "".join(f"2024,{i},{i}\n" for i in range(1, 9))
    made = series(parts, date=["Year", "Month"])
    assert step_name(made) == "month"
    numbered = table_of("date", range(20240101, 20240106))
    assert step_name(series(numbered, date="date")) == "day"
    frame = pd.DataFrame({"y": [1.0, 2, 3]}, pd.period_range("2024-01", periods=3))
    assert step_name(tables.read_series(frame, ["y"])) == "day"
    assert find_dates(read("date,y\n,1\n,2\n")) is None
    many = table_of("date", [f"{1 + i}.1.2024" for i in range(25)])
    cases = {
        many: ({}, "line 2, column 'date', got '1.1.2024'. Pass .* --date-format"),
        table_of("date", ("2024-01", "2024-13", "x")): (
            {},
            "a date in ISO 8601.* line 3, column 'date', got '2024-13'",
        ),
        table_of("date", ("2024-01", "", "2024-03")): ({}, "line 3.*got no value"),
        table_of("d", cells): ({"date": "d"}, "line 2, column 'd', got '31.01.2024'"),
        table_of("e", cells): ({"date": "d"}, "no column 'd'"),
        table_of("f", cells): ({"date_format": "%d"}, "Name the column: --date"),
        table_of("g", cells): ({"date": "g", "date_format": "%Q"}, "strptime"),
        table_of("h", cells): ({"date": "h", "date_format": "%Y"}, "Expected %Y in"),
    }
    told(series, cases)


# --- steps ----------------------------------------------------------------------------


def test_missing_values_and_dates_are_filled_by_pandas(series):
    text = "date,y\n2024-01,\n2024-02,1\n2024-04,\n2024-05,4\n2024-06,\n"
    for fill, values in (("linear", [1, 2, 3, 4]), ("forward", [1, 1, 1, 4, 4])):
        made = series(text, fill=fill)
        assert (made["y"].tolist(), made.index.freqstr) == (values, "MS")
        (note,) = made.attrs["notes"]
        filled = sum(value not in (1, 4) for value in values) or 3
        assert note.startswith(f"Filled in ({fill}): {filled} missing values.")
        assert f"Left out at the ends: {6 - len(values)} row" in note
    assert series("y\n1\nNA\n3\n", fill="linear")["y"].tolist() == [1, 2, 3]
    with pytest.raises(SynapseError, match="after --fill forward, got none"):
        series("a,y\n1,\n1,\n", fill="forward")


STEPS = ("D", "B", "h", "15min", "W-WED", "MS", "ME", "YS", "2MS", "6h")


@pytest.mark.full
def test_steps_are_those_of_pandas_also_with_gaps(series):
    def check(code):
        dates = pd.date_range("2015-03-31", periods=40, freq=code)
        for rows in (dates, dates.delete([7, 20, 21])):
            cells = [str(date) for date in rows[::-1]]  # in any order
            made = series(table_of("date", cells), fill="linear")
            assert made.index.equals(dates)
            assert (made.index.freq, labels_beside(made.index, 1)[0]) == (
                pd.tseries.frequencies.to_offset(code),
                dates[-1] + dates.freq,
            )

    all_hold(check, [*STEPS])
    days = series(table_of("date", [f"2024-01-{15 + i}" for i in range(9)]))
    assert (season_of(days), phase(days, "2024-01-10")) == (7, 5)


def test_what_is_no_series(series):
    cases = {
        ("2024-01-01", "2024-01-02"): "three or more dates that step evenly",
        ("2024-01-01", "2024-01-02", "2024-01-02"): "occurs twice, again in line 4",
        ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"): "2024-01-04 .*is miss"
        "ing. To fill it in",
        ("2024-01-01T00", "2024-01-01T01", "2024-01-01T02", "2024-01-01T02:30"): "line "
        "5, 2024-01-01 02:30:00, must be a whole number of steps",
        ("2024-01-01", "2024-01-02", "2024-01-03", "2224-01-04"): "evenly|missing",
    }
    told(series, {table_of("date", key): ({}, words) for key, words in cases.items()})


@given(
    st.lists(st.lists(st.text('12-.x"#, \n', max_size=9), min_size=2), min_size=1),
    st.sampled_from([",", ";"]),
    st.sampled_from([None, "forward", "linear"]),
)
def test_any_table_is_read_or_refused_in_words(tmp_path_factory, rows, mark, fill):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("\n".join(mark.join(row) for row in [["date", "y"], *rows]))
    try:
        frame = tables.read_series(tables.read_table(path, sep=mark), ["y"], fill=fill)
    except SynapseError:
        return
    assert np.isfinite(frame.to_numpy()).all()


def test_a_step_is_named_in_words_whatever_its_unit():
    """By the codes of pandas: no code gets the s of a plural."""
    names = {"500ms": "500 milliseconds", "ns": "nanosecond", "15min": "15 minutes",
             "6h": "6 hours", "2W-MON": "2 weeks", "B": "business day",
             "2SMS": "2 half months", "bh": "business hour", "CBMS": "month",
             "3MS": "3 months", "2QS": "2 quarters", "5YS": "5 years"}  # fmt: skip
    offset = pd.tseries.frequencies.to_offset
    assert {code: unit_of(offset(code))[0] for code in names} == names


def test_two_rows_of_one_time_are_named_with_their_series():
    learning = tables.TrainingOptions(hidden=[2], epochs=1)
    dates = pd.date_range("2020-01-01", periods=30, freq="MS")
    right = pd.DataFrame({"y": np.arange(30.0)}, dates)
    wrong = pd.concat([right, right[5:6]]).sort_index()
    both = {"a": right, "b": wrong}
    model = tables.train_series(right, ["y"], learning, methods=["naive"]).model
    net = architect.Perceptron(1, 1)
    train, compare = tables.train_series, tables.compare_series
    long = pd.concat(both, names=["shop", "date"]).reset_index()
    of_series = "two of 2020-06-01 00:00:00 in the series 'b'. Take one of them out"
    calls = {
        partial(train, wrong, ["y"], learning): "two of 2020-06-01 00:00:00. Take one",
        partial(train, wrong.set_axis(wrong.index.to_period("M")), ["y"], learning):
            "two of 2020-06. Take one",
        partial(train, both, ["y"], learning): of_series,
        partial(compare, both, ["y"], learning): of_series,
        partial(update_series, model, {"b": wrong}): of_series,
        partial(tables.forecast_series, model, wrong, 2): "two of 2020-06-01",
        partial(predict_series, model, wrong): "two of 2020-06-01",
        partial(forecasting.forecast, net, wrong, 2): "two of 2020-06-01",
        partial(tables.read_series, wrong, ["y"]): "2020-06-01 00:00:00 occurs twice",
        partial(read_several, long, ["y"], "shop"):
            "2020-06-01 00:00:00 of the series 'b' occurs twice, again in row 36",
    }  # fmt: skip
    all_refused([(call, SynapseError, words) for call, words in calls.items()])


# --- functions ------------------------------------------------------------------------


def test_wrong_arguments_are_one_sentence():
    sheet = pd.DataFrame({"x": [1.0] * 20, "y": [2.0] * 20})
    series = tables.read_series(sheet, ["y"])
    learning = tables.TrainingOptions()
    settings = {"build": "oracle", "hidden": [0], "rate": -1, "epochs": 0.5,
                "validation": 1, "seed": -1, "progress": 3}  # fmt: skip
    task = {"steps": 0, "period": 0.5, "validation": -0.1}
    rows = partial(tables.train_rows, sheet)
    of_series = partial(tables.train_series, series)
    one_use = "one use only, got two of 'y'"
    net = architect.Perceptron(1, 1)
    calls = [
        *((partial(tables.TrainingOptions, **{k: v}), k) for k, v in settings.items()),
        *((partial(series_tasks, series, ["y"], **{k: v}), k) for k, v in task.items()),
        (partial(tables.read_table, None), "path"),
        (partial(tables.read_series, sheet, ["y"], fill="zero"), "fill"),
        (partial(tables.read_series, None, ["y"]), "a DataFrame, got None"),
        (partial(tables.read_series, sheet, [3]), "name of a column"),
        (partial(tables.train_series, None, ["y"], learning), "a DataFrame, got"),
        (partial(of_series, ["x"], learning), "column of the task"),
        (partial(of_series, ["y"], 3), "a TrainingOptions, got"),
        (partial(of_series, [], learning), "got none"),
        (partial(of_series, ["y"], learning, known=["y"]), one_use),
        (partial(rows, ["y"], None, {}), "a TrainingOptions, got"),
        (partial(rows, ["y"], None, learning, ahead=-1), "ahead"),
        (partial(rows, [], None, learning), "a column to predict, got none"),
        (partial(rows, ["y"], ["x", "y"], learning), one_use),
        (partial(rows, ["y", "y"], None, learning), one_use),
        (partial(rows, ["y"], None, learning, ignore=["z"]), "no column 'z'"),
        (partial(predict_rows, None, sheet), "a Network, got None"),
        (partial(predict_rows, net, sheet, in_order=True), "have 1 column, got"),
        (partial(predict_series, net, series), "does not forecast a series"),
    ]
    all_refused([(call, SynapseError, message) for call, message in calls])


def test_a_trained_network_forecasts_and_predicts_frames():
    shop = np.repeat(np.arange(5), 8)
    columns = {"_": shop + 0.5, "shop": shop, "kind": [*"ab"] * 20}
    sheet = pd.DataFrame({**columns, "y": 1 + 0.1 * (np.arange(40) % 7)})
    learning = tables.TrainingOptions(build="elman", hidden=[2], epochs=1)
    model = tables.train_rows(sheet, ["y"], None, learning, sequence="shop").model
    assert [neuron.name for neuron in model.network.input] == ["_", "kind=a", "kind=b"]
    predicted = predict_rows(model, sheet, sequence="shop")
    assert (predicted.shape, [*predicted.columns]) == ((40, 1), ["y"])
    frame = sheet[["y"]].set_axis(
        pd.date_range("2020-01-01", periods=40, freq="MS", name="month")
    )
    network = tables.train_series(frame, ["y"], learning, methods=["naive"]).model
    ahead = tables.forecast_series(network, frame, 3, coverage=0.5)
    assert ([*ahead.columns], str(ahead.index[0].date())) == (
        ["y", "y lower", "y upper"],
        "2023-05-01",
    )
    assert "forecast" in "".join(ahead.attrs["notes"])
    assert predict_series(network, frame).shape == (41, 1)
    untrained = architect.Perceptron(1, 1, seed=0)
    untrained.metadata = {"encoding": "utf-8", "targets": 3}
    days = frame.set_axis(pd.date_range("2020-01-01", periods=40))
    ahead = partial(tables.forecast_series, network)
    calls = {
        "`steps`": partial(ahead, frame, 0, method="mean"),
        "no column 'input 0'": partial(predict_rows, untrained, sheet),
        "does not forecast": partial(tables.forecast_series, untrained, frame, 1),
        "with the step month, but these are rows with the step day": partial(
            ahead, days, 1
        ),
        "must have a step": partial(ahead, frame.iloc[[0, 3, 5]], 1),
        "no column that is known": partial(ahead, frame, 1, frame),
    }
    all_refused([(call, SynapseError, words) for words, call in calls.items()])


def test_a_verdict_beside_an_error_of_0():
    sheet = pd.DataFrame({"x": np.arange(60) % 7, "y": 5.0})
    verdict = tables.train_rows(
        sheet, ["y"], None, tables.TrainingOptions(epochs=2)
    ).facts["verdict"]
    assert "is worse: its squared error," in verdict
    assert "is more than 1000 times above that of mean alone" in verdict


def test_one_network_reads_series_in_units_of_their_own():
    """It forecasts series that it has not learned, too, and in their units."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(60) / 2)
    waves = {"a": wave, "b": 1e4 * (wave + 3), "short": wave[:17]}
    several = {
        name: pd.DataFrame({"y": values + rng.normal(0, 0.01, len(values))})
        for name, values in waves.items()
    }
    learning = tables.TrainingOptions(hidden=[4], epochs=100)
    tasks, notes = series_tasks(several, ["y"], steps=3)
    assert (notes, len({task.steps for task in tasks})) == ([], 1)
    assert tasks[0].scale.lags == tasks[1].scale.lags
    network = tables.train_series(
        several, ["y"], learning, steps=3, methods=["naive"]
    ).model
    shop = several["a"]
    other = 10 * shop + 5
    ahead, bounds = (
        tables.forecast_series(network, each, 5, method="network", coverage=0.9)
        for each in (shop, other)
    )
    np.testing.assert_allclose(bounds, 10 * ahead + 5)
    np.testing.assert_allclose(
        predict_series(network, other),
        10 * predict_series(network, shop) + 5,
    )
    np.testing.assert_allclose(ahead["y"], np.sin(np.arange(60, 65) / 2), atol=0.2)

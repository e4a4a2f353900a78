"""Values that mean something else than they say, rows that are no rows, and the counts
of all that is left out, filled in or read as something else."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synapse import tables
from synapse.errors import FormatError
from synapse.readwrite import load
from synapse.tables._dates import find_date
from synapse.tables._encoding import choose_encoding
from tests.cli.command import done, run_cli, write
from tests.helpers.cases import all_hold


@pytest.fixture
def read(tmp_path):
    """A function that reads a table of these cells of one column, or of this text."""

    def of(content, **options):
        if not isinstance(content, str):
            content = "k;y\n" + "".join(f'a;"{cell}"\n' for cell in content)
        (tmp_path / "t.csv").write_text(content, encoding="utf-8")
        return tables.read_table(tmp_path / "t.csv", **options)

    return of


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- marks of missing values ----------------------------------------------------------

MARKS = ("-9999", "-99.99", "-999", "-999.9", "-8888", "-32768", "1e20", "-1e30")
MARKS += ("9.96921e+36", "-3.4028235e+38", "-1", "9999", "999.9", "99999", "8888")


def test_marks_of_missing_values_are_read_as_such_and_counted(read, rng):
    def check(mark):
        cells = rng.uniform(80, 120, 60).round(1).astype(str).tolist()
        cells[3] = cells[20] = cells[41] = mark
        table = read(cells)
        assert np.flatnonzero(table["y"].isna()).tolist() == [3, 20, 41]
        (note,) = table.attrs["notes"]
        assert "is a missing value in 3 cells of 'y', where the others are 8" in note
        assert note.endswith("If it is a number, pass --missing=NA.")
        assert [*map(float, table.attrs["markers"])] == [float(mark)]
        decided = read(cells, missing=["NA"])
        assert decided["y"].notna().all()
        (note,) = decided.attrs["notes"]
        assert "counts as a number in 3 cells of 'y'" in note
        advised = re.search(r"pass --missing=(\S+)\.$", note)[1]
        assert read(cells, missing=[advised])["y"].isna().sum() == 3

    all_hold(check, MARKS)
    both = read([*range(80, 121), "-9999", "-99.99", "-9999"])
    assert both["y"].isna().sum() == 3
    assert len(both.attrs["notes"]) == 2


def test_numbers_that_are_far_apart_by_nature_stay(read, rng):
    columns = {
        "closed on Sundays": [0 if day % 7 == 0 else 80 + day for day in range(40)],
        "shops": [*range(1, 21), 999] * 4,
        "classes": [1, 2, 3, 99] * 9,
        "both signs": rng.normal(0, 60, 50).round(2).tolist() + [-99.99],
        "a price": [*rng.uniform(5, 50, 40).round(2), 999.99],
        "heavy tails": rng.standard_cauchy(200).tolist(),
    }

    def check(cells):
        table = read(cells)
        np.testing.assert_allclose(table["y"], cells)
        assert table.attrs["markers"] == []

    all_hold(check, {name: (cells,) for name, cells in columns.items()})


def test_a_model_knows_the_marks_of_its_training(capsys, tmp_path, rng):
    x = rng.uniform(80, 120, 60).round(1)
    marked = [-9999 if place % 9 == 0 else value for place, value in enumerate(x)]
    data = write(tmp_path / "d.csv", x=marked, y=x)
    model = tmp_path / "m.json"
    printed = done(capsys, "train", data, "--target", "y", "--epochs", 2, "-o", model)
    assert "-9999 is a missing value in 7 cells of 'x'" in printed
    assert re.search(r"7 missing values of 'x': the median, (8|9|10|11)\d?\.", printed)
    assert load(model).metadata["missing"] == ["-9999"]
    new = write(tmp_path / "n.csv", x=["-9999"], y=[1])
    code, printed, said = run_cli(capsys, "run", model, new)
    assert code == 0
    assert "1 missing value of 'x': the median" in said


# --- numbers --------------------------------------------------------------------------

NEGATIVE = {
    "(2)": -2,
    "( 2.5 )": -2.5,
    "2-": -2,
    "2.5 -": -2.5,
    "\u22122": -2,
    "\u20132": -2,
    "\u20102": -2,
    "\uff0d2": -2,
    "- 2": -2,
    "\u25b32": -2,
    "\u25b2 2": -2,
    "(1,234.50)": -1234.5,
    "1,234.50-": -1234.5,
    "-2": -2,
}
WITH_UNITS = ("($2)", "$(2)", "$-2", "-$2", "$ -2", "$2-", "\u2212$2")
AFTER = ("(2 %)", "(2)%", "(2) %", "2 %-", "-2 %")


def test_negative_numbers_as_people_write_them(read):
    def check(cell, expected, other="7"):
        table = read([other, cell, other])
        assert table["y"].tolist() == [7, expected, 7]
        notes = " ".join(table.attrs["notes"])
        is_plain = cell[0] in "-\u2212\u2013\u2010\uff0d" and cell[1] != " "
        assert ("1 negative number of 'y' without a sign in front" in notes) != is_plain

    all_hold(check, list(NEGATIVE.items()))
    for cell in (*WITH_UNITS, *AFTER):
        other = "$7" if "$" in cell else "7 %"
        assert read([other, cell])["y"].tolist() == [7, -2], cell
    for cells in (["(a)", "(b)"], ["10-20", "20-30"], ["2020-01", "2020-02"]):
        assert read(cells)["y"].tolist() == cells


def test_codes_stay_text_and_are_counted(read):
    def check(cells, count):
        table = read(cells)
        assert table["y"].tolist() == cells
        (note,) = table.attrs["notes"]
        assert note.startswith(f"'y' is read as text: {count}")
        _, notes = choose_encoding(table, ["y"]) if len(cells) < 4 else (0, [])
        assert notes == ["Words became inputs of 0 and 1: 'y'."] * (len(cells) < 4)

    cases = {
        "zip": (["01234", "1234"], "1 cell has a leading zero, such as '01234'"),
        "all": (["001", "002", "010", "011"], "4 cells have leading zeros"),
        "zero": (["0", "00"], "1 cell has a leading zero, such as '00'"),
        "long": (
            ["12345678901234567890", "12345678901234567891"],
            "2 numbers with many digits differ in the last ones only",
        ),
    }
    all_hold(check, cases)
    for cells in (["0", "0.5"], ["1", "10"], ["1700000000000000000", "17"]):
        assert read(cells)["y"].dtype.kind in "if"
    hours = read("hour;y\n00;1\n07;2\n08;3\n")
    assert hours["hour"].tolist() == [0, 7, 8]
    frame = pd.DataFrame({"y": ["01234", "1234"]}, dtype=object)
    assert choose_encoding(frame, ["y"])[0].inputs == ["y=01234", "y=1234"]


def test_identifiers_are_left_out_and_measurements_are_not(rng):
    count = 200
    frame = pd.DataFrame(
        {
            "nummer": rng.permutation(count) + 1000,
            "member": 10**6 + rng.choice(9 * 10**6, count, replace=False),
            "Kunde": rng.choice(10**9, count, replace=False),
            "row": range(count),
            "ref": [f"A{place}" for place in range(count)],
            "income": rng.choice(80_000, count, replace=False) + 9_000,
            "year": range(1800, 1800 + count),
            "size": rng.normal(size=count),
            "age": rng.integers(20, 80, count),
        }
    )
    encoding, notes = choose_encoding(frame, frame.columns)
    assert encoding.inputs == ["income", "year", "size", "age"]
    assert notes[0].startswith(
        "Left out: 'nummer', 'member', 'Kunde', 'row', 'ref' (identifiers, or empty)."
    )
    assert notes[0].endswith("To use such numbers, name them with --inputs.")
    assert choose_encoding(frame, ["row"], named=True)[0].inputs == ["row"]
    alone, notes = choose_encoding(frame, ["row", "ref"])
    assert alone.inputs == ["row"]
    assert "there are no other inputs" in " ".join(notes)


# --- dates ----------------------------------------------------------------------------

MONTHS = {
    "de": "J\u00e4n Feb M\u00e4r Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "de, long": "Januar Februar M\u00e4rz April Mai Juni Juli August September Oktober"
    " November Dezember",
    "fr": "janv. f\u00e9vr. mars avr. mai juin juil. ao\u00fbt sept. oct. nov."
    " d\u00e9c.",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sv": "jan feb mars april maj juni juli aug sept okt nov dec",
    "pl": "sty lut mar kwi maj cze lip sie wrz pa\u017a lis gru",
    "ru": "\u044f\u043d\u0432 \u0444\u0435\u0432 \u043c\u0430\u0440 \u0430\u043f\u0440"
    " \u043c\u0430\u0439 \u0438\u044e\u043d \u0438\u044e\u043b \u0430\u0432\u0433"
    " \u0441\u0435\u043d \u043e\u043a\u0442 \u043d\u043e\u044f \u0434\u0435\u043a",
    "en": "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec",
}
FORMS = ("{} 2024", "{} 24", "{}-24", "2024 {}", "01. {} 2024", "1-{}-24", "{} 1, 2024")


def test_months_in_other_languages(read):
    expected = pd.date_range("2024-01-01", periods=12, freq="MS")

    def check(names):
        for form in FORMS:
            rows = "".join(f'"{form.format(name)}";1\n' for name in names.split())
            dated = find_date(read("when;y\n" + rows))
            assert dated is not None, form
            assert dated.dates.tolist() == expected.tolist(), form
        rows = "".join(f"2024;{name};1\n" for name in names.split())
        for column in ("Month", "mes"):
            dated = find_date(read(f"year;{column};y\n" + rows))
            assert dated.dates.tolist() == expected.tolist()

    all_hold(check, {language: (names,) for language, names in MONTHS.items()})
    times = find_date(
        read("t;y\n15. M\u00e4rz 2024 14:30;1\n16. M\u00e4rz 2024 9:05;2\n")
    )
    assert [*map(str, times.dates)] == ["2024-03-15 14:30:00", "2024-03-16 09:05:00"]


def test_decimal_years_are_months(read):
    months = pd.date_range("1958-03-01", periods=40, freq="MS")
    for shift, digits in ((0.5, 4), (0.5, 2), (0, 3), (0, 6)):
        years = [f"{1958 + (place + 2 + shift) / 12:.{digits}f}" for place in range(40)]
        for name in ("decimal date", "year", "Jahr (dezimal)", "t"):
            rows = "".join(f"{year},{300 + year[-1:]}\n" for year in years[:0])
            rows = "".join(f"{year},{place}.5\n" for place, year in enumerate(years))
            dated = find_date(read(f"{name},y\n{rows}"), ignore=["y"])
            assert dated.dates.tolist() == months.tolist(), (name, shift, digits)
            assert "is read as decimal years" in dated.note
    yearly = "".join(f"{1700 + place}.5,{place}.5\n" for place in range(20))
    dates = find_date(read("year,y\n" + yearly)).dates
    assert (
        dates.tolist() == pd.date_range("1700-07-01", periods=20, freq="12MS").tolist()
    )
    steps = "".join(f"{1600 + place / 10:.1f},{place}\n" for place in range(40))
    assert find_date(read("x,y\n" + steps)) is None


CLOCKS = {
    "Time": "{:02}:00",
    "Uhrzeit": "{}:00:00",
    "hour": "{}",
    "Stunde": "{:02}",
    "HHMM": "{:02}00",
    "heure": "{}",
}


def test_dates_and_times_in_two_columns_are_joined(read, tmp_path, capsys):
    hours = pd.date_range("2024-01-01", periods=72, freq="h")

    def check(name, form):
        for day in ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"):
            rows = "".join(
                f"{time:{day}};{form.format(time.hour)};{time.hour}.5\n"
                for time in hours
            )
            table = read(f"date;{name};power\n{rows}")
            for date in (None, "date", f"date-{name}"):
                dated = find_date(table, date)
                assert dated.columns == ["date", name]
                assert dated.dates.tolist() == hours.tolist(), (day, date)

    all_hold(check, list(CLOCKS.items()))
    rows = "".join(f"{time:%Y-%m-%d;%I:%M %p};1\n" for time in hours)
    assert find_date(read("d;t;y\n" + rows)).dates.tolist() == hours.tolist()
    until = "".join(f"{time:%Y-%m-%d};{time.hour + 1};1\n" for time in hours)
    later = find_date(read("d;hour;y\n" + until)).dates
    assert later.tolist() == hours.shift(1).tolist()
    power = 100 + 20 * np.sin(2 * np.pi * np.arange(72) / 24)
    data = write(
        tmp_path / "d.csv",
        Date=hours.strftime("%Y-%m-%d"),
        Time=hours.strftime("%H:%M"),
        Power=power.round(2),
    )
    options = ["--target", "Power", "--epochs", 1, "--methods", "naive"]
    printed = done(capsys, "train", data, *options, "-o", tmp_path / "m.json")
    assert printed.startswith(
        "72 rows, 2024-01-01 to 2024-01-03 23:00:00 (Date-Time), step: hour."
    )
    code, printed, _ = run_cli(
        capsys, "forecast", tmp_path / "m.json", data, "--steps", 1
    )
    assert (code, printed.splitlines()[1].split(",")[0]) == (0, "2024-01-04")


# --- rows and columns -----------------------------------------------------------------


def test_units_below_the_names_are_no_row(read):
    cases = {
        "beside dates": "Date,P,T\n,kW,\u00b0C\n2024-01-01,5,6\n2024-01-02,6,7\n",
        "in brackets": "Date,P,T\n[UTC],[kW],[K]\n2024-01-01,5,6\n2024-01-02,6,7\n",
        "with a form": "Date,P,T\nyyyy-mm-dd,m3/h,K\n2024-01-01,5,6\n2024-01-02,6,7\n",
        "numbers alone": "P,T,V\nkW,m/s,V\n5,6,2\n6,7,8\n",
    }

    def check(content):
        table = read(content)
        assert len(table) == 2
        assert table.index.tolist() == [3, 4]
        assert table.iloc[:, 1].dtype.kind in "if"
        (note,) = table.attrs["notes"]
        assert note.startswith("Left out: line 2, which has units below the names, '")

    all_hold(check, {name: (content,) for name, content in cases.items()})
    for values in (
        "a,b\nx,1\ny,2\n",
        "d,y\n2024-01,n.v.\n2024-02,5\n",
        "a,b\nA,B\nA,C\n",
    ):
        assert len(read(values)) == values.count("\n") - 1


def test_several_columns_of_one_name_stay_several(read):
    table = read("a,a,y\n1,2,3\n4,5,6\n")
    assert table.columns.tolist() == ["a", "a.1", "y"]
    assert table.to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert table.attrs["notes"] == ["1 column with no name of its own: read as 'a.1'."]
    several = read("a;b;a;;a\n1;2;3;4;5\n1;2;3;4;5\n")
    assert several.columns.tolist() == ["a", "b", "a.2", "column 4", "a.4"]
    assert several.attrs["notes"] == [
        "3 columns with no names of their own: read as 'a.2', 'column 4', 'a.4'."
    ]


def test_dates_as_names_of_columns_have_a_sentence_that_helps(read, tmp_path, capsys):
    rng = np.random.default_rng(0)
    years = [str(year) for year in range(2000, 2024)]
    months = [
        f"{date:%b-%y}" for date in pd.date_range("2020-01", periods=24, freq="MS")
    ]
    for names, mark in ((years, ","), (months, ";")):
        values = rng.normal(50, 5, (2, 24)).round(2).astype(str)
        rows = [mark.join(["country", *names])]
        rows += [mark.join(row) for row in np.insert(values, 0, ["FR", "DE"], axis=1)]
        table = read("\n".join(rows) + "\n")
        note = table.attrs["notes"][-1]
        assert note.startswith(
            f"24 columns from '{names[0]}' to '{names[-1]}' are dates."
        )
        script = re.search(r'python -c "(.*)", and', note)[1]
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
        target, key = re.search(r"--target (\w+) --sequence '(\w+)'", note).groups()
        line = ["train", tmp_path / "long.csv", "--target", target, "--sequence", key]
        line += ["--epochs", 1, "--methods", "naive", "-o", tmp_path / "m.json"]
        assert "2 series (country), 48 rows" in done(capsys, *line)
    assert read("x1,x2,x3,y\n1,2,3,4\n2,3,4,5\n").attrs["notes"] == []


def test_titles_above_the_names_are_skipped_as_advised(tmp_path, read):
    cases = {
        "one line": "Sales of 2024\n{}",
        "and an empty one": "Sales of 2024\n\n{}",
        "two lines": "Report\nof the till\n\n{}",
        "a cell of a sheet": "Sales of 2024;;\n;;\n{}",
        "keys": "Station;Berlin\nUnit;kW\n{}",
    }
    names = "Date;Sales;Costs\n2024-01;5;6\n2024-02;7;8\n"

    def check(title):
        content = title.format(names)
        with pytest.raises(FormatError, match="--skip-rows") as told:
            read(content)
        if "--skip-rows N" not in str(told.value):
            count = int(re.search(r"--skip-rows (\d+)", str(told.value))[1])
            assert read(content, skip_rows=count).columns.tolist() == [
                "Date",
                "Sales",
                "Costs",
            ]

    all_hold(check, {name: (title,) for name, title in cases.items()})
    pytest.importorskip("openpyxl")
    sheet = pd.DataFrame(
        [["Sales of 2024", None], [None, None], ["Date", "Sales"], ["2024-01", 5]]
    )
    sheet.to_excel(tmp_path / "t.xlsx", header=False, index=False)
    with pytest.raises(FormatError, match=r"looks like a title.*pass --skip-rows 2;"):
        tables.read_table(tmp_path / "t.xlsx")
    table = tables.read_table(tmp_path / "t.xlsx", skip_rows=2)
    assert table.columns.tolist() == ["Date", "Sales"]


def test_a_clock_that_varies_has_the_step_of_its_median(read, rng):
    def check(step, jitter, drifts):
        noise = rng.integers(-1, 2, 200) * jitter
        seconds = step * np.arange(200) + (noise.cumsum() if drifts else noise)
        times = pd.Timestamp("2024-03-01") + pd.to_timedelta(seconds, "s")
        rows = [f"{time},{place}.5\n" for place, time in enumerate(times)]
        table = read("time,y\n" + "".join(rows))
        series = tables.read_series(table, ["y"])
        assert series.index.freq == pd.tseries.frequencies.to_offset(f"{step}s")
        assert series.index[-1] == times[-1]
        (note,) = series.attrs["notes"]
        assert f"{step} s in the median" in note
        assert "pass --ignore 'time'" in note
        assert len(tables.read_series(table, ["y"], ignore=["time"])) == 200
        some = read("time,y\n" + "".join(rows[:50] + rows[53:]))
        filled = tables.read_series(some, ["y"], fill="linear")
        np.testing.assert_allclose(filled["y"], np.arange(200) + 0.5)
        assert filled.attrs["notes"][1] == (
            "Filled in (linear): 3 rows between the 197 rows of the table, and 0 cells"
            " of these. Left out at the ends: 0 rows without a value."
        )

    cases = ((60, 1, False), (60, 1, True), (10, 0.5, True), (900, 30, False))
    all_hold(check, {repr(case): case for case in cases})
    uneven = pd.Timestamp("2024-03-01") + pd.to_timedelta(
        60 * np.arange(50) + 25 * (np.arange(50) % 3), "s"
    )
    rows = "".join(f"{time},1\n" for time in uneven)
    with pytest.raises(FormatError, match="pass --ignore 'time'"):
        tables.read_series(read("time,y\n" + rows), ["y"])


# --- counts ---------------------------------------------------------------------------


def numbers_of(pattern, text):
    """The sum of the numbers that a pattern finds in a report."""
    return sum(int(number) for number in re.findall(pattern, text))


def test_the_counts_of_a_report_on_rows_add_up(capsys, tmp_path, rng):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        count = 120
        x = rng.uniform(80, 120, count).round(1).astype(str)
        colors = rng.choice(["red", "blue", "green"], count)
        lines = [[x[i], colors[i], f"{rng.normal():.3f}"] for i in range(count)]
        places = rng.permutation(count)
        sizes = rng.integers(3, 12, 6)
        ends = np.cumsum(sizes)
        gaps, marks, words, dashes, empty, commented = np.split(
            places[: ends[-1]], ends[:-1]
        )
        for i in gaps:
            lines[i][0] = ""
        for i in marks:
            lines[i][0] = "-9999"
        for i in words:
            lines[i][1] = ""
        for i in dashes:
            lines[i][1] = "n/a"
        rows = [",".join(cells) for cells in lines]
        for i in empty:
            rows[i] = ",,"
        for i in commented:
            rows[i] = "#" + rows[i]
        data = tmp_path / "d.csv"
        data.write_text("\n".join(["x,color,y", *rows]) + "\n")
        line = [
            "train",
            data,
            "--target",
            "y",
            "--epochs",
            1,
            "-o",
            tmp_path / "m.json",
        ]
        printed = done(capsys, *line)
        read_rows = numbers_of(r"(?m)^(\d+) rows\.$", printed)
        comments = numbers_of(r"Left out: (\d+) lines? with #", printed)
        without = numbers_of(r"Left out: (\d+) rows? without a value", printed)
        assert (comments, without) == (len(commented), len(empty))
        assert read_rows + comments + without == count
        assert numbers_of(r"-9999 is a missing value in (\d+) cell", printed) == len(
            marks
        )
        missing = numbers_of(r"(\d+) missing values? of 'x'", printed)
        assert missing == len(gaps) + len(marks)
        none = numbers_of(r"(\d+) missing cells? of 'color'", printed)
        assert none == len(words) + len(dashes)
        text = numbers_of(r"(\d+) cells? with text (?:is|are) (?:a )?missing", printed)
        assert text == len(dashes)
        assert f"trained on all {read_rows} rows" in printed
        held_out = numbers_of(r"Test on (\d+) held-out rows", printed)
        assert held_out == round(read_rows / 5)
        ahead = done(capsys, *line, "--ahead", 3, "--build", "elman")
        assert "3 rows without a target 3 rows below." in ahead
        assert f"trained on all {read_rows - 3} rows" in ahead


def test_the_counts_of_a_report_on_a_series_add_up(capsys, tmp_path):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        count = 400
        times = pd.date_range("2024-01-01", periods=count, freq="min")
        places = rng.permutation(np.arange(1, count - 1))
        dropped, gaps = set(places[:40]), set(places[40:65])
        rows = [
            f"{time},{'' if i in gaps else i % 60}"
            for i, time in enumerate(times)
            if i not in dropped
        ]
        rows[-1] = f"{times[-1]},-"  # at the end, where nothing follows
        data = tmp_path / "d.csv"
        data.write_text("\n".join(["time,y", *rows]) + "\n")
        line = [data, "--target", "y", "--fill", "linear", "--methods", "naive"]
        options = ["--epochs", 1, "-o", tmp_path / "m.json"]
        printed = done(capsys, "train", *line, *options)
        whole = numbers_of(r"(?m)^(\d+) rows, 2024", printed)
        filled = re.search(
            r"Filled in \(linear\): (\d+) rows between the (\d+) rows of the table, and"
            r" (\d+) cells of these. Left out at the ends: (\d+) row",
            printed,
        )
        added, of_table, cells, left_out = map(int, filled.groups())
        assert of_table == count - 40
        assert whole == of_table + added - left_out
        kept = {*range(whole)}  # all from the first row on
        assert (added, cells) == (len(dropped & kept), len(gaps & kept))
        code, _, said = run_cli(capsys, "compare", *line, "--build", "none")
        assert (code, filled[0] in said) == (0, True)
        code, _, said = run_cli(
            capsys, "forecast", tmp_path / "m.json", data, "--steps", 2
        )
        assert (code, filled[0] in said) == (0, True)

"""`synapse bench`: a table of times, none of which is judged."""

from .command import done


def test_quick(capsys):
    head, *rows = [line.split() for line in done(capsys, "bench", "--quick").splitlines()]
    assert head[:2] == ["network", "connections"]
    assert [row[-4] for row in rows] == ["9", "300", "9472", "476"]
    assert all(float(cell) >= 0 for row in rows for cell in row[-3:])
    assert all(float(cell) > 0 for row in rows for cell in row[-2:])

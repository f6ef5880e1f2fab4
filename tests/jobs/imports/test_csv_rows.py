"""The splitter of CSV rows: chunks, quotes, limits."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.csv_rows import CsvRow, CsvRowSplitter, parse_cells

CELLS = st.text(st.sampled_from('ab,"\n é'), max_size=6)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6)


def split(data: bytes, size: int = 1 << 20) -> list[CsvRow]:
    splitter = CsvRowSplitter()
    rows = [row for start in range(0, len(data), size) for row in splitter.feed(data[start : start + size])]
    return [*rows, *splitter.end()]


@pytest.mark.parametrize(
    ("raw", "cells"),
    [
        (b"", [""]),
        (b"a,b", ["a", "b"]),
        (b"a,,", ["a", "", ""]),
        (b'"a,b",c', ["a,b", "c"]),
        (b'"a""b"', ['a"b']),
        (b'"a\nb",c', ["a\nb", "c"]),
        ("é".encode(), ["é"]),
    ],
)
def test_cells_of_a_row(raw: bytes, cells: list[str]) -> None:
    assert parse_cells(raw) == cells


@pytest.mark.parametrize(("raw", "error"), [(b'"a"b', csv.Error), (b'"a', csv.Error), (b"\xff", UnicodeDecodeError)])
def test_an_invalid_row_raises(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_cells(raw)


@given(rows=ROWS, size=st.integers(1, 20))
def test_reads_what_is_written_with_any_chunk_size(rows: list[list[str]], size: int) -> None:
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    written = [row for row in rows if ",".join(row).strip()]
    assert [row.cells for row in split(output.getvalue().encode(), size)] == written


def test_blank_lines_are_counted_and_skipped() -> None:
    assert [(row.raw.number, row.cells) for row in split(b"\na\n \nb\n")] == [(2, ["a"]), (4, ["b"])]


def test_only_the_first_line_of_an_open_quote_is_rejected() -> None:
    first, *others = split(b'a,"b\nc,d\ne,f\n')
    assert (first.raw.number, first.problem) == (1, "opens a quote that is not closed")
    assert [row.cells for row in others] == [["c", "d"], ["e", "f"]]


def test_a_row_of_several_lines_that_does_not_fit_is_split_again() -> None:
    splitter = CsvRowSplitter()
    splitter.fits = lambda cells: len(cells) == 2
    first, second, third = [*splitter.feed(b'a,"b\nc,d\ne",f\n'), *splitter.end()]
    assert first.problem == "opens a quote that is closed in another row"
    assert second.cells == ["c", "d"]
    assert third.problem == "opens a quote that is not closed"


def test_a_line_that_is_too_long_ends_an_open_quote() -> None:
    long = b"x" * (MAX_RECORD_BYTES + 1)
    first, second, third = split(b'a,"b\n' + long + b"\nc,d\n")
    assert first.problem == "opens a quote that is not closed"
    assert second.problem is not None and "is longer than" in second.problem
    assert third.cells == ["c", "d"]


def test_an_open_quote_is_buffered_up_to_the_limit() -> None:
    line = b"y" * 400_000 + b"\n"
    first, *others = split(b'a,"b\n' + 3 * line)
    assert first.problem == f"opens a quote that is not closed within {MAX_RECORD_BYTES:,} bytes"
    assert len(others) == 3


def test_rejected_rows_have_the_header() -> None:
    splitter = CsvRowSplitter()
    splitter.header = ("A", "B")
    rows = [*splitter.feed(b'\xff,b\na,"b\n'), *splitter.end()]
    assert [row.raw.header for row in rows] == [("A", "B")] * 2
    assert [row.problem for row in rows] == ["is not valid UTF-8 (byte 1)", "opens a quote that is not closed"]

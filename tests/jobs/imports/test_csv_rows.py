"""The splitter of CSV rows: chunks, quotes, limits."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.imports.records import MAX_RECORD_BYTES
from jobs.imports.csv_rows import CsvRow, CsvRowSplitter, parse_cells

CELLS = st.text(st.sampled_from('ab,"\n\r é'), max_size=6)
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
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


@settings(max_examples=300)
@given(rows=ROWS, size=st.integers(1, 20), end=st.sampled_from(["\n", "\r\n", "\r"]), quoting=QUOTING)
def test_reads_what_is_written_with_any_chunk_size_and_line_end(
    rows: list[list[str]], size: int, end: str, quoting: Literal[0, 1]
) -> None:
    # A line feed that is not quoted, directly behind a CR, cannot be told from CRLF.
    assume(quoting or end != "\r" or not any(row[0].startswith("\n") for row in rows))
    output = io.StringIO(newline="")
    # Before Python 3.13 the writer quotes only the breaks of its own line end. A header tells which that is.
    csv.writer(output, lineterminator=end, quoting=quoting).writerows([["h", "i"], *rows])
    header, *others = [row for row in split(output.getvalue().encode(), size) if ",".join(row.cells).strip(", \r\n")]
    assert header.cells == ["h", "i"]
    assert [row.cells for row in others] == [row for row in rows if ",".join(row).strip(", \r\n")]
    assert all(row.problem is None for row in others)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_is_read_and_lines_keep_their_numbers(end: bytes, size: int) -> None:
    lines = [b"", b"a,b", b'c,"d', b'e"', b"", b"\xff,f", b'g,"h']
    rows = split(end.join(lines) + end, size)
    assert [(row.raw.number, row.cells) for row in rows] == [
        (2, ["a", "b"]),
        (3, ["c", f"d{end.decode()}e"]),
        (6, []),
        (7, []),
    ]
    assert [row.problem for row in rows[2:]] == ["is not valid UTF-8 (byte 1)", "opens a quote that is not closed"]
    assert [row.raw.raw for row in rows[2:]] == [b"\xff,f", b'g,"h']


def test_line_feeds_in_the_cells_of_a_file_with_returns_are_counted() -> None:
    rows = split(b'a,b\r"c\nd\r\ne",f\r\rg,h')
    assert [(row.raw.number, row.cells) for row in rows] == [(1, ["a", "b"]), (2, ["c\nd\r\ne", "f"]), (6, ["g", "h"])]


def test_the_break_behind_the_header_decides_also_where_the_header_has_breaks() -> None:
    assert [row.cells for row in split(b'"a\nb",c\rd,e\rf,g')] == [["a\nb", "c"], ["d", "e"], ["f", "g"]]
    assert [row.cells for row in split(b'"a\rb",c\nd,e\nf,g')] == [["a\rb", "c"], ["d", "e"], ["f", "g"]]
    assert [row.cells for row in split(b"a,b\r")] == [["a", "b"]]


def test_a_header_with_an_open_quote_does_not_hide_the_line_end() -> None:
    first, *others = split(b'"a,b\r' + 30_000 * (b"c" * 40 + b",d\r"))
    assert first.problem == "opens a quote that is not closed within 1,000 lines"
    assert len(others) == 30_000


def test_an_open_quote_ends_at_the_size_of_a_record() -> None:
    first, *others = split(b'"a,b\n' + 300 * (b"c" * 5_000 + b",d\n"))
    assert first.problem == f"opens a quote that is not closed within {MAX_RECORD_BYTES:,} bytes"
    assert len(others) == 300


def test_a_row_has_a_thousand_cells_at_most() -> None:
    wide, widest = split(b"," * 1_000 + b"\n" + b"," * 999 + b"\n")
    assert (wide.problem, len(widest.cells)) == ("has more than 1,000 cells", 1_000)


def test_blank_lines_are_counted_and_skipped() -> None:
    assert [(row.raw.number, row.cells) for row in split(b"\na\n \nb\n")] == [(2, ["a"]), (4, ["b"])]


def test_only_the_first_line_of_an_open_quote_is_rejected() -> None:
    first, *others = split(b'a,"b\nc,d\ne,f\n')
    assert (first.raw.number, first.problem) == (1, "opens a quote that is not closed")
    assert [row.cells for row in others] == [["c", "d"], ["e", "f"]]


def test_a_row_of_several_lines_that_does_not_fit_is_split_again() -> None:
    splitter = CsvRowSplitter()
    splitter.fits = lambda cells, _lines: len(cells) == 2
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

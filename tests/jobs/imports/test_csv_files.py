"""A report's bytes as rows: quotes, line breaks, headers in any order, and what is told of those that are none."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InvalidStream
from domain.imports.records import MAX_RECORD_BYTES, ImportKind
from jobs.imports.csv_files import CsvReader
from jobs.imports.records import AcceptedRecord, RejectedRecord
from jobs.imports.rejected_files import format_rejected_row
from tests.domain.imports.factory_records import call_record

HEADER = b"Report ID,Org UUID,Start time,Duration,Model\r\n"
GOOD = b"R-%d,C-1,2026-11-18T09:30:00.000Z,90,8845\r\n"
BOM = b"\xef\xbb\xbf"
Read = AcceptedRecord | RejectedRecord


def read(*chunks: bytes) -> list[Read]:
    reader = CsvReader(ImportKind.CALLS)
    return [line for chunk in chunks for line in reader.feed(chunk)] + list(reader.end())


def keys(*chunks: bytes) -> list[str | None]:
    return [line.record.key if isinstance(line, AcceptedRecord) else None for line in read(*chunks)]


def told(*chunks: bytes) -> list[tuple[int, str | None, str]]:
    """Line and reason of each refusal; the key where a row was taken."""
    return [
        (one.line, one.field, one.reason) if isinstance(one, RejectedRecord) else (one.raw.number, None, one.record.key)
        for one in read(*chunks)
    ]


def test_columns_have_any_order_and_unknown_ones_are_ignored() -> None:
    header = "Duration, start  TIME ,Caller,Report ID,Org UUID,Caller\n"
    (line,) = read(f'{header}90,2026-11-18 09:30:00,"Smith, Ann",R-1,C-1,x\n'.encode())
    assert isinstance(line, AcceptedRecord)
    assert line.record.values.keys() == {"Duration", "Start time", "Report ID", "Org UUID"}


def test_empty_and_na_cells_are_absent() -> None:
    (line,) = read(HEADER, b"R-1, C-1 ,2026-11-18T09:30:00Z,90,\n")
    assert isinstance(line, AcceptedRecord)
    assert (line.record.values["Org UUID"], "Model" in line.record.values) == ("C-1", False)
    assert told(HEADER, b"R-1,NA,2026-11-18T09:30:00Z,90,NA\n") == [(2, "Org UUID", "is missing")]


CELLS = st.lists(st.sampled_from(["a", " ", ",", '"', "\n", "\r\n", "é", "NA"]), max_size=5).map("".join)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5), st.integers(0, 3), st.data())
def test_reads_what_a_csv_writer_writes_with_any_chunks(
    extra: list[list[str]], before: int, data: st.DataObject
) -> None:
    text, end = io.StringIO(), data.draw(st.sampled_from(["\r\n", "\n", "\r"]))
    # The writer does not quote LF where CR ends rows: CR and LF at the beginning of a row would be a CRLF.
    quotes_all = data.draw(st.booleans()) or (before > 0 and end == "\r")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL, lineterminator=end)
    others = ["a", 'b "b"', f"c{end}c"]
    writer.writerow([*others[:before], *call_record(), *others[before:]])
    for number, cells in enumerate(extra):
        writer.writerow([*cells[:before], *call_record(f"R-{number}").values(), *cells[before:]])
    content = BOM + text.getvalue().encode()
    places = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=4)))
    chunks = [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
    assert keys(*chunks) == [f"R-{number}" for number in range(len(extra))]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_is_read_and_rejected_rows_have_their_line(end: bytes, size: int) -> None:
    rows = HEADER, GOOD % 1, b'R-2,C-1,2026-11-18T09:30:00Z,90,"Room\r\nKit"\r\n', b"R-3,C-1,x,9,\r\n", GOOD % 4
    content = b"".join(rows).replace(b"\r\n", end)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    no_time = "is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z"
    assert told(*pieces) == [(2, None, "R-1"), (3, None, "R-2"), (5, "Start time", no_time), (6, None, "R-4")]
    (second,) = [line for line in read(*pieces) if isinstance(line, AcceptedRecord) and line.record.key == "R-2"]
    assert second.record.values["Model"] == "Room Kit"


def test_a_break_in_an_id_rejects_its_row_alone_and_says_why() -> None:
    rows = b'R-1,"C\n-1",2026-11-18T09:30:00Z,90,\n' + GOOD % 2
    reason = "contains a control character or half of a surrogate pair"
    assert told(HEADER, rows) == [(2, "Org UUID", reason), (4, None, "R-2")]


def test_the_first_cell_of_a_row_can_have_several_lines() -> None:
    header = b"Direction," + HEADER
    row = b'"said ""hello, world""\nand hung up",' + GOOD % 1
    assert told(header, row, row, b"x," + GOOD % 2) == [(2, None, "R-1"), (4, None, "R-1"), (6, None, "R-2")]


def test_a_quote_before_the_first_cell_rejects_its_row_and_the_one_that_closes_it() -> None:
    reasons = "opens a quote that is closed in another row", "opens a quote that is not closed"
    rows = b'"' + GOOD % 1 + GOOD % 2 + (GOOD % 3).replace(b"R-3", b'R-3"')
    assert told(HEADER, rows) == [(2, None, reasons[0]), (3, None, "R-2"), (4, None, reasons[1])]
    assert told(HEADER, rows.replace(GOOD % 2, b"")) == [(2, None, reasons[0]), (3, None, reasons[1])]


def test_a_row_is_numbered_by_its_first_line() -> None:
    header = HEADER.replace(b"Model", b"Site,Model")
    rows = b'\r\nR-1,C-1,x,90,"a\r\n\r\nb""c",8845\r\n\r\nR-2,C-1,x,90,,\n'
    no_time = "is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z"
    assert told(header, rows) == [(3, "Start time", no_time), (7, "Start time", no_time)]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"R-0,C-1,2026-11-18T09:30:00Z,90", "has 4 cells, and the header has 5 columns"),
        (b"R-0,C-1,2026-11-18T09:30:00Z,90,,", "has 6 cells, and the header has 5 columns"),
        (b'R-0,"C-1"x,2026-11-18T09:30:00Z,90,', "is not CSV (',' expected after '\"')"),
        (b'R-0,C"1,"2026-11-18T09:30:00Z,90,', "is not CSV (unexpected end of data)"),
        (b"R-0,C-\xff,2026-11-18T09:30:00Z,90,", "is not valid UTF-8 (byte 7)"),
        (b"R-0,C-1,2026-11-18T09:30:00Z,90," + b"x" * MAX_RECORD_BYTES, "is longer than 1,048,576 bytes"),
        (b'R-0,C-1,2026-11-18T09:30:00Z,90,"', "opens a quote that is closed in another row"),
    ],
)
def test_an_invalid_row_does_not_stop_the_others(raw: bytes, reason: str) -> None:
    rows = GOOD % 1 + raw + b"\r\n" + GOOD % 2 + b'R-3,C-1,2026-11-18T09:30:00Z,90,"x, y"\r\n' + GOOD % 4
    if reason.startswith("opens"):
        # The quote of the next row closes it, and that row is broken for it just as well.
        rows = rows.replace(b'"x, y"', b'x y"')
        wanted = [(2, None, "R-1"), (3, None, reason), (4, None, "R-2"), (5, None, "opens a quote that is not closed")]
        assert told(HEADER, rows) == [*wanted, (6, None, "R-4")]
        return
    assert told(HEADER, rows) == [(2, None, "R-1"), (3, None, reason), *((n + 2, None, f"R-{n}") for n in (2, 3, 4))]


def test_an_open_quote_rejects_only_its_own_row() -> None:
    opened = b'R-0,C-1,2026-11-18T09:30:00Z,90,"\n'
    many = b"".join(GOOD % number for number in range(1, 30_000))
    reason = "opens a quote that is not closed within 1,000 lines"
    for chunk in (100_000, len(many) + 1000):
        content = HEADER + opened + many
        first, *others = told(*(content[start : start + chunk] for start in range(0, len(content), chunk)))
        assert first == (2, None, reason)
        assert len(others) == 29_999
    long = opened + b"x" * (MAX_RECORD_BYTES + 1) + b"\n" + GOOD % 1
    wanted = [(2, None, "opens a quote that is not closed"), (3, None, "is longer than 1,048,576 bytes")]
    assert told(HEADER, long) == [*wanted, (4, None, "R-1")]
    wide = opened + b'x"' + b"x" * (MAX_RECORD_BYTES - 10) + b"\n" + GOOD % 1
    assert told(HEADER, wide)[0] == (2, None, "is longer than 1,048,576 bytes")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"Report ID,Org UUID,Duration", "In the header row the column is missing: Start time."),
        (
            b"Report ID;Org UUID;Start time",
            "In the header row the columns are missing: Report ID, Org UUID, Start time and Duration. "
            "Columns are separated by commas.",
        ),
        (HEADER.strip() + b",report id,Model", "The header row names a column more than once: Report ID and Model."),
        (b'"Report ID', "The header row opens a quote that is not closed."),
        (b"Report\xff ID", "The header row is not valid UTF-8 (byte 7)."),
    ],
)
def test_an_invalid_header_rejects_the_report(header: bytes, sentence: str) -> None:
    with pytest.raises(InvalidStream) as refused:
        read(header + b"\n", GOOD % 1)
    assert str(refused.value) == sentence


def test_an_empty_report_has_no_rows() -> None:
    assert read(b"") == read(BOM + b"\r\n\r\n") == read(HEADER) == []


def test_reads_concatenated_reports() -> None:
    other = BOM + b"Duration,Report ID,Org UUID,Start time\n90,R-2,C-1,2026-11-18 09:30:00\n"
    assert keys(HEADER, GOOD % 1, other, BOM, HEADER, GOOD % 3) == ["R-1", "R-2", "R-3"]
    twice = b"Duration,Report ID,Org UUID,Start time,Duration\n"
    assert told(HEADER, twice) == [(2, "Start time", "is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z")]


def test_a_rejected_row_can_be_corrected_under_its_header() -> None:
    (bad,) = read(HEADER, b'"R-1",C-1,never,90,"a, b"\r\n')
    assert isinstance(bad, RejectedRecord)
    row = format_rejected_row(bad)
    assert row.startswith(b'R-1,C-1,never,90,"a, b",2,Start time,"is not an RFC 3339')
    told_columns = b",_refused line,_refused field,_refused reason,_refused raw\n"
    assert keys(HEADER.strip() + told_columns, row.replace(b"never", b"2026-11-18T09:30:00")) == ["R-1"]
    (again,) = read(HEADER.strip() + told_columns, row)
    assert isinstance(again, RejectedRecord)
    assert format_rejected_row(again) == row


def test_a_line_that_is_not_a_row_is_kept_as_text_over_several_imports() -> None:
    (bad,) = read(HEADER, b'R-1,"C-1"x,\xff\n')
    assert isinstance(bad, RejectedRecord)
    first = format_rejected_row(bad)
    assert next(csv.reader([first.decode()])) == [*[""] * 5, "2", "", bad.reason, 'R-1,"C-1"x,\\xff']
    told_columns = b",_refused line,_refused field,_refused reason,_refused raw\n"
    (again,) = read(HEADER.strip() + told_columns, first)
    assert isinstance(again, RejectedRecord)
    assert (again.reason, format_rejected_row(again).endswith(b',"R-1,""C-1""x,\\xff"\n')) == ("is missing", True)

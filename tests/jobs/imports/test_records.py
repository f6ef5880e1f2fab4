"""How a stream of bytes becomes lines, and how refused ones are kept so that they can be mended."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.imports.records import MAX_RECORD_BYTES, ImportKind
from jobs.imports.records import (
    AcceptedRecord,
    LineSplitter,
    NdjsonReader,
    RawLine,
    RejectedRecord,
    is_blank,
    read_raw_line,
)
from jobs.imports.rejected_files import format_rejected_object
from tests.domain.imports.factory_records import customer_record

C = ImportKind.CUSTOMERS
BOM = b"\xef\xbb\xbf"


def cut(*chunks: bytes) -> list[RawLine]:
    cutter = LineSplitter()
    lines = [line for chunk in chunks for line in cutter.feed(chunk)] + list(cutter.end())
    return [line for line in lines if not is_blank(line)]


def refused(raw: bytes) -> RejectedRecord:
    found = read_raw_line(C, RawLine(7, raw))
    assert isinstance(found, RejectedRecord)
    return found


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.data())
def test_chunks_can_end_anywhere(lines: list[bytes], data: st.DataObject) -> None:
    content = b"\n".join(lines)
    places = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=4)))
    chunks = [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
    assert cut(*chunks) == cut(content)
    bare = [line.removeprefix(BOM).removesuffix(b"\r") for line in lines[1:]]
    assert [line.raw for line in cut(content) if line.number > 1] == [line for line in bare if line.strip()]


def test_blank_lines_are_counted_and_skipped() -> None:
    reader = NdjsonReader(C)
    read = [*reader.feed(b"a\n\n  \r\n"), *reader.feed(b"b"), *reader.end()]
    assert [(line.line, line.raw) for line in read if isinstance(line, RejectedRecord)] == [(1, b"a"), (4, b"b")]


def test_a_byte_order_mark_is_removed() -> None:
    assert cut(BOM + b"{}\n{}") == [RawLine(1, b"{}"), RawLine(2, b"{}")]


def test_byte_order_marks_of_concatenated_files_are_removed() -> None:
    assert cut(BOM + b"{}\n", BOM + b"\n", BOM + b"[]\n", BOM) == [RawLine(1, b"{}"), RawLine(3, b"[]")]


def test_a_carriage_return_is_removed() -> None:
    long = b"x" * MAX_RECORD_BYTES
    assert cut(BOM, long, b"\r\n", long, b"\r\r\n")[0] == RawLine(1, long)
    assert not cut(long, b"\r\r\n")[0].is_whole


def test_a_line_of_one_mebibyte_is_accepted_and_a_longer_one_rejected() -> None:
    long = b"x" * MAX_RECORD_BYTES
    whole, longer, after = cut(long, b"\n", long, b"x\nafter")
    assert whole == RawLine(1, long)
    assert (longer.number, longer.is_whole, len(longer.raw)) == (2, False, 1000)
    assert after == RawLine(3, b"after")


def test_a_line_that_is_too_long_is_not_buffered() -> None:
    cutter = LineSplitter()
    for _ in range(64):
        assert list(cutter.feed(b"x" * 65_536)) == []
    assert len(cutter._buffer) <= MAX_RECORD_BYTES + 65_536
    (line,) = cutter.feed(b"\n")
    found = read_raw_line(C, line)
    assert isinstance(found, RejectedRecord)
    assert found.reason == "is longer than 1,048,576 bytes"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"externalId": "C-1"', "is not JSON (unexpected end of data"),
        (b"{'a': 1}", "is not JSON ("),
        (b'{"externalId": NaN}', "is not JSON ("),
        (b'{"externalId": "\xff"}', "is not valid UTF-8 (byte 17)"),
        (b"[" * 5000, "is not JSON ("),
        (b'{"externalId": "\\ud800"}', "is not JSON ("),
        (b"[1]", "must be an object, not a list"),
    ],
)
def test_rejects_a_line_that_cannot_be_decoded(raw: bytes, reason: str) -> None:
    found = refused(raw)
    assert found.reason.startswith(reason)
    assert (found.line, found.key, found.field) == (7, None, None)


def test_a_rejected_record_can_be_corrected_and_read_again() -> None:
    kept = orjson.loads(format_rejected_object(C, refused(orjson.dumps(customer_record(country="DEU")))))
    assert kept.pop("_refused") == {
        "kind": "customers",
        "line": 7,
        "field": "country",
        "reason": "is 'DEU', which is no country code of ISO 3166-1, such as DE",
    }
    assert kept == customer_record(country="DEU")
    mended = read_raw_line(C, RawLine(1, orjson.dumps({**kept, "country": "DE", "_refused": {}})))
    assert isinstance(mended, AcceptedRecord)


def test_a_line_that_is_not_json_is_kept_as_text_over_several_imports() -> None:
    first = format_rejected_object(C, refused(b'{"externalId": \xff'))
    assert orjson.loads(first)["_refused"]["raw"] == '{"externalId": \\xff'
    again = orjson.loads(format_rejected_object(C, refused(first)))
    told = {"kind": "customers", "line": 7, "field": "externalId", "reason": "is missing"}
    assert again["_refused"] == {**told, "raw": '{"externalId": \\xff'}


def test_a_rejected_record_of_another_kind_is_skipped() -> None:
    raw = RawLine(1, orjson.dumps(customer_record(_refused={"kind": "customers"})))
    assert isinstance(read_raw_line(C, raw), AcceptedRecord)
    assert read_raw_line(ImportKind.TRIALS, raw) is None

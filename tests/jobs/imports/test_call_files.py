"""Calls as JSON: bodies of the call history API and objects on lines, with any chunks and with what is broken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InvalidStream
from domain.imports.records import MAX_RECORD_BYTES, ImportKind
from jobs.imports.call_files import CallReader
from jobs.imports.records import AcceptedRecord, RejectedRecord
from tests.domain.imports.factory_records import call_record

Told = list[tuple[int, str | None, str]]
HEADER = b"Report ID,Org UUID,Start time,Duration\n"
ROW = b"R-1,C-1,2026-11-18T09:30:00Z,90\n"
CALL = {"Report ID": "R-1", "Org UUID": "C-1", "Start time": "2026-11-18T09:30:00.000Z", "Duration": 90}


def read(content: bytes, size: int = 65_536) -> list[AcceptedRecord | RejectedRecord]:
    reader = CallReader(ImportKind.CALLS)
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    return [one for chunk in chunks for one in reader.feed(chunk)] + list(reader.end())


def told(content: bytes, size: int = 65_536) -> Told:
    """Line, field and reason of each rejection; the key where a record was accepted."""
    return [
        (one.line, one.field, one.reason) if isinstance(one, RejectedRecord) else (one.raw.number, None, one.record.key)
        for one in read(content, size)
    ]


def call(report_id: str, **changes: Any) -> dict[str, Any]:
    return {**CALL, "Report ID": report_id, **changes}


def body(*calls: object, **more: Any) -> bytes:
    return json.dumps({"items": calls, **more}).encode()


@pytest.mark.parametrize("size", [1, 2, 7, 65_536])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b" \r\n\t", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize(
    "content",
    [
        body(call("R-1"), call("R-2")),
        json.dumps({"items": [call("R-1"), call("R-2")], "links": {"items": [1, "]"]}}, indent=4).encode(),
        body(call("R-1")) + b"\n" + body(call("R-2")) + b"\n" + body(),
        json.dumps(call("R-1")).encode() + b"\r\n\n" + json.dumps(call("R-2")).encode(),
        HEADER + ROW + ROW.replace(b"R-1", b"R-2"),
    ],
)
def test_each_form_is_read_with_any_chunks(content: bytes, mark: bytes, size: int) -> None:
    assert [key for _line, _field, key in told(mark + content, size)] == ["R-1", "R-2"]


def test_a_record_is_the_same_in_each_form() -> None:
    rows = {**call_record(), "Duration": "90", "Model": " 8845 ", "User type": "NA", "Related reason": ""}
    csv = ",".join(f'"{name}"' for name in rows) + "\n" + ",".join(f'"{value}"' for value in rows.values())
    forms = [read(csv.encode()), read(body(rows)), read(json.dumps(rows).encode())]
    records = [one.record for (one,) in forms if isinstance(one, AcceptedRecord)]
    assert records[0] == records[1] == records[2]
    assert records[0].values["Model"] == "8845"


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({"Model": None}, {}),
        ({"Model": 8845}, {"Model": "8845"}),
        ({"Duration": "90", "Correlation": [{}]}, {}),
        ({"model": "x", "CLIENT  type": "y"}, {"Model": "x", "Client type": "y"}),
    ],
)
def test_values_are_texts_numbers_or_null(changes: dict[str, Any], values: dict[str, str]) -> None:
    (one,) = read(body(call("R-1", **changes)))
    assert isinstance(one, AcceptedRecord)
    assert {name: one.record.values[name] for name in ("Model", "Client type") if name in one.record.values} == values
    assert one.record.values["Duration"] == 90


LONG = call("R-0", Extra="x" * MAX_RECORD_BYTES)


@pytest.mark.parametrize("size", [5_000, 65_536])
@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        (b'{"Report ID": "R-0"}', "Org UUID", "is missing"),
        (json.dumps(call("R-0", Duration=1.5)).encode(), "Duration", "must be whole seconds"),
        (json.dumps(call("R-0", Duration=None)).encode(), "Duration", "is missing"),
        (json.dumps(call("R-0", Model=True)).encode(), "Model", "must be a text, not a boolean"),
        (json.dumps(call("R-0", Model={"a": ["}"]})).encode(), "Model", "must be a text, not an object"),
        (b"7", None, "must be an object, not a number"),
        (b'"a, \\"] b"', None, "must be an object, not a text"),
        (b"[{}, {}]", None, "must be an object, not a list"),
        (b'{"Report ID" "R-0"}', None, "is not JSON"),
        (b'{"Report ID": "\xff"}', None, "is not valid UTF-8"),
        (json.dumps(LONG).encode(), None, "is longer than 1,048,576 bytes"),
    ],
)
def test_a_bad_record_is_rejected_with_its_number_and_stops_no_other(
    bad: bytes, field: str | None, reason: str, size: int
) -> None:
    good = json.dumps(call("R-1")).encode(), json.dumps(call("R-2")).encode()
    for content in (b'{"items": [%s,%s,%s]}' % (good[0], bad, good[1]), b"%s\n%s\n%s\n" % (good[0], bad, good[1])):
        first, (line, where, why), last = told(content, size)
        assert (first, last) == ((1, None, "R-1"), (3, None, "R-2"))
        assert (line, where) == (2, field) and why.startswith(reason)


@pytest.mark.parametrize(
    ("content", "rejections"),
    [
        (body(call("R-1"))[:-2], 1),
        (body(call("R-1"))[:-1], 1),
        (body(call("R-1"), call("R-2"))[:-6], 1),
        (body(call("R-1")) + b" oops", 1),
        (body(call("R-1")) + b'{"message": "none"}', 1),
        (body(call("R-1"))[:-2] + b"}", 2),
        (body(call("R-1")) + b"[" + json.dumps(call("R-2")).encode() + b"]", 2),
    ],
)
def test_a_body_that_is_cut_off_or_followed_by_something_else_is_reported(content: bytes, rejections: int) -> None:
    first, *others = read(content)
    assert isinstance(first, AcceptedRecord)
    assert len(others) == rejections and all(isinstance(one, RejectedRecord) for one in others)


@pytest.mark.parametrize("content", [b"", b" \n", b'{"items": []}', b'{\n"items" : [\n]\n}\n'])
def test_nothing_is_read_from_an_empty_stream(content: bytes) -> None:
    assert read(content, 1) == []


@pytest.mark.parametrize("content", [b'{"message": "no"}', b'{"items": {}}', b"{}", b'{"items"', b"{"])
def test_another_object_is_rejected(content: bytes) -> None:
    assert [type(one) for one in read(content, 3)] == [RejectedRecord]


def test_a_list_is_not_a_report() -> None:
    with pytest.raises(InvalidStream, match="In the header row the columns are missing"):
        read(b"[]\n")


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text(st.sampled_from('a"\\{}[],:é\n'), max_size=9), max_size=3)),
    st.integers(1, 40),
    st.booleans(),
)
def test_any_texts_are_split_with_any_chunks(extras: list[dict[str, str]], size: int, indents: bool) -> None:
    calls = [{**extra, **call(f"R-{number}")} for number, extra in enumerate(extras)]
    content = json.dumps({"items": calls}, indent=2 if indents else None, ensure_ascii=indents).encode()
    assert [key for _line, _field, key in told(content, size)] == [one["Report ID"] for one in calls]

"""Invalid imports of calls, media figures, queue calls and license usage, over HTTP and on the command line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import orjson
import pytest

from tests.server_process import PARTNER, ServerHarness

HEADER = "Report ID,Org UUID,User UUID,Start time,Duration,Client type,Model,Related reason"
DAY = timedelta(days=1)


class ImportSummary(NamedTuple):
    """The result of an import."""

    added: int
    refusals: list[dict[str, Any]]

    @property
    def refusal_locations(self) -> list[tuple[int, str | None, str | None]]:
        """Line, key and field of each rejected record."""
        return [(refusal["line"], refusal["key"], refusal["field"]) for refusal in self.refusals]


@pytest.fixture(scope="module")
def harness(mongo_uri: str, module_database: str) -> Iterator[ServerHarness]:
    """Yield one server for all tests; each test uses its own ids."""
    harness = ServerHarness(mongo_uri, module_database)
    harness.make_partner()
    with harness.start_server():
        customer = {"externalId": "C-1", "name": "Nova", "managedBy": "PARTNER_ORGANIZATION"}
        harness.import_lines("customers", [customer])
        line = {"product": "CALLING", "total": 10, "assigned": 5}
        times = {"addedAt": at(-DAY), "startsAt": at(-DAY), "endsAt": at(DAY)}
        harness.import_lines("trials", [{"number": "T-1", "customer": "C-1", **times, "licenses": [line]}])
        yield harness


def at(since_now: timedelta = timedelta(), zone: str = "Z") -> str:
    """Return an instant in the format of the report."""
    return (datetime.now(UTC) + since_now).strftime("%Y-%m-%dT%H:%M:%S") + zone


def call(**columns: str) -> str:
    """Return a row under HEADER: a valid call, except for the given columns."""
    row = {
        "id": uuid4().hex[:8],
        "org": "C-1",
        "user": "U-1",
        "start": at(-timedelta(hours=2)),
        "duration": "60",
        "client": "WXC_CLIENT",
        "model": "",
        "reason": "",
        **columns,
    }
    return ",".join(row.values())


def post(harness: ServerHarness, kind: str, body: bytes, **headers: str) -> httpx.Response:
    """Post a body."""
    sent = {"Authorization": f"Bearer {harness.token(scope='import import:administrators')}", **headers}
    return httpx.post(f"{harness.url}/import/{kind}", content=body, headers=sent, timeout=60, verify=False)


def import_body(harness: ServerHarness, kind: str, body: bytes | str) -> ImportSummary:
    """Import a body; check that every refusal is a sentence."""
    answer = post(harness, kind, body.encode() if isinstance(body, str) else body)
    assert answer.status_code == 200, answer.text
    summary = answer.json()
    assert summary["refused"] == len(summary["refusals"])
    assert all(refusal["reason"].strip() and "Traceback" not in refusal["reason"] for refusal in summary["refusals"])
    return ImportSummary(summary["added"], summary["refusals"])


def rows(*lines: str) -> str:
    """Return a report with a header row."""
    return "\r\n".join([HEADER, *lines]) + "\r\n"


def ndjson(*lines: Any) -> bytes:
    """Return one JSON object per line."""
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


BAD_COLUMNS = {
    "an unknown organization": ("org", "C-404", "Org UUID"),
    "no organization": ("org", "", "Org UUID"),
    "no start": ("start", "NA", "Start time"),
    "no date": ("start", "yesterday", "Start time"),
    "a day that does not exist": ("start", "2026-02-30T08:00:00Z", "Start time"),
    "a start that lies ahead": ("start", at(DAY), "Start time"),
    "a start in a closed week": ("start", at(-100 * DAY), "Start time"),
    "a start before the calendar": ("start", "0000-00-00T00:00:00Z", "Start time"),
    "no duration": ("duration", "", "Duration"),
    "a negative duration": ("duration", "-1", "Duration"),
    "a duration in words": ("duration", "a minute", "Duration"),
    "an endless duration": ("duration", "9" * 400, "Duration"),
    "no number": ("duration", "NaN", "Duration"),
    "a call that ends next year": ("duration", str(400 * 86_400), "Duration"),
}


@pytest.mark.parametrize(("column", "value", "field"), BAD_COLUMNS.values(), ids=BAD_COLUMNS)
def test_rejects_a_bad_call_and_loads_the_others(harness: ServerHarness, column: str, value: str, field: str) -> None:
    summary = import_body(harness, "calls", rows(call(), call(id="bad", **{column: value}), call()))
    assert summary.added == 2
    assert summary.refusal_locations == [(3, "bad", field)]


def test_a_call_without_an_id_is_refused(harness: ServerHarness) -> None:
    summary = import_body(harness, "calls", rows(call(id=""), call()))
    assert (summary.added, [location[::2] for location in summary.refusal_locations]) == (1, [(2, "Report ID")])


def test_a_start_without_a_zone_is_utc(harness: ServerHarness) -> None:
    # An hour ahead of UTC is in the future, unless it is read in another zone.
    summary = import_body(
        harness, "calls", rows(call(start=at(-timedelta(minutes=5), "")), call(start=at(DAY / 24, "")))
    )
    assert (summary.added, [location[::2] for location in summary.refusal_locations]) == (1, [(3, "Start time")])
    offset = (datetime.now(UTC) - timedelta(minutes=5) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")
    assert import_body(harness, "calls", rows(call(start=offset))).added == 1


@pytest.mark.parametrize("missing", ["Report ID", "Org UUID", "Start time", "Duration"])
def test_names_the_missing_column_of_a_file(harness: ServerHarness, missing: str) -> None:
    location = HEADER.split(",").index(missing)
    lines = [",".join(v for n, v in enumerate(line.split(",")) if n != location) for line in (HEADER, call(), call())]
    answer = post(harness, "calls", "\n".join(lines).encode())
    assert (answer.status_code, answer.json()["added"]) == (400, 0)
    assert answer.json()["error"]["message"] == f"In the header row the column is missing: {missing}."


@pytest.mark.parametrize(
    "bad",
    [call() + ',"never closed', call() + ",one too many", "only one", '"a"b,C-1', "\x00" + call()],
    ids=["an open quote", "too many values", "too few values", "text behind a quote", "a NUL"],
)
def test_a_malformed_row_is_refused(harness: ServerHarness, bad: str) -> None:
    summary = import_body(harness, "calls", rows(call(), bad))
    assert summary.added == 1
    assert [location[0] for location in summary.refusal_locations] == [3]


def test_rejects_a_row_that_is_not_utf_8(harness: ServerHarness) -> None:
    summary = import_body(
        harness, "calls", rows(call()).encode() + call(model="M\u00fcller").encode("latin-1") + b"\r\n"
    )
    assert (summary.added, [location[0] for location in summary.refusal_locations]) == (1, [3])


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", HEADER.encode(), HEADER.encode() + b"\r\n"])
def test_a_file_without_rows_changes_nothing(harness: ServerHarness, body: bytes) -> None:
    assert import_body(harness, "calls", body) == (0, [])


def test_rejects_a_file_in_another_format(harness: ServerHarness) -> None:
    for body in (HEADER.replace(",", ";").encode() + b"\n1;2;3\n", b"\x89PNG\r\n\x1a\n" * 9):
        answer = post(harness, "calls", body)
        assert (answer.status_code, answer.json()["added"]) == (400, 0)
        assert "header row" in answer.json()["error"]["message"]
    others = post(harness, "calls", ndjson({"reportId": "1"})).json()
    assert (others["added"], others["refusals"][0]["reason"]) == (0, "is missing")


MEDIA = {"packetLossPercent": 0.1, "jitterMs": 3, "latencyMs": 20}
BAD_MEDIA = [
    *(("packetLossPercent", value) for value in (-0.1, 100.1, "5", True, [1])),
    *(("jitterMs", value) for value in (-1, "fast", 1e300)),
    *(("latencyMs", value) for value in (-1, {"ms": 1}, 1e300)),
]


@pytest.mark.parametrize(("field", "value"), BAD_MEDIA)
def test_an_impossible_measurement_is_refused(harness: ServerHarness, field: str, value: Any) -> None:
    good = {"reportId": uuid4().hex, **MEDIA}
    summary = import_body(harness, "call-media", ndjson(good, {"reportId": "bad", **MEDIA, field: value}))
    assert (summary.added, summary.refusal_locations) == (1, [(2, "bad", field)])


def test_measurements_that_json_does_not_know_are_refused(harness: ServerHarness) -> None:
    summary = import_body(
        harness, "call-media", b'{"reportId": "a", "jitterMs": NaN}\n{"reportId": "b", "jitterMs": 1e999}\n'
    )
    assert (summary.added, [location[0] for location in summary.refusal_locations]) == (0, [1, 2])


QUEUE = {"customer": "C-1", "queue": "Sales", "outcome": "ANSWERED", "waitSeconds": 3}
BAD_QUEUE = {
    "an unknown customer": ("customer", "C-404"),
    "a queue that is no text": ("queue", 5),
    "an unknown outcome": ("outcome", "LOST"),
    "a negative wait": ("waitSeconds", -1),
    "half a second": ("waitSeconds", 1.5),
    "an endless wait": ("waitSeconds", 10**12),
    "no zone": ("offeredAt", "2026-11-20T08:00:00"),
    "an offer that lies ahead": ("offeredAt", at(DAY)),
    "an offer in a closed week": ("offeredAt", at(-100 * DAY)),
}


@pytest.mark.parametrize(("field", "value"), BAD_QUEUE.values(), ids=BAD_QUEUE)
def test_a_bad_queue_call_is_refused(harness: ServerHarness, field: str, value: Any) -> None:
    line = {"offeredAt": at(-DAY), **QUEUE}
    summary = import_body(
        harness, "queue-calls", ndjson({"id": uuid4().hex, **line}, {"id": "bad", **line, field: value})
    )
    assert (summary.added, summary.refusal_locations) == (1, [(2, "bad", field)])


@pytest.mark.parametrize("field", ["id", "customer", "queue", "offeredAt", "outcome", "waitSeconds"])
def test_a_queue_call_needs_all_its_fields(harness: ServerHarness, field: str) -> None:
    line = {"id": "bad", "offeredAt": at(-DAY), **QUEUE}
    summary = import_body(
        harness, "queue-calls", ndjson({name: value for name, value in line.items() if name != field})
    )
    assert (summary.added, [location[::2] for location in summary.refusal_locations]) == (0, [(1, field)])


USAGE = {"entitlement": "T-1", "product": "CALLING", "day": at(-DAY)[:10], "assigned": 4, "used": 1}
BAD_USAGE = [
    ("entitlement", "T-404"),
    ("product", "MEETINGS"),
    ("product", "FAX"),
    ("day", "2026-02-30"),
    ("day", "2026-11-20T00:00:00Z"),
    ("day", at(DAY)[:10]),
    ("day", at(-100 * DAY)[:10]),
    ("assigned", -1),
    ("assigned", 1_000_001),
    ("total", -1),
    ("total", 2.5),
    ("used", 5),
]


@pytest.mark.parametrize(("field", "value"), BAD_USAGE)
def test_bad_usage_is_refused(harness: ServerHarness, field: str, value: Any) -> None:
    summary = import_body(harness, "license-usage", ndjson({**USAGE, field: value}))
    assert (summary.added, [location[::2] for location in summary.refusal_locations]) == (0, [(1, field)])


def test_the_command_line_names_file_line_key_field_and_reason(harness: ServerHarness, tmp_path: Path) -> None:
    source, kept = tmp_path / "calls.csv", tmp_path / "refused.csv"
    source.write_text(rows(call(), call(id="late", start=at(400 * DAY)), call(id="lost", org="C-404")), newline="")
    loaded = harness.command("import", "calls", str(source), "--partner", PARTNER, "--refused", str(kept))
    assert loaded.returncode == 1
    assert loaded.stdout.splitlines()[-1].endswith("1 added, 0 changed, 0 unchanged, 2 refused")
    first, second = loaded.stderr.splitlines()
    assert first.startswith(f"{source}:3 late Start time ")
    assert second.startswith(f"{source}:4 lost Org UUID ")
    assert kept.stat().st_size > 0


def test_the_command_line_names_the_missing_column(harness: ServerHarness, tmp_path: Path) -> None:
    source = tmp_path / "calls.csv"
    source.write_text(rows(call()).replace("Org UUID", "Organization"))
    loaded = harness.command("import", "calls", str(source), "--partner", PARTNER)
    assert loaded.returncode == 1
    assert loaded.stderr.startswith(f"{source}: In the header row the column is missing: Org UUID.")

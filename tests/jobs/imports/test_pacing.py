"""An import takes turns with other work of its process: no turn is long, whatever is delivered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from time import thread_time
from typing import Any

import pytest

from domain.failures import InvalidStream, Unauthenticated
from domain.imports.fields import MAX_TEXTS
from domain.imports.records import ImportKind
from jobs.imports import pacing
from jobs.imports.pacing import PIECE_BYTES, split_pieces
from jobs.imports.runner import ImportSummary, import_stream
from store.database.client import Client
from tests.domain.imports.factory_records import administrator_record, customer_record
from tests.jobs.imports.factory_calls import report, row
from tests.jobs.imports.factory_imports import chunks_of, documents, ndjson
from tests.machine_speed import is_below
from tests.store.factory_customers import partner_scope

MEBIBYTE = 1 << 20
# The aim is 50 ms, on a machine that does nothing else.
MAX_TURN_SECONDS = 0.1
HEADER = report().strip() + b"\n"
NAMES = [f"{number:x}" for number in range(100_000)]
HOSTILE: dict[str, tuple[ImportKind, bytes]] = {
    "blank lines": (ImportKind.CUSTOMERS, b"\n" * 200_000),
    "blank lines with returns": (ImportKind.CUSTOMERS, b" \r\n" * 70_000),
    "short lines": (ImportKind.CUSTOMERS, b"{}\n" * 10_000),
    "one line of spaces": (ImportKind.CUSTOMERS, b" " * MEBIBYTE),
    "nested lists": (ImportKind.CUSTOMERS, b"[" * MEBIBYTE + b"\n"),
    "one object of many keys": (ImportKind.CUSTOMERS, ndjson(dict.fromkeys(NAMES, 1))[:MEBIBYTE]),
    "many columns": (ImportKind.CALLS, ndjson(dict.fromkeys(NAMES[:70000], 1))),
    "marks in a name": (ImportKind.CUSTOMERS, ndjson(customer_record(name="\u0301" * 300_000))),
    "spaces in a name": (ImportKind.CUSTOMERS, ndjson(customer_record(name=" " * 900_000))),
    "a number of many digits": (ImportKind.SUBSCRIPTIONS, b'{"termMonths": ' + b"9" * 900_000 + b"}\n"),
    "an amount with a long line": (ImportKind.INVOICES, b'{"amount": 1.5, "x": "' + b"x" * 900_000 + b'"}\n'),
    "many licences": (ImportKind.SUBSCRIPTIONS, b'{"licenses": [' + b"{}," * 300_000 + b"{}]}\n"),
    "many products": (ImportKind.RESOURCES, ndjson({"url": "https://a.example", "products": NAMES})[:MEBIBYTE]),
    "many assigned customers": (ImportKind.ADMINISTRATORS, ndjson(administrator_record(assigned=NAMES[:MAX_TEXTS]))),
    "too many assigned customers": (ImportKind.ADMINISTRATORS, ndjson(administrator_record(assigned=NAMES[:90_000]))),
    "repeated assigned customers": (
        ImportKind.ADMINISTRATORS,
        ndjson(administrator_record(assigned=[*NAMES[: MAX_TEXTS - 1], NAMES[MAX_TEXTS - 2]])),
    ),
    "an open quote and blank lines": (ImportKind.CALLS, HEADER + b'"' + b"\n" * 200_000),
    "quotes": (ImportKind.CALLS, HEADER + b'"\n' * 10_000),
    "one cell of quotes": (ImportKind.CALLS, HEADER + b'""' * (MEBIBYTE // 2)),
    "commas": (ImportKind.CALLS, HEADER + b"," * MEBIBYTE + b"\n"),
    "a header of commas": (ImportKind.CALLS, b"," * MEBIBYTE + b"\n"),
    "a header of quotes": (ImportKind.CALLS, b'"' * MEBIBYTE + b"\n"),
    "spaces in a cell": (ImportKind.CALLS, report(row(Model="\n" + " " * 900_000 + "x"))),
    "empty items": (ImportKind.CALLS, b'{"items": [' + b"{}," * 10_000 + b"{}]}"),
    "white space in items": (ImportKind.CALLS, b'{"items": [' + b" " * MEBIBYTE + b"]}"),
    "brackets in items": (ImportKind.CALLS, b'{"items": [' + b"[" * 100_000 + b"]" * 100_000),
}


async def _longest_turn(work: Any) -> float:
    """Run the work beside a task that measures the processor time of each turn of the event loop."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        before = thread_time()
        while True:
            await asyncio.sleep(0)
            now = thread_time()
            longest, before = max(longest, now - before), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await work
    # The watching task measures the last turn.
    await asyncio.sleep(0)
    watching.cancel()
    return longest


async def test_no_turn_of_a_hostile_import_is_long(client: Client) -> None:
    scope, problems = await partner_scope(client), []

    async def deliver(kind: ImportKind, content: bytes) -> None:
        with suppress(InvalidStream):
            await import_stream(scope, kind, chunks_of(content))

    for name, (kind, content) in HOSTILE.items():
        seconds: list[float] = []
        while len(seconds) < 3 and not (seconds and is_below(seconds[-1], MAX_TURN_SECONDS)):
            seconds.append(await _longest_turn(deliver(kind, content)))
        if not is_below(seconds[-1], MAX_TURN_SECONDS):
            problems.append(f"{name}: {min(seconds) * 1000:.0f} ms")
    assert not problems
    assert not await documents(scope, "customers")


def test_pieces_join_to_the_chunk() -> None:
    for size in (0, 1, PIECE_BYTES, PIECE_BYTES + 1, 65_536):
        assert b"".join(split_pieces(bytes(size))) == bytes(size)
        assert all(min(size, 1) <= len(piece) <= PIECE_BYTES for piece in split_pieces(bytes(size)))


async def test_access_is_checked_before_each_batch_and_what_is_stored_is_counted(client: Client) -> None:
    scope, checks = await partner_scope(client), 0
    progress: list[int] = []

    async def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 3:
            raise Unauthenticated("This token has expired.")

    def report_progress(summary: ImportSummary) -> None:
        progress.append(summary.lines)

    lines = chunks_of(ndjson(*(customer_record(f"C-{number}") for number in range(500))))
    with pytest.raises(Unauthenticated):
        await import_stream(scope, ImportKind.CUSTOMERS, lines, on_progress=report_progress, check_access=check)
    assert progress[-1] == len(await documents(scope, "customers")) == 200


async def test_access_is_checked_while_a_stream_arrives_slowly(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(pacing, "_CHECK_SECONDS", 0.0)
    scope = await partner_scope(client)

    async def refuse() -> None:
        raise Unauthenticated("This token has expired.")

    async def blank() -> AsyncIterator[bytes]:
        while True:
            yield b"\n"

    with pytest.raises(Unauthenticated):
        await import_stream(scope, ImportKind.CUSTOMERS, blank(), check_access=refuse)

"""Reports of calls for tests: rows of the weeks around now as CSV, imported."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from domain.time.weeks import WEEK, week_of
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import import_stream
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import call_record, customer_record, media_record, queue_call_record
from tests.jobs.imports.factory_imports import Imported, chunks_of, import_lines


def last_week() -> datetime:
    """Monday of the latest completed week: a run of all tests may pass the end of a week."""
    return week_of(utc_now()) - WEEK


def noon() -> datetime:
    """Noon of its Wednesday, far from every boundary."""
    return last_week() + timedelta(days=2, hours=12)


def row(report_id: str = "R-1", **changes: Any) -> dict[str, str]:
    """A call of last week."""
    return call_record(report_id, **{"Start_time": format_instant(noon()), **changes})


def media(report_id: str = "R-1", **changes: Any) -> dict[str, Any]:
    """Media figures of a call."""
    return media_record(report_id, **changes)


def queue_call(id_: str = "Q-1", **changes: Any) -> dict[str, Any]:
    """A queue call of last week."""
    return queue_call_record(id_, **{"offeredAt": format_instant(noon()), **changes})


def report(*rows: dict[str, str], header: tuple[str, ...] = (), end: str = "\r\n") -> bytes:
    """The rows as Control ServerHarness exports them, under the columns named or all that occur."""
    names = header or tuple(dict.fromkeys(name for one in (*rows, row()) for name in one))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="NA", extrasaction="ignore", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def import_report(scope: Scope, content: bytes, chunk: int = 65_536) -> Imported:
    """One stream of a report."""
    refusals: list[RejectedRecord] = []
    summary = await import_stream(scope, ImportKind.CALLS, chunks_of(content, chunk), refusals.append)
    return Imported(summary, refusals)


async def with_customers(scope: Scope, *external_ids: str) -> Scope:
    """The scope, with these customers."""
    lines = [customer_record(external_id) for external_id in external_ids or ("C-1",)]
    await import_lines(scope, ImportKind.CUSTOMERS, *lines)
    return scope

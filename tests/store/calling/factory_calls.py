"""Raw calls and queue calls as an import leaves them, for tests of what is made of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from domain.calling.calls import RAW_CALL_RETENTION
from domain.time.weeks import week_of
from store.calling.calls import CALLS, QUEUE_CALLS, raw_call_id
from store.calling.weeks import mark_weeks_changed
from store.database.client import Document, ReplaceOne, Session
from store.database.scope import Scope
from store.database.transactions import in_transaction

_numbers = count(1)


def call(customer_id: str, started_at: datetime, **fields: Any) -> Document:
    """A leg of one minute that nothing is known of but its customer and its start."""
    measured = dict.fromkeys(("loss", "jitter", "latency"))
    known: Document = {"seconds": 60, "user_id": None, "correlation_id": None, "endpoint": "UNKNOWN", "features": []}
    user_type = fields.pop("user_type", None)
    delivered = {} if user_type is None else {"user_type": user_type}
    given = {**known, **measured, "delivered": delivered, **fields}
    report_id = given.pop("report_id", None) or f"R-{next(_numbers)}"
    return {"report_id": report_id, "customer_id": customer_id, "started_at": started_at, **given}


def queue_call(customer_id: str, offered_at: datetime, outcome: str, wait_seconds: int, **fields: Any) -> Document:
    """A call that was offered to a queue."""
    known = {"outcome": outcome, "wait_seconds": wait_seconds, "queue": "Sales"}
    key = fields.pop("queue_call_id", None) or f"Q-{next(_numbers)}"
    return {"queue_call_id": key, "customer_id": customer_id, "offered_at": offered_at, **known, **fields}


async def put_calls(scope: Scope, calls: Iterable[Document]) -> None:
    """Stores the calls by their report ids, and marks the weeks that they come to and those that they leave."""
    await _put(scope, CALLS, "report_id", "started_at", list(calls))


async def put_queue_calls(scope: Scope, calls: Iterable[Document]) -> None:
    """The same for calls of queues."""
    await _put(scope, QUEUE_CALLS, "queue_call_id", "offered_at", list(calls))


async def _put(scope: Scope, collection: str, key: str, at: str, calls: list[Document]) -> None:
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    documents = [
        {
            "_id": raw_call_id(scope, one[key]),
            **stamps,
            "week": week_of(one[at]),
            "expires_at": one[at] + RAW_CALL_RETENTION,
            **one,
        }
        for one in calls
    ]

    async def body(session: Session) -> None:
        where = {**scope.match(), "_id": {"$in": [one["_id"] for one in documents]}}
        before = await scope.collection(collection).find(where, {"week": 1}, session=session)
        await mark_weeks_changed(scope, {one["week"] for one in (*before, *documents)}, session)
        writes = [ReplaceOne({**scope.match(), "_id": one["_id"]}, one, upsert=True) for one in documents]
        await scope.collection(collection).bulk_write(writes, session=session)

    if documents:
        await in_transaction(scope.client, body)


def call_series(customer_id: str, started_at: datetime, number: int, **fields: Any) -> list[Document]:
    """So many calls, a second apart."""
    return [call(customer_id, started_at + timedelta(seconds=place), **fields) for place in range(number)]

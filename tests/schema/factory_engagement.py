"""A partner's calls for tests of the API: stored as an import leaves them, then rolled up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.time.weeks import latest_completed_week
from store.calling.due_weeks import find_due_weeks
from store.calling.roll_up import roll_up_week
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.factory_documents import put_customer
from tests.store.calling.factory_calls import put_calls, put_queue_calls
from tests.store.factory_customers import subscription

# A change later than any that the server can have heard of.


def latest_week() -> datetime:
    """The latest completed week."""
    return latest_completed_week(utc_now())


def calling_subscription(number: str, assigned: int, **facts: Any) -> Document:
    """A running subscription with a line of CALLING."""
    line = {"product": "CALLING", "total": 1000, "assigned": assigned, "used": 0, "day": None}
    return {**subscription(number, **facts), "licenses": [line]}


def put_named_customer(api: ApiHarness, external_id: str, *held: Document, **facts: Any) -> str:
    """A customer named as its external id; answers its id."""
    return put_customer(api, external_id, *held, name=external_id, **facts)


def store_calls(
    api: ApiHarness, calls: Iterable[Document] = (), queue_calls: Iterable[Document] = (), partner: str | None = None
) -> None:
    """Stores the calls and waits until their weeks are rolled up, by whomever."""

    async def work(scope: Scope) -> None:
        await put_calls(scope, calls)
        await put_queue_calls(scope, queue_calls)
        await roll_up(scope)

    api.store(work, partner)


async def roll_up(scope: Scope) -> None:
    """Rolls up what is due of the partner; the server's own loop may be at it too."""
    while mine := [
        one for one in await find_due_weeks(scope.client, utc_now(), 1000) if one.partner_id == scope.partner_id
    ]:
        for due in mine:
            await roll_up_week(scope, due.week)


def read_engagement(
    api: ApiHarness,
    selection: str,
    token: str | None = None,
    *,
    is_fresh: bool = True,
    week: datetime | None = None,
    **variables: Any,
) -> dict[str, Any]:
    """What callingEngagement answers; variables are declared as $first, $after, $usage, … where given.

    `week` is the argument weekStart.

    A test's changes reach the database behind the server's back: unless `is_fresh`, it may answer with what it keeps.
    """
    kinds = {"first": "Int", "after": "String"}
    kinds |= {"usage": "CallingUsageOrder", "quality": "CallQualityOrder", "queue": "CallQueueOrder"}
    argument = "" if week is None else f'(weekStart: "{week.date()}")'
    declared = ", ".join(f"${name}: {kinds[name]}" for name in variables)
    query = f"query{f'({declared})' if declared else ''} {{ callingEngagement{argument} {{ {selection} }} }}"
    asked = token or api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    execute = api.execute_fresh_data if is_fresh else api.execute_data
    found: dict[str, Any] = execute(asked, query, **variables)["callingEngagement"]
    return found


def set_removed(api: ApiHarness, external_id: str, removed_at: Any) -> None:
    """The customer is removed, or brought back, by the one write path."""

    async def body(batch: CustomerBatch) -> None:
        batch.changes[0].update_customer({"removed_at": removed_at})

    async def work(scope: Scope) -> None:
        await change_customers(scope, {"external_id": external_id}, body)

    api.store(work)


def names(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the rows' customers."""
    return [row["customer"]["name"] for row in rows]


def assert_pages(
    api: ApiHarness, table: str, kind: str, order: dict[str, str], selection: str, expected: list[str]
) -> None:
    """Every page of the table, one and two rows long, continues the one before."""
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    for size in (1, 2):
        after, seen = None, []
        while True:
            asked = f"{table}(first: $first, after: $after, orderBy: ${kind}) {{ {selection} }}"
            given: dict[str, Any] = {"first": size, "after": after, kind: order}
            page = read_engagement(api, asked, token, **given)[table]
            assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
            assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
            seen += names(page["nodes"])
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == expected, (order, size)

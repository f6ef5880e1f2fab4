"""A partner's calls for tests of the API: stored as an import leaves them, then rolled up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.time.weeks import latest_completed
from server.http.graphql import SEEN_HEADER
from store.calling.due_weeks import due_weeks
from store.calling.roll_up import roll_up_week
from store.changes.customer_batch import CustomerSlice, change_customers
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import Api
from tests.factory_documents import put_customer
from tests.store.calling.factory_calls import put_calls, put_queue_calls
from tests.store.factory_customers import subscription

# A change later than any that the server can have heard of.
NOTHING_KEPT = 1 << 63


def week() -> datetime:
    """The latest completed week."""
    return latest_completed(utc_now())


def calling(number: str, assigned: int, **facts: Any) -> Document:
    """A running subscription with a line of CALLING."""
    line = {"product": "CALLING", "total": 1000, "assigned": assigned, "used": 0, "day": None}
    return {**subscription(number, **facts), "licenses": [line]}


def add(api: Api, external_id: str, *held: Document, **facts: Any) -> str:
    """A customer named as its external id; answers its id."""
    return put_customer(api, external_id, *held, name=external_id, **facts)


def deliver(
    api: Api, calls: Iterable[Document] = (), queue_calls: Iterable[Document] = (), partner: str | None = None
) -> None:
    """Stores the calls and waits until their weeks are rolled up, by whomever."""

    async def work(scope: Scope) -> None:
        await put_calls(scope, calls)
        await put_queue_calls(scope, queue_calls)
        await roll_up(scope)

    api.store(work, partner)


async def roll_up(scope: Scope) -> None:
    """Rolls up what is due of the partner; the server's own loop may be at it too."""
    while mine := [one for one in await due_weeks(scope.client, utc_now(), 1000) if one.partner_id == scope.partner_id]:
        for due in mine:
            await roll_up_week(scope, due.week)


def engagement(
    api: Api, selection: str, token: str | None = None, seen: int = NOTHING_KEPT, **variables: Any
) -> dict[str, Any]:
    """What callingEngagement answers; variables are declared as $first, $after, $usage and $quality where given.

    A test's changes reach the database behind the server's back, so nothing that the server keeps is asked for.
    """
    kinds = {"first": "Int", "after": "String", "usage": "CallingUsageOrder", "quality": "CallQualityOrder"}
    declared = ", ".join(f"${name}: {kinds[name]}" for name in variables)
    query = f"query{f'({declared})' if declared else ''} {{ callingEngagement {{ {selection} }} }}"
    asked = token or api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    headers = {"Authorization": f"Bearer {asked}", SEEN_HEADER: str(seen)}
    answer = api.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers).json()
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["callingEngagement"]
    return found


def put_removed(api: Api, external_id: str, removed_at: Any) -> None:
    """The customer is removed, or brought back, by the one write path."""

    async def body(changing: CustomerSlice) -> None:
        changing.works[0].put_customer({"removed_at": removed_at})

    async def work(scope: Scope) -> None:
        await change_customers(scope, {"external_id": external_id}, body)

    api.store(work)

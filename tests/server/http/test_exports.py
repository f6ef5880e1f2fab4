"""The address of an export whose file cannot be read, at once or later, and one that has to wait for its rate limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from inspect import isawaitable
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from domain.integrations.exports import ExportReference, sign_export_token
from domain.rate_limits import BudgetState, RateLimit, RateLimited
from domain.types import PartnerRole
from resolvers.installation import Installation
from server.app.app_state import AppState
from server.http.exports import routes
from server.limits.rate_limiter import Charge, RateLimiter
from server.live.request_priority import RequestPriority
from store.database.client import Client
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from tests.api_server import administrator_document
from tests.factory_documents import DAY

SECRET, PARTNER = b"s" * 32, "acme"
Answer = Callable[[], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


@pytest.fixture
def database_name(prepared_database: str) -> str:
    return prepared_database


@pytest.fixture
async def scope(mongo_uri: str, database_name: str) -> AsyncIterator[Scope]:
    """The scope of the system on a partner without anything."""
    client = Client(mongo_uri, database_name)
    yield Scope(client, PARTNER, utc_now())
    await client.close()


def page(has_next: bool) -> Mapping[str, Any]:
    connection = {"nodes": [{"name": "Acme"}], "pageInfo": {"hasNextPage": has_next, "endCursor": "c"}}
    return {"data": {"page": connection}}


def error(code: str) -> Mapping[str, Any]:
    return {"errors": [{"message": "No.", "extensions": {"code": code}}]}


class AnsweringOperations:
    """Answers each query of an export with the next of the answers."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = iter(answers)

    def prepare(self, *_query: Any) -> Any:
        return SimpleNamespace(cost=1)

    async def execute(self, *_operation: Any) -> Any:
        answer = next(self._answers)()
        return await answer if isawaitable(answer) else answer


class FullBudget(RateLimiter):
    """Has no room for the first two operations."""

    refusals = 2

    async def charge(self, viewer: Any, cost: int) -> Any:
        if self.refusals:
            self.refusals -= 1
            refused = RateLimited(cost, "administrator", 1.0, [])
            refused.retry_after = 0
            raise refused
        # A budget that needs 20 ms until half of it is left again.
        state = BudgetState("administrator", RateLimit(100.0, 50.0), 49.0, utc_now())
        return Charge(cost, [state])


async def add_export(scope: Scope) -> ExportReference:
    """Store an export of names and its requester."""
    administrator = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([administrator])
    stamps = {"version": 1, "created_at": scope.now, "updated_at": scope.now, "used_at": None}
    described = {"kind": "CUSTOMERS", "format": "NDJSON", "variables": {}, "columns": ["NAME"]}
    export = {
        "_id": new_id("exp"),
        **scope.match(),
        **stamps,
        "expires_at": scope.now + DAY,
        "administrator_id": administrator["_id"],
        "description": {**described, "report": None, "language": "en"},
    }
    await scope.collection("exports").insert_many([export])
    return ExportReference(PARTNER, export["_id"])


async def get(scope: Scope, reference: ExportReference, *answers: Answer, **parts: Any) -> list[dict[str, Any]]:
    """Return the messages of the answer, as the application sends them."""
    unused, application, messages = cast(Any, None), Starlette(routes=routes), list[dict[str, Any]]()
    operations = cast(Any, AnsweringOperations(*answers))
    installation = Installation(launch_secrets=(SECRET,))
    application.state.app_state = AppState(
        unused, scope.client, unused, operations, unused, unused, unused, installation, **parts
    )

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return await asyncio.Event().wait()

    path = f"/export/{sign_export_token(SECRET, reference)}"
    request = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "state": {}}
    await application(request, receive, send)
    return messages


def body(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize(
    ("code", "status"), [("UNAVAILABLE", 503), ("TIMEOUT", 503), ("INTERNAL", 500), ("INVALID_CURSOR", 500)]
)
async def test_a_file_that_cannot_be_begun_is_answered_by_a_page(scope: Scope, code: str, status: int) -> None:
    messages = await get(scope, await add_export(scope), lambda: error(code))
    assert messages[0]["status"] == status
    assert b"Please export again." in body(messages) and b"No." not in body(messages)


async def test_a_file_that_cannot_be_read_to_its_end_has_no_end(scope: Scope) -> None:
    messages = await get(scope, await add_export(scope), lambda: page(True), lambda: error("INTERNAL"))
    assert messages[0]["status"] == 200 and body(messages) == b'{"name":"Acme"}\n'
    assert messages[-1]["more_body"] is True


async def test_a_requester_who_loses_access_meanwhile_gets_no_further_page(scope: Scope) -> None:
    async def remove() -> Mapping[str, Any]:
        await scope.collection("administrators").update_one(scope.match(), {"$set": {"state": "DEACTIVATED"}})
        return page(True)

    messages = await get(scope, await add_export(scope), remove, lambda: page(False))
    assert messages[0]["status"] == 200 and messages[-1]["more_body"] is True
    assert body(messages) == b'{"name":"Acme"}\n'


async def test_waits_where_the_rate_limit_has_no_room(scope: Scope) -> None:
    budget, began_at = FullBudget(), monotonic()
    messages = await get(scope, await add_export(scope), lambda: page(False), rate_limiter=budget)
    assert budget.refusals == 0 and body(messages) == b'{"name":"Acme"}\n'
    assert monotonic() - began_at >= 0.02
    assert messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_requester_who_loses_access_while_a_page_waits_does_not_get_it(scope: Scope) -> None:
    class SlowBudget(RateLimiter):
        async def charge(self, viewer: Any, cost: int) -> Any:
            assert (viewer.partner_id, viewer.administrator.role) == (PARTNER, PartnerRole.FULL_ADMINISTRATOR)
            await scope.collection("administrators").update_one(scope.match(), {"$set": {"state": "DEACTIVATED"}})
            return Charge(cost, [])

    messages = await get(scope, await add_export(scope), lambda: page(False), rate_limiter=SlowBudget())
    assert messages[0]["status"] == 410 and b"Acme" not in body(messages)


async def test_a_partner_reads_one_page_at_a_time(scope: Scope) -> None:
    priority, running, most = RequestPriority(), 0, 0

    async def read() -> Mapping[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return page(False)

    references = [await add_export(scope) for _ in range(4)]
    async with priority.limit_export_pages("another"):
        answers = await asyncio.gather(*(get(scope, each, read, request_priority=priority) for each in references))
    assert most == 1 and [body(each) for each in answers] == [b'{"name":"Acme"}\n'] * 4


async def test_a_mistake_of_ours_shows_nothing_of_it(scope: Scope) -> None:
    broken = cast(Scope, SimpleNamespace(client=None))
    with capture_logs() as logs:
        messages = await get(broken, await add_export(scope))
    assert [record["event"] for record in logs] == ["internal_error"] and "exc_info" in logs[0]
    assert messages[0]["status"] == 500 and b"Error" not in body(messages)
    unknown = await get(scope, ExportReference(PARTNER, "exp_none"))
    assert unknown[0]["status"] == 410

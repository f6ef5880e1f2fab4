"""One operation from token to outcome: the order of its steps, its branches, and what reaches the transport."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
import strawberry
from graphql import OperationType

from domain.cursors.feed import Position
from domain.failures import TooManyValues, Unauthenticated
from domain.languages.languages import Language
from resolvers.context import Viewer
from server.graphql.errors import InvalidRequest, coded_error
from server.graphql.operation import Operation
from server.graphql.operations import OperationRejected, OperationRequest, Operations
from server.graphql.requested_document import RequestedDocument
from server.graphql.trusted_documents import TrustedDocuments
from server.limits.rate_limiter import RateLimiter
from server.live.operation_runner import FeedOutput, OperationOutcome, failure_errors, failure_response, run_operation
from server.live.request_priority import RequestPriority
from server.telemetry.operation_record import OperationRecorder
from store.database.driver_events.outages import Outages
from tests.server.live.factory_groups import make_viewer

POSITION = Position(1, "00")
EXPIRED = coded_error("CURSOR_EXPIRED", "Too old.")


@strawberry.type
class Query:
    @strawberry.field
    def after(self, info: strawberry.Info) -> int:
        return int(info.context.after_operation_time)

    @strawberry.field
    def language(self, info: strawberry.Info) -> str:
        return str(info.context.viewer.language)

    @strawberry.field
    def failing(self) -> int:
        raise Unauthenticated("No.")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self, info: strawberry.Info) -> int:
        info.context.operation_time = 7
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def numbers(self) -> AsyncIterator[int]:
        yield 1


OPERATIONS = Operations(strawberry.Schema(Query, Mutation))


class Process:
    """The process of a test; `steps` records what happens in which order."""

    def __init__(self, errors: list[dict[str, Any]] | None = None) -> None:
        self.steps: list[str] = []
        self.operations = OPERATIONS
        self.request_priority = RequestPriority()
        self.trusted_documents, self.rate_limiter = TrustedDocuments(), RateLimiter()
        self.feed = SimpleNamespace(position=POSITION)
        self.kept_responses, self.client = None, SimpleNamespace(outages=Outages())
        self.operation_recorder = OperationRecorder({"After"})
        self.feed_errors = errors or []
        self.served: tuple[Any, ...] = ()

    async def authenticate(self, token: str, after_operation_time: int = 0) -> Viewer:
        self.steps.append(f"authenticate {token}" + (f" after {after_operation_time}" if after_operation_time else ""))
        if token == "bad":
            raise Unauthenticated("No.")
        return make_viewer(id_=token)

    def context(self, viewer: Viewer) -> Any:
        self.steps.append("context")
        return SimpleNamespace(viewer=viewer, feed=None, after_operation_time=0, operation_time=0)

    async def serve(self, *arguments: Any) -> list[dict[str, Any]]:
        self.served = arguments
        return self.feed_errors


class Transport:
    """Reads one request, and checks every operation."""

    def __init__(
        self,
        process: Process,
        query: str,
        after: int = 0,
        failure: Exception | None = None,
        unreadable: Exception | None = None,
    ) -> None:
        self.process, self.query, self.after, self.failure = process, query, after, failure
        self.unreadable = unreadable
        self.results: list[Any] = []

    async def read_request(self) -> OperationRequest:
        self.process.steps.append("read")
        if self.unreadable is not None:
            raise self.unreadable
        return OperationRequest(RequestedDocument(self.query), None, None, self.after, Language.SERBIAN)

    def check(self, operation: Operation) -> None:
        self.process.steps.append(f"check {operation.kind.name}")
        if self.failure is not None:
            raise self.failure

    async def run(self, token: str = "token", feed_output: FeedOutput | None = None) -> OperationOutcome:
        app_state: Any = self.process
        return await run_operation(app_state, token, self.read_request, self.check, feed_output)


async def test_authenticates_before_it_reads_and_checks_before_it_executes() -> None:
    process = Process()
    assert await Transport(process, "{ after }").run() == OperationOutcome({"data": {"after": 0}})
    assert process.steps == ["authenticate token", "read", "check QUERY", "context"]


@pytest.mark.parametrize(("after", "repeated"), [(1, []), (2, ["authenticate token after 2"])])
async def test_authenticates_again_where_the_feed_had_not_reached_the_caller_s_latest_change(
    after: int, repeated: list[str]
) -> None:
    process = Process()
    outcome = await Transport(process, "{ after language }", after).run()
    assert outcome.response == {"data": {"after": after, "language": "sr-Latn"}}
    assert process.steps == ["authenticate token", "read", "check QUERY", *repeated, "context"]


async def test_reads_nothing_of_a_caller_that_is_not_authenticated() -> None:
    process = Process()
    with pytest.raises(Unauthenticated):
        await Transport(process, "{ after }").run("bad")
    assert process.steps == ["authenticate bad"]


async def test_the_steps_before_the_execution_together_have_the_time_of_an_operation() -> None:
    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    process = Process()
    process.operations = Operations(strawberry.Schema(Query, Mutation), seconds=0.05)
    process.rate_limiter.charge = AsyncMock(side_effect=hang)  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        await Transport(process, "{ after }").run()


async def test_executes_nothing_that_the_transport_does_not_permit() -> None:
    process = Process()
    with pytest.raises(ValueError, match="not here"):
        await Transport(process, "mutation { write }", failure=ValueError("not here")).run()
    assert process.steps[-1] == "check MUTATION"


async def test_a_rejected_request_is_charged_wherever_it_is_rejected() -> None:
    rejected = InvalidRequest("not here")
    for transport in (
        Transport(Process(), "{ after }", unreadable=rejected),
        Transport(Process(), "mutation { write }", failure=rejected),
        Transport(Process(), "{ nothing }"),
    ):
        charge = AsyncMock(return_value=SimpleNamespace(describe=lambda: {"cost": 1}))
        transport.process.rate_limiter.charge = charge  # type: ignore[method-assign]
        with pytest.raises((InvalidRequest, OperationRejected)) as raised:
            await transport.run()
        assert charge.await_args is not None
        assert charge.await_args.args[1] == 0
        assert failure_response(raised.value)["extensions"] == {"cost": 1}


async def test_what_was_read_is_released_before_the_charge_waits() -> None:
    app_state: Any = Process()
    held: list[weakref.ref[Any]] = []

    async def read_request() -> OperationRequest:
        parsed = {1}
        held.append(weakref.ref(parsed))
        try:
            parsed.remove(2)
        except KeyError:
            raise InvalidRequest("not well formed") from None
        raise AssertionError

    async def charge(_viewer: Viewer, _cost: int) -> Any:
        assert held[0]() is None
        return SimpleNamespace(describe=dict)

    app_state.rate_limiter.charge = charge
    with pytest.raises(InvalidRequest):
        await run_operation(app_state, "token", read_request, lambda _: None)


async def test_an_invalid_document_is_not_checked() -> None:
    process = Process()
    with pytest.raises(OperationRejected) as rejected:
        await Transport(process, "{ nothing }").run()
    assert failure_errors(rejected.value)[0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert process.steps == ["authenticate token", "read"]


async def test_rejected_variables_are_the_first_error() -> None:
    app_state: Any = Process()
    request = OperationRequest(RequestedDocument("{ nothing }"), rejection=TooManyValues("A list", 1, 2))
    with pytest.raises(OperationRejected) as rejected:
        await run_operation(app_state, "token", AsyncMock(return_value=request), lambda _: None)
    assert failure_errors(rejected.value)[0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_the_callers_latest_change_reaches_the_context() -> None:
    outcome = await Transport(Process(), "{ after }", after=42).run()
    assert outcome.response == {"data": {"after": 42}}


async def test_the_language_of_the_request_reaches_the_context() -> None:
    assert (await Transport(Process(), "{ language }").run()).response == {"data": {"language": "sr-Latn"}}


async def test_a_mutation_returns_its_operation_time() -> None:
    outcome = await Transport(Process(), "mutation { write }").run()
    assert outcome == OperationOutcome({"data": {"write": 1}, "extensions": {"seen": "7"}}, 7)


async def test_a_failing_field_is_part_of_the_response() -> None:
    outcome = await Transport(Process(), "{ failing }").run()
    assert outcome.response is not None
    assert outcome.response["data"] is None
    assert outcome.response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("errors", "response"),
    [
        ([], None),
        ([coded_error("CURSOR_EXPIRED", "Too old.")], {"errors": [coded_error("CURSOR_EXPIRED", "Too old.")]}),
    ],
)
async def test_a_subscription_is_served_from_its_position(
    errors: list[dict[str, Any]], response: dict[str, Any] | None
) -> None:
    process = Process(errors)
    process.operations = Operations(strawberry.Schema(Query, Mutation, Subscription))
    transport = Transport(process, "subscription { numbers }")
    groups: Any = process
    output = FeedOutput(groups, POSITION, transport.results.extend, "last")
    assert await transport.run(feed_output=output) == OperationOutcome(response)
    viewer, operation, variables, position, _, last_cursor = process.served
    assert (viewer.language, viewer.administrator.id) == (Language.SERBIAN, "token")
    assert (operation.kind, variables, position) == (OperationType.SUBSCRIPTION, {}, POSITION)
    assert last_cursor == "last"
    assert "context" not in process.steps


def test_a_failure_becomes_one_coded_error() -> None:
    assert failure_errors(Unauthenticated("No.")) == [
        {"message": "No.", "extensions": {"code": "UNAUTHENTICATED"}},
    ]
    assert failure_errors(ValueError("secret"))[0]["extensions"]["code"] == "INTERNAL"

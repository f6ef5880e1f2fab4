"""Run one operation: authenticate, prepare, branch by its kind, respond. The same for HTTP, websockets and SSE.

A transport reads the request before and writes the outcome after; it turns what is raised into its own form.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Protocol

from graphql import OperationType
from msgspec import Struct
from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.rate_limits import BudgetState, RateLimited
from execution.turns import TURNS, OperationTime
from resolvers.context import Context, Viewer
from server.graphql.cost import MAX_TEXT_LENGTH
from server.graphql.errors import Errors, InvalidRequest, exception_code, exception_error, failure_error
from server.graphql.kept_responses import KeptResponses
from server.graphql.operation import Operation
from server.graphql.operations import GraphQLResponse, OperationRejected, OperationRequest
from server.graphql.trusted_documents import TrustedDocuments
from server.limits.rate_limiter import COST_PER_CHARACTER, Charge, RateLimiter
from server.live.begins import MAX_BEGINS, begins
from server.live.feed_groups import FeedAppState, FeedGroups
from server.live.subscribers import SendResults
from server.telemetry.operation_record import OperationRecord, OperationRecorder
from store.database.client import Client
from store.database.waits import limit_waits


class OperationAppState(FeedAppState, Protocol):
    """What an operation needs of the process."""

    @property
    def client(self) -> Client: ...

    async def authenticate(self, token: str, after_operation_time: int = 0) -> Viewer:
        """Return the viewer of a token, as it is after this time; raise Unauthenticated."""

    @property
    def trusted_documents(self) -> TrustedDocuments: ...

    @property
    def kept_responses(self) -> KeptResponses | None: ...

    @property
    def rate_limiter(self) -> RateLimiter: ...

    @property
    def operation_recorder(self) -> OperationRecorder: ...


class FeedOutput(Struct, frozen=True):
    """Where a subscription starts, and where its results go."""

    groups: FeedGroups
    # Taken when the operation was accepted: the feed includes what is written during authentication.
    position: Position
    send_results: SendResults
    last_cursor: str | None = None


class OperationOutcome(Struct, frozen=True):
    """The response of a query or mutation, or the errors that ended a subscription; None where it ended without.

    `budgets` are the rate limits' after the operation was charged.
    """

    response: GraphQLResponse | None
    operation_time: int = 0
    budgets: Sequence[BudgetState] = ()


ReadRequest = Callable[[], Awaitable[OperationRequest]]
CheckOperation = Callable[[Operation], None]
Serve = Callable[[], Awaitable[OperationOutcome]]


async def run_operation(
    app_state: OperationAppState,
    token: str,
    read_request: ReadRequest,
    check: CheckOperation,
    feed_output: FeedOutput | None = None,
) -> OperationOutcome:
    """Run one operation of a token's viewer; return when it has ended.

    `read_request` is called once the viewer is authenticated; `check` raises where the transport does not permit the
    operation, as it must for subscriptions where there is no `feed_output`. Raise OperationRejected, Unauthenticated,
    RateLimited, and what `read_request` and `check` raise.
    """
    with app_state.operation_recorder.start() as record:
        try:
            outcome = await _Run(app_state, token, read_request, check, feed_output, record).run()
        except OperationRejected as rejected:
            record.set_errors(rejected.errors)
            raise
        except Exception as failure:
            record.codes = [exception_code(failure)]
            raise
        record.set_errors((outcome.response or {}).get("errors", ()))
        return outcome


class _Accepted(Struct, frozen=True):
    """An operation that was accepted and charged."""

    viewer: Viewer
    request: OperationRequest
    operation: Operation
    charge: Charge

    def outcome(self, response: GraphQLResponse, context: Context) -> OperationOutcome:
        """Return the outcome of its execution, with the figures of the rate limit."""
        if self.charge.states:
            response["extensions"] = {**response.get("extensions", {}), **self.charge.describe()}
        return OperationOutcome(response, context.operation_time, self.charge.states)


class _Run(Struct):
    """One operation on its way; `accepted` and `context` are set as soon as it comes there."""

    app_state: OperationAppState
    token: str
    read_request: ReadRequest
    check: CheckOperation
    feed_output: FeedOutput | None
    record: OperationRecord
    accepted: _Accepted | None = None
    context: Context | None = None

    async def run(self) -> OperationOutcome:
        # The steps wait for the database with limits of their own, whose sum would be longer.
        limit = self.app_state.client.outages.limit_request(self.app_state.operations.seconds)
        # Before the token is verified, an operation is that of its token.
        with self._request(), TURNS.track(self.token) as operation_time:
            try:
                ended = await limit_waits(self._accept_and_execute(operation_time), limit)
            except TimeoutError as failure:
                if self.accepted is None or self.context is None:
                    raise
                # What a mutation has written stays written: the caller learns its time.
                return self.accepted.outcome({"errors": [exception_error(failure)]}, self.context)
        return ended if isinstance(ended, OperationOutcome) else await ended()

    def _request(self) -> AbstractContextManager[None]:
        """Count a request of HTTP from its beginning: deliveries of feeds give way to it."""
        return self.app_state.request_priority.track_request() if self.feed_output is None else nullcontext()

    async def _accept_and_execute(self, operation_time: OperationTime) -> OperationOutcome | Serve:
        """Return the outcome of a query or mutation, or the function that serves a subscription."""
        reached = self.app_state.feed.position.time
        viewer = await self.app_state.authenticate(self.token)
        operation_time.owner = (viewer.partner_id, viewer.administrator.id)
        output = self.feed_output
        accepted = await _accept(
            self.app_state, viewer, self.read_request, self.check, self.record, is_live=output is not None
        )
        if accepted.request.after_operation_time > reached:
            accepted = await self._read_viewer_again(accepted)
        self.accepted = accepted
        if output is not None and accepted.operation.kind is OperationType.SUBSCRIPTION:
            return partial(self._subscribe, accepted, output)
        self.context = self.app_state.context(accepted.viewer)
        if output is None:
            return await _execute(self.app_state, accepted, self.context)
        # On a socket or a stream, only queries and mutations count as requests.
        with self.app_state.request_priority.track_request():
            return await _execute(self.app_state, accepted, self.context)

    async def _read_viewer_again(self, accepted: _Accepted) -> _Accepted:
        """Return the same with the viewer after the caller's latest change, which may have changed the viewer."""
        viewer = await self.app_state.authenticate(self.token, accepted.request.after_operation_time)
        return replace(accepted, viewer=replace(viewer, language=accepted.viewer.language))

    async def _subscribe(self, accepted: _Accepted, output: FeedOutput) -> OperationOutcome:
        self.record.end_span()
        viewer, operation, variables = accepted.viewer, accepted.operation, accepted.request.variables or {}
        errors = await output.groups.serve(
            viewer, operation, variables, output.position, output.send_results, output.last_cursor
        )
        return OperationOutcome({"errors": errors} if errors else None)


async def _accept(
    app_state: OperationAppState,
    viewer: Viewer,
    read_request: ReadRequest,
    check: CheckOperation,
    record: OperationRecord,
    *,
    is_live: bool,
) -> _Accepted:
    record.set_viewer(viewer.partner_id, viewer.administrator.id)
    request = await read_and_charge(app_state, viewer, read_request)
    if request.language is not viewer.language:
        viewer = replace(viewer, language=request.language)
    operation = await _prepare(app_state, viewer, request, check, record, is_live)
    charge = await app_state.rate_limiter.charge(viewer, operation.cost)
    record.set_cost(charge.requested)
    return _Accepted(viewer, request, operation, charge)


async def _execute(app_state: OperationAppState, accepted: _Accepted, context: Context) -> OperationOutcome:
    context.after_operation_time = accepted.request.after_operation_time
    operation, variables = accepted.operation, accepted.request.variables or {}
    await TURNS.wait()
    execute = partial(app_state.operations.execute_in_time, operation, variables, context)
    kept = app_state.kept_responses
    response = await (kept.find_or_execute(operation, variables, context, execute) if kept else execute())
    outcome = accepted.outcome(response, context)
    # The caller encodes it, which takes some milliseconds where it is large.
    await TURNS.wait()
    return outcome


async def read_and_charge(app_state: OperationAppState, viewer: Viewer, read_request: ReadRequest) -> OperationRequest:
    """Return the request; charge also one that is not well formed, and raise what `read_request` raises."""
    try:
        return await read_request()
    except InvalidRequest as failure:
        # The frames of the traceback and the cause hold what was read, while the charge may wait for the database.
        failure.__context__ = None
        rejected = failure.with_traceback(None)
    rejected.extensions = (await app_state.rate_limiter.charge(viewer, 0)).describe()
    raise rejected


async def _prepare(
    app_state: OperationAppState,
    viewer: Viewer,
    request: OperationRequest,
    check: CheckOperation,
    record: OperationRecord,
    is_live: bool,
) -> Operation:
    """Return the operation; charge the work on a new text before it is done, and also an operation that is rejected.

    An `is_live` one is of a stream or a socket.
    """
    try:
        if request.rejection is not None:
            raise OperationRejected([failure_error(request.rejection)])
        text, variables = app_state.trusted_documents.find_text(request.document), request.variables or {}
        operation = app_state.operations.find_prepared(text, request.operation_name, variables)
        if operation is None:
            characters = min(len(text), MAX_TEXT_LENGTH)
            await app_state.rate_limiter.charge(viewer, COST_PER_CHARACTER * characters)
            if is_live:
                # To parse and validate it takes as long as all else of ten begins.
                await begins().wait(MAX_BEGINS)
            await TURNS.wait()
            operation = await app_state.operations.prepare_in_turns(text, request.operation_name, variables)
        record.set_operation(operation.kind.value, operation.name)
        check(operation)
    except (OperationRejected, InvalidRequest) as rejected:
        rejected.extensions = (await app_state.rate_limiter.charge(viewer, 0)).describe()
        raise
    return operation


def failure_response(failure: Exception) -> GraphQLResponse:
    """Return the response for what `run_operation` raised, with the figures of the rate limit where it was charged."""
    response: GraphQLResponse = {"errors": failure_errors(failure)}
    if isinstance(failure, (OperationRejected, InvalidRequest)) and failure.extensions:
        response["extensions"] = failure.extensions
    elif isinstance(failure, RateLimited):
        response["extensions"] = {"cost": failure.extensions["cost"]}
    return response


def failure_errors(failure: Exception) -> Errors:
    """Return the entries of `errors` for what `run_operation` raised."""
    return failure.errors if isinstance(failure, OperationRejected) else [exception_error(failure)]

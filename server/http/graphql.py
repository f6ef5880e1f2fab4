"""The /graphql endpoint over HTTP, as the GraphQL-over-HTTP specification has it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from server.app.app_state import AppState
from server.auth.viewer import read_bearer_token
from server.graphql.errors import BAD_USER_INPUT, coded_error, exception_error
from server.graphql.operations import GraphQLResponse, OperationRejected
from server.http.graphiql import graphiql_response, wants_graphiql
from server.http.probes import REQUEST_COUNT, REQUEST_SECONDS

SEEN_HEADER = "X-Partnerhub-Seen"
_UNKNOWN_CHANGE = 1 << 64
MAX_BODY_BYTES = 1024 * 1024
# A body that does not come would keep its request for good, and a server that stops waiting for it.
BODY_TIMEOUT_SECONDS = 5.0
RESPONSE_JSON, PLAIN_JSON = "application/graphql-response+json", "application/json"
_STATUSES = {"UNAUTHENTICATED": 401, "INTERNAL": 500, "UNAVAILABLE": 503, "TIMEOUT": 503}
_PARAMETERS = ("query", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class RequestParameters:
    """What a well-formed request asks for."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any] | None


class HttpError(Exception):
    """A request that is refused before it is an operation: a status and a sentence."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


async def graphql(request: Request) -> Response:
    """Answers one request; a browser's visit gets GraphiQL."""
    if wants_graphiql(request):
        return graphiql_response(request)
    app_state: AppState = request.app.state.app_state
    with REQUEST_SECONDS.time(), app_state.request_priority.track_request():
        response = await _handle_request(request)
    REQUEST_COUNT.labels(response.status_code).inc()
    return response


async def _handle_request(request: Request) -> Response:
    media_type = PLAIN_JSON
    answer: GraphQLResponse
    headers: Mapping[str, str]
    try:
        media_type = _negotiate_media_type(request.headers.get("accept"))
        status, answer, headers = await _execute_request(request)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        status, answer, headers = _error_parts(failure)
    if media_type == RESPONSE_JSON and status == 200 and "data" not in answer:
        status = 400
    return _response(status, answer, media_type, headers)


def error_response(failure: Exception) -> Response:
    """The plain answer to a request that is no operation, or whose asker is not known."""
    status, answer, headers = _error_parts(failure)
    return _response(status, answer, PLAIN_JSON, headers)


def _error_parts(failure: Exception) -> tuple[int, GraphQLResponse, Mapping[str, str]]:
    if isinstance(failure, HttpError):
        return failure.status, {"errors": [coded_error(BAD_USER_INPUT, str(failure))]}, failure.headers
    error = exception_error(failure)
    status = _STATUSES.get(error["extensions"]["code"], 400)
    return status, {"errors": [error]}, {"WWW-Authenticate": "Bearer"} if status == 401 else {}


async def _execute_request(request: Request) -> tuple[int, GraphQLResponse, dict[str, str]]:
    app_state: AppState = request.app.state.app_state
    if request.method not in {"GET", "POST"}:
        raise HttpError(405, "Use POST, or GET for queries.", Allow="GET, POST")
    begun = monotonic()
    viewer = await app_state.authenticate(read_bearer_token(request.headers.get("authorization")))
    parameters = await read_parameters(request)
    try:
        operation = app_state.operations.prepare(parameters.query, parameters.operation_name, parameters.variables)
    except OperationRejected as refused:
        return 200, {"errors": refused.errors}, {}
    if operation.kind is OperationType.SUBSCRIPTION:
        raise HttpError(
            400, "Subscribe over the websocket at this address, or as server-sent events at /graphql/stream."
        )
    if operation.kind is OperationType.MUTATION and request.method == "GET":
        raise HttpError(405, "Mutations need POST.", Allow="POST")
    context = app_state.context(viewer)
    context.after_operation_time = _parse_seen(request.headers.get(SEEN_HEADER))
    answer = await app_state.operations.execute(operation, parameters.variables, context, monotonic() - begun)
    return 200, answer, {SEEN_HEADER: str(context.operation_time)} if context.operation_time else {}


def _parse_seen(header: str | None) -> int:
    """The latest change that the caller has made; what cannot be read is taken for one that nobody has heard of."""
    if header is None:
        return 0
    return int(header) if header.isascii() and header.isdigit() and len(header) < 20 else _UNKNOWN_CHANGE


async def read_parameters(request: Request) -> RequestParameters:
    """What a POST or a GET asks for; HttpError where it is not well formed."""
    return await _read_post(request) if request.method == "POST" else _read_get(request)


def _negotiate_media_type(accept: str | None) -> str:
    """The media type of the answer; plain JSON where the client does not say."""
    if not accept:
        return PLAIN_JSON
    offered = [entry.split(";")[0].strip().lower() for entry in accept.split(",")]
    chosen = {"*/*": PLAIN_JSON, "application/*": PLAIN_JSON, PLAIN_JSON: PLAIN_JSON, RESPONSE_JSON: RESPONSE_JSON}
    for media_type in offered:
        if media_type in chosen:
            return chosen[media_type]
    raise HttpError(406, f"This endpoint answers {RESPONSE_JSON} or {PLAIN_JSON}.")


async def _read_post(request: Request) -> RequestParameters:
    """The parameters of a POST; asking for JSON keeps a foreign page's form from being a request."""
    media_type, _, options = request.headers.get("content-type", "").partition(";")
    charset = options.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if media_type.strip().lower() != PLAIN_JSON or charset not in {"", "utf-8", "utf8"}:
        raise HttpError(415, "Send the operation as application/json in UTF-8.")
    body = await _read_body(request)
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HttpError(400, "The body is not valid JSON in UTF-8.") from None
    if not isinstance(given, dict):
        raise HttpError(400, "The body must be a JSON object with a query; batches are not supported.")
    return _check_parameters(given)


async def _read_body(request: Request) -> bytes:
    """The whole body, read no further than it may be long; TimeoutError where it does not come."""
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise HttpError(413, "The body may have at most 1 MiB.", Connection="close")
    except ClientDisconnect:
        raise HttpError(400, "The body ended early.") from None
    return bytes(received)


def _read_get(request: Request) -> RequestParameters:
    """The parameters of a GET; objects stand in the address as JSON."""
    given: dict[str, Any] = {name: request.query_params[name] for name in _PARAMETERS if name in request.query_params}
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise HttpError(400, f"The parameter {name} is not valid JSON.") from None
    return _check_parameters(given)


def _check_parameters(given: Mapping[str, Any]) -> RequestParameters:
    query, name = given.get("query"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise HttpError(400, "The request has no query: a string with an operation.")
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "operationName must be a string.")
    for key in ("variables", "extensions"):
        if given.get(key) is not None and not isinstance(given[key], dict):
            raise HttpError(400, f"{key} must be an object.")
    return RequestParameters(query, name or None, given.get("variables"))


def _response(status: int, answer: GraphQLResponse, media_type: str, headers: Mapping[str, str]) -> Response:
    sent = {"Cache-Control": "no-store", "Vary": "Accept", "X-Content-Type-Options": "nosniff", **headers}
    return Response(orjson.dumps(answer), status, sent, f"{media_type}; charset=utf-8")

"""The /graphql endpoint over HTTP, according to the GraphQL-over-HTTP specification."""

from collections.abc import Mapping
from functools import lru_cache, partial
from time import monotonic
from typing import Any

import orjson
from graphql import OperationType
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from domain.languages.languages import choose_language
from domain.rate_limits import RateLimited
from server.app.app_state import AppState
from server.app.page_sign_in import page_sign_in
from server.auth.viewer import read_bearer_token
from server.graphql.operation import Operation
from server.graphql.operations import GraphQLResponse, OperationRejected, OperationRequest
from server.graphql.request_json import InvalidJson, read_json
from server.graphql.requested_document import QUERY_MISSING, InvalidDocument, read_requested_document
from server.graphql.variables import find_rejection
from server.http.accept import preferred_media_type
from server.http.conditional import caching_headers, not_modified
from server.http.errors import HttpError
from server.http.graphiql import graphiql_response, wants_graphiql
from server.http.rate_limit_headers import rate_limit_headers, rejection_headers
from server.http.request_body import read_body, take_arrived_body
from server.live.operation_runner import failure_response, run_operation
from server.telemetry.operation_metrics import count_request

SEEN_HEADER = "X-Partnerhub-Seen"
_SEEN = SEEN_HEADER.lower()
_UNKNOWN_CHANGE = 1 << 64
RESPONSE_JSON, PLAIN_JSON = "application/graphql-response+json", "application/json"
MEDIA_TYPES = (PLAIN_JSON, RESPONSE_JSON)
_STATUSES = {"UNAUTHENTICATED": 401, "RATE_LIMITED": 429, "INTERNAL": 500, "UNAVAILABLE": 503, "TIMEOUT": 503}
_FAILURE_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}
_HEADERS = {"cache-control": "no-store", "vary": "Accept, Accept-Language"}
# The rest of a longer header that is remembered is ignored.
_MAX_HEADER_LENGTH = 1_000
# 2 kB of `[]` are 40 kB of lists.
_MAX_SHORT_BYTES = 2_000
_PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")


async def graphql(request: Request) -> Response:
    """Answer one request; a browser gets GraphiQL."""
    app_state: AppState = request.app.state.app_state
    if wants_graphiql(request):
        return graphiql_response(request, sign_in=page_sign_in(app_state.settings))
    began_at = monotonic()
    answer = await answer_request(app_state, request)
    response = _response(answer)
    if "ETag" in answer.headers:
        response = not_modified(request, answer.headers) or response
    count_request(response.status_code, monotonic() - began_at)
    return response


class Answer(Struct, frozen=True):
    """The response to a request, and how it is sent: with its `headers` and `fixed_headers(media_type)`."""

    status: int
    response: GraphQLResponse
    media_type: str
    headers: Mapping[str, str]


async def answer_request(app_state: AppState, request: Request) -> Answer:
    """Run the operation of a request; every failure becomes an answer."""
    media_type = PLAIN_JSON
    response: GraphQLResponse
    headers: Mapping[str, str]
    try:
        media_type = _negotiate_media_type(_first_characters(request.headers.get("accept")))
        status, response, headers = await _execute_request(app_state, request)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        status, response, headers = _error_parts(failure)
    if media_type == RESPONSE_JSON and status == 200 and "data" not in response:
        status = _failure_status(response)
    return Answer(status, response, media_type, headers)


def fixed_headers(media_type: str) -> dict[str, str]:
    """Return the headers of every response of a media type, with names in lower case: middleware sets some of them."""
    return {"content-type": f"{media_type}; charset=utf-8", **_HEADERS}


def error_response(failure: Exception) -> Response:
    """Return the response to a request that failed before its operation ran."""
    status, response, headers = _error_parts(failure)
    return _response(Answer(status, response, PLAIN_JSON, headers))


def _error_parts(failure: Exception) -> tuple[int, GraphQLResponse, Mapping[str, str]]:
    response = failure_response(failure)
    if isinstance(failure, HttpError):
        return failure.status, response, failure.headers
    if isinstance(failure, RateLimited):
        return 429, response, rejection_headers(failure)
    if isinstance(failure, OperationRejected):
        return 200, response, {}
    status = _failure_status(response)
    return status, response, _FAILURE_HEADERS.get(status, {})


def _failure_status(response: GraphQLResponse) -> int:
    """Return the status of a response without data: clients and proxies repeat requests that failed with 503."""
    return _STATUSES.get(response["errors"][0]["extensions"]["code"], 400)


async def _execute_request(app_state: AppState, request: Request) -> tuple[int, GraphQLResponse, dict[str, str]]:
    method = request.method
    if method not in {"GET", "POST"}:
        raise HttpError(405, "Use POST, or GET for queries.", Allow="GET, POST")
    token = read_bearer_token(request.headers.get("authorization"))
    outcome = await run_operation(app_state, token, partial(read_request, request), partial(_check_operation, method))
    response = outcome.response or {}
    seen = {SEEN_HEADER: str(outcome.operation_time)} if outcome.operation_time else {}
    caching = caching_headers(request, response) if method == "GET" else {}
    return 200, response, {**seen, **rate_limit_headers(outcome.budgets), **caching}


def _check_operation(method: str, operation: Operation) -> None:
    if operation.kind is OperationType.SUBSCRIPTION:
        raise HttpError(
            400, "Subscribe over the websocket at this address, or as server-sent events at /graphql/stream."
        )
    check_method(method, operation)


def check_method(method: str, operation: Operation) -> None:
    """Raise HttpError for a mutation by GET: GET requests may be repeated and cached."""
    if operation.kind is OperationType.MUTATION and method == "GET":
        raise HttpError(405, "Mutations need POST.", Allow="POST")


def _first_characters(header: str | None) -> str | None:
    return header[:_MAX_HEADER_LENGTH] if header else header


def _parse_seen(header: str | None) -> int:
    """Return the time of the latest change that the caller has made; a header that is not one means a later change."""
    if header is None:
        return 0
    return int(header) if header.isascii() and header.isdigit() and len(header) < 20 else _UNKNOWN_CHANGE


async def read_request(request: Request) -> OperationRequest:
    """Return what a POST or GET requests; raise HttpError where it is not well formed."""
    requested = await _read_post(request) if request.method == "POST" else _check_parameters(_read_get(request))
    headers = request.headers
    seen, language = _parse_seen(headers.get(_SEEN)), choose_language(headers.get("accept-language"))
    if seen == requested.after_operation_time and language is requested.language:
        return requested
    return replace(requested, after_operation_time=seen, language=language)


# Clients send few different headers. What is raised is not kept.
@lru_cache(maxsize=256)
def _negotiate_media_type(accept: str | None) -> str:
    """Return the media type of the response; plain JSON where the client states none."""
    media_type = preferred_media_type(accept, MEDIA_TYPES)
    if media_type is None:
        raise HttpError(406, f"This endpoint answers {RESPONSE_JSON} or {PLAIN_JSON}.")
    return media_type


async def _read_post(request: Request) -> OperationRequest:
    """Return what the body of a POST requests; requiring JSON keeps forms of other sites from sending operations."""
    if not _is_json(request.headers.get("content-type", "")[:_MAX_HEADER_LENGTH]):
        raise HttpError(415, "Send the operation as application/json in UTF-8.")
    body = take_arrived_body(request)
    if body is None:
        body = await read_body(request)
    return _read_short_body(body) if len(body) <= _MAX_SHORT_BYTES else _read_parameters(body)


# Pages repeat their requests. What is read is never changed, and nothing of the caller is in it.
@lru_cache(maxsize=256)
def _read_short_body(body: bytes) -> OperationRequest:
    return _read_parameters(body)


def _read_parameters(body: bytes) -> OperationRequest:
    try:
        parameters = read_json(body)
    except InvalidJson as failure:
        raise HttpError(400, f"The body {failure}") from None
    if not isinstance(parameters, dict):
        raise HttpError(400, "The body must be a JSON object with a query; batches are not supported.")
    return _check_parameters(parameters)


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    media_type, _, options = content_type.partition(";")
    charset = options.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    return media_type.strip().lower() == PLAIN_JSON and charset in {"", "utf-8", "utf8"}


def _read_get(request: Request) -> Mapping[str, Any]:
    """Return the parameters of a GET; objects are JSON in the query string."""
    parameters: dict[str, Any] = {
        name: request.query_params[name] for name in _PARAMETERS if name in request.query_params
    }
    for name in ("variables", "extensions"):
        if parameters.get(name):
            try:
                parameters[name] = read_json(parameters[name])
            except InvalidJson as failure:
                raise HttpError(400, f"The parameter {name} {failure}") from None
    return parameters


def _check_parameters(parameters: Mapping[str, Any]) -> OperationRequest:
    name = parameters.get("operationName")
    try:
        document = read_requested_document(parameters)
    except InvalidDocument as error:
        raise HttpError(400, str(error)) from None
    if document.text is not None and not document.text.strip():
        raise HttpError(400, QUERY_MISSING)
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "operationName must be a string.")
    variables = parameters.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise HttpError(400, "variables must be an object.")
    rejection = find_rejection(variables)
    accepted = None if rejection else variables
    return OperationRequest(document, name or None, accepted, rejection=rejection)


def _response(answer: Answer) -> Response:
    headers = {**fixed_headers(answer.media_type), **answer.headers}
    return Response(orjson.dumps(answer.response), answer.status, headers)

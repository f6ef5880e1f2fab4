"""Every failure becomes a coded error, and nothing internal gets out."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from time import monotonic
from typing import Any

import httpx
import pytest
import strawberry
from graphql import GraphQLError, graphql_sync

from domain.failures import (
    BadUserInput,
    CursorExpired,
    Failure,
    Forbidden,
    InvalidCursor,
    QueryTooComplex,
    RequestFailure,
    Unauthenticated,
    Unavailable,
)
from domain.messages import translatable
from domain.permissions import Permission
from server.app.logs import configure_logs
from server.graphql.errors import exception_error, execution_errors
from store.database.client import ConnectionFailure
from tests.api_server import running_api
from tests.mongod import temporary_replica_set

SECRET = "mongodb://user:hunter2@db.internal"


def failing(failure: BaseException) -> dict[str, Any]:
    """The error of an operation whose only field fails so."""

    def fail() -> int:
        raise failure

    @strawberry.type
    class Query:
        number: int | None = strawberry.field(resolver=fail)

    result = graphql_sync(strawberry.Schema(query=Query)._schema, "{ a: number }")
    (error,) = execution_errors(result.errors or ())
    return error


def logged(work: Callable[[], object]) -> list[dict[str, Any]]:
    """What the log says meanwhile, line by line."""
    with redirect_stderr(io.StringIO()) as text:
        configure_logs()
        work()
    configure_logs()
    return [json.loads(line) for line in text.getvalue().splitlines()]


KNOWN: list[RequestFailure] = [
    Unauthenticated("No."),
    Forbidden(Permission.EDIT_TAGS),
    BadUserInput(translatable("No.")),
    InvalidCursor(),
    CursorExpired(),
    QueryTooComplex("No."),
    Unavailable(),
]


@pytest.mark.parametrize("failure", KNOWN, ids=[failure.code for failure in KNOWN])
def test_a_failure_of_ours_keeps_its_sentence_and_its_code(failure: RequestFailure) -> None:
    error = failing(failure)
    assert (error["message"], error["path"], error["locations"]) == (str(failure), ["a"], [{"line": 1, "column": 3}])
    assert error["extensions"]["code"] == failure.code
    assert exception_error(failure) == {"message": str(failure), "extensions": error["extensions"]}


def test_forbidden_names_the_permission() -> None:
    assert failing(Forbidden(Permission.EDIT_TAGS))["extensions"] == {"code": "FORBIDDEN", "permission": "EDIT_TAGS"}


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    error = failing(ConnectionFailure(SECRET))
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "hunter2" not in json.dumps(error)


def test_what_takes_too_long_is_a_timeout() -> None:
    assert failing(TimeoutError())["extensions"] == {"code": "TIMEOUT"}


@pytest.mark.parametrize(
    "failure", [RuntimeError(SECRET), GraphQLError(SECRET, original_error=KeyError(SECRET)), Failure(SECRET)]
)
def test_the_unexpected_shows_only_an_id_that_the_log_has(failure: Exception) -> None:
    found: list[dict[str, Any]] = []
    (line,) = logged(lambda: found.append(failing(failure)))
    (error,) = found
    assert error["extensions"] == {"code": "INTERNAL", "id": line["id"]}
    assert (error["path"], line["event"], line["level"]) == (["a"], "internal_error", "error")
    assert "hunter2" not in json.dumps(error)
    assert type(failure).__name__ in line["exception"] or "KeyError" in line["exception"]


def test_one_failure_of_many_rows_is_logged_once() -> None:
    def fail() -> int:
        raise KeyError(SECRET)

    @strawberry.type
    class Query:
        number: int | None = strawberry.field(resolver=fail)
        other: int | None = strawberry.field(resolver=lambda: int("x"))

    text = "{" + " ".join(f"a{n}: number b{n}: other" for n in range(40)) + "}"
    result = graphql_sync(strawberry.Schema(query=Query)._schema, text)
    found: list[dict[str, Any]] = []
    lines = logged(lambda: found.extend(execution_errors(result.errors or ())))
    assert len(found) == 80
    assert {error["extensions"]["id"] for error in found} == {line["id"] for line in lines}
    assert len(lines) == 2
    assert found[0]["path"] != found[2]["path"]


def test_the_errors_that_are_not_listed_are_counted() -> None:
    (entry,) = execution_errors((), 12_345)
    assert entry["extensions"] == {"code": "QUERY_TOO_COMPLEX"}
    assert "12,345 more fields" in entry["message"]


def test_a_null_that_may_not_be_is_our_mistake_not_the_callers() -> None:
    def nothing() -> Any:
        return None

    @strawberry.type
    class Query:
        number: int = strawberry.field(resolver=nothing, graphql_type=int)

    result = graphql_sync(strawberry.Schema(query=Query)._schema, "{ number }")
    found: list[dict[str, Any]] = []
    assert len(logged(lambda: found.extend(execution_errors(result.errors or ())))) == 1
    assert found[0]["extensions"]["code"] == "INTERNAL"


def test_line_breaks_in_values_make_no_lines_in_the_log() -> None:
    (line,) = logged(lambda: exception_error(RuntimeError('x\n{"event": "forged"}\r\n')))
    assert line["event"] == "internal_error"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_without_a_database_requests_are_refused_soon_and_answered_once_it_is_back() -> None:
    with temporary_replica_set() as (mongod,), running_api(mongod.uri, "gone") as api:
        token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))

        def ask() -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"}
            return httpx.post(
                f"{api.url}/graphql", json={"query": "{ __typename }"}, headers=headers, timeout=5, verify=False
            )

        mongod.stop()
        refused = ask()
        assert refused.status_code == 503
        assert [error["extensions"] for error in refused.json()["errors"]] == [{"code": "UNAVAILABLE"}]
        assert httpx.get(f"{api.url}/readyz", verify=False).status_code == 503
        assert httpx.get(f"{api.url}/livez", verify=False).status_code == 200
        mongod.start()
        begun = monotonic()
        while ask().status_code != 200:
            assert monotonic() - begun < 10

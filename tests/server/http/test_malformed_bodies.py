"""Hundreds of malformed bodies: none brings out a failure of ours, and none ends what somebody else does."""

import logging
from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import accept_terms
from tests.server.http.malformed_bodies import BODIES, Body
from tests.websocket_client import connect_websocket

# What may be said of a body that is a request, but not one that the schema can answer.
CODES = {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COMPLEX"}
FEED = "subscription { activity { event { kind } } }"
CREATE = 'mutation { createTag(input: {name: "Afterwards"}) { userErrors { code } } }'


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases) as api:
        yield api


def test_there_are_at_least_200_and_each_is_another() -> None:
    assert len({body.content for body in BODIES}) >= 200


def test_no_malformed_body_fails_or_ends_what_others_do(api: ApiHarness, caplog: pytest.LogCaptureFixture) -> None:
    accept_terms(api)
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    # One connection for all: what comes behind a bad body must be read from its own beginning.
    one = httpx.Limits(max_connections=1)
    http = httpx.Client(verify=False, base_url=api.url, headers=headers, limits=one)
    with capture_logs() as told, connect_websocket(api.url, token) as bystander, http:
        bystander.subscribe(FEED)
        for body in BODIES:
            check(body, http.post("/graphql", content=body.content))
            good = http.post("/graphql", json={"query": "{ __typename }"})
            assert good.json() == {"data": {"__typename": "Query"}}, body
        assert api.execute_data(token, CREATE) == {"createTag": {"userErrors": []}}
        assert bystander.next()["activity"]["event"]["kind"] == "TAG_CREATED"
    assert not [one for one in told if one["log_level"] == "error"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def check(body: Body, response: httpx.Response) -> None:
    """A malformed one is 400 with a sentence; any other is answered, or told apart by a code."""
    about = f"{body.kind} as {body.place}: {response.status_code} {response.text[:300]}"
    answer = response.json()
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    if body.is_malformed:
        assert (response.status_code, codes, "data" in answer) == (400, {"BAD_USER_INPUT"}, False), about
        assert answer["errors"][0]["message"].endswith("."), about
    else:
        assert response.status_code == 200, about
        assert codes <= CODES, about

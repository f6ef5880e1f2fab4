"""Rate limits over HTTP, server-sent events and websockets: what each answer says of the budget, and refusals."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from server.limits.rate_limiter import COST_PER_CHARACTER, REQUEST_COST
from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.websocket_client import WebSocketClient, connect_websocket

CAPACITY, PARTNER_CAPACITY = 20_000, 50_000
QUERY = "{ viewer { permissions } }"


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    """One server whose budgets are small and leak next to nothing during a test."""
    limits = {
        "rate_limit_administrator": 1,
        "rate_limit_administrator_burst": CAPACITY,
        "rate_limit_partner": 1,
        "rate_limit_partner_burst": PARTNER_CAPACITY,
    }
    with running_shared_api(prepared_databases, **limits) as api:
        # A text that is not known yet costs more.
        post(api, new_token(api))
        yield api


@pytest.fixture
def partner(api: ApiHarness) -> ApiHarness:
    return api.with_new_partners()


def post(api: ApiHarness, token: str, query: str = QUERY) -> httpx.Response:
    return api.http.post("/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"})


def new_token(api: ApiHarness) -> str:
    return api.token(api.add_administrator("FULL_ADMINISTRATOR", api.partner), api.partner)


def use_up(api: ApiHarness, token: str) -> httpx.Response:
    """Send operations until one is refused; return the refusal."""
    for _ in range(CAPACITY // REQUEST_COST + 1):
        response = post(api, token, "{ unknown }")
        if response.status_code == 429:
            return response
    raise AssertionError("Nothing was refused.")


def run_on_socket(socket: WebSocketClient, query: str, id_: str) -> str:
    """Run an operation to its end; return the code of its error, or nothing."""
    socket.send({"id": id_, "type": "subscribe", "payload": {"query": query}})
    while (message := socket.receive())["type"] == "next":
        pass
    return str(message["payload"][0]["extensions"]["code"]) if message["type"] == "error" else ""


def test_an_answer_says_what_it_cost_and_what_is_left(partner: ApiHarness) -> None:
    token = new_token(partner)
    first, second = post(partner, token), post(partner, token)
    cost: dict[str, Any] = first.json()["extensions"]["cost"]
    assert set(cost) == {"requested", "limit", "remaining", "resetAt"}
    assert REQUEST_COST < cost["requested"] < REQUEST_COST + 50
    assert cost["limit"] == CAPACITY
    assert cost["remaining"] in {CAPACITY - cost["requested"], CAPACITY - cost["requested"] + 1}
    assert second.json()["extensions"]["cost"]["remaining"] < cost["remaining"]
    assert datetime.fromisoformat(cost["resetAt"]) > datetime.now(UTC)


def test_a_rejected_operation_costs_its_request(partner: ApiHarness) -> None:
    token = new_token(partner)
    answers = [post(partner, token, "{ unknown }").json() for _ in range(2)]
    assert [answer["errors"][0]["extensions"]["code"] for answer in answers] == ["GRAPHQL_VALIDATION_FAILED"] * 2
    costs = [answer["extensions"]["cost"] for answer in answers]
    assert costs[0]["requested"] == REQUEST_COST
    assert abs(costs[0]["remaining"] - costs[1]["remaining"] - REQUEST_COST) <= 1


@pytest.mark.parametrize(
    ("path", "method", "request_parts"),
    [
        (
            "/graphql",
            "GET",
            {"params": {"query": 'mutation { acceptTerms(input: {termsVersion: "1"}) { __typename } }'}},
        ),
        ("/graphql", "POST", {"json": {"query": "subscription { tagChanged { cursor } }"}}),
        ("/graphql", "POST", {"json": []}),
        ("/graphql", "POST", {"json": {"query": QUERY, "variables": 1}}),
        ("/graphql/stream", "POST", {"json": []}),
    ],
)
def test_a_request_that_the_transport_rejects_costs_as_much(
    partner: ApiHarness, path: str, method: str, request_parts: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {new_token(partner)}"}
    response = partner.http.request(method, path, headers=headers, **request_parts)
    assert response.status_code in {400, 405}
    assert response.json()["extensions"]["cost"]["requested"] == REQUEST_COST


def test_a_new_text_costs_its_length_too(partner: ApiHarness) -> None:
    token, text = new_token(partner), "{ viewer { permissions } } " + "#" * 1000
    first, second = (post(partner, token, text).json()["extensions"]["cost"]["remaining"] for _ in range(2))
    assert CAPACITY - first - (first - second) >= COST_PER_CHARACTER * len(text)


def test_an_answer_has_the_fields_of_the_draft(partner: ApiHarness) -> None:
    response = post(partner, new_token(partner))
    policy, limit = response.headers["ratelimit-policy"], response.headers["ratelimit"]
    assert policy.split(", ") == [
        f'"administrator";q={CAPACITY};w={CAPACITY};qu="cost"',
        f'"partner";q={PARTNER_CAPACITY};w={PARTNER_CAPACITY};qu="cost"',
    ]
    assert re.fullmatch(r'"administrator";r=\d+;t=\d+, "partner";r=\d+;t=\d+', limit)


def test_refuses_with_429_and_the_time_to_wait(partner: ApiHarness) -> None:
    token = new_token(partner)
    response = use_up(partner, token)
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert response.headers["retry-after"] == str(error["extensions"]["retryAfter"])
    assert 1 <= error["extensions"]["retryAfter"] <= REQUEST_COST
    assert error["extensions"]["cost"]["requested"] == REQUEST_COST
    assert response.json()["extensions"]["cost"] == error["extensions"]["cost"]
    assert response.headers["ratelimit"].startswith('"administrator";r=')
    assert response.headers["cache-control"] == "no-store"
    accept = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    assert partner.http.post("/graphql", json={"query": "{ unknown }"}, headers=accept).status_code == 429


def test_refuses_over_server_sent_events_and_websockets(partner: ApiHarness) -> None:
    token = new_token(partner)
    with connect_websocket(partner.url, token) as socket:
        socket.send({"id": "1", "type": "subscribe", "payload": {"query": QUERY}})
        assert "remaining" in socket.receive()["payload"]["extensions"]["cost"]
        assert socket.receive()["type"] == "complete"
        use_up(partner, token)
        # What is left is enough for two of these queries at most, and then not for the subscription.
        answers = [run_on_socket(socket, QUERY, str(number)) for number in range(2, 5)]
        assert answers[-1] == "RATE_LIMITED"
        fields = " ".join(f"a{number}: cursor" for number in range(50))
        assert run_on_socket(socket, f"subscription {{ tagChanged {{ {fields} }} }}", "5") == "RATE_LIMITED"
    stream = {"json": {"query": "{ unknown }"}, "headers": {"Authorization": f"Bearer {token}"}}
    text = partner.http.post("/graphql/stream", **stream).text  # type: ignore[arg-type]
    assert "RATE_LIMITED" in text and text.endswith("event: complete\ndata:\n\n")


def test_the_administrators_of_a_partner_share_its_budget(partner: ApiHarness) -> None:
    tokens = [new_token(partner) for _ in range(3)]
    refusals = [use_up(partner, token).json()["errors"][0]["message"] for token in tokens]
    assert [message.split("'")[0] for message in refusals] == ["The administrator", "The administrator", "The partner"]
    other = partner.token(partner.add_administrator("FULL_ADMINISTRATOR", partner.other), partner.other)
    assert post(partner, other).status_code == 200

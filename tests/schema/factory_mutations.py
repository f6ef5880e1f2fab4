"""What the tests of mutations share: an organization ready for them, and how an answer is read."""

from collections.abc import Iterator
from typing import Any

from domain.time.instants import parse_instant
from tests.api_server import ApiHarness
from tests.websocket_client import connect_websocket

ROLES = ("FULL_ADMINISTRATOR", "ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR")


def accepted_terms() -> dict[str, Any]:
    """The fields of a partner that has accepted the terms."""
    at = parse_instant("2026-01-01T00:00:00Z")
    return {"terms_accepted_at": at, "steps.ACCEPT_TERMS": at}


def accept_terms(api: ApiHarness, partner: str | None = None) -> None:
    """Lets the partner's administrators change things."""

    async def work(scope: Any) -> None:
        await scope.collection("partners").update_one(scope.match(), {"$set": accepted_terms()})

    api.store(work, partner)


def token_of(api: ApiHarness, role: str, partner: str | None = None) -> str:
    """A token of a new administrator with the role."""
    return api.token(api.add_administrator(role, partner), partner)


def send_mutation(api: ApiHarness, token: str, field: str, selection: str, **given: Any) -> dict[str, Any]:
    """The payload of a mutation, whose `userErrors` are always selected; `given` is its input as the API spells it."""
    kind = f"{field[0].upper()}{field[1:]}Input"
    query = (
        f"mutation($input: {kind}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code field message }} }} }}"
    )
    payload: dict[str, Any] = api.execute_data(token, query, input=given)[field]
    return payload


def follow_job(api: ApiHarness, token: str, job: str) -> Iterator[dict[str, Any]]:
    """The bulk job as its feed tells it, until it ends."""
    with connect_websocket(api.url, token) as widget:
        query = "subscription($id: ID!) { bulkJob(id: $id) { id state total done changed } }"
        widget.send({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": {"id": job}}})
        while (message := widget.receive())["type"] == "next":
            yield message["payload"]["data"]["bulkJob"]
        assert message == {"id": "1", "type": "complete"}


def user_error_codes(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The codes and fields of the user errors."""
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def stored_events(api: ApiHarness, partner: str | None = None) -> list[dict[str, Any]]:
    """Every event of the partner, oldest first."""

    async def work(scope: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await scope.collection("events").find(scope.match(), sort=[("_id", 1)])
        return found

    return api.store(work, partner)

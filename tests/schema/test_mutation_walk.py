"""Rules that hold for every mutation: its idempotency key, its events, its version, unknown ids and bad values."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_named_type

from schema.build import build_schema
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import stored_events, token_of
from tests.schema.factory_walk import CASES, FULL, HOOK_URL, PartnerPair, TargetIds
from tests.websocket_client import connect_websocket

ACTIVITY = "subscription($after: String) { activity(after: $after) { event { kind summary actor { id } } } }"
# Only the owner sees the events of a view that is not shared.
OWN = {"saveCustomerView", "deleteCustomerView"}
# A removal needs something to remove.
UNDONE = {"removeTags": "assignTags", "unassignAdministrator": "assignAdministrator"}


@pytest.fixture
def world(api: ApiHarness) -> PartnerPair:
    """Return a full administrator."""
    return PartnerPair(api, FULL)


def _build_input(world: PartnerPair, name: str, **more: Any) -> dict[str, Any]:
    """Return an input with which the mutation changes something."""
    given = CASES[name].build_input(world.ids("own"))
    if name in UNDONE:
        world.run_mutation(world.token, UNDONE[name], "__typename", given)
    if name in {"completeSetupStep", "launchOrganization"}:
        _complete_profile(world)
    if name == "acceptTerms":
        world.api.store(_forget_terms)
    return {**given, **more}


def _complete_profile(world: PartnerPair) -> None:
    """Give the organization a profile, so that every step of the setup can be completed."""
    given = {"name": "Acme", "country": "DE", "contactEmail": "a@acme.test"}
    world.run_mutation(world.token, "updateOrganization", "__typename", given)
    world.run_mutation(world.token, "completeSetupStep", "__typename", {"key": "ORGANIZATION_PROFILE"})


async def _forget_terms(scope: Scope) -> None:
    nothing = {"$set": {"terms_accepted_at": None}, "$unset": {"steps.ACCEPT_TERMS": ""}}
    await scope.collection("partners").update_one(scope.match(), nothing)


@pytest.mark.parametrize("name", CASES)
def test_a_repeated_key_returns_the_first_payload_and_changes_nothing(world: PartnerPair, name: str) -> None:
    given = _build_input(world, name, idempotencyKey="once")
    first = world.run_mutation(world.token, name, "__typename", given)
    written = len(stored_events(world.api))
    assert world.run_mutation(world.token, name, "__typename", given) == first
    assert len(stored_events(world.api)) == written
    other = world.send_mutation(world.token, "createTag", "tag { id }", {"name": "Other", "idempotencyKey": "once"})
    reused = other["data"]["createTag"]["userErrors"]
    assert [(one["code"], one["field"]) for one in reused] == [("KEY_REUSED", ["input", "idempotencyKey"])]


@pytest.mark.parametrize("name", CASES)
def test_the_activity_feed_delivers_the_events_of_a_mutation(world: PartnerPair, name: str) -> None:
    given = _build_input(world, name)
    watcher = world.token if name in OWN else token_of(world.api, FULL)
    after = world.api.execute_data(watcher, "{ feedCursor }")["feedCursor"]
    before = len(stored_events(world.api))
    world.run_mutation(world.token, name, "__typename", given)
    written = stored_events(world.api)[before:]
    assert written and {event["actor_id"] for event in written} == {world.viewer}, name
    with connect_websocket(world.api.url, watcher) as widget:
        payload = {"query": ACTIVITY, "variables": {"after": after}}
        widget.send({"id": "1", "type": "subscribe", "payload": payload})
        delivered: list[tuple[str, str]] = []
        expected = [(event["kind"], event["summary"]) for event in written]
        # The cursor may be older than the last event that was stored before.
        while delivered[-len(written) :] != expected:
            event = widget.next()["activity"]["event"]
            delivered.append((event["kind"], event["summary"]))


def _has_version(name: str) -> bool:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    given: Any = get_named_type(mutation.fields[name].args["input"].type)
    return "version" in given.fields


@pytest.mark.parametrize("name", [name for name in CASES if _has_version(name)])
def test_a_stale_version_changes_nothing(world: PartnerPair, name: str) -> None:
    given = _build_input(world, name, version=99, idempotencyKey="once")
    before = len(stored_events(world.api))
    payload = world.send_mutation(world.token, name, "__typename", given)["data"][name]
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("STALE", ["input", "version"])]
    assert len(stored_events(world.api)) == before
    # A rejection is not stored: the key can be used again with the right version.
    world.run_mutation(world.token, name, "__typename", {**given, "version": 1})


_ID = re.compile("[a-z]{3}_[0-9a-f]{24}")


def _with_others_ids(value: Any, ids: TargetIds) -> Iterator[Any]:
    """Yield the value with each of its ids in turn replaced by the id of an existing object of another type."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from ({**value, key: other} for other in _with_others_ids(held, ids))
    elif isinstance(value, list):
        yield from ([other] for other in _with_others_ids(value[0], ids))
    elif isinstance(value, str) and _ID.fullmatch(value):
        yield ids.customer if value.startswith("tag_") else ids.tag


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.target_kind is not None])
def test_an_id_of_another_type_is_not_found(world: PartnerPair, name: str) -> None:
    ids = world.ids("own")
    inputs = list(_with_others_ids(CASES[name].build_input(ids), ids))
    before = len(stored_events(world.api))
    for given in inputs:
        payload = world.send_mutation(world.token, name, "__typename", given)["data"][name]
        assert [one["code"] for one in payload["userErrors"]] == ["NOT_FOUND"], (given, payload)
    assert inputs and len(stored_events(world.api)) == before


# A lone surrogate, control characters, texts that databases and shells interpret, and long texts.
BAD_TEXTS = (
    "",
    " \t\u3000",
    "a\0b",
    "\ud800",
    "a\u0007b",
    "{'$gt': ''}",
    "$where",
    "../..",
    "\u202e\u200b",
    "x" * 5000,
)
BAD_NUMBERS = (0, -1, 2**31 - 1, -(2**31))
FULL_INPUTS: dict[str, dict[str, Any]] = {
    "createTag": {"description": "For calls", "idempotencyKey": "k"},
    "updateTag": {"description": "For calls", "idempotencyKey": "k"},
    "startTrial": {"days": 20, "idempotencyKey": "k"},
    "convertTrial": {"months": 12, "licenses": [{"product": "CALLING", "licenses": 5}], "idempotencyKey": "k"},
    "assignAdministrator": {"expiresAt": "2027-01-01T00:00:00Z"},
    "updateOrganization": {"country": "DE", "contactEmail": "a@acme.test"},
    "changeSettings": {"version": 1, "expiringSoonDays": 30, "noRecentActivityDays": 60},
    "saveCustomerView": {"version": 1, "filter": {"search": "a", "tag": ["tag_1"], "country": ["DE"]}},
    "createWebhook": {"kinds": ["TAG_CREATED"], "statuses": ["TRIAL"], "filter": {"search": "a"}, "after": "c"},
    "updateWebhook": {"url": HOOK_URL, "filter": {"search": "a", "country": ["DE"]}, "paused": True},
    "saveAlertRule": {
        "version": 1,
        "statuses": ["TRIAL"],
        "filter": {"country": ["DE"]},
        "paused": True,
        "schedule": "DAILY",
        "email": False,
        "timeZone": "Europe/Belgrade",
    },
    "snoozeAlerts": {"until": "2027-01-01T00:00:00Z"},
    "changeAdministrator": {"version": 1, "role": "HELPDESK_ADMINISTRATOR", "dryRun": True},
}
NEW_CUSTOMER = {"name": "Neu", "externalId": "NEU", "domain": "neu.example", "country": "DE"}


def _spoiled(value: Any) -> Iterator[Any]:
    """Yield the value with each of its parts in turn replaced by each bad value."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from ({**value, key: worse} for worse in _spoiled(held))
    elif isinstance(value, list):
        yield []
        yield [*value, *value]
        yield value * 501
        yield from ([worse] for worse in _spoiled(value[0]))
    elif isinstance(value, str):
        yield from BAD_TEXTS
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from BAD_NUMBERS


@pytest.mark.parametrize("name", CASES)
def test_a_bad_value_is_a_user_error(world: PartnerPair, name: str) -> None:
    given = _build_input(world, name, **FULL_INPUTS.get(name, {}))
    inputs = list(_spoiled(given))
    if name == "startTrial":
        inputs += list(_spoiled({**given, "customer": {"new": NEW_CUSTOMER}}))
    for spoiled in inputs:
        answer = world.send_mutation(world.token, name, "__typename", spoiled)
        for error in answer.get("errors", ()):
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (spoiled, answer)
        for mistake in ((answer.get("data") or {}).get(name) or {}).get("userErrors", ()):
            assert mistake["field"] is None or mistake["field"][0] == "input", (spoiled, mistake)
            assert len(mistake["message"]) < 300 and "\0" not in mistake["message"], (spoiled, mistake)

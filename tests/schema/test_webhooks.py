"""Webhooks in the API: what is stored, what is refused, and who may read them."""

from typing import Any

import pytest

from tests.api_server import ApiHarness
from tests.schema.factory_mutations import ROLES, stored_events
from tests.schema.factory_walk import FULL, HOOK_URL, PartnerPair

FIELDS = "id name url kinds statuses filter state version createdBy { id }"
# Nothing happens of this kind, so nothing is delivered.
GIVEN = {"name": "Hook", "url": HOOK_URL, "kinds": ["TERMS_ACCEPTED"]}


@pytest.fixture
def world(api: ApiHarness) -> PartnerPair:
    return PartnerPair(api, FULL)


def _create(world: PartnerPair, **more: Any) -> dict[str, Any]:
    return world.run_mutation(world.token, "createWebhook", f"webhook {{ {FIELDS} }} secret", {**GIVEN, **more})


def _errors(world: PartnerPair, name: str, given: dict[str, Any]) -> list[tuple[str, list[str]]]:
    payload = world.send_mutation(world.token, name, "__typename", given)["data"][name]
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def test_a_new_webhook_is_listed_with_what_was_given(world: PartnerPair) -> None:
    given = {
        "statuses": ["EXPIRED"],
        "filter": {"country": ["DE"], "not": {"search": "acme"}},
        "idempotencyKey": "once",
    }
    created = _create(world, **given)
    webhook = created["webhook"]
    assert created["secret"].startswith("whsec_") and _create(world, **given) == created
    assert (webhook["state"], webhook["version"], webhook["createdBy"]["id"]) == ("ACTIVE", 1, world.viewer)
    assert (webhook["statuses"], webhook["filter"]) == (given["statuses"], given["filter"])
    (listed,) = world.api.execute_data(world.token, f"{{ webhooks {{ {FIELDS} lagSeconds cursor }} }}")["webhooks"]
    assert listed.pop("lagSeconds") >= 0 and listed.pop("cursor") and listed == webhook
    assert created["secret"] not in str(stored_events(world.api))


def test_changes_are_events_and_a_repetition_is_none(world: PartnerPair) -> None:
    webhook = _create(world)["webhook"]
    given = {"id": webhook["id"], "version": 1, "name": "New", "kinds": [], "paused": True}
    selection = f"webhook {{ {FIELDS} }}"
    changed = world.run_mutation(world.token, "updateWebhook", selection, given)["webhook"]
    assert (changed["name"], changed["kinds"], changed["state"], changed["version"]) == ("New", [], "PAUSED", 2)
    written = len(stored_events(world.api))
    world.run_mutation(world.token, "updateWebhook", selection, {**given, "version": 2})
    assert len(stored_events(world.api)) == written
    assert stored_events(world.api)[-1]["summary"] == "Webhook New was changed"
    world.run_mutation(world.token, "deleteWebhook", "deletedId", {"id": webhook["id"]})
    assert world.api.execute_data(world.token, "{ webhooks { id } }") == {"webhooks": []}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        *(({"url": url}, "url") for url in ("http://a.example", "https://127.0.0.1/", "https://u@a.example", "a")),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"filter": {"expiresWithinDays": 5}}, "filter"),
        ({"filter": {"not": {"kpi": {"kind": "OVER_LICENSE_LIMIT"}}}}, "filter"),
        ({"after": "x"}, "after"),
    ],
)
def test_what_is_not_possible_is_invalid(world: PartnerPair, given: dict[str, Any], field: str) -> None:
    assert _errors(world, "createWebhook", {**GIVEN, **given}) == [("INVALID", ["input", field])]


def test_a_partner_has_at_most_20_webhooks(world: PartnerPair) -> None:
    for _ in range(20):
        _create(world)
    assert _errors(world, "createWebhook", GIVEN) == [("LIMIT_REACHED", ["input"])]


def test_only_full_administrators_read_webhooks(world: PartnerPair) -> None:
    webhook = _create(world)["webhook"]["id"]
    api = world.api
    for role in ROLES:
        token = api.token(api.add_administrator(role))
        answer = api.execute(token, "query($id: ID!) { node(id: $id) { id } webhooks { id } }", id=webhook)
        expected = [{"id": webhook}] if role == FULL else None
        assert answer["data"] == {"node": {"id": webhook} if role == FULL else None, "webhooks": expected}, role

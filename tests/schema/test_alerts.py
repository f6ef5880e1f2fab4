"""Alert rules and alerts in the API: what is stored, what is refused, and who may read and change them."""

from datetime import timedelta
from typing import Any

import pytest

from domain.time.instants import format_instant
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import ROLES, stored_events
from tests.schema.factory_walk import FULL, READ_ONLY, PartnerPair, TargetIds
from tests.store.factory_alerts import add_alert, add_alert_rule

FIELDS = "id name statuses filter schedule email timeZone paused version owner { id }"
GIVEN: dict[str, Any] = {"name": "Unpaid", "statuses": ["SUSPENDED"], "paused": True}


@pytest.fixture
def world(api: ApiHarness) -> PartnerPair:
    return PartnerPair(api, FULL)


def _save(world: PartnerPair, token: str | None = None, **given: Any) -> dict[str, Any]:
    selection = f"rule {{ {FIELDS} }}"
    rule: dict[str, Any] = world.run_mutation(token or world.token, "saveAlertRule", selection, given)["rule"]
    return rule


def _errors(world: PartnerPair, mutation: str, token: str | None = None, **given: Any) -> list[tuple[str, list[str]]]:
    payload = world.send_mutation(token or world.token, mutation, "__typename", given)["data"][mutation]
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def test_a_rule_is_listed_with_what_was_given_and_keeps_what_is_omitted(world: PartnerPair) -> None:
    given: dict[str, Any] = {**GIVEN, "filter": {"country": ["DE"], "not": {"search": "acme"}}}
    rule = _save(world, **given)
    assert {name: rule[name] for name in given} == given and rule["owner"] == {"id": world.viewer}
    changed = _save(world, id=rule["id"], version=1, name="New")
    assert changed == {**rule, "name": "New", "version": 2}
    written = len(stored_events(world.api))
    assert _save(world, id=rule["id"], name="New") == changed
    assert len(stored_events(world.api)) == written
    assert _save(world, id=rule["id"], filter=None)["filter"] is None
    assert "Unpaid" not in str(stored_events(world.api))


def test_a_rule_says_when_it_sends_e_mail_and_a_new_schedule_moves_what_waits(world: PartnerPair) -> None:
    rule = _save(world, **GIVEN)
    assert (rule["schedule"], rule["email"], rule["timeZone"]) == ("AT_ONCE", False, "UTC")
    given = {"id": rule["id"], "paused": False, "schedule": "WEEKLY", "timeZone": "Asia/Tokyo"}
    changed = _save(world, **given)
    assert changed == {**rule, **given, "version": 2}
    opened = utc_now() - timedelta(days=30)

    async def wait(scope: Scope) -> None:
        mail = {"message_id": "eml_1", "first_at": opened, "due_at": utc_now() + timedelta(days=30)}
        await scope.collection("alert_rules").update_one(scope.match(), {"$set": {"email": True, "mail": mail}})

    async def read(scope: Scope) -> dict[str, Any]:
        (stored,) = await scope.collection("alert_rules").find(scope.match())
        return stored

    world.api.store(wait)
    before = world.api.store(read)
    _save(world, id=rule["id"], schedule="DAILY")
    stored = world.api.store(read)
    # 08:00 in Tokyo is 23:00 UTC. Only what decides which customers have alerts is compared with all of them.
    assert stored["mail"]["message_id"] == "eml_1" and stored["mail"]["due_at"].hour == 23
    assert opened < stored["mail"]["due_at"] < opened + timedelta(days=1)
    assert stored["mailed_from"] == before["mailed_from"]
    _save(world, id=rule["id"], email=False)
    assert world.api.store(read)["mail"] == {}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"statuses": ["TRIAL"]}, "BLANK", "name"),
        ({"name": "A"}, "INVALID", "statuses"),
        ({**GIVEN, "statuses": []}, "INVALID", "statuses"),
        ({**GIVEN, "filter": {"expiresWithinDays": 5}}, "INVALID", "filter"),
        ({**GIVEN, "filter": {"not": {"kpi": {"kind": "OVER_LICENSE_LIMIT"}}}}, "INVALID", "filter"),
        ({**GIVEN, "paused": None}, "INVALID", "paused"),
        ({**GIVEN, "schedule": None}, "INVALID", "schedule"),
        ({**GIVEN, "email": None}, "INVALID", "email"),
        # This server has no e-mail.
        ({**GIVEN, "email": True}, "INVALID", "email"),
        ({**GIVEN, "timeZone": None}, "INVALID", "timeZone"),
        ({**GIVEN, "timeZone": "../UTC"}, "INVALID", "timeZone"),
    ],
)
def test_what_is_not_possible_is_a_user_error(world: PartnerPair, given: dict[str, Any], code: str, field: str) -> None:
    assert _errors(world, "saveAlertRule", **given) == [(code, ["input", field])]


def test_an_administrator_has_at_most_20_rules(world: PartnerPair) -> None:
    async def add(scope: Scope) -> list[str]:
        return [await add_alert_rule(scope, world.viewer) for _ in range(20)]

    rules = world.api.store(add)
    assert _errors(world, "saveAlertRule", **GIVEN) == [("LIMIT_REACHED", ["input"])]
    world.run_mutation(world.token, "deleteAlertRule", "deletedId", {"id": rules[0]})
    _save(world, **GIVEN)
    other = world.api.token(world.api.add_administrator(READ_ONLY))
    _save(world, other, **GIVEN)


def test_rules_of_others_are_seen_and_changed_by_full_administrators_only(world: PartnerPair) -> None:
    rule = _save(world, **GIVEN)["id"]
    api = world.api
    for role in ROLES:
        token = api.token(api.add_administrator(role))
        answer = api.execute(token, "query($id: ID!) { node(id: $id) { id } alertRules { id } }", id=rule)
        expected = [{"id": rule}] if role == FULL else []
        assert answer["data"] == {"node": {"id": rule} if role == FULL else None, "alertRules": expected}, role
        errors = _errors(world, "saveAlertRule", token, id=rule, name="Of others")
        assert errors == ([] if role == FULL else [("NOT_FOUND", ["input", "id"])]), role


def _states(world: PartnerPair, token: str | None = None) -> dict[str, str]:
    alerts = world.api.execute_data(token or world.token, "{ alerts { nodes { id state } } }")["alerts"]["nodes"]
    return {alert["id"]: alert["state"] for alert in alerts}


def _add_alerts(world: PartnerPair, ids: TargetIds, *states: str) -> list[str]:
    async def add(scope: Scope) -> list[str]:
        return [await add_alert(scope, world.viewer, rule, customer, state=state) for state in states]

    rule, customer = ids.rule, ids.customer
    return world.api.store(add)


def test_what_was_done_about_alerts_is_kept_and_resolved_ones_stay_so(world: PartnerPair) -> None:
    ids = world.ids("own")
    alerts = _add_alerts(world, ids, "OPEN", "SNOOZED", "RESOLVED")
    selection = "alerts { id state snoozedUntil changedBy { id } customer { id } rule { id } reason }"
    done = world.run_mutation(world.token, "acknowledgeAlerts", selection, {"alerts": alerts})["alerts"]
    assert [alert["state"] for alert in done] == ["ACKNOWLEDGED", "ACKNOWLEDGED", "RESOLVED"]
    assert [alert["changedBy"] for alert in done] == [{"id": world.viewer}, {"id": world.viewer}, None]
    assert (done[0]["customer"]["id"], done[0]["rule"]["id"]) == (ids.customer, ids.rule)
    until = format_instant(utc_now() + timedelta(days=2))
    given = {"alerts": alerts[:1], "until": until}
    (snoozed,) = world.run_mutation(world.token, "snoozeAlerts", selection, given)["alerts"]
    assert (snoozed["state"], snoozed["snoozedUntil"]) == ("SNOOZED", until)
    assert _states(world) == dict(zip(alerts, ("SNOOZED", "ACKNOWLEDGED", "RESOLVED"), strict=True))
    for days in (-1, 0, 367):
        wrong: dict[str, Any] = {"alerts": alerts[:1], "until": format_instant(utc_now() + timedelta(days=days))}
        assert _errors(world, "snoozeAlerts", **wrong) == [("INVALID", ["input", "until"])]


def test_alerts_are_paged_and_filtered(world: PartnerPair) -> None:
    ids = world.ids("own")
    alerts = _add_alerts(world, ids, *("OPEN", "OPEN", "SNOOZED", "RESOLVED"))
    query = """query($state: [AlertState!], $rule: [ID!], $after: String) {
        alerts(state: $state, rule: $rule, first: 2, after: $after) {
          totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"""
    first = world.api.execute_data(world.token, query)["alerts"]
    assert first["totalCount"] == 4 and first["pageInfo"]["hasNextPage"]
    rest = world.api.execute_data(world.token, query, after=first["pageInfo"]["endCursor"])["alerts"]
    assert [alert["id"] for alert in first["nodes"] + rest["nodes"]] == alerts[::-1]
    assert world.api.execute_data(world.token, query, state=["OPEN"])["alerts"]["totalCount"] == 2
    assert world.api.execute_data(world.token, query, state=[])["alerts"]["totalCount"] == 0
    assert world.api.execute_data(world.token, query, rule=[ids.rule])["alerts"]["totalCount"] == 4
    assert world.api.execute_data(world.token, query, rule=[])["alerts"]["totalCount"] == 0
    other = world.api.token(world.api.add_administrator(FULL))
    assert _states(world, other) == {}

"""Alerts in a running server: they open and end with the events of the log, once each."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from domain.integrations import alert_mail_times
from server.operator_input import Secret
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness, running_shared_api
from tests.jobs.integrations.mail_server import SENDER, MailServer, read_body, running_mail_server
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import stored_events
from tests.schema.factory_walk import ADMINISTRATOR, FULL, PartnerPair
from tests.store.factory_customers import add_customers, subscription
from tests.websocket_client import connect_websocket

FIELDS = "id state status since reason snoozedUntil customer { id name } rule { id } changedBy { id }"
LIST = f"query($state: [AlertState!]) {{ alerts(state: $state, first: 200) {{ totalCount nodes {{ {FIELDS} }} }} }}"
Value = TypeVar("Value")


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def shared_api(prepared_databases: PreparedDatabases, mail_server: MailServer) -> Iterator[ApiHarness]:
    mail = {"smtp_url": Secret(mail_server.url), "smtp_from": SENDER}
    with running_shared_api(prepared_databases, **mail) as api:
        yield api


@pytest.fixture
def world(shared_api: ApiHarness) -> PartnerPair:
    """Return a new partner with a full administrator."""
    return PartnerPair(shared_api.with_new_partners(), FULL)


def _wait_for(read: Callable[[], Value], is_reached: Callable[[Value], bool]) -> Value:
    deadline = utc_now() + timedelta(seconds=30)
    while not is_reached(value := read()):
        assert utc_now() < deadline, value
    return value


def _save(world: PartnerPair, token: str | None = None, **given: Any) -> dict[str, Any]:
    selection = "rule { id version name statuses filter paused owner { id } }"
    saved: dict[str, Any] = world.run_mutation(token or world.token, "saveAlertRule", selection, given)["rule"]
    return saved


def _alerts(world: PartnerPair, token: str | None = None, *state: str) -> dict[str, Any]:
    given = {"state": list(state)} if state else {}
    alerts: dict[str, Any] = world.api.execute_data(token or world.token, LIST, **given)["alerts"]
    return alerts


def _wait_for_count(world: PartnerPair, count: int, *state: str, token: str | None = None) -> list[dict[str, Any]]:
    alerts = _wait_for(lambda: _alerts(world, token, *state), lambda found: _counts(found) == (count, count))
    nodes: list[dict[str, Any]] = alerts["nodes"]
    return nodes


def _counts(alerts: dict[str, Any]) -> tuple[int, int]:
    """Return the number of rows and the total: each is read for itself, and alerts are made in between."""
    return len(alerts["nodes"]), alerts["totalCount"]


def _suspend(world: PartnerPair, *names: str, suspended: bool = True, partner: str | None = None) -> None:
    """Mark the subscriptions of customers as unpaid, or paid; add the customers that are missing.

    The last word of a number begins with a digit, so that a search for "A" finds customer A alone.
    """

    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            for number in list(change.entitlements):
                change.update_entitlement(number, {"suspended": suspended, "suspended_at": None})

    async def work(scope: Scope) -> None:
        known = await scope.collection("customers").find(scope.match(), {"external_id": 1})
        missing = set(names) - {customer["external_id"] for customer in known}
        await add_customers(scope, [(name, [subscription(f"S-{name}-0{uuid4().hex[:6]}")]) for name in sorted(missing)])
        await change_customers(scope, {"external_id": {"$in": list(names)}}, body)

    world.api.store(work, partner)


def test_an_alert_opens_with_its_status_and_is_resolved_with_it(world: PartnerPair) -> None:
    rule = _save(world, name="Unpaid", statuses=["SUSPENDED"])
    _suspend(world, "A", "B")
    alerts = _wait_for_count(world, 2, "OPEN")
    assert {alert["status"] for alert in alerts} == {"SUSPENDED"} and alerts[0]["rule"]["id"] == rule["id"]
    assert all("is suspended" in alert["reason"] or alert["reason"] for alert in alerts)
    _suspend(world, "A", suspended=False)
    assert [alert["state"] for alert in _wait_for_count(world, 1, "RESOLVED")] == ["RESOLVED"]
    assert _alerts(world)["totalCount"] == 2


def test_a_new_rule_opens_alerts_for_what_holds_and_a_changed_rule_ends_what_it_no_longer_covers(
    world: PartnerPair,
) -> None:
    _suspend(world, "A", "B")
    rule = _save(world, name="Unpaid", statuses=["SUSPENDED"])
    _wait_for_count(world, 2, "OPEN")
    _save(world, id=rule["id"], filter={"search": "A"})
    (kept,) = _wait_for_count(world, 1, "OPEN")
    assert _alerts(world, None, "RESOLVED")["totalCount"] == 1
    _save(world, id=rule["id"], filter=None)
    assert kept["id"] in {alert["id"] for alert in _wait_for_count(world, 2, "OPEN")}
    world.run_mutation(world.token, "deleteAlertRule", "deletedId", {"id": rule["id"]})
    assert _alerts(world)["totalCount"] == 0

    async def count(scope: Scope) -> int:
        return sum([await scope.collection(name).count(scope.match()) for name in ("alerts", "alert_progress")])

    _wait_for(lambda: world.api.store(count), lambda found: found == 0)


def test_a_paused_rule_opens_nothing_until_it_goes_on(world: PartnerPair) -> None:
    rule = _save(world, name="Unpaid", statuses=["SUSPENDED"], paused=True)
    other = _save(world, name="Other", statuses=["SUSPENDED"])
    _suspend(world, "A")
    (alert,) = _wait_for_count(world, 1)
    assert alert["rule"]["id"] == other["id"]
    _save(world, id=rule["id"], paused=False)
    assert {each["rule"]["id"] for each in _wait_for_count(world, 2)} == {rule["id"], other["id"]}


def test_an_administrator_has_alerts_of_their_customers_only(world: PartnerPair) -> None:
    owner = world.api.add_administrator(ADMINISTRATOR)
    token = world.api.token(owner)
    _save(world, token, name="Unpaid", statuses=["SUSPENDED"])
    _save(world, name="All", statuses=["SUSPENDED"])
    _suspend(world, "A", "B")
    all_alerts = _wait_for_count(world, 2)
    assert _alerts(world, token)["totalCount"] == 0
    own = {"administrator": owner, "customers": [all_alerts[0]["customer"]["id"]]}
    world.run_mutation(world.token, "assignAdministrator", "__typename", own)
    # To gain sight of a customer is no entry into a status.
    _suspend(world, all_alerts[0]["customer"]["name"].split()[-1], suspended=False)
    _wait_for_count(world, 1, "OPEN")
    _suspend(world, all_alerts[0]["customer"]["name"].split()[-1])
    (alert,) = _wait_for_count(world, 1, token=token)
    unseen = {"alerts": [all_alerts[0]["id"]]}
    errors = world.send_mutation(token, "acknowledgeAlerts", "__typename", unseen)["data"]["acknowledgeAlerts"]
    assert [error["code"] for error in errors["userErrors"]] == ["NOT_FOUND"]
    world.run_mutation(world.token, "unassignAdministrator", "__typename", own)
    assert _alerts(world, token)["nodes"] == []
    _wait_for_count(world, 0, token=token)
    assert world.api.execute_data(token, "query($id: ID!) { node(id: $id) { id } }", id=alert["id"]) == {"node": None}


def test_a_change_of_the_owners_role_compares_the_rule_again(world: PartnerPair) -> None:
    owner = world.api.add_administrator(FULL)
    token = world.api.token(owner)
    _save(world, token, name="Unpaid", statuses=["SUSPENDED"])
    _suspend(world, "A")
    _wait_for_count(world, 1, token=token)
    changed = {"id": owner, "role": ADMINISTRATOR}
    world.run_mutation(world.token, "changeAdministrator", "__typename", changed)
    _wait_for_count(world, 0, token=token)
    world.run_mutation(world.token, "changeAdministrator", "__typename", {**changed, "role": FULL})
    _wait_for_count(world, 1, token=token)


def test_the_feed_delivers_what_was_done_and_a_snooze_ends_by_itself(world: PartnerPair) -> None:
    after = world.api.execute_data(world.token, "{ feedCursor }")["feedCursor"]
    _save(world, name="Unpaid", statuses=["SUSPENDED"])
    _suspend(world, "A")
    (alert,) = _wait_for_count(world, 1)
    other = world.api.token(world.api.add_administrator(FULL))
    assert _alerts(world, other)["totalCount"] == 0
    feed = "subscription($after: String) { alertChanged(after: $after) { cursor alert { id state } } }"
    with connect_websocket(world.api.url, world.token) as widget, connect_websocket(world.api.url, other) as foreign:
        for each in (widget, foreign):
            each.send({"id": "1", "type": "subscribe", "payload": {"query": feed, "variables": {"after": after}}})
        assert widget.next()["alertChanged"]["alert"]["id"] == alert["id"]
        acknowledged = {"alerts": [alert["id"]], "idempotencyKey": "once"}
        payload = world.run_mutation(world.token, "acknowledgeAlerts", f"alerts {{ {FIELDS} }}", acknowledged)
        assert payload["alerts"][0]["changedBy"] == {"id": world.viewer}
        assert widget.next()["alertChanged"]["alert"] == {"id": alert["id"], "state": "ACKNOWLEDGED"}
        until = (utc_now() + timedelta(hours=1)).isoformat(timespec="milliseconds") + "Z"
        world.run_mutation(world.token, "snoozeAlerts", "__typename", {"alerts": [alert["id"]], "until": until})
        assert widget.next()["alertChanged"]["alert"]["state"] == "SNOOZED"
        world.api.store(_end_snooze)
        assert widget.next()["alertChanged"]["alert"]["state"] == "OPEN"
        given = {"name": "Of the other", "statuses": ["SUSPENDED"]}
        rule = world.run_mutation(other, "saveAlertRule", "rule { id }", given)["rule"]
        (own,) = _wait_for_count(world, 1, token=other)
        assert own["rule"] == rule and foreign.next()["alertChanged"]["alert"]["id"] == own["id"]


async def _end_snooze(scope: Scope) -> None:
    await scope.collection("alerts").update_one(
        {**scope.match(), "state": "SNOOZED"}, {"$set": {"snoozed_until": utc_now()}}
    )


def test_many_customers_at_once_have_one_alert_each(world: PartnerPair) -> None:
    _save(world, name="Unpaid", statuses=["SUSPENDED"])
    names = [f"N{number}" for number in range(120)]
    _suspend(world, *names)
    assert _wait_for(lambda: _alerts(world)["totalCount"], lambda count: count >= 120) == 120
    opened = [event for event in stored_events(world.api) if event["kind"] == "ALERT_CHANGED"]
    assert len(opened) == len({event["subject_id"] for event in opened}) == 120


def test_what_opens_after_the_rule_is_mailed_in_the_language_of_its_owner(
    world: PartnerPair, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_mail_times, "QUIET_TIME", timedelta(seconds=0.5))
    _suspend(world, "Held")
    save = "mutation($i: SaveAlertRuleInput!) { saveAlertRule(input: $i) { rule { id } userErrors { message } } }"
    given = {"name": "Neplaćeno", "statuses": ["SUSPENDED"], "email": True}
    headers = {"Authorization": f"Bearer {world.token}", "Accept-Language": "sr"}
    answer = world.api.http.post("/graphql", json={"query": save, "variables": {"i": given}}, headers=headers).json()
    rule = answer["data"]["saveAlertRule"]["rule"]["id"]
    _wait_for_count(world, 1)
    _suspend(world, "New")
    message = mail_server.wait_for_message()
    assert message["Subject"] == "Neplaćeno: 1 novo upozorenje"
    text = read_body(message)
    assert "Held" not in text and "New" in text
    address = message["List-Unsubscribe"].strip("<>")
    path = address[address.index("/unsubscribe/") :]
    assert world.api.http.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    query = "query($id: ID!) { node(id: $id) { ... on AlertRule { paused } } }"
    assert world.api.execute_data(world.token, query, id=rule) == {"node": {"paused": True}}

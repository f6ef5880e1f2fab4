"""From an import to a subscriber: visibility, order and resumption after a cursor."""

from datetime import timedelta
from typing import Any

from domain.time.instants import format_instant
from store.database.clock import utc_now
from tests.server_process import EMAILS, ServerHarness
from tests.websocket_client import connect_websocket

CHANGES = """
subscription Changes($filter: CustomerFilter, $status: [CustomerStatus!], $after: String) {
  customerStatusChanged(filter: $filter, status: $status, after: $after) {
    cursor at entered left statuses customer { externalId statuses }
  }
}
"""
DAY = timedelta(days=1)


def customer(external_id: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": external_id, "name": f"Kunde {external_id}", "managedBy": "PARTNER_ORGANIZATION", **fields}


def subscription(number: str, external_id: str, assigned: int = 1, **fields: Any) -> dict[str, Any]:
    now = utc_now()
    return {
        "number": number,
        "customer": external_id,
        "addedAt": format_instant(now - DAY),
        "startsAt": format_instant(now - DAY),
        "endsAt": format_instant(now + 300 * DAY),
        "autoRenew": False,
        "licenses": [{"product": "CALLING", "total": 10, "assigned": assigned}],
        **fields,
    }


def test_an_import_through_one_server_reaches_a_subscriber_of_another(harness: ServerHarness) -> None:
    with harness.start_server(), harness.start_server() as other:
        harness.import_lines("customers", [customer("C-1")])
        harness.import_lines("subscriptions", [subscription("S-1", "C-1")])
        with connect_websocket(other.url, harness.token("READ_ONLY_ADMINISTRATOR")) as widget:
            widget.subscribe(CHANGES)
            harness.import_lines("subscriptions", [subscription("S-1", "C-1", assigned=12)])
            change = widget.next()["customerStatusChanged"]
            assert (change["entered"], change["left"]) == (["LICENSE_OVERAGE"], [])
            assert change["statuses"] == change["customer"]["statuses"] == ["LICENSE_OVERAGE", "SUBSCRIPTION"]


def test_a_status_change_by_time_reaches_a_subscriber_when_it_is_due(harness: ServerHarness) -> None:
    with harness.start_server():
        harness.import_lines("customers", [customer("C-1")])
        with connect_websocket(harness.url, harness.token()) as widget:
            widget.subscribe(CHANGES, status=["EXPIRING_SOON"])
            end = utc_now() + 7 * DAY + timedelta(seconds=2)
            harness.import_lines("subscriptions", [subscription("S-1", "C-1", endsAt=format_instant(end))])
            change = widget.next()["customerStatusChanged"]
            assert change["entered"] == ["EXPIRING_SOON"]
            assert change["at"] == format_instant(end - 7 * DAY)


def test_delivers_only_matching_and_visible_customers_in_order(harness: ServerHarness) -> None:
    with harness.start_server():
        harness.import_lines("customers", [customer(f"C-{n}", country="DE" if n % 2 else "FR") for n in range(6)])
        mine = {
            "email": EMAILS["ADMINISTRATOR"],
            "displayName": "A",
            "role": "ADMINISTRATOR",
            "assigned": ["C-1", "C-2", "C-3"],
        }
        harness.import_lines("administrators", [mine])
        with (
            connect_websocket(harness.url, harness.token("ADMINISTRATOR")) as assigned,
            connect_websocket(harness.url, harness.token()) as full,
        ):
            assigned.subscribe(CHANGES, filter={"country": "DE"})
            full.subscribe(CHANGES)
            for n in range(6):
                harness.import_lines("subscriptions", [subscription(f"S-{n}", f"C-{n}")])
            told = [full.next()["customerStatusChanged"]["customer"]["externalId"] for _ in range(6)]
            assert told == [f"C-{n}" for n in range(6)]
            told = [assigned.next()["customerStatusChanged"]["customer"]["externalId"] for _ in range(2)]
            assert told == ["C-1", "C-3"]


def test_a_cursor_resumes_without_loss_or_repeat_on_either_server(harness: ServerHarness) -> None:
    with harness.start_server(), harness.start_server() as other:
        cursor = harness.query("{ feedCursor }")["data"]["feedCursor"]
        harness.import_lines("customers", [customer(f"C-{n}") for n in range(4)])
        for n in range(4):
            harness.import_lines("subscriptions", [subscription(f"S-{n}", f"C-{n}")])
        with connect_websocket(other.url, harness.token()) as widget:
            widget.send({"id": "1", "type": "subscribe", "payload": {"query": CHANGES, "variables": {"after": cursor}}})
            changes = [widget.next()["customerStatusChanged"] for _ in range(4)]
            assert [change["customer"]["externalId"] for change in changes] == [f"C-{n}" for n in range(4)]
        with connect_websocket(harness.url, harness.token()) as widget:
            after = {"after": changes[1]["cursor"]}
            widget.send({"id": "1", "type": "subscribe", "payload": {"query": CHANGES, "variables": after}})
            again = [widget.next()["customerStatusChanged"] for _ in range(2)]
            assert again == changes[2:]

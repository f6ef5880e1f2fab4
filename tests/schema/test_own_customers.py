"""Customers that were created here: their changes, and their external ids when they are delivered or free again."""

from typing import Any

import pytest

from domain.imports.records import ImportKind
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import (
    administrator_record,
    customer_record,
    subscription_record,
    trial_record,
)
from tests.jobs.imports.factory_calls import queue_call
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes

LICENSES = [{"product": "CALLING", "licenses": 5}]
SELECTION = "customer { id version name domain country externalId }"
PAST = "2026-01-01T00:00:00Z"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """Return the token of a FULL_ADMINISTRATOR of an organization that accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def create(api: ApiHarness, token: str, **new: Any) -> dict[str, Any]:
    """Create a customer with a trial; return it."""
    given = {"customer": {"new": {"name": "Own", **new}}, "licenses": LICENSES}
    payload = send_mutation(api, token, "startTrial", f"trial {{ {SELECTION} }}", **given)
    assert payload["userErrors"] == []
    customer: dict[str, Any] = payload["trial"]["customer"]
    return customer


def update(api: ApiHarness, token: str, customer: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return the payload of updateCustomer."""
    return send_mutation(
        api, token, "updateCustomer", SELECTION, **{"id": customer["id"], "version": customer["version"], **given}
    )


def deliver(api: ApiHarness, kind: ImportKind, *lines: object) -> None:
    """Import records that must be accepted."""
    assert api.store(lambda scope: import_lines(scope, kind, *lines)).reasons == []


def visible(api: ApiHarness, token: str) -> dict[str, str]:
    """Return the ids of the visible customers by external id."""
    nodes = api.execute_data(token, "{ customers { nodes { id externalId } } }")["customers"]["nodes"]
    return {node["externalId"]: node["id"] for node in nodes}


def test_an_own_customer_is_changed_and_a_delivery_with_its_id_joins_it(api: ApiHarness, token: str) -> None:
    own = create(api, token, domain="own.example")
    changed = update(api, token, own, name="Own Ltd", domain=None, country="de", externalId="C-1")
    assert changed["userErrors"] == []
    after = changed["customer"]
    assert after == {
        **own,
        "version": own["version"] + 1,
        "name": "Own Ltd",
        "domain": None,
        "country": "DE",
        "externalId": "C-1",
    }
    written = len(stored_events(api))
    assert update(api, token, after, name="Own Ltd", externalId="C-1")["customer"] == after
    assert len(stored_events(api)) == written
    deliver(api, ImportKind.CUSTOMERS, customer_record(name="Delivered"))
    assert visible(api, token) == {"C-1": own["id"]}
    assert user_error_codes(update(api, token, {**after, "version": after["version"] + 1}, name="X")) == [
        ("WRONG_STATE", ["input", "id"])
    ]


def test_every_mistake_of_an_update_is_reported(api: ApiHarness, token: str) -> None:
    deliver(api, ImportKind.CUSTOMERS, customer_record("C-9"))
    own, with_id = create(api, token), create(api, token, externalId="C-1")
    wrong = update(api, token, own, version=9, name=" ", country="ZZZ", externalId="C-9")
    assert user_error_codes(wrong) == [
        ("STALE", ["input", "version"]),
        ("BLANK", ["input", "name"]),
        ("INVALID", ["input", "country"]),
        ("TAKEN", ["input", "externalId"]),
    ]
    assert user_error_codes(update(api, token, with_id, externalId="C-2")) == [("WRONG_STATE", ["input", "externalId"])]
    assert user_error_codes(update(api, token, with_id, externalId=None)) == [("INVALID", ["input", "externalId"])]
    assert user_error_codes(update(api, token, {"id": "cus_1", "version": 1})) == [("NOT_FOUND", ["input", "id"])]


def test_an_administrator_learns_last_that_a_number_or_an_id_is_taken(api: ApiHarness, token: str) -> None:
    deliver(api, ImportKind.CUSTOMERS, customer_record("C-9"))
    deliver(api, ImportKind.SUBSCRIPTIONS, subscription_record("SUB-9", customer="C-9"))
    restricted = token_of(api, "ADMINISTRATOR")
    own = create(api, restricted)
    query = "query($id: ID!) { customer(by: {id: $id}) { trials { id version } } }"
    (trial,) = api.execute_data(restricted, query, id=own["id"])["customer"]["trials"]
    assert user_error_codes(update(api, restricted, own, name=" ", externalId="C-9")) == [("BLANK", ["input", "name"])]
    assert user_error_codes(update(api, restricted, own, externalId="C-9")) == [("TAKEN", ["input", "externalId"])]
    given: dict[str, Any] = {"customer": {"new": {"name": "N", "externalId": "C-9"}}, "licenses": []}
    for mistakes, licenses in (
        ([("INVALID", ["input", "licenses"])], []),
        (
            [("TAKEN", ["input", "customer", "new", "externalId"])],
            LICENSES,
        ),
    ):
        payload = send_mutation(api, restricted, "startTrial", "__typename", **{**given, "licenses": licenses})
        assert user_error_codes(payload) == mistakes
    conversion = {"id": trial["id"], "version": trial["version"], "number": "SUB-9"}
    for mistakes, months in ([("INVALID", ["input", "months"])], 0), ([("TAKEN", ["input", "number"])], 12):
        payload = send_mutation(api, restricted, "convertTrial", "__typename", **conversion, months=months)
        assert user_error_codes(payload) == mistakes


DELIVERIES = {
    ImportKind.CUSTOMERS: customer_record(),
    ImportKind.SUBSCRIPTIONS: subscription_record(),
    ImportKind.TRIALS: trial_record(),
    ImportKind.QUEUE_CALLS: queue_call(),
}


@pytest.mark.parametrize("kind", DELIVERIES)
@pytest.mark.parametrize("field", ["startTrial", "updateCustomer"])
def test_a_delivered_customer_leaves_the_administrator_who_gave_its_id(
    api: ApiHarness, token: str, field: str, kind: ImportKind
) -> None:
    ada = api.add_administrator("ADMINISTRATOR")
    restricted = api.token(ada)
    if field == "startTrial":
        own = create(api, restricted, externalId="C-1")
    else:
        own = create(api, restricted)
        assert update(api, restricted, own, externalId="C-1")["userErrors"] == []
    assert visible(api, restricted) == {"C-1": own["id"]}
    deliver(api, kind, DELIVERIES[kind])
    assert visible(api, restricted) == {}
    assert visible(api, token) == {"C-1": own["id"]}
    assigned = {"administrator": ada, "customers": [own["id"]]}
    assert send_mutation(api, token, "assignAdministrator", "__typename", **assigned)["userErrors"] == []
    deliver(api, ImportKind.CUSTOMERS, customer_record(country="DE"))
    assert visible(api, restricted) == {"C-1": own["id"]}


def test_what_a_full_administrator_gave_stays_with_the_creator(api: ApiHarness, token: str) -> None:
    restricted = token_of(api, "ADMINISTRATOR")
    own = create(api, restricted)
    assert update(api, token, own, externalId="C-1")["userErrors"] == []
    deliver(api, ImportKind.CUSTOMERS, customer_record())
    assert visible(api, restricted) == {"C-1": own["id"]}


@pytest.mark.parametrize("field", ["startTrial", "updateCustomer"])
def test_a_removed_customer_frees_its_external_id(api: ApiHarness, token: str, field: str) -> None:
    removed = customer_record(removedAt=PAST)
    ada = administrator_record(assigned=["C-1"])
    deliver(api, ImportKind.CUSTOMERS, customer_record())
    deliver(api, ImportKind.ADMINISTRATORS, ada)
    deliver(api, ImportKind.TRIALS, trial_record())
    old_id = visible(api, token)["C-1"]
    deliver(api, ImportKind.CUSTOMERS, removed)
    if field == "startTrial":
        own = create(api, token, externalId="C-1")
    else:
        own = create(api, token)
        assert update(api, token, own, externalId="C-1")["userErrors"] == []
    assert visible(api, token) == {"C-1": own["id"]}
    written = len(stored_events(api))
    deliver(api, ImportKind.CUSTOMERS, removed)
    assert len(stored_events(api)) == written
    deliver(api, ImportKind.CUSTOMERS, customer_record(name="Delivered", removedAt=None))
    assert visible(api, token) == {"C-1": own["id"]} != {"C-1": old_id}
    deliver(api, ImportKind.ADMINISTRATORS, ada)
    query = "{ customers { nodes { assignments { administrator { email } } } } }"
    (node,) = api.execute_data(token, query)["customers"]["nodes"]
    assert [one["administrator"]["email"] for one in node["assignments"]] == ["ada@partner.example"]

"""Completing the setup of an order."""

from datetime import timedelta
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record, subscription_record
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, subscription, trial

SUBSCRIPTION = "subscription { id state customer { version statuses } }"
DAY = timedelta(days=1)


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def ready(number: str = "S-1", **facts: Any) -> dict[str, Any]:
    return subscription(number, **{"set_up": False, **facts})


def held(api: ApiHarness, document: dict[str, Any], external_id: str = "C-1", **facts: Any) -> str:
    api.store(lambda scope: add_customer(scope, external_id, document, **facts))
    return str(document["_id"])


def set_up(api: ApiHarness, token: str, id_: str, **given: Any) -> dict[str, Any]:
    return send_mutation(api, token, "completeOrderSetup", SUBSCRIPTION, subscription=id_, **given)


def test_what_was_ready_is_active_and_its_statuses_follow(api: ApiHarness, token: str) -> None:
    id_ = held(api, ready())
    made = set_up(api, token, id_)
    assert made == {
        "subscription": {"id": id_, "state": "ACTIVE", "customer": {"version": 2, "statuses": ["SUBSCRIPTION"]}},
        "userErrors": [],
    }
    told, turned = stored_events(api)[-2:]
    assert (told["kind"], told["subject_id"], told["summary"]) == (
        "ORDER_SET_UP",
        id_,
        "Subscription S-1 of Customer C-1 was set up",
    )
    assert (turned["entered"], turned["left"]) == (["SUBSCRIPTION"], ["READY_FOR_ORDER_SETUP"])


def test_what_begins_later_is_scheduled(api: ApiHarness, token: str) -> None:
    id_ = held(api, ready(starts_at=utc_now() + DAY))
    assert set_up(api, token, id_)["subscription"]["state"] == "SCHEDULED"


def test_a_repetition_is_refused_and_with_its_key_the_first_answer(api: ApiHarness, token: str) -> None:
    id_ = held(api, ready())
    first = set_up(api, token, id_, idempotencyKey="k")
    assert set_up(api, token, id_, idempotencyKey="k") == first
    assert user_error_codes(set_up(api, token, id_)) == [("WRONG_STATE", ["input", "subscription"])]
    other = held(api, ready("S-2"), "C-2")
    assert user_error_codes(set_up(api, token, other, idempotencyKey="k")) == [
        ("KEY_REUSED", ["input", "idempotencyKey"])
    ]
    assert [event["kind"] for event in stored_events(api)].count("ORDER_SET_UP") == 1


@pytest.mark.parametrize("facts", [{"ends_at": utc_now() - DAY}, {"cancelled_at": utc_now() - DAY}, {"set_up": True}])
def test_what_is_not_ready_cannot_be_set_up(api: ApiHarness, token: str, facts: dict[str, Any]) -> None:
    id_ = held(api, ready(**facts))
    before = stored_events(api)
    assert user_error_codes(set_up(api, token, id_)) == [("WRONG_STATE", ["input", "subscription"])]
    assert stored_events(api) == before


def test_who_is_out_of_sight_does_not_exist(api: ApiHarness, token: str) -> None:
    mine = api.add_administrator("ADMINISTRATOR")
    given = {"administrator_id": mine, "assigned_at": utc_now(), "assigned_by": None, "expires_at": None}
    own = held(api, ready("S-0"), "C-0", assignments=[{**given, "imported": False}])
    foreign = ready()
    api.store(lambda scope: add_customer(scope, "C-1", foreign), api.other)
    ids = [held(api, ready()), foreign["_id"], held(api, trial("T-2"), "C-2"), "sub_" + "0" * 24, "nonsense"]
    answers = [set_up(api, api.token(mine), id_) for id_ in ids]
    assert user_error_codes(answers[0]) == [("NOT_FOUND", ["input", "subscription"])]
    assert answers == [answers[0]] * len(ids)
    assert set_up(api, api.token(mine), own)["userErrors"] == []


@pytest.mark.parametrize("role", ["READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"])
def test_some_roles_may_not(api: ApiHarness, token: str, role: str) -> None:
    query = 'mutation { completeOrderSetup(input: {subscription: "sub_1"}) { subscription { id } } }'
    (error,) = api.execute(token_of(api, role), query)["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "SET_UP_ORDERS"}


def test_a_later_line_that_says_as_before_does_not_undo_it(api: ApiHarness, token: str) -> None:
    line = subscription_record(setUp=False, endsAt=format_instant(utc_now() + 90 * DAY))

    def imported(kind: ImportKind, *lines: Any) -> Any:
        return api.store(lambda scope: import_lines(scope, kind, *lines)).counts

    imported(ImportKind.CUSTOMERS, customer_record())
    imported(ImportKind.SUBSCRIPTIONS, line)
    (document,) = api.store(lambda scope: documents(scope, "entitlements"))
    assert set_up(api, token, document["_id"])["userErrors"] == []
    assert imported(ImportKind.SUBSCRIPTIONS, line) == (0, 0, 1, 0)
    assert imported(ImportKind.SUBSCRIPTIONS, {**line, "suspended": True}) == (0, 1, 0, 0)
    (document,) = api.store(lambda scope: documents(scope, "entitlements"))
    assert (document["set_up"], document["suspended"]) == (True, True)

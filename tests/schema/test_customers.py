"""What a customer shows: each field, and each relation."""

from datetime import datetime
from typing import Any

from domain.time.instants import format_instant
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment, line, put_customer, trial
from tests.store.factory_customers import subscription

CUSTOMER = """
query ($id: ID!) { customer(by: {id: $id}) {
  id externalId name domain country managedBy products subscriptionTypes statuses needsAttention
  lastAdministratorSignInAt createdAt version
  statusDetails { status since reason entitlements { id __typename } }
} }
"""
HOLDINGS = """
query ($id: ID!, $all: Boolean = false) { customer(by: {id: $id}) {
  subscriptions(includeEnded: $all) {
    id number state addedAt startsAt endsAt daysRemaining autoRenew suspendedAt renewsAt customer { id }
    licenses { product total assigned used available overage assignedPercent usedPercent }
  }
  trials(includeEnded: $all) {
    id number state daysRemaining startedBy { id } extensions { at by { id } days }
    endedEarlyAt convertedTo { number } version
  }
  licenses { product total assigned used available overage assignedPercent usedPercent }
} }
"""


def reader(api: ApiHarness) -> str:
    return api.token(api.add_administrator("READ_ONLY_ADMINISTRATOR"))


def numbers(found: list[dict[str, Any]]) -> list[str]:
    return [one["number"] for one in found]


def test_shows_every_plain_field(api: ApiHarness) -> None:
    over = subscription("SUB-1", licenses=[line("CALLING", 10, 12, 3)])
    runs = trial("TRI-1", licenses=[line("MEETINGS", 5, 0, 0)])
    created = datetime(2026, 1, 2, 3, 4, 5)
    facts: dict[str, Any] = {
        "name": "Đorđević d.o.o.",
        "domain": "dordevic.example",
        "country": "RS",
        "created_at": created,
    }
    identity = put_customer(api, "ORG-1", over, runs, managed_by="EXTERNAL_ADMINISTRATOR", **facts)
    shown = api.execute_data(reader(api), CUSTOMER, id=identity)["customer"]
    details = {detail["status"]: detail for detail in shown.pop("statusDetails")}
    signed_in = shown.pop("lastAdministratorSignInAt")
    assert signed_in is not None
    assert shown == {
        "id": identity,
        "externalId": "ORG-1",
        "name": "Đorđević d.o.o.",
        "domain": "dordevic.example",
        "country": "RS",
        "managedBy": "EXTERNAL_ADMINISTRATOR",
        "products": ["MEETINGS", "CALLING"],
        "subscriptionTypes": ["SUBSCRIPTION", "TRIAL"],
        "statuses": ["LICENSE_OVERAGE", "EXPIRING_SOON", "TRIAL", "SUBSCRIPTION"],
        "needsAttention": True,
        "createdAt": "2026-01-02T03:04:05Z",
        "version": 1,
    }
    assert list(details) == ["LICENSE_OVERAGE", "EXPIRING_SOON", "TRIAL", "SUBSCRIPTION"]
    assert details["LICENSE_OVERAGE"]["entitlements"] == [{"id": over["_id"], "__typename": "CustomerSubscription"}]
    assert details["EXPIRING_SOON"]["entitlements"] == [{"id": runs["_id"], "__typename": "Trial"}]
    assert details["LICENSE_OVERAGE"]["reason"] == "Subscription SUB-1 has 12 Calling licenses assigned and 10 ordered"


def test_a_reason_is_a_code_with_arguments_and_a_sentence_in_the_language_of_the_request(api: ApiHarness) -> None:
    over = subscription("SUB-1", licenses=[line("CALLING", 10, 12, 3)])
    query = """query ($id: ID!) { customer(by: {id: $id}) { statusDetails { reason reasonCode
        reasonArguments { type number on product assigned ordered others } } } }"""
    body = {"query": query, "variables": {"id": put_customer(api, "ORG-1", over)}}
    headers = {"Authorization": f"Bearer {reader(api)}", "Accept-Language": "en;q=0.8, sr-RS"}
    response = api.http.post("/graphql", json=body, headers=headers)
    assert response.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
    assert response.json()["data"]["customer"]["statusDetails"][0] == {
        "reason": "Pretplata SUB-1 ima 12 dodeljenih licenci za Calling, a naručeno ih je 10",
        "reasonCode": "LICENSES_EXCEEDED",
        "reasonArguments": {
            "type": "SUBSCRIPTION",
            "number": "SUB-1",
            "on": None,
            "product": "CALLING",
            "assigned": 12,
            "ordered": 10,
            "others": 0,
        },
    }


def test_a_customer_whose_only_statuses_are_calm_needs_no_attention(api: ApiHarness) -> None:
    calm = put_customer(api, "ORG-1", subscription("SUB-1"))
    empty = put_customer(api, "ORG-2")
    token = reader(api)
    assert api.execute_data(token, CUSTOMER, id=calm)["customer"]["needsAttention"] is False
    assert api.execute_data(token, CUSTOMER, id=empty)["customer"]["statuses"] == []
    assert api.execute_data(token, CUSTOMER, id=empty)["customer"]["needsAttention"] is False


def test_shows_living_entitlements_or_all_the_newest_first(api: ApiHarness) -> None:
    now = utc_now()
    held = [
        subscription("SUB-OLD", added_at=now - 90 * DAY, suspended_at=now - 2 * DAY),
        subscription("SUB-NEW", added_at=now - 1 * DAY),
        subscription("SUB-ENDED", added_at=now - 50 * DAY, ends_at=now - 1 * DAY),
        subscription("SUB-CANCELLED", added_at=now - 40 * DAY, cancelled_at=now - 2 * DAY),
        subscription("SUB-NOT-SET-UP", added_at=now - 30 * DAY, set_up=False),
        subscription("SUB-SCHEDULED", added_at=now - 20 * DAY, starts_at=now + 3 * DAY),
        subscription("SUB-UNPAID", added_at=now - 10 * DAY, suspended=True, suspended_at=now - 2 * DAY),
        trial("TRI-RUNS", added_at=now - 5 * DAY),
        trial("TRI-ENDED", added_at=now - 6 * DAY, ends_at=now - 1 * DAY),
    ]
    identity, token = put_customer(api, "ORG-1", *held), reader(api)
    living = api.execute_data(token, HOLDINGS, id=identity)["customer"]
    assert numbers(living["subscriptions"]) == ["SUB-NEW", "SUB-UNPAID", "SUB-SCHEDULED", "SUB-NOT-SET-UP", "SUB-OLD"]
    assert numbers(living["trials"]) == ["TRI-RUNS"]
    everything = api.execute_data(token, HOLDINGS, id=identity, all=True)["customer"]
    states = {one["number"]: one["state"] for one in everything["subscriptions"] + everything["trials"]}
    assert states == {
        "SUB-NEW": "ACTIVE",
        "SUB-UNPAID": "SUSPENDED",
        "SUB-SCHEDULED": "SCHEDULED",
        "SUB-NOT-SET-UP": "READY_FOR_SETUP",
        "SUB-CANCELLED": "CANCELLED",
        "SUB-ENDED": "EXPIRED",
        "SUB-OLD": "ACTIVE",
        "TRI-RUNS": "ACTIVE",
        "TRI-ENDED": "EXPIRED",
    }
    assert numbers(everything["trials"]) == ["TRI-RUNS", "TRI-ENDED"]
    left = {one["number"]: one["daysRemaining"] for one in everything["subscriptions"] + everything["trials"]}
    assert (left["SUB-ENDED"], left["SUB-CANCELLED"], left["TRI-RUNS"], left["SUB-NEW"]) == (0, 0, 5, 365)
    unpaid = {one["number"]: one["suspendedAt"] for one in everything["subscriptions"]}
    assert (unpaid["SUB-UNPAID"], unpaid["SUB-OLD"]) == (format_instant(now - 2 * DAY), None)


def test_the_end_of_a_renewing_subscription_moves_on_by_itself(api: ApiHarness) -> None:
    now = utc_now()
    first = (now - 40 * DAY).replace(microsecond=0)
    renews = subscription("SUB-1", ends_at=first, starts_at=first - 365 * DAY, auto_renew=True, term_months=2)
    cancelled = subscription("SUB-2", auto_renew=True, cancelled_at=now - 1 * DAY, added_at=now - 90 * DAY)
    identity = put_customer(api, "ORG-1", renews, cancelled)
    shown = api.execute_data(reader(api), HOLDINGS, id=identity, all=True)["customer"]["subscriptions"]
    assert [one["state"] for one in shown] == ["ACTIVE", "CANCELLED"]
    assert shown[0]["endsAt"] == shown[0]["renewsAt"] > format_instant(now)
    assert (shown[0]["autoRenew"], shown[1]["autoRenew"], shown[1]["renewsAt"]) == (True, True, None)
    assert shown[0]["customer"] == {"id": identity}


def test_sums_licenses_by_product_over_running_entitlements(api: ApiHarness) -> None:
    now = utc_now()
    held = [
        subscription("SUB-1", licenses=[line("CALLING", 10, 12, 4), line("MEETINGS", 0, 0, 0)]),
        subscription("SUB-2", licenses=[line("CALLING", 30, 8, 2)], suspended=True),
        subscription("SUB-3", licenses=[line("CALLING", 99, 9, 9)], set_up=False),
        trial("TRI-1", licenses=[line("MESSAGING", 3, 1, 1)], ends_at=now - 1 * DAY),
    ]
    identity = put_customer(api, "ORG-1", *held)
    shown = api.execute_data(reader(api), HOLDINGS, id=identity)["customer"]
    empty = {"available": 0, "overage": 0, "assignedPercent": None, "usedPercent": None}
    assert shown["licenses"] == [
        {"product": "MEETINGS", "total": 0, "assigned": 0, "used": 0, **empty},
        {
            "product": "CALLING",
            "total": 40,
            "assigned": 20,
            "used": 6,
            "available": 22,
            "overage": 2,
            "assignedPercent": 50.0,
            "usedPercent": 15.0,
        },
    ]
    first = next(one for one in shown["subscriptions"] if one["number"] == "SUB-1")
    calling = next(one for one in first["licenses"] if one["product"] == "CALLING")
    assert (calling["available"], calling["overage"], calling["assignedPercent"]) == (0, 2, 120.0)


def test_never_nets_the_overage_of_one_line_with_what_another_has_left(api: ApiHarness) -> None:
    held = [
        subscription("SUB-1", licenses=[line("CALLING", 5, 8, 0)]),
        subscription("SUB-2", licenses=[line("CALLING", 20, 10, 0)]),
    ]
    identity = put_customer(api, "ORG-1", *held)
    [calling] = api.execute_data(reader(api), HOLDINGS, id=identity)["customer"]["licenses"]
    assert (calling["total"], calling["assigned"], calling["available"], calling["overage"]) == (25, 18, 10, 3)
    kpis = "{ kpis { overLicenseLimit { count } } licenseAnalytics(product: CALLING) { %s } }"
    figures = "overLimit { customersWithOverage licensesInOverage entitlements { nodes { number overage available } } }"
    shown = api.execute_data(reader(api), kpis % figures)
    assert shown["kpis"]["overLicenseLimit"]["count"] == 1
    assert shown["licenseAnalytics"]["overLimit"] == {
        "customersWithOverage": 1,
        "licensesInOverage": 3,
        "entitlements": {"nodes": [{"number": "SUB-1", "overage": 3, "available": 0}]},
    }


def test_shows_the_values_that_lists_sort_by(api: ApiHarness) -> None:
    end = (utc_now() + 90 * DAY).replace(microsecond=0)
    over = put_customer(
        api, "ORG-1", subscription("SUB-1", ends_at=end, licenses=[line("CALLING", 5, 8, 0)]), name="Đorđević"
    )
    suspended = put_customer(api, "ORG-2", subscription("SUB-2", suspended=True))
    without = put_customer(api, "ORG-3")
    query = "query($id: ID!) { customer(by: {id: $id}) { statuses urgency nextExpiryAt sortName } }"
    shown = [api.execute_data(reader(api), query, id=one)["customer"] for one in (over, suspended, without)]
    assert shown[0] == {
        "statuses": ["LICENSE_OVERAGE", "SUBSCRIPTION"],
        "urgency": 2,
        "nextExpiryAt": format_instant(end),
        "sortName": "dordevic",
    }
    assert shown[1]["urgency"] == 1
    assert (shown[2]["statuses"], shown[2]["urgency"], shown[2]["nextExpiryAt"]) == ([], None, None)


def test_shows_the_term_version_and_cancellation_of_a_subscription(api: ApiHarness) -> None:
    at = (utc_now() + 9 * DAY).replace(microsecond=0)
    identity = put_customer(
        api, "ORG-1", subscription("SUB-1", term_months=24, cancelled_at=at), subscription("SUB-2", term_months=1)
    )
    query = """query($id: ID!) { customer(by: {id: $id}) {
      subscriptions { number termMonths version cancelledAt } } }"""
    shown = api.execute_data(reader(api), query, id=identity)["customer"]["subscriptions"]
    assert sorted(shown, key=lambda one: str(one["number"])) == [
        {"number": "SUB-1", "termMonths": 24, "version": 1, "cancelledAt": format_instant(at)},
        {"number": "SUB-2", "termMonths": 1, "version": 1, "cancelledAt": None},
    ]


def test_shows_what_became_of_a_trial(api: ApiHarness) -> None:
    who = api.add_administrator("ADMINISTRATOR")
    at = datetime(2026, 11, 1, 9)
    bought = subscription("SUB-9")
    tried = trial(
        "TRI-1",
        started_by=who,
        extensions=[{"at": at, "by": who, "days": 5}, {"at": at, "by": None, "days": 2}],
        ended_early_at=at,
        converted_to=bought["_id"],
        ends_at=at,
        starts_at=datetime(2026, 10, 1),
    )
    identity = put_customer(api, "ORG-1", tried, bought)
    (shown,) = api.execute_data(reader(api), HOLDINGS, id=identity, all=True)["customer"]["trials"]
    assert shown["startedBy"] == {"id": who}
    assert shown["extensions"] == [
        {"at": "2026-11-01T09:00:00Z", "by": {"id": who}, "days": 5},
        {"at": "2026-11-01T09:00:00Z", "by": None, "days": 2},
    ]
    assert (shown["endedEarlyAt"], shown["convertedTo"]) == ("2026-11-01T09:00:00Z", {"number": "SUB-9"})
    assert (shown["state"], shown["daysRemaining"], shown["version"]) == ("EXPIRED", 0, 1)


def test_shows_assignments_by_name_and_only_those_that_stand(api: ApiHarness) -> None:
    giver = api.add_administrator("FULL_ADMINISTRATOR", display_name="Giver")
    zoe = api.add_administrator("ADMINISTRATOR", display_name="Zoë")
    amir = api.add_administrator("ADMINISTRATOR", display_name="amir")
    gone = api.add_administrator("ADMINISTRATOR", display_name="Gone")
    soon = (utc_now() + DAY).replace(microsecond=0)
    assignments = [
        assignment(zoe),
        assignment(amir, assigned_by=giver, expires_at=soon),
        assignment(gone, expires_at=utc_now() - DAY),
    ]
    identity = put_customer(api, "ORG-1", assignments=assignments)
    query = """query ($id: ID!) { customer(by: {id: $id}) {
      assignments { administrator { id displayName } assignedAt assignedBy { displayName } expiresAt } } }"""
    shown = api.execute_data(reader(api), query, id=identity)["customer"]["assignments"]
    assert shown == [
        {
            "administrator": {"id": amir, "displayName": "amir"},
            "assignedAt": "2026-05-01T00:00:00Z",
            "assignedBy": {"displayName": "Giver"},
            "expiresAt": format_instant(soon),
        },
        {
            "administrator": {"id": zoe, "displayName": "Zoë"},
            "assignedAt": "2026-05-01T00:00:00Z",
            "assignedBy": None,
            "expiresAt": None,
        },
    ]


def test_finds_a_customer_by_its_own_id_or_the_ordering_systems(api: ApiHarness) -> None:
    identity, token = put_customer(api, "ORG-1"), reader(api)
    query = "query ($by: CustomerLookup!) { customer(by: $by) { id } }"
    assert api.execute_data(token, query, by={"externalId": "ORG-1"})["customer"] == {"id": identity}
    assert api.execute_data(token, query, by={"id": identity})["customer"] == {"id": identity}
    for nobody in ("org-1", "ORG", "", "\0", "$ne"):
        assert api.execute_data(token, query, by={"externalId": nobody})["customer"] is None
        assert api.execute_data(token, query, by={"id": nobody})["customer"] is None
    for wrong in ({}, {"id": identity, "externalId": "ORG-1"}, {"id": None}, {"externalId": {"$gt": ""}}):
        (error,) = api.execute(token, query, by=wrong)["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"

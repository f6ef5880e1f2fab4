"""Launching a customer: an address that works once, for a few minutes, for whoever holds it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from domain.time.instants import parse_instant
from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment
from tests.schema.factory_mutations import ROLES, accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, stored, subscription

LAUNCH = "url expiresAt"
CONSOLE = "https://admin.example.com/?org="


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def put(api: ApiHarness, external_id: str = "ORG 1/ä&x", **facts: Any) -> str:
    return api.store(lambda scope: add_customer(scope, external_id, subscription(f"S-{external_id}"), **facts))


def launched(api: ApiHarness, token: str, customer: str) -> str:
    """The address of a new launch."""
    made = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer)
    assert made["userErrors"] == []
    return str(made["url"])


def told(api: ApiHarness) -> list[tuple[str | None, str, str]]:
    """Actor, customer and summary of the launches in the log."""
    found = [event for event in stored_events(api) if event["kind"] == "CUSTOMER_LAUNCHED"]
    return [(event["actor_id"], event["customer_id"], event["summary"]) for event in found]


def change_launches(api: ApiHarness, change: dict[str, Any]) -> None:
    async def work(scope: Any) -> None:
        launch = await scope.collection("launches").find_one(scope.match())
        await scope.collection("launches").update_one({**scope.match(), "_id": launch["_id"]}, {"$set": change})

    api.store(work)


def change_administrator(api: ApiHarness, identity: str, change: dict[str, Any]) -> None:
    async def work(scope: Any) -> None:
        await scope.collection("administrators").update_one({**scope.match(), "_id": identity}, {"$set": change})

    api.store(work)


def is_page(response: httpx.Response, status: int) -> bool:
    """Whether it is a page for people that says nothing of the inside and runs nothing."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in response.text and "lch_" not in response.text
    return "partner hub" in response.text and "location" not in response.headers


def test_the_address_opens_the_console_once(api: ApiHarness, token: str) -> None:
    customer = put(api)
    before = utc_now()
    made = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer)
    left = parse_instant(made["expiresAt"]) - before
    assert 299 <= left.total_seconds() <= 310
    opened = api.http.get(made["url"])
    assert opened.status_code == 303
    assert opened.headers["location"] == f"{CONSOLE}ORG%201%2F%C3%A4%26x"
    assert (opened.headers["cache-control"], opened.headers["referrer-policy"]) == ("no-store", "no-referrer")
    for _ in range(2):
        assert is_page(api.http.get(made["url"]), 410)


def test_the_log_says_who_asked_and_that_it_was_used(api: ApiHarness) -> None:
    accept_terms(api)
    identity = api.add_administrator("HELPDESK_ADMINISTRATOR", display_name="Ada")
    customer = put(api, "ORG-1")
    url = launched(api, api.token(identity), customer)
    asked = (identity, customer, "An address that opens Customer ORG-1 was asked for")
    assert told(api) == [asked]
    api.http.get(url)
    api.http.get(url)
    used = (None, customer, "Customer ORG-1 was opened by the address that Ada had asked for")
    assert told(api) == [asked, used]
    facts = [event["facts_after"] for event in stored_events(api) if event["kind"] == "CUSTOMER_LAUNCHED"]
    assert all(fact is not None and "*" in fact["keys"] for fact in facts)
    assert api.store(lambda scope: stored(scope, customer))["version"] == 3


def test_looking_at_it_spends_nothing_and_tells_nothing(api: ApiHarness, token: str) -> None:
    url = launched(api, token, put(api))
    for _ in range(3):
        looked = api.http.head(url)
        assert (looked.status_code, looked.headers.get("location"), looked.content) == (200, None, b"")
    assert len(told(api)) == 1
    assert api.http.get(url).status_code == 303
    assert api.http.head(url).status_code == 410


def test_two_at_once_open_it_once(api: ApiHarness, token: str) -> None:
    for _ in range(5):
        url = launched(api, token, put(api, f"ORG-{len(stored_events(api))}"))
        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(response.status_code for response in pool.map(lambda _, u=url: api.http.get(u), range(8)))
        assert statuses == [303, *[410] * 7]
    assert len(told(api)) == 10


def test_five_minutes_later_it_is_over(api: ApiHarness, token: str) -> None:
    url = launched(api, token, put(api))
    change_launches(api, {"expires_at": utc_now()})
    assert api.http.head(url).status_code == 410
    assert is_page(api.http.get(url), 410)
    assert len(told(api)) == 1


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_a_forged_or_broken_address_is_unknown(api: ApiHarness, token: str, cut: int) -> None:
    url = launched(api, token, put(api))
    good = url.rpartition("/")[2]
    changed = good[:cut] + ("A" if good[cut] != "A" else "B") + (good[cut + 1 :] if cut >= 0 else "")
    for forged in (changed, good[:-4], f"{good}/x", "x" * 5000, "%00", "<script>", "é"):
        assert is_page(api.http.get(f"/launch/{forged}"), 404)
    assert is_page(api.http.get("/launch/"), 404)
    assert api.http.post(url).status_code == 405
    assert api.http.get(url).status_code == 303


def test_a_customer_removed_meanwhile_is_not_opened(api: ApiHarness, token: str) -> None:
    customer = put(api)
    url = launched(api, token, customer)

    async def remove(scope: Any) -> None:
        gone = {"removed_at": utc_now() - DAY}
        await scope.collection("customers").update_one({**scope.match(), "_id": customer}, {"$set": gone})

    api.store(remove)
    assert is_page(api.http.get(url), 410)
    assert len(told(api)) == 1
    refused = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer)
    assert user_error_codes(refused) == [("NOT_FOUND", ["input", "customer"])]


@pytest.mark.parametrize("change", [{"state": "DEACTIVATED"}, {"role": "ADMINISTRATOR"}])
def test_what_the_asker_may_no_longer_open_the_address_does_not(api: ApiHarness, change: dict[str, Any]) -> None:
    accept_terms(api)
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    url = launched(api, api.token(identity), put(api))
    change_administrator(api, identity, change)
    assert is_page(api.http.get(url), 410)
    change_administrator(api, identity, {"role": "FULL_ADMINISTRATOR", "state": "ACTIVE"})
    assert api.http.get(url).status_code == 303


def test_an_administrator_launches_their_own_customers_only(api: ApiHarness) -> None:
    accept_terms(api)
    holder = api.add_administrator("ADMINISTRATOR")
    mine = put(api, "MINE", assignments=[assignment(holder)])
    over = put(api, "OVER", assignments=[assignment(holder, expires_at=utc_now() - DAY)])
    assert api.http.get(launched(api, api.token(holder), mine)).headers["location"] == f"{CONSOLE}MINE"
    foreign = api.store(lambda scope: add_customer(scope, "FOREIGN"), api.other)
    answers = [
        send_mutation(api, api.token(holder), "launchCustomer", LAUNCH, customer=identity)
        for identity in (over, put(api, "THEIRS"), foreign, "cus_000000000000000000000000", "MINE", "", holder)
    ]
    assert [user_error_codes(answer) for answer in answers] == [[("NOT_FOUND", ["input", "customer"])]] * 7
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["url"], answers[0]["expiresAt"]) == (None, None)


def test_the_same_key_gives_the_first_address(api: ApiHarness, token: str) -> None:
    customer = put(api)
    first = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer, idempotencyKey="k")
    assert api.http.get(first["url"]).status_code == 303
    assert send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer, idempotencyKey="k") == first
    other = send_mutation(api, token, "launchCustomer", LAUNCH, customer=put(api, "ORG-2"), idempotencyKey="k")
    assert user_error_codes(other) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    assert len(told(api)) == 2


def test_nothing_that_opens_is_stored(api: ApiHarness, token: str) -> None:
    customer = put(api)
    made = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer, idempotencyKey="k")
    secret = made["url"].rpartition("/")[2]

    async def everything(scope: Any) -> str:
        names = ("launches", "mutation_results", "events", "customers")
        return str([await scope.collection(name).find(scope.match()) for name in names])

    assert secret[:20] not in api.store(everything) and secret[-20:] not in api.store(everything)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_launches_the_customers_that_it_sees(api: ApiHarness, role: str) -> None:
    accept_terms(api)
    identity = api.add_administrator(role)
    customer = put(api, "ORG-1", assignments=[assignment(identity)] if role == "ADMINISTRATOR" else [])
    assert api.http.get(launched(api, api.token(identity), customer)).status_code == 303


def test_a_customer_without_an_id_in_the_ordering_system_has_no_console(api: ApiHarness, token: str) -> None:
    given = {"customer": {"new": {"name": "New"}}, "licenses": [{"product": "CALLING", "licenses": 5}]}
    made = send_mutation(api, token, "startTrial", "trial { customer { id } }", **given)
    customer = made["trial"]["customer"]["id"]
    refused = send_mutation(api, token, "launchCustomer", LAUNCH, customer=customer)
    assert (refused["url"], user_error_codes(refused)) == (None, [("WRONG_STATE", ["input", "customer"])])
    assert told(api) == []


def organization_events(api: ApiHarness) -> list[tuple[str | None, str, str]]:
    """Actor, subject and summary of the launches of the organization in the log."""
    found = [event for event in stored_events(api) if event["kind"] == "ORGANIZATION_LAUNCHED"]
    return [(event["actor_id"], event["subject_id"], event["summary"]) for event in found]


def test_the_organizations_own_console_opens_once(api: ApiHarness) -> None:
    accept_terms(api)
    identity = api.add_administrator("READ_ONLY_ADMINISTRATOR", display_name="Ada")
    before = utc_now()
    made = send_mutation(api, api.token(identity), "launchOrganization", LAUNCH, idempotencyKey="k")
    assert made["userErrors"] == []
    assert 299 <= (parse_instant(made["expiresAt"]) - before).total_seconds() <= 310
    again = send_mutation(api, api.token(identity), "launchOrganization", LAUNCH, idempotencyKey="k")
    assert again == made
    assert api.http.head(made["url"]).status_code == 200
    opened = api.http.get(made["url"])
    assert (opened.status_code, opened.headers["location"]) == (303, f"{CONSOLE}{api.partner}")
    assert is_page(api.http.get(made["url"]), 410)
    assert api.http.head(made["url"]).status_code == 410
    assert organization_events(api) == [
        (identity, api.partner, "An address that opens the organization was asked for"),
        (None, api.partner, "The organization was opened by the address that Ada had asked for"),
    ]


def test_two_at_once_open_the_organization_once(api: ApiHarness, token: str) -> None:
    url = send_mutation(api, token, "launchOrganization", LAUNCH)["url"]
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(response.status_code for response in pool.map(lambda _: api.http.get(url), range(8)))
    assert statuses == [303, *[410] * 7]
    assert len(organization_events(api)) == 2


@pytest.mark.parametrize("change", [{"state": "DEACTIVATED"}, {"role": "HELPDESK_ADMINISTRATOR"}])
def test_the_organization_is_not_opened_for_those_who_may_no_longer(api: ApiHarness, change: dict[str, Any]) -> None:
    accept_terms(api)
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    url = send_mutation(api, api.token(identity), "launchOrganization", LAUNCH)["url"]
    change_administrator(api, identity, change)
    assert is_page(api.http.get(url), 410)
    assert len(organization_events(api)) == 1

"""Terms, setup, profile, services and settings."""

from typing import Any

import pytest

from domain.time.instants import parse_instant
from store.changes.customer_batch import BATCH_SIZE
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import (
    accept_terms,
    follow_job,
    send_mutation,
    stored_events,
    token_of,
    user_error_codes,
)
from tests.store.factory_customers import DAY, add_customers, subscription

SETUP = "partner { setup { state termsAcceptedAt termsAcceptedBy { role } nextStep { key } } }"
NEXT = "partner { setup { state nextStep { key } } }"
SETTINGS = "partner { settings { version expiringSoonDays noRecentActivityDays trialDays } }"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator."""
    return token_of(api, "FULL_ADMINISTRATOR")


def _kinds(api: ApiHarness) -> list[str]:
    return [one["kind"] for one in stored_events(api)]


def test_the_setup_goes_step_by_step(api: ApiHarness, token: str) -> None:
    stale = send_mutation(api, token, "acceptTerms", SETUP, termsVersion="1999-01")
    assert (stale["partner"], user_error_codes(stale)) == (None, [("STALE", ["input", "termsVersion"])])
    accepted = send_mutation(api, token, "acceptTerms", SETUP, termsVersion="2026-10", idempotencyKey="a")
    setup = accepted["partner"]["setup"]
    assert setup["termsAcceptedAt"] is not None and setup["termsAcceptedBy"] == {"role": "FULL_ADMINISTRATOR"}
    assert (setup["state"], setup["nextStep"]) == ("IN_PROGRESS", {"key": "ORGANIZATION_PROFILE"})
    assert send_mutation(api, token, "acceptTerms", SETUP, termsVersion="2026-10")["partner"]["setup"] == setup
    assert user_error_codes(send_mutation(api, token, "completeSetupStep", NEXT, key="CHOOSE_SERVICES")) == [
        ("WRONG_STATE", ["input", "key"])
    ]
    bare = send_mutation(api, token, "completeSetupStep", NEXT, key="ORGANIZATION_PROFILE")
    assert "a country and a contact e-mail address" in bare["userErrors"][0]["message"]
    send_mutation(api, token, "updateOrganization", NEXT, country="de", contactEmail="office@partner.example")
    for key, left in (("ORGANIZATION_PROFILE", "ADD_ADMINISTRATORS"), ("ADD_ADMINISTRATORS", "CHOOSE_SERVICES")):
        done = send_mutation(api, token, "completeSetupStep", NEXT, key=key)
        assert done["partner"]["setup"]["nextStep"] == {"key": left}
    assert (
        user_error_codes(send_mutation(api, token, "completeSetupStep", NEXT, key="CHOOSE_SERVICES"))[0][0]
        == "WRONG_STATE"
    )
    send_mutation(api, token, "setService", NEXT, product="CALLING", enabled=True)
    done = send_mutation(api, token, "completeSetupStep", NEXT, key="CHOOSE_SERVICES")
    assert done["partner"]["setup"] == {"state": "COMPLETE", "nextStep": None}
    assert send_mutation(api, token, "completeSetupStep", NEXT, key="ACCEPT_TERMS")["userErrors"] == []
    assert _kinds(api) == [
        "TERMS_ACCEPTED",
        "ORGANIZATION_CHANGED",
        "SETUP_STEP_COMPLETED",
        "SETUP_STEP_COMPLETED",
        "SERVICE_CHANGED",
        "SETUP_STEP_COMPLETED",
    ]


def test_mistakes_and_titles_are_in_the_language_of_the_request(api: ApiHarness, token: str) -> None:
    mutation = 'mutation { acceptTerms(input: {termsVersion: "1999-01"}) { userErrors { code message } } }'
    query = "{ viewer { partner { setup { steps { title } } } } }"
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "sr-Latn"}
    refused, shown = (api.http.post("/graphql", json={"query": text}, headers=headers) for text in (mutation, query))
    message = "Važeća verzija uslova je 2026-10: pročitajte i prihvatite nju."
    assert refused.json()["data"]["acceptTerms"]["userErrors"] == [{"code": "STALE", "message": message}]
    assert shown.json()["data"]["viewer"]["partner"]["setup"]["steps"][3] == {"title": "Izaberite usluge"}


def test_the_profile_changes_by_what_is_given(api: ApiHarness, token: str) -> None:
    accept_terms(api)
    profile = "partner { name country contactEmail }"
    made = send_mutation(
        api, token, "updateOrganization", profile, name=" New\u2003name ", country=" rs", contactEmail="a@b.example"
    )
    assert made["partner"] == {"name": "New name", "country": "RS", "contactEmail": "a@b.example"}
    cleared = send_mutation(api, token, "updateOrganization", profile, country=None, contactEmail=None)
    assert cleared["partner"] == {"name": "New name", "country": None, "contactEmail": None}
    assert send_mutation(api, token, "updateOrganization", profile)["userErrors"] == []
    for country in ("ZZ", "UK", "EU", ""):
        refused = send_mutation(api, token, "updateOrganization", profile, country=country)
        assert user_error_codes(refused) == [("INVALID", ["input", "country"])]
    wrong = send_mutation(api, token, "updateOrganization", profile, name=None, country="Germany", contactEmail="a b@c")
    assert user_error_codes(wrong) == [("INVALID", ["input", field]) for field in ("name", "country", "contactEmail")]
    assert [one["summary"] for one in stored_events(api)] == [
        "The organization's name, country and contact e-mail address changed",
        "The organization's country and contact e-mail address changed",
    ]


def test_services_are_switched_on_and_off(api: ApiHarness, token: str) -> None:
    accept_terms(api)
    services = "partner { services { product enabled } }"
    on = send_mutation(api, token, "setService", services, product="MEETINGS", enabled=True)
    again = send_mutation(api, token, "setService", services, product="MEETINGS", enabled=True)
    assert on["partner"] == again["partner"]
    assert on["partner"]["services"][0] == {"product": "MEETINGS", "enabled": True}
    last = send_mutation(api, token, "setService", services, product="MEETINGS", enabled=False)
    assert user_error_codes(last) == [("WRONG_STATE", ["input", "enabled"])]
    not_ordered = send_mutation(api, token, "setService", services, product="MESSAGING", enabled=True)
    assert user_error_codes(not_ordered) == [("WRONG_STATE", ["input", "product"])]
    assert _kinds(api) == ["SERVICE_CHANGED"]


def test_settings_have_bounds_and_a_version(api: ApiHarness, token: str) -> None:
    accept_terms(api)
    wrong = {"expiringSoonDays": 181, "noRecentActivityDays": 0, "trialDays": None, "version": 9}
    fields = ("expiringSoonDays", "noRecentActivityDays", "trialDays")
    assert user_error_codes(send_mutation(api, token, "changeSettings", SETTINGS, **wrong)) == [
        *(("INVALID", ["input", field]) for field in fields),
        ("STALE", ["input", "version"]),
    ]
    edge = {"expiringSoonDays": 180, "noRecentActivityDays": 365, "trialDays": 1}
    changed = send_mutation(api, token, "changeSettings", SETTINGS, version=1, **edge)
    assert changed["partner"]["settings"] == {"version": 2, **edge}
    assert (
        send_mutation(api, token, "changeSettings", SETTINGS, version=2, **edge)["partner"]["settings"]["version"] == 2
    )
    assert _kinds(api) == ["SETTINGS_CHANGED"]


def test_a_changed_threshold_evaluates_every_customer(api: ApiHarness, token: str) -> None:
    accept_terms(api)
    count = BATCH_SIZE + 20
    end = utc_now() + 50 * DAY

    async def fill(scope: Scope) -> None:
        made = [(f"C{number:03}", [subscription(f"S{number:03}", ends_at=end)]) for number in range(count)]
        await add_customers(scope, made)

    api.store(fill)
    query = "{ customers(filter: {status: [EXPIRING_SOON]}) { totalCount nodes { version statusDetails { since } } } }"
    assert api.execute_data(token, query)["customers"]["totalCount"] == 0
    before = len(stored_events(api))
    selected = f"{SETTINGS} job {{ id total }}"
    job = send_mutation(api, token, "changeSettings", selected, expiringSoonDays=60)["job"]
    assert job["total"] == count
    (told,) = [one for one in stored_events(api)[before:] if one["kind"] == "SETTINGS_CHANGED"]
    assert [*follow_job(api, token, job["id"])][-1]["state"] == "DONE"
    found = api.execute_data(token, query)["customers"]
    assert found["totalCount"] == count
    assert {one["version"] for one in found["nodes"]} == {2}
    turned = [one for one in stored_events(api)[before:] if one["kind"] == "STATUS_CHANGED"]
    assert len(turned) == count
    assert {(tuple(one["entered"]), tuple(one["left"])) for one in turned} == {(("EXPIRING_SOON",), ())}
    assert {one["at"] for one in turned} == {told["at"]}
    since = {parse_instant(detail["since"]) for one in found["nodes"] for detail in one["statusDetails"]}
    assert end - 60 * DAY in since
    _until_evaluated(api)
    progress = "query ($id: ID!) { node(id: $id) { ... on BulkJob { state done changed skipped } } }"
    shown = api.execute_data(token, progress, id=job["id"])["node"]
    assert shown == {"state": "DONE", "done": count, "changed": count, "skipped": 0}
    send_mutation(api, token, "changeSettings", SETTINGS, noRecentActivityDays=61)
    _until_evaluated(api)
    assert {one["version"] for one in api.execute_data(token, query)["customers"]["nodes"]} == {2}


def _until_evaluated(api: ApiHarness) -> None:
    async def partner(scope: Scope) -> dict[str, Any]:
        found = await scope.collection("partners").find_one(scope.match())
        assert found is not None
        return found

    while api.store(partner).get("reevaluating"):
        pass

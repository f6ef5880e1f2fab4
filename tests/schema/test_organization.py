"""The partner organization: profile, setup, services and settings as its document fills them."""

from datetime import datetime

from msgspec.structs import asdict

from domain.partner.terms import DEFAULT_TERMS
from domain.types import Product
from tests.api_server import ApiHarness

PARTNER = """
{ viewer { partner {
  id name country contactEmail createdAt
  settings { version expiringSoonDays noRecentActivityDays trialDays }
  services { product enabled customers }
  setup {
    state plan { product licenses } termsVersion terms { version url text }
    termsAcceptedAt termsAcceptedBy { displayName }
    steps { key title completedAt } nextStep { key }
  }
} } }
"""


def test_shows_a_new_organization_with_everything_before_it(api: ApiHarness) -> None:
    api.add_partner("fresh", plan=[{"product": "CALLING", "licenses": 500}])
    token = api.token(api.add_administrator("HELPDESK_ADMINISTRATOR", "fresh"), "fresh")
    partner = api.execute_data(token, PARTNER)["viewer"]["partner"]
    assert partner["name"] == "The fresh company"
    assert (partner["country"], partner["contactEmail"]) == (None, None)
    assert partner["settings"] == {
        "version": 1,
        "expiringSoonDays": 7,
        "noRecentActivityDays": 60,
        "trialDays": 30,
    }
    assert partner["services"] == [{"product": product, "enabled": False, "customers": 0} for product in Product]
    setup = partner["setup"]
    assert setup["plan"] == [{"product": "CALLING", "licenses": 500}]
    assert (setup["state"], setup["nextStep"]) == ("NOT_STARTED", {"key": "ACCEPT_TERMS"})
    assert (setup["termsAcceptedAt"], setup["termsAcceptedBy"]) == (None, None)
    assert setup["terms"] == asdict(DEFAULT_TERMS) and setup["termsVersion"] == DEFAULT_TERMS.version
    assert [step["key"] for step in setup["steps"]] == [
        "ACCEPT_TERMS",
        "ORGANIZATION_PROFILE",
        "ADD_ADMINISTRATORS",
        "CHOOSE_SERVICES",
    ]
    found = api.execute_data(token, "query ($id: ID!) { node(id: $id) { id __typename } }", id=partner["id"])["node"]
    assert found == {"id": partner["id"], "__typename": "PartnerOrganization"}


def test_shows_how_far_the_setup_has_come(api: ApiHarness) -> None:
    who = api.add_administrator("FULL_ADMINISTRATOR", "busy", display_name="Ada")
    at = datetime(2026, 11, 1, 12, 0, 0, 250_000)
    api.add_partner(
        "busy",
        country="CH",
        contact_email="hello@busy.example",
        terms_accepted_at=at,
        terms_accepted_by=who,
        steps={"ACCEPT_TERMS": at},
        services=[{"product": "CALLING", "enabled": True}],
    )
    partner = api.execute_data(api.token(who, "busy"), PARTNER)["viewer"]["partner"]
    setup = partner["setup"]
    assert (partner["country"], partner["contactEmail"]) == ("CH", "hello@busy.example")
    assert (setup["state"], setup["nextStep"]) == ("IN_PROGRESS", {"key": "ORGANIZATION_PROFILE"})
    assert setup["termsAcceptedAt"] == "2026-11-01T12:00:00.250Z"
    assert setup["steps"][0]["completedAt"] == "2026-11-01T12:00:00.250Z"
    assert setup["termsAcceptedBy"] == {"displayName": "Ada"}
    assert [one["product"] for one in partner["services"] if one["enabled"]] == ["CALLING"]


def test_a_finished_setup_has_no_next_step(api: ApiHarness) -> None:
    at = datetime(2026, 11, 1, 12)
    steps = ("ACCEPT_TERMS", "ORGANIZATION_PROFILE", "ADD_ADMINISTRATORS", "CHOOSE_SERVICES")
    api.add_partner("done", steps=dict.fromkeys(steps, at))
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR", "done"), "done")
    setup = api.execute_data(token, "{ viewer { partner { setup { state nextStep { key } } } } }")["viewer"]["partner"][
        "setup"
    ]
    assert setup == {"state": "COMPLETE", "nextStep": None}


def test_a_token_outlives_its_partner_for_nothing(api: ApiHarness) -> None:
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR", "vanished"), "vanished")
    (error,) = api.execute(token, "{ viewer { partner { name } } }")["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"

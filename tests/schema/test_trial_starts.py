"""Starting a trial, for a customer who is there and for a new one."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from domain.entitlements.trials import NewCustomer, StartTrial, TrialCustomer, TrialLicenses
from domain.failures import InputRejected
from domain.imports.records import ImportKind
from domain.text.api_names import api_path
from domain.time.instants import parse_instant
from domain.types import ManagedBy, PartnerRole, Product
from store.changes.mutations import ChangedObject, MutationRequest, mutate
from store.database.scope import Scope
from store.entitlements.trial_starts import start_trial
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, trial

CALLING = [{"product": "CALLING", "licenses": 25}]
TRIAL = """trial { id number state startsAt endsAt daysRemaining version endedEarlyAt startedBy { id }
  extensions { days } convertedTo { id } licenses { product total assigned used }
  customer { id externalId name domain country managedBy statuses version
    assignments { administrator { id } assignedBy { id } } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def started(api: ApiHarness, token: str, customer: dict[str, Any], **given: Any) -> dict[str, Any]:
    return send_mutation(api, token, "startTrial", TRIAL, customer=customer, **{"licenses": CALLING, **given})


def customer_of(api: ApiHarness, *held: Any, external_id: str = "C-1", **facts: Any) -> str:
    return api.store(lambda scope: add_customer(scope, external_id, *held, **facts))


def told(api: ApiHarness) -> list[tuple[str, str]]:
    return [(event["kind"], event["summary"]) for event in stored_events(api)]


def test_a_trial_begins_now_and_its_statuses_with_it(api: ApiHarness, token: str) -> None:
    customer = customer_of(api)
    both = [{"product": "CALLING", "licenses": 1}, {"product": "MEETINGS", "licenses": 1000}]
    made = started(api, token, {"id": customer}, licenses=both, days=7)
    trial = made["trial"]
    assert made["userErrors"] == []
    assert (trial["state"], trial["daysRemaining"], trial["version"]) == ("ACTIVE", 7, 1)
    assert parse_instant(trial["endsAt"]) - parse_instant(trial["startsAt"]) == timedelta(days=7)
    assert [(line["product"], line["total"], line["assigned"]) for line in trial["licenses"]] == [
        ("MEETINGS", 1000, 0),
        ("CALLING", 1, 0),
    ]
    assert trial["customer"]["statuses"] == ["EXPIRING_SOON", "TRIAL"]
    assert trial["customer"]["version"] == 2
    _, begun, status = stored_events(api)
    assert (begun["kind"], begun["subject_id"], begun["customer_id"]) == ("TRIAL_STARTED", trial["id"], customer)
    assert begun["actor_id"] == trial["startedBy"]["id"]
    end = trial["endsAt"][:10]
    assert begun["summary"] == f"Trial {trial['number']} of Meetings and Calling began for Customer C-1, until {end}"
    assert (status["kind"], status["entered"]) == ("STATUS_CHANGED", ["EXPIRING_SOON", "TRIAL"])


def test_without_days_it_lasts_as_the_partner_has_set(api: ApiHarness, token: str) -> None:
    async def work(scope: Scope) -> None:
        await scope.collection("partners").update_one(scope.match(), {"$set": {"settings.trial_days": 45}})

    api.store(work)
    for number, days in enumerate([{}, {"days": None}]):
        made = started(api, token, {"id": customer_of(api, external_id=f"C-{number}")}, **days)
        assert made["trial"]["daysRemaining"] == 45


def test_a_new_customer_is_added_with_what_was_typed_cleaned(api: ApiHarness, token: str) -> None:
    given = {"name": " Acme \u200b  Ltd ", "domain": " ACME.example", "country": "de", "externalId": " X-1 "}
    made = started(api, token, {"new": {**given, "managedBy": "EXTERNAL_ADMINISTRATOR"}})["trial"]["customer"]
    assert (made["name"], made["domain"], made["country"], made["externalId"]) == (
        "Acme Ltd",
        "acme.example",
        "DE",
        "X-1",
    )
    assert (made["managedBy"], made["assignments"], made["version"]) == ("EXTERNAL_ADMINISTRATOR", [], 1)
    assert [kind for kind, _ in told(api)] == ["CUSTOMER_ADDED", "TRIAL_STARTED", "STATUS_CHANGED"]
    assert told(api)[0][1] == "Acme Ltd was added"


def test_a_new_customer_without_an_external_id_gets_one_of_ours(api: ApiHarness, token: str) -> None:
    made = started(api, token, {"new": {"name": "Acme", "externalId": None, "domain": " ", "country": None}})
    customer = made["trial"]["customer"]
    assert customer["externalId"] == customer["id"]
    assert (customer["domain"], customer["country"], customer["managedBy"]) == (None, None, "PARTNER_ORGANIZATION")


def test_later_deliveries_meet_a_new_customer(api: ApiHarness, token: str) -> None:
    made = started(api, token, {"new": {"name": "Acme", "externalId": "X-1"}})["trial"]["customer"]
    delivered = customer_record("X-1", name="Acme Incorporated", country="US")
    for counts in [(0, 1, 0, 0), (0, 0, 1, 0)]:
        imported = api.store(lambda scope: import_lines(scope, ImportKind.CUSTOMERS, delivered))
        assert imported.counts == counts
    query = "query($id: ID!) { customer(by: {id: $id}) { name country version statuses } }"
    assert api.execute_data(token, query, id=made["id"])["customer"] == {
        "name": "Acme Incorporated",
        "country": "US",
        "version": 2,
        "statuses": made["statuses"],
    }


def test_an_administrator_is_assigned_to_the_customer_they_create(api: ApiHarness, token: str) -> None:
    me = api.add_administrator("ADMINISTRATOR", display_name="Ada")
    mine = api.token(me)
    customer = started(api, mine, {"new": {"name": "Acme"}})["trial"]["customer"]
    assert customer["assignments"] == [{"administrator": {"id": me}, "assignedBy": {"id": me}}]
    assert told(api)[0] == ("CUSTOMER_ADDED", "Acme was added and assigned to Ada")
    assert api.execute_data(mine, NODE, id=customer["id"])["node"] == {"id": customer["id"]}
    other = token_of(api, "ADMINISTRATOR")
    assert api.execute_data(other, NODE, id=customer["id"])["node"] is None


def test_an_external_id_is_taken_in_the_whole_partner_with_one_answer(api: ApiHarness, token: str) -> None:
    customer_of(api, external_id="X-1")
    mine = token_of(api, "ADMINISTRATOR")
    answers = [started(api, one, {"new": {"name": "Acme", "externalId": "X-1"}}) for one in (token, mine)]
    assert user_error_codes(answers[0]) == [("TAKEN", ["input", "customer", "new", "externalId"])]
    assert answers[0] == answers[1]
    assert started(api, mine, {"new": {"name": "Acme", "externalId": "X-3"}})["userErrors"] == []


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"days": 0}, "INVALID", ["days"]),
        ({"days": -(2**31)}, "INVALID", ["days"]),
        ({"days": 91}, "TRIAL_TOO_LONG", ["days"]),
        ({"days": 2**31 - 1}, "TRIAL_TOO_LONG", ["days"]),
        ({"licenses": []}, "INVALID", ["licenses"]),
        ({"licenses": [{"product": "CALLING", "licenses": 0}]}, "INVALID", ["licenses", "0", "licenses"]),
        ({"licenses": [{"product": "CALLING", "licenses": 1001}]}, "INVALID", ["licenses", "0", "licenses"]),
        ({"licenses": CALLING * 2}, "INVALID", ["licenses", "1", "product"]),
    ],
)
def test_a_bad_trial_is_told_with_its_field(
    api: ApiHarness, token: str, given: Any, code: str, path: list[str]
) -> None:
    customer = customer_of(api)
    made = started(api, token, {"id": customer}, **given)
    assert (made["trial"], user_error_codes(made)) == (None, [(code, ["input", *path])])
    assert len(stored_events(api)) == 1


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": " \u200b"}, "BLANK", "name"),
        ({"name": "x" * 201}, "TOO_LONG", "name"),
        ({"name": "a\x00b"}, "INVALID", "name"),
        ({"name": "Acme", "externalId": " "}, "BLANK", "externalId"),
        ({"name": "Acme", "externalId": "x" * 101}, "TOO_LONG", "externalId"),
        ({"name": "Acme", "externalId": "a\x1f"}, "INVALID", "externalId"),
        ({"name": "Acme", "country": "DEU"}, "INVALID", "country"),
        ({"name": "Acme", "country": "ZZ"}, "INVALID", "country"),
        ({"name": "Acme", "country": "UK"}, "INVALID", "country"),
        ({"name": "\u3164"}, "BLANK", "name"),
        ({"name": "Acme", "country": "\u0661\u0662"}, "INVALID", "country"),
        ({"name": "Acme", "domain": "x" * 254}, "TOO_LONG", "domain"),
    ],
)
def test_a_bad_new_customer_is_told_with_its_field(
    api: ApiHarness, token: str, given: Any, code: str, field: str
) -> None:
    made = started(api, token, {"new": given})
    assert user_error_codes(made) == [(code, ["input", "customer", "new", field])]
    assert stored_events(api) == []


@pytest.mark.parametrize("bad", ["\ud800", "a\x00", "\x7f"])
def test_what_is_no_text_is_never_stored(api: ApiHarness, token: str, bad: str) -> None:
    query = "mutation($input: StartTrialInput!) { startTrial(input: $input) { userErrors { code } } }"
    new = {"name": f"A{bad}", "externalId": f"X{bad}", "domain": f"d{bad}", "country": f"D{bad}"}
    for customer in ({"new": new}, {"id": f"cus_{bad}"}):
        # Escapes, as any JSON writer may spell them: half a character has no bytes.
        body = json.dumps({"query": query, "variables": {"input": {"customer": customer, "licenses": CALLING}}})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = api.http.post("/graphql", content=body, headers=headers).json()
        refused = answer.get("errors") or answer["data"]["startTrial"]["userErrors"]
        assert refused
        assert all(error.get("extensions", {}).get("code") != "INTERNAL" for error in refused), answer
    assert stored_events(api) == []


def test_every_mistake_is_told_at_once(api: ApiHarness, token: str) -> None:
    customer = customer_of(api, trial("T-1"))
    twice = [{"product": "MEETINGS", "licenses": 0}, *CALLING, *CALLING]
    assert user_error_codes(started(api, token, {"id": customer}, licenses=twice, days=91)) == [
        ("INVALID", ["input", "licenses", "0", "licenses"]),
        ("INVALID", ["input", "licenses", "2", "product"]),
        ("TRIAL_TOO_LONG", ["input", "days"]),
        ("TRIAL_RUNNING", ["input", "licenses", "0", "product"]),
    ]
    new = {"name": "", "country": "D"}
    assert user_error_codes(started(api, token, {"new": new}, licenses=[])) == [
        ("INVALID", ["input", "licenses"]),
        ("BLANK", ["input", "customer", "new", "name"]),
        ("INVALID", ["input", "customer", "new", "country"]),
    ]


def test_one_trial_of_a_product_runs_at_a_time(api: ApiHarness, token: str) -> None:
    now = parse_instant("2026-01-01T00:00:00Z")
    over = trial("T-0", starts_at=now, ends_at=now + timedelta(days=9))
    customer = customer_of(api, over, trial("T-1"))
    meetings = [*CALLING, {"product": "MEETINGS", "licenses": 5}]
    refused = started(api, token, {"id": customer}, licenses=meetings)
    assert user_error_codes(refused) == [("TRIAL_RUNNING", ["input", "licenses", "1", "product"])]
    assert "T-1" in refused["userErrors"][0]["message"]
    assert started(api, token, {"id": customer})["userErrors"] == []
    assert user_error_codes(started(api, token, {"id": customer})) == [
        ("TRIAL_RUNNING", ["input", "licenses", "0", "product"])
    ]


def test_who_is_out_of_sight_does_not_exist(api: ApiHarness, token: str) -> None:
    unassigned, foreign = customer_of(api), api.store(lambda scope: add_customer(scope, "C-1"), api.other)
    removed = customer_of(api, external_id="C-2", removed_at=parse_instant("2026-01-01T00:00:00Z"))
    mine = token_of(api, "ADMINISTRATOR")
    ids = [unassigned, foreign, removed, "cus_" + "0" * 24, "tag_" + "0" * 24, "nonsense", ""]
    answers = [started(api, mine, {"id": id_}) for id_ in ids]
    assert user_error_codes(answers[0]) == [("NOT_FOUND", ["input", "customer", "id"])]
    assert answers == [answers[0]] * len(ids)
    assert (
        user_error_codes(started(api, token, {"id": foreign}))
        == user_error_codes(started(api, token, {"id": removed}))
        == user_error_codes(answers[0])
    )


def test_the_same_key_gives_the_first_answer_and_other_input_is_refused(api: ApiHarness, token: str) -> None:
    new = {"new": {"name": "Acme", "externalId": "X-1"}}
    first = started(api, token, new, idempotencyKey="k")
    assert started(api, token, new, idempotencyKey="k") == first
    assert user_error_codes(started(api, token, new, days=9, idempotencyKey="k")) == [
        ("KEY_REUSED", ["input", "idempotencyKey"])
    ]
    assert [kind for kind, _ in told(api)].count("TRIAL_STARTED") == 1


def test_a_replay_shows_nothing_that_has_gone_out_of_sight(api: ApiHarness, token: str) -> None:
    mine = token_of(api, "ADMINISTRATOR")
    customer = started(api, mine, {"new": {"name": "Acme"}}, idempotencyKey="k")["trial"]["customer"]["id"]

    async def work(scope: Scope) -> None:
        change = {"$set": {"assignments": []}, "$pull": {"keys": {"$regex": "^administrator:"}}}
        await scope.collection("customers").update_one({**scope.match(), "_id": customer}, change)

    api.store(work)
    assert started(api, mine, {"new": {"name": "Acme"}}, idempotencyKey="k") == {"trial": None, "userErrors": []}


def test_twenty_at_once_make_one(api: ApiHarness, token: str) -> None:
    customer = customer_of(api)
    # With more, a slow machine stops the last ones at the time limit of an operation.
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: started(api, token, {"id": customer}), range(20)))
    refused = [user_error_codes(one) for one in made if one["trial"] is None]
    assert refused == [[("TRIAL_RUNNING", ["input", "licenses", "0", "product"])]] * 19
    assert [kind for kind, _ in told(api)].count("TRIAL_STARTED") == 1


def test_twenty_new_customers_with_one_external_id_make_one(api: ApiHarness, token: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        new = {"new": {"name": "Acme", "externalId": "X-1"}}
        made = list(pool.map(lambda _: started(api, token, new), range(20)))
    assert [user_error_codes(one) for one in made].count([("TAKEN", ["input", "customer", "new", "externalId"])]) == 19


def test_a_new_customer_needs_room_within_the_limit(api: ApiHarness, token: str) -> None:
    for external_id in ("C-1", "C-2"):
        customer_of(api, external_id=external_id)
    administrator = api.add_administrator("FULL_ADMINISTRATOR", api.partner)
    new = NewCustomer(name="Acme", managed_by=ManagedBy.PARTNER_ORGANIZATION)
    licenses = (TrialLicenses(product=Product.CALLING, licenses=1),)
    request = MutationRequest("startTrial", StartTrial(customer=TrialCustomer(new=new), licenses=licenses))

    async def start(scope: Scope, most: int) -> None:
        caller = replace(scope, administrator_id=administrator, role=PartnerRole.FULL_ADMINISTRATOR)
        await mutate(caller, request, partial(start_trial, most), ChangedObject)

    with pytest.raises(InputRejected, match="at most 2 customers") as rejected:
        api.store(partial(start, most=2))
    (error,) = rejected.value.user_errors
    assert (error.code, api_path(error.path)) == ("LIMIT_REACHED", ["input", "customer", "new"])
    api.store(partial(start, most=3))

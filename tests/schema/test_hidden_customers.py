"""Customers that an ADMINISTRATOR does not see change no answer: they are as if they did not exist."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import is_required_argument

from domain.imports.records import ImportKind
from domain.types import LicenseReport
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import (
    customer_record,
    days_ago,
    invoice_record,
    order_record,
    subscription_record,
    trial_record,
)
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_mutations import ROLES
from tests.schema.factory_paths import REQUIRED_ARGUMENTS, query_fields, selection_of
from tests.schema.factory_walk import ADMINISTRATOR, CASES, TARGETS, PartnerPair
from tests.schema.test_reading_walk import QUERIES

OVER = [{"product": "CALLING", "total": 5, "assigned": 7, "used": 1}, {"product": "MEETINGS", "total": 9}]
# What differs between two equal requests.
VOLATILE = {"asOf", "feedCursor", "lastSignInAt"}
# The one exception of the domain: the peer group contains all lines of the partner, whatever the viewer sees.
COUNTS_ALL = {"peerGroupSize"}
# An ADMINISTRATOR may not read webhooks.
FORBIDDEN = "webhooks"
# A query of all 1,000 tags with their customers costs too much.
PATHS = {"Tag": "customers(first: 1) { nodes { tags { %s } } }"}
LOOK_UPS = {
    "entitlement": "entitlement(number: $key) { __typename id }",
    "invoice": "invoice(number: $key) { number }",
    "order": "order(number: $key) { number }",
    "search": "customers(filter: {search: $key}) { totalCount nodes { id } facets { status { count } } }",
    "kpis": "kpis(filter: {search: $key}) { totalCustomers { count } overLicenseLimit { count } }",
}


# Each list that can be exported, with what all of its rows need.
EXPORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "customers": ("exportCustomers", {}),
    "activity": ("exportActivity", {}),
    **{
        f"report {report}": ("exportLicenseReport", {"report": report, "product": "CALLING"})
        for report in LicenseReport
    },
}


def _queries_of_fields() -> dict[str, str]:
    """Return a query of all fields of each type that can be selected without an argument that is not known."""
    paths: dict[str, tuple[str, list[str]]] = {}
    for field in query_fields():
        required = [name for name, argument in field.field.args.items() if is_required_argument(argument)]
        if FORBIDDEN in f"{field.path} {field.name}":
            continue
        if field.name not in VOLATILE | COUNTS_ALL and all(name in REQUIRED_ARGUMENTS for name in required):
            known = {name: REQUIRED_ARGUMENTS[name] for name in required}
            pages = {"first": "2"} if field.is_connection else {}
            given = ", ".join(f"{name}: {value}" for name, value in {**known, **pages}.items())
            text = f"{field.name}{f'({given})' if given else ''} {selection_of(field.field)}"
            # Short pages: a query of all fields of a nested type would cost too much.
            path = PATHS.get(field.type_name, field.path)
            path = re.sub(r"\b(customers|invoices|orders) (?=\{)", r"\1(first: 2) ", path)
            paths.setdefault(field.type_name, (path, []))[1].append(text)
    return {label: f"{{ {path.replace('%s', ' '.join(texts))} }}" for label, (path, texts) in paths.items()}


QUERIES_OF_FIELDS = _queries_of_fields()


def _deliver_customer(api: ApiHarness, name: str) -> str:
    """Deliver a customer with everything that belongs to one; return its id."""
    subscription, trial = f"S-{name}", f"T-{name}"
    # The report of customers that were added lately, and the peer groups of older ones, go by this day.
    recently = dict.fromkeys(("addedAt", "startsAt"), f"{days_ago(2)}T00:00:00Z")

    async def work(scope: Any) -> str:
        for kind, line in (
            (ImportKind.CUSTOMERS, customer_record(name, name=f"Customer {name}", country="DE")),
            (ImportKind.SUBSCRIPTIONS, subscription_record(subscription, customer=name, licenses=OVER, **recently)),
            (ImportKind.TRIALS, trial_record(trial, customer=name)),
            (ImportKind.ORDERS, order_record(f"O-{name}", subscription=subscription)),
            (ImportKind.INVOICES, invoice_record(f"I-{name}", subscription=subscription)),
        ):
            assert (await import_lines(scope, kind, line)).reasons == []
        customer = await scope.collection("customers").find_one({**scope.match(), "external_id": name})
        return str(customer["_id"])

    return api.store(work)


class HiddenWorld:
    """An ADMINISTRATOR with one customer, and a FULL_ADMINISTRATOR who adds others and works with them."""

    def __init__(self, api: ApiHarness) -> None:
        self.api, self.pair = api, PartnerPair(api, ADMINISTRATOR)
        self.full = api.token(self.pair.full)
        own = _deliver_customer(api, "OWN")
        self._run("assignAdministrator", {"administrator": self.pair.viewer, "customers": [own]})
        self._run("assignTags", {"customers": {"ids": [own]}, "tags": [self.pair.home_tag]})

    def _run(self, field: str, given: Mapping[str, Any]) -> None:
        self.pair.run_mutation(self.full, field, "__typename", given)

    def hide_customer(self) -> None:
        """Add a customer that only others see, and let them work with it."""
        hidden = _deliver_customer(self.api, "HIDDEN")
        self._run("assignTags", {"customers": {"ids": [hidden]}, "tags": [self.pair.home_tag]})
        self._run("assignAdministrator", {"administrator": self.pair.home_administrator, "customers": [hidden]})
        self._run("launchCustomer", {"customer": hidden})
        self._run("requestHelpdesk", {"topic": "OTHER", "subject": "S", "message": "M", "customer": hidden})
        self._run("saveCustomerView", {"name": "Mine", "filter": {"search": "HIDDEN"}})

    def totals(self) -> list[int]:
        """Return how many customers the ADMINISTRATOR and the FULL_ADMINISTRATOR see."""
        query = "{ customers { totalCount } }"
        tokens = (self.pair.token, self.full)
        return [self.api.execute_data(token, query)["customers"]["totalCount"] for token in tokens]

    def answers(self) -> dict[str, Any]:
        """Return the answer of every field of the queries to the ADMINISTRATOR, and of a dry run."""
        answers: dict[str, Any] = {}
        for label, query in QUERIES_OF_FIELDS.items():
            answers[label] = self.api.execute(self.pair.token, query)
        everywhere = {"customers": {"matching": {}}, "tags": [self.pair.home_tag], "dryRun": True}
        for name in ("assignTags", "removeTags"):
            answers[name] = self.pair.send_mutation(self.pair.token, name, "changed skipped", everywhere)["data"]
        return answers

    def exports(self, token: str) -> dict[str, list[str]]:
        """Return the lines of each file that the token's administrator exports."""
        files: dict[str, list[str]] = {}
        for label, (field, given) in EXPORTS.items():
            payload = self.pair.run_mutation(token, field, "url", {"format": "NDJSON", **given})
            response = self.api.http.get(payload["url"])
            assert response.status_code == 200, response.text
            # The activity tells of these exports, too.
            files[label] = [line for line in response.text.splitlines() if '"kind":"EXPORTED"' not in line]
        return files


def test_no_answer_changes_with_a_customer_that_the_viewer_does_not_see(api: ApiHarness) -> None:
    world = HiddenWorld(api)
    before = world.answers()
    world.hide_customer()
    after = world.answers()
    assert {label: after[label] for label in after if after[label] != before[label]} == {}
    assert world.totals() == [1, 2]
    assert {label for label, answer in after.items() if "errors" in answer} == set()


def test_no_export_changes_with_a_customer_that_the_viewer_does_not_see(api: ApiHarness) -> None:
    world = HiddenWorld(api)
    before, all_before = world.exports(world.pair.token), world.exports(world.full)
    world.hide_customer()
    after, all_after = world.exports(world.pair.token), world.exports(world.full)
    # The report of trials that ended, for example, has no rows.
    changed = {label for label in EXPORTS if len(all_after[label]) > len(all_before[label])}
    assert {"customers", "activity", "report OVER_LIMIT", "report RECENTLY_ADDED"} <= changed
    assert "HIDDEN" in " ".join(all_after["customers"]) and "HIDDEN" not in str(after)
    assert {label for label in EXPORTS if after[label] != before[label]} == set()


@pytest.mark.parametrize("place", LOOK_UPS)
def test_keys_of_hidden_customers_answer_as_keys_of_none(api: ApiHarness, place: str) -> None:
    world = HiddenWorld(api)
    world.hide_customer()
    query = f"query($key: String!) {{ {LOOK_UPS[place]} }}"
    missing = world.api.execute(world.pair.token, query, key="NOWHERE")
    for key in ("HIDDEN", "S-HIDDEN", "T-HIDDEN", "I-HIDDEN", "O-HIDDEN"):
        assert world.api.execute(world.pair.token, query, key=key) == missing, key
    assert any(world.api.execute(world.full, query, key=key) != missing for key in ("S-HIDDEN", "I-HIDDEN", "O-HIDDEN"))


def test_ids_of_hidden_customers_answer_as_ids_of_none(api: ApiHarness) -> None:
    world = PartnerPair(api, ADMINISTRATOR)
    hidden, missing = world.ids("unassigned"), world.ids("nowhere")
    for place, selection in QUERIES.items():
        query = f"query($id: ID!) {{ {selection} }}"
        for kind in ("customer", "trial", "subscription"):
            answer = api.execute(world.token, query, id=hidden.of_kind(kind))
            assert answer == api.execute(world.token, query, id=missing.of_kind(kind)), (place, kind)


@pytest.mark.parametrize("role", ROLES[:2])
def test_mutations_of_hidden_customers_answer_as_those_of_none(api: ApiHarness, role: str) -> None:
    world = PartnerPair(api, role)
    hidden = "unassigned" if role == ADMINISTRATOR else "foreign"
    assert hidden in TARGETS
    for name, case in CASES.items():
        if case.target_kind == "customer":
            answers = [
                world.send_mutation(world.token, name, "__typename", case.build_input(world.ids(target)))
                for target in (hidden, "nowhere")
            ]
            assert answers[0] == answers[1], name

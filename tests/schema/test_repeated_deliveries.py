"""What a mutation changed stays as it is when a delivery repeats it, whatever else the record changes.

`CASES` names a case for each mutation that changes a delivered object, and `LOCAL` every other mutation. Each case
combines the mutation with the same record, a record with the same field changed and one with another field changed,
each delivered once and again.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from graphql import GraphQLObjectType

from domain.time.instants import format_instant
from resolvers.context import Viewer
from schema.build import build_schema
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import (
    administrator_record,
    customer_record,
    subscription_record,
    trial_record,
)
from tests.reference.api_client import ApiClient, import_records, to_ndjson

DAY = timedelta(days=1)
NOW = utc_now().replace(microsecond=0)
ADA, FULL = "ada@partner.example", "full@partner.example"
View = dict[str, Any]
Record = dict[str, Any]
_PERIOD = {"addedAt": format_instant(NOW - 10 * DAY), "startsAt": format_instant(NOW - 10 * DAY)}
_LATER, _LAST = format_instant(NOW + 40 * DAY), format_instant(NOW + 300 * DAY)
_MORE = [{"product": "MEETINGS", "total": 20, "assigned": 5, "used": 3}]
_TWO = [{"product": product, "total": 10} for product in ("MEETINGS", "CALLING")]
RECORDS: Mapping[str, Sequence[Record]] = {
    "customers": [customer_record(), customer_record("C-2"), customer_record("C-3")],
    "administrators": [
        administrator_record(FULL, displayName="Full", role="FULL_ADMINISTRATOR"),
        administrator_record(ADA, assigned=["C-1", "C-2"]),
    ],
    "subscriptions": [subscription_record(**_PERIOD, endsAt=_LAST, setUp=False)],
    "trials": [
        trial_record(**_PERIOD, endsAt=format_instant(NOW + 20 * DAY)),
        trial_record("TRI-2", **_PERIOD, customer="C-2", licenses=_TWO, endsAt=format_instant(NOW + 20 * DAY)),
    ],
}
QUERY = """{ customers(first: 50) { nodes {
  id version externalId name domain country tags { name } assignments { administrator { email } expiresAt }
  trials(includeEnded: true) { id version number endsAt state licenses { product total }
    converted: convertedTo { number } }
  subscriptions(includeEnded: true) { id number endsAt state licenses { product total } } } }
  administrators(first: 50) { nodes { id email displayName role state } } tags { id version name } }"""
_SHOWN = ("externalId", "name", "domain", "country", "endsAt", "state", "licenses", "converted")

_SHOWN_OF_USERS = ("displayName", "role", "state")


@dataclass
class PartnerClient:
    """A partner to which the records were delivered, and its FULL_ADMINISTRATOR."""

    api: ApiClient
    runner: asyncio.Runner
    scope: Scope
    viewer: Viewer

    def execute(self, text: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation."""
        return self.runner.run(self.api.execute_data(self.viewer, utc_now(), text, **variables))

    def mutate(self, name: str, given: Mapping[str, Any]) -> None:
        """Run a mutation that must succeed."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        text = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code message field }} }} }}"
        assert self.execute(text, input=given)[name]["userErrors"] == []

    def deliver(self, kind: str, record: Record) -> None:
        """Import one record that must be accepted."""
        assert self.runner.run(import_records(self.scope, kind, to_ndjson([record]))) == []

    def count_events(self) -> int:
        """Return the number of events of the partner."""
        events = self.scope.collection("events").find(self.scope.match(), {"_id": 1})
        return len(self.runner.run(events))

    def read(self) -> View:
        """Return what the API shows, by object and field: `C-1.name`, `TRI-1.endsAt`, `ada@partner.example.role`."""
        data = self.execute(QUERY)
        objects: dict[str, View] = {one["email"]: one for one in data["administrators"]["nodes"]}
        view: View = {f"{key}.{name}": one[name] for key, one in objects.items() for name in _SHOWN_OF_USERS}
        for customer in data["customers"]["nodes"]:
            key = customer["externalId"]
            entitlements = {one["number"]: one for one in customer["trials"] + customer["subscriptions"]}
            for held, one in {key: customer, **entitlements}.items():
                view |= {f"{held}.{name}": one[name] for name in _SHOWN if name in one}
            view[f"{key}.tags"] = sorted(tag["name"] for tag in customer["tags"])
            view[f"{key}.assignments"] = {
                one["administrator"]["email"]: one["expiresAt"] for one in customer["assignments"]
            }
        return view

    def ids(self) -> View:
        """Return ids and versions: `C-1`, `TRI-1`, `ada@partner.example`, tags and customers by name."""
        data = self.execute(QUERY)
        found = {one["email"]: one for one in data["administrators"]["nodes"]}
        found |= {one["name"]: one for one in data["tags"]}
        for customer in data["customers"]["nodes"]:
            found |= {customer["name"]: customer, customer["externalId"]: customer}
            found |= {one["number"]: one for one in customer["trials"] + customer["subscriptions"]}
        return found


Step = tuple[str, Callable[[View], Record]]
Change = tuple[Record, View]


@dataclass(frozen=True)
class Case:
    """Mutations, the kind and key of a record of what they change, and what other records of it change.

    `same_field` and `other_field` are the changed fields of the record, with the difference that the API then shows.
    """

    steps: Sequence[Step]
    kind: str
    key: str
    same_field: Change | None
    other_field: Change

    def build_record(self, changes: Record) -> Record:
        """Return the delivered record with changes."""
        record = next((one for one in RECORDS[self.kind] if self.key in one.values()), customer_record(self.key))
        return {**record, **changes}


def _of(key: str, **given: Any) -> Callable[[View], Record]:
    return lambda ids: {"id": ids[key]["id"], "version": ids[key]["version"], **given}


def _assignment(*customers: str, **given: Any) -> Callable[[View], Record]:
    return lambda ids: {"administrator": ids[ADA]["id"], "customers": [ids[key]["id"] for key in customers], **given}


def _tagged(name: str) -> Callable[[View], Record]:
    return lambda ids: {"customers": {"ids": [ids["C-1"]["id"]]}, "tags": [ids[name]["id"]]}


def _role(role: str) -> Step:
    return ("changeAdministrator", lambda ids: {"id": ids[ADA]["id"], "role": role})


_LICENSES = [{"product": "MEETINGS", "licenses": 30}]
_VIP: Step = ("createTag", lambda _: {"name": "VIP"})
_REMOVAL: Step = ("removeAdministrator", lambda ids: {"id": ids[ADA]["id"]})
_INVITATION: Step = (
    "inviteAdministrator",
    lambda _: {"email": ADA, "displayName": "Ada", "role": "ADMINISTRATOR"},
)
_RENAMED = ({"displayName": "Ada L."}, {f"{ADA}.displayName": "Ada L."})
_OTHER_NAME = ({"name": "Acme Inc"}, {"C-1.name": "Acme Inc"})
_MORE_LICENSES = ({"licenses": _MORE}, {"TRI-1.licenses": [{"product": "MEETINGS", "total": 20}]})
_ENDS_LATER = ({"endsAt": _LATER}, {"TRI-1.endsAt": _LATER})
_C3_TOO = ({"assigned": ["C-1", "C-2", "C-3"]}, {"C-3.assignments": {ADA: None}})
_NO_CHANGE: View = {}
_END = format_instant(NOW + DAY)
CASES: Mapping[str, Case] = {
    "assignTags": Case([_VIP, ("assignTags", _tagged("VIP"))], "customers", "C-1", None, _OTHER_NAME),
    "removeTags": Case(
        [_VIP, ("assignTags", _tagged("VIP")), ("removeTags", _tagged("VIP"))], "customers", "C-1", None, _OTHER_NAME
    ),
    "updateTag": Case(
        [_VIP, ("assignTags", _tagged("VIP")), ("updateTag", _of("VIP", name="Gold"))],
        "customers",
        "C-1",
        None,
        _OTHER_NAME,
    ),
    "deleteTag": Case(
        [_VIP, ("assignTags", _tagged("VIP")), ("deleteTag", _of("VIP"))], "customers", "C-1", None, _OTHER_NAME
    ),
    "startTrial": Case(
        [
            (
                "startTrial",
                lambda ids: {
                    "customer": {"id": ids["C-1"]["id"]},
                    "licenses": [{"product": "CALLING", "licenses": 5}],
                },
            )
        ],
        "customers",
        "C-1",
        None,
        _OTHER_NAME,
    ),
    "updateCustomer": Case(
        [
            (
                "startTrial",
                lambda _: {
                    "customer": {"new": {"name": "Acme 4"}},
                    "licenses": [{"product": "CALLING", "licenses": 5}],
                },
            ),
            ("updateCustomer", lambda ids: {**_of("Acme 4", name="Acme")(ids), "externalId": "C-4"}),
        ],
        "customers",
        "C-4",
        ({"name": "Delivered"}, {"C-4.name": "Delivered"}),
        ({"country": "DE"}, {"C-4.country": "DE"}),
    ),
    "extendTrial": Case([("extendTrial", _of("TRI-1", days=5))], "trials", "TRI-1", _ENDS_LATER, _MORE_LICENSES),
    "changeTrial": Case(
        [("changeTrial", _of("TRI-1", licenses=_LICENSES))], "trials", "TRI-1", _MORE_LICENSES, _ENDS_LATER
    ),
    "changeTrial to none of a product": Case(
        [("changeTrial", _of("TRI-2", licenses=[{"product": "CALLING", "licenses": 0}]))],
        "trials",
        "TRI-2",
        (
            {"licenses": [_TWO[0], {**_TWO[1], "total": 8}]},
            {"TRI-2.licenses": [{"product": "MEETINGS", "total": 10}, {"product": "CALLING", "total": 8}]},
        ),
        ({"endsAt": _LATER}, {"TRI-2.endsAt": _LATER}),
    ),
    "endTrial": Case(
        [("endTrial", _of("TRI-1"))],
        "trials",
        "TRI-1",
        ({"endsAt": _LATER}, {"TRI-1.endsAt": _LATER, "TRI-1.state": "ACTIVE"}),
        _MORE_LICENSES,
    ),
    "convertTrial": Case(
        [("convertTrial", _of("TRI-1", number="SUB-9"))],
        "trials",
        "TRI-1",
        ({"endsAt": _LATER}, _NO_CHANGE),
        ({"licenses": _MORE, "customer": "C-2"}, _NO_CHANGE),
    ),
    "completeOrderSetup": Case(
        [("completeOrderSetup", lambda ids: {"subscription": ids["SUB-1"]["id"]})],
        "subscriptions",
        "SUB-1",
        ({"setUp": None}, _NO_CHANGE),
        ({"endsAt": _LATER}, {"SUB-1.endsAt": _LATER}),
    ),
    "assignAdministrator": Case(
        [("assignAdministrator", _assignment("C-1", expiresAt=_END))],
        "administrators",
        ADA,
        ({"assigned": ["C-2"]}, _NO_CHANGE),
        _C3_TOO,
    ),
    "unassignAdministrator": Case(
        [("unassignAdministrator", _assignment("C-1"))],
        "administrators",
        ADA,
        ({"assigned": ["C-2"]}, _NO_CHANGE),
        _C3_TOO,
    ),
    "changeAdministrator": Case(
        [_role("READ_ONLY_ADMINISTRATOR")],
        "administrators",
        ADA,
        ({"role": "HELPDESK_ADMINISTRATOR", "assigned": []}, {f"{ADA}.role": "HELPDESK_ADMINISTRATOR"}),
        ({"displayName": "Ada L.", "assigned": ["C-1", "C-2", "C-3"]}, {f"{ADA}.displayName": "Ada L."}),
    ),
    "changeAdministrator and back": Case(
        [_role("READ_ONLY_ADMINISTRATOR"), _role("ADMINISTRATOR")], "administrators", ADA, _RENAMED, _C3_TOO
    ),
    "removeAdministrator": Case(
        [_REMOVAL],
        "administrators",
        ADA,
        ({"state": "ACTIVE"}, _NO_CHANGE),
        ({"state": None, "assigned": ["C-3"]}, _NO_CHANGE),
    ),
    "inviteAdministrator": Case([_REMOVAL, _INVITATION], "administrators", ADA, _RENAMED, _C3_TOO),
}
# Mutations that change nothing that an upstream system delivers.
LOCAL = {
    *("acceptTerms", "completeSetupStep", "updateOrganization", "setService", "changeSettings", "createTag"),
    *("launchCustomer", "launchOrganization", "saveCustomerView", "deleteCustomerView"),
    *("requestHelpdesk", "closeHelpdeskRequest"),
    *("createWebhook", "updateWebhook", "deleteWebhook", "rotateWebhookSecret", "testWebhook", "replayWebhook"),
    *("exportCustomers", "exportLicenseReport", "exportActivity"),
    *("saveAlertRule", "deleteAlertRule", "acknowledgeAlerts", "snoozeAlerts"),
}


@pytest.fixture(scope="module")
def add_client(mongo_uri: str, module_database: str) -> Iterator[Callable[[], PartnerClient]]:
    """Yield a function that creates a partner with the records; all partners share one database."""
    numbers = count()
    with asyncio.Runner() as runner:
        api = runner.run(ApiClient.open(mongo_uri, module_database))

        async def create() -> PartnerClient:
            scope = await api.add_partner(f"partner-{next(numbers)}")
            await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": NOW}})
            for kind, records in RECORDS.items():
                assert await import_records(scope, kind, to_ndjson(records)) == []
            return PartnerClient(api, runner, scope, await api.viewer(scope, FULL))

        yield lambda: runner.run(create())
        runner.run(api.close())


def test_every_mutation_has_a_case_or_changes_nothing_that_is_delivered() -> None:
    mutation = build_schema()._schema.mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    assert {*mutation.fields} == {name.split()[0] for name in CASES} | LOCAL


@pytest.mark.parametrize("name", CASES)
def test_a_delivery_keeps_what_was_changed_here(add_client: Callable[[], PartnerClient], name: str) -> None:
    case = CASES[name]
    # What changes nothing leaves the partner as it was, for the next delivery.
    for deliveries in ([({}, _NO_CHANGE), case.same_field], [case.other_field]):
        changes = [changed for changed in deliveries if changed is not None]
        if not changes:
            continue
        client = add_client()
        for mutation, build_input in case.steps:
            client.mutate(mutation, build_input(client.ids()))
        for changed in changes:
            _deliver_twice(client, case, changed)


def _deliver_twice(client: PartnerClient, case: Case, changed: Change) -> None:
    """Assert that the first delivery changes what it must, and the second nothing."""
    before, events = client.read(), client.count_events()
    client.deliver(case.kind, case.build_record(changed[0]))
    after = client.read()
    assert _difference(before, after) == changed[1], changed
    assert (client.count_events() > events) is bool(changed[1])
    events = client.count_events()
    client.deliver(case.kind, case.build_record(changed[0]))
    assert client.read() == after, changed
    assert client.count_events() == events


def _difference(before: View, after: View) -> View:
    return {key: after.get(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}

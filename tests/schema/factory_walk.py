"""Everything that mutations can be aimed at, and an input for each of them: for tests that walk the whole schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from store.database.ids import new_id
from tests.api_server import Api
from tests.schema.factory_mutations import ROLES, accept_terms
from tests.store.factory_customers import add_customer, subscription, trial

FULL, ADMINISTRATOR, READ_ONLY, HELPDESK = ROLES


@dataclass(frozen=True, slots=True)
class TargetIds:
    """What a mutation can be aimed at; `home_tag` and `home_administrator` are the viewer's partner's in any case."""

    customer: str
    trial: str
    subscription: str
    tag: str
    administrator: str
    view: str
    request: str
    home_tag: str
    home_administrator: str


@dataclass(frozen=True, slots=True)
class MutationCase:
    """A mutation: its permission, what kind of thing it is aimed at, and its input."""

    permission: str | None
    target_kind: str | None
    build_input: Callable[[TargetIds], dict[str, Any]]


def _new() -> str:
    return uuid4().hex[:12]


CALLING = [{"product": "CALLING", "licenses": 5}]
CASES: Mapping[str, MutationCase] = {
    "createTag": MutationCase("EDIT_TAGS", None, lambda _: {"name": _new()}),
    "updateTag": MutationCase("EDIT_TAGS", "tag", lambda ids: {"id": ids.tag, "version": 1, "name": _new()}),
    "deleteTag": MutationCase("EDIT_TAGS", "tag", lambda ids: {"id": ids.tag, "version": 1}),
    "assignTags": MutationCase(
        "EDIT_TAGS", "customer", lambda ids: {"customers": {"ids": [ids.customer]}, "tags": [ids.home_tag]}
    ),
    "removeTags": MutationCase(
        "EDIT_TAGS", "customer", lambda ids: {"customers": {"ids": [ids.customer]}, "tags": [ids.home_tag]}
    ),
    "startTrial": MutationCase(
        "MANAGE_TRIALS", "customer", lambda ids: {"customer": {"id": ids.customer}, "licenses": CALLING}
    ),
    "extendTrial": MutationCase("MANAGE_TRIALS", "customer", lambda ids: {"id": ids.trial, "version": 1, "days": 5}),
    "endTrial": MutationCase("MANAGE_TRIALS", "customer", lambda ids: {"id": ids.trial, "version": 1}),
    "convertTrial": MutationCase(
        "MANAGE_TRIALS", "customer", lambda ids: {"id": ids.trial, "version": 1, "number": _new()}
    ),
    "completeOrderSetup": MutationCase("SET_UP_ORDERS", "customer", lambda ids: {"subscription": ids.subscription}),
    "launchCustomer": MutationCase("LAUNCH_CUSTOMER", "customer", lambda ids: {"customer": ids.customer}),
    "assignAdministrator": MutationCase(
        "ASSIGN_ADMINISTRATORS",
        "customer",
        lambda ids: {"administrator": ids.home_administrator, "customers": [ids.customer]},
    ),
    "unassignAdministrator": MutationCase(
        "ASSIGN_ADMINISTRATORS",
        "customer",
        lambda ids: {"administrator": ids.home_administrator, "customers": [ids.customer]},
    ),
    "inviteAdministrator": MutationCase(
        "MANAGE_ADMINISTRATORS",
        None,
        lambda _: {"email": f"{_new()}@partner.example", "displayName": "Grace", "role": READ_ONLY},
    ),
    "changeAdministrator": MutationCase(
        "MANAGE_ADMINISTRATORS", "administrator", lambda ids: {"id": ids.administrator, "displayName": _new()}
    ),
    "removeAdministrator": MutationCase(
        "MANAGE_ADMINISTRATORS", "administrator", lambda ids: {"id": ids.administrator}
    ),
    "acceptTerms": MutationCase("MANAGE_ORGANIZATION", None, lambda _: {"termsVersion": "2026-10"}),
    "completeSetupStep": MutationCase("MANAGE_ORGANIZATION", None, lambda _: {"key": "ADD_ADMINISTRATORS"}),
    "updateOrganization": MutationCase("MANAGE_ORGANIZATION", None, lambda _: {"name": _new()}),
    "setService": MutationCase("MANAGE_ORGANIZATION", None, lambda _: {"product": "CALLING", "enabled": True}),
    "changeSettings": MutationCase("MANAGE_ORGANIZATION", None, lambda _: {"trialDays": 20}),
    "saveCustomerView": MutationCase(None, "view", lambda ids: {"id": ids.view, "name": _new()}),
    "deleteCustomerView": MutationCase(None, "view", lambda ids: {"id": ids.view}),
    "requestHelpdesk": MutationCase(
        "CONTACT_HELPDESK",
        "customer",
        lambda ids: {"topic": "OTHER", "subject": "S", "message": "M", "customer": ids.customer},
    ),
    "closeHelpdeskRequest": MutationCase(None, "request", lambda ids: {"id": ids.request}),
}
TARGETS = ("own", "unassigned", "foreign", "nowhere")


class World:
    """Two partners that have accepted the terms, and a viewer of the first with one role."""

    def __init__(self, api: Api, role: str) -> None:
        self.api = api
        self.role = role
        for partner in (api.partner, api.other):
            accept_terms(api, partner)
        self.viewer = api.add_administrator(role)
        self.token = api.token(self.viewer)
        self.full = api.add_administrator(FULL)
        self.home_administrator = api.add_administrator(ADMINISTRATOR)
        self.home_tag = self.run_mutation(api.token(self.full), "createTag", "tag { id }", {"name": _new()})["tag"][
            "id"
        ]

    def run_mutation(self, token: str, field: str, selection: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of a mutation that succeeds."""
        answer = self.send_mutation(token, field, selection, given)
        assert "errors" not in answer and answer["data"][field]["userErrors"] == [], answer
        payload: dict[str, Any] = answer["data"][field]
        return payload

    def send_mutation(self, token: str, field: str, selection: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to a mutation."""
        kind = "ChangeCustomerTags" if field in ("assignTags", "removeTags") else f"{field[0].upper()}{field[1:]}"
        selected = f"{selection} userErrors {{ code field message }}"
        query = f"mutation($input: {kind}Input!) {{ {field}(input: $input) {{ {selected} }} }}"
        return self.api.ask(token, query, input=given)

    def ids(self, target: str) -> TargetIds:
        """Fresh things to aim at; those that are nowhere have ids of the right kind."""
        home = {"home_tag": self.home_tag, "home_administrator": self.home_administrator}
        if target == "nowhere":
            prefixes = ("cus", "tri", "sub", "tag", "adm", "viw", "hlp")
            return TargetIds(*map(new_id, prefixes), **home)
        partner = self.api.other if target == "foreign" else self.api.partner
        owner = self.viewer if target == "own" else self.api.add_administrator(FULL, partner)
        token = self.api.token(owner, partner)
        maker = self.api.token(self.api.add_administrator(FULL, partner), partner)
        return TargetIds(
            *self._customer(partner, is_assigned=target == "own"),
            tag=self.run_mutation(maker, "createTag", "tag { id }", {"name": _new()})["tag"]["id"],
            administrator=self.api.add_administrator(READ_ONLY, partner),
            view=self.run_mutation(token, "saveCustomerView", "view { id }", {"name": _new()})["view"]["id"],
            request=self._request(token),
            **home,
        )

    def _customer(self, partner: str, *, is_assigned: bool) -> tuple[str, str, str]:
        held = trial(f"T-{_new()}"), subscription(f"S-{_new()}", set_up=False)
        held_by = {"administrator_id": self.viewer, "assigned_at": held[0]["added_at"], "assigned_by": None}
        assignment = {**held_by, "expires_at": None, "imported": False}
        assigned = {"assignments": [assignment]} if is_assigned and self.role == ADMINISTRATOR else {}
        customer = self.api.store(lambda scope: add_customer(scope, _new(), *held, **assigned), partner)
        return customer, held[0]["_id"], held[1]["_id"]

    def _request(self, token: str) -> str:
        asked = {"topic": "OTHER", "subject": "S", "message": "M"}
        return str(self.run_mutation(token, "requestHelpdesk", "request { id }", asked)["request"]["id"])

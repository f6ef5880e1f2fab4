"""Everything that mutations can be aimed at, and an input for each of them: for tests that walk the whole schema."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from domain.types import PartnerRole
from store.changes.bulk_jobs import JOB_COLLECTION
from store.database.client import UpdateMany
from store.database.ids import new_id
from store.database.scope import Scope
from tests.api_server import ApiHarness, administrator_document
from tests.schema.factory_mutations import ROLES, accepted_terms
from tests.store.factory_alerts import add_alert, add_alert_rule
from tests.store.factory_customers import add_customer, subscription, trial

FULL, ADMINISTRATOR, READ_ONLY, HELPDESK = ROLES


class TargetIds:
    """The ids of the objects of one target; each object is created when its id is first read."""

    KINDS = (
        *("customer", "trial", "subscription", "tag", "administrator", "view", "request", "job", "webhook"),
        *("rule", "alert"),
    )

    def __init__(self, world: "PartnerPair", target: str) -> None:
        self._world, self._target = world, target
        self._partner = world.api.other if target == "foreign" else world.api.partner
        # Like `home_tag`, it belongs to the viewer's partner, whatever the target is.
        self.home_administrator: str = world.home_administrator

    def of_kind(self, kind: str) -> str:
        """Return the id of the object of a kind that `KINDS` names."""
        identity: str = getattr(self, kind)
        return identity

    @property
    def home_tag(self) -> str:
        return self._world.home_tag

    @property
    def customer(self) -> str:
        return self._customer_ids[0]

    @property
    def trial(self) -> str:
        return self._customer_ids[1]

    @property
    def subscription(self) -> str:
        return self._customer_ids[2]

    @cached_property
    def tag(self) -> str:
        return self._create("tag", lambda: self._run("createTag", {"name": _new()}, "tag", self._maker_token))

    @cached_property
    def administrator(self) -> str:
        return self._create("adm", lambda: self._world.api.add_administrator(READ_ONLY, self._partner))

    @cached_property
    def view(self) -> str:
        return self._create("viw", lambda: self._run("saveCustomerView", {"name": _new()}, "view", self._owner_token))

    @cached_property
    def request(self) -> str:
        given = {"topic": "OTHER", "subject": "S", "message": "M"}
        return self._create("hlp", lambda: self._run("requestHelpdesk", given, "request", self._owner_token))

    @cached_property
    def webhook(self) -> str:
        # Of no event, so that the server has nothing to deliver while others are tested.
        given = {"name": _new(), "url": HOOK_URL, "kinds": ["TERMS_ACCEPTED"]}
        return self._create("whk", lambda: self._run("createWebhook", given, "webhook", self._maker_token))

    @cached_property
    def rule(self) -> str:
        return self._create("alr", lambda: self._store(add_alert_rule, self._owner))

    @cached_property
    def alert(self) -> str:
        return self._create("alt", lambda: self._store(add_alert, self._owner, self.rule, self.customer))

    def _store(self, add: Callable[..., Awaitable[str]], *arguments: str) -> str:
        """Run a function of the store, whose arguments are read before."""
        return str(self._world.api.store(lambda scope: add(scope, *arguments), self._partner))

    @property
    def feed_cursor(self) -> str:
        """A cursor of the viewer's feed, whatever the target is."""
        return str(self._world.api.execute_data(self._world.token, "{ feedCursor }")["feedCursor"])

    @cached_property
    def job(self) -> str:
        return self._create("job", self._add_finished_job)

    @cached_property
    def _customer_ids(self) -> tuple[str, str, str]:
        if self._target == "nowhere":
            return new_id("cus"), new_id("tri"), new_id("sub")
        return self._world.add_customer(self._partner, is_assigned=self._target == "own")

    @cached_property
    def _owner(self) -> str:
        """The administrator who owns views, requests and alerts: the viewer, or another FULL_ADMINISTRATOR."""
        is_own = self._target == "own"
        return self._world.viewer if is_own else self._world.api.add_administrator(FULL, self._partner)

    @cached_property
    def _owner_token(self) -> str:
        return self._world.api.token(self._owner, self._partner)

    @cached_property
    def _maker_token(self) -> str:
        api = self._world.api
        return api.token(api.add_administrator(FULL, self._partner), self._partner)

    def _add_finished_job(self) -> str:
        async def work(scope: Scope) -> str:
            counts = dict.fromkeys(("total", "done", "changed", "skipped"), 1)
            times = dict.fromkeys(("created_at", "updated_at", "finished_at"), scope.now)
            job = {"_id": new_id("job"), "partner_id": scope.partner_id, "version": 1, "state": "DONE"}
            await scope.collection(JOB_COLLECTION).insert_many([{**job, **counts, **times, "administrator_id": owner}])
            return str(job["_id"])

        owner = self._world.viewer if self._target == "own" else None
        return self._world.api.store(work, self._partner)

    def _create(self, prefix: str, create: Callable[[], str]) -> str:
        """Create the object; `nowhere` gets an id of the right kind without an object."""
        return new_id(prefix) if self._target == "nowhere" else create()

    def _run(self, field: str, given: Mapping[str, Any], name: str, token: str) -> str:
        return str(self._world.run_mutation(token, field, f"{name} {{ id }}", given)[name]["id"])


@dataclass(frozen=True, slots=True)
class MutationCase:
    """A mutation: its permission, what kind of thing it is aimed at, and its input."""

    permission: str | None
    target_kind: str | None
    build_input: Callable[[TargetIds], dict[str, Any]]


def _new() -> str:
    return uuid4().hex[:12]


# A name that never has an address: nothing is delivered.
HOOK_URL = "https://hooks.invalid/"
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
    "changeTrial": MutationCase(
        "MANAGE_TRIALS",
        "customer",
        lambda ids: {"id": ids.trial, "version": 1, "licenses": [{"product": "MESSAGING", "licenses": 7}]},
    ),
    "endTrial": MutationCase("MANAGE_TRIALS", "customer", lambda ids: {"id": ids.trial, "version": 1}),
    "convertTrial": MutationCase(
        "MANAGE_TRIALS", "customer", lambda ids: {"id": ids.trial, "version": 1, "number": _new()}
    ),
    "updateCustomer": MutationCase(
        "MANAGE_TRIALS", "customer", lambda ids: {"id": ids.customer, "version": 1, "name": _new()}
    ),
    "completeOrderSetup": MutationCase("SET_UP_ORDERS", "customer", lambda ids: {"subscription": ids.subscription}),
    "launchCustomer": MutationCase("LAUNCH_CUSTOMER", "customer", lambda ids: {"customer": ids.customer}),
    "launchOrganization": MutationCase("LAUNCH_ORGANIZATION", None, lambda _: {}),
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
    "exportCustomers": MutationCase("READ_CUSTOMERS", None, lambda _: {"columns": ["NAME"]}),
    "exportLicenseReport": MutationCase(
        "READ_ANALYTICS", None, lambda _: {"report": "OVER_LIMIT", "product": "CALLING"}
    ),
    "exportActivity": MutationCase("READ_ACTIVITY", None, lambda _: {"format": "NDJSON"}),
    "createWebhook": MutationCase("MANAGE_INTEGRATIONS", None, lambda _: {"name": _new(), "url": HOOK_URL}),
    "updateWebhook": MutationCase(
        "MANAGE_INTEGRATIONS", "webhook", lambda ids: {"id": ids.webhook, "version": 1, "name": _new()}
    ),
    "deleteWebhook": MutationCase("MANAGE_INTEGRATIONS", "webhook", lambda ids: {"id": ids.webhook}),
    "rotateWebhookSecret": MutationCase("MANAGE_INTEGRATIONS", "webhook", lambda ids: {"id": ids.webhook}),
    "testWebhook": MutationCase("MANAGE_INTEGRATIONS", "webhook", lambda ids: {"id": ids.webhook}),
    "replayWebhook": MutationCase(
        "MANAGE_INTEGRATIONS", "webhook", lambda ids: {"id": ids.webhook, "after": ids.feed_cursor}
    ),
    "saveAlertRule": MutationCase(None, "rule", lambda ids: {"id": ids.rule, "name": _new()}),
    "deleteAlertRule": MutationCase(None, "rule", lambda ids: {"id": ids.rule}),
    "acknowledgeAlerts": MutationCase(None, "alert", lambda ids: {"alerts": [ids.alert]}),
    "snoozeAlerts": MutationCase(None, "alert", lambda ids: {"alerts": [ids.alert]}),
}
TARGETS = ("own", "unassigned", "foreign", "nowhere")


class PartnerPair:
    """Two partners that have accepted the terms, and a viewer of the first with one role."""

    def __init__(self, api: ApiHarness, role: str) -> None:
        self.api = api
        self.role = role
        self.viewer, self.full, self.home_administrator = api.store(self._prepare)
        self.token = api.token(self.viewer)

    async def _prepare(self, scope: Scope) -> list[str]:
        """Accept the terms of both partners; return the ids of the viewer and two others of the first partner."""
        both = {"partner_id": {"$in": [self.api.partner, self.api.other]}}
        await scope.collection("partners").bulk_write([UpdateMany(both, {"$set": accepted_terms()})])
        roles = map(PartnerRole, (self.role, FULL, ADMINISTRATOR))
        made = [administrator_document(scope, role) for role in roles]
        await scope.collection("administrators").insert_many(made)
        return [str(document["_id"]) for document in made]

    @cached_property
    def home_tag(self) -> str:
        """A tag of the first partner."""
        given = {"name": _new()}
        return str(self.run_mutation(self.api.token(self.full), "createTag", "tag { id }", given)["tag"]["id"])

    def run_mutation(self, token: str, field: str, selection: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of a mutation that succeeds."""
        answer = self.send_mutation(token, field, selection, given)
        assert "errors" not in answer and answer["data"][field]["userErrors"] == [], answer
        payload: dict[str, Any] = answer["data"][field]
        return payload

    def send_mutation(self, token: str, field: str, selection: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to a mutation."""
        kind = f"{field[0].upper()}{field[1:]}"
        selected = f"{selection} userErrors {{ code field message }}"
        query = f"mutation($input: {kind}Input!) {{ {field}(input: $input) {{ {selected} }} }}"
        return self.api.execute(token, query, input=given)

    def ids(self, target: str) -> TargetIds:
        """Return new objects for a target of `TARGETS`."""
        return TargetIds(self, target)

    def add_customer(self, partner: str, *, is_assigned: bool) -> tuple[str, str, str]:
        """Create a customer with a trial and a subscription; return the three ids."""
        held = trial(f"T-{_new()}"), subscription(f"S-{_new()}", set_up=False)
        held_by = {"administrator_id": self.viewer, "assigned_at": held[0]["added_at"], "assigned_by": None}
        assignment = {**held_by, "expires_at": None, "imported": False}
        assigned = {"assignments": [assignment]} if is_assigned and self.role == ADMINISTRATOR else {}
        customer = self.api.store(lambda scope: add_customer(scope, _new(), *held, **assigned), partner)
        return customer, held[0]["_id"], held[1]["_id"]

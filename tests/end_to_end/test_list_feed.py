"""A client that loads a list and then applies what customerListChanged says always has what the server answers.

Random changes by imports, mutations and the clock, any filter and search, viewers who see all and one whose
assignments change and run out; compared after each change.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.time.instants import format_instant
from store.database.clock import utc_now
from tests.end_to_end.list_filters import ASSIGNED, TAGS, Filter, filters, replace_names
from tests.server_process import ServerHarness
from tests.websocket_client import WebSocketClient, connect_websocket

Rows = dict[str, dict[str, Any]]
CUSTOMER = "id name statuses version tags { id } products assignments { administrator { id } }"
CHANGES = f"""subscription($filter: CustomerFilter, $after: String) {{
  customerListChanged(filter: $filter, after: $after) {{ kind customerId customer {{ {CUSTOMER} }} }}
}}"""
ROLES = ("FULL_ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR", "ADMINISTRATOR")
NUMBERS = range(4)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def harness(mongo_uri: str, module_database: str) -> Iterator[ServerHarness]:
    """Yield one server process for all examples; each example has its own partner."""
    harness = ServerHarness(mongo_uri, module_database)
    with harness.start_server():
        yield harness


class ListClient:
    """A list that is loaded once and then updated from the feed only."""

    def __init__(self, rows: Rows, live: WebSocketClient) -> None:
        self.rows, self.live = rows, live

    def apply_next(self) -> None:
        """Apply the next message of the feed."""
        change = self.live.next(timeout=10)["customerListChanged"]
        if change["kind"] == "LEFT":
            assert change["customer"] is None
            self.rows.pop(change["customerId"], None)
        else:
            assert change["customer"]["id"] == change["customerId"]
            self.rows[change["customerId"]] = change["customer"]


class ListViewer:
    """The lists of one administrator, one for each filter."""

    def __init__(self, partner: "ListPartner", role: str, filters_: Sequence[Filter | None], stack: ExitStack) -> None:
        self._partner, self._role, self._filters = partner, role, filters_
        cursor, lists = self._query_lists()
        self._clients = [
            ListClient(rows, stack.enter_context(connect_websocket(partner.harness.url, partner.token(role))))
            for rows in lists
        ]
        for client, filter_ in zip(self._clients, filters_, strict=True):
            client.live.subscribe(CHANGES, filter=filter_, after=cursor)

    def _query_lists(self) -> tuple[str, list[Rows]]:
        """Return a cursor of the feed, and the server's list for each filter, by one request."""
        names = [f"f{number}" for number in range(len(self._filters))]
        lists = "".join(f" {n}: customers(filter: ${n}, first: 50) {{ nodes {{ {CUSTOMER} }} }}" for n in names)
        given_ = ", ".join(f"${name}: CustomerFilter" for name in names)
        variables = dict(zip(names, self._filters, strict=True))
        data = self._partner.query_data(f"query({given_}) {{ feedCursor{lists} }}", self._role, **variables)
        return data["feedCursor"], [{row["id"]: row for row in data[name]["nodes"]} for name in names]

    def assert_matches_server(self) -> None:
        """Apply feed messages until each list equals the response of the server."""
        while late := [
            client for client, rows in zip(self._clients, self._query_lists()[1], strict=True) if client.rows != rows
        ]:
            for client in late:
                client.apply_next()


class ListPartner:
    """A partner with a few customers, and all changes that can affect them."""

    def __init__(self, harness: ServerHarness) -> None:
        self.harness, self.partner = harness, f"p-{uuid4().hex[:12]}"
        harness.make_partner(self.partner)
        self.query_data('mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }')
        self.tags = [self._tag(name) for name in TAGS]
        viewer = self.query_data("{ viewer { administrator { id } } }", "ADMINISTRATOR")["viewer"]["administrator"][
            "id"
        ]
        self.ids_by_name = {**dict(zip(TAGS, self.tags, strict=True)), ASSIGNED: viewer}

    def token(self, role: str) -> str:
        """Return a token of the administrator with a role."""
        return self.harness.token(role, partner=self.partner)

    def query_data(self, query: str, role: str = "FULL_ADMINISTRATOR", **variables: Any) -> dict[str, Any]:
        """Run an operation that must have no errors; return its data."""
        answer = self.harness.query(query, role, partner=self.partner, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def import_record(self, kind: str, **line: Any) -> None:
        """Import one record; a rejected record changes nothing."""
        self.harness.import_lines(kind, [line], self.partner)

    def _tag(self, name: str) -> str:
        made = self.query_data("mutation($n: String!) { createTag(input: {name: $n}) { tag { id } } }", n=name)
        return str(made["createTag"]["tag"]["id"])

    def ids(self) -> dict[str, str]:
        """Return the ids of all customers by external id."""
        data = self.query_data("{ customers(first: 200) { nodes { id externalId } } }")
        return {row["externalId"]: row["id"] for row in data["customers"]["nodes"]}

    # The changes; each takes the number of a customer, which may not exist.

    def import_customer(self, number: int, word: str) -> None:
        country = {"Acme": "DE", "Bolt": "FR"}.get(word)
        fields = {"managedBy": "PARTNER_ORGANIZATION", "country": country, "domain": f"kunde{number}.example"}
        signed_in = "2026-01-05T00:00:00Z" if word == "Bolt" else None
        names = {"externalId": f"C{number}", "name": f"{word} {number}"}
        self.import_record("customers", **names, **fields, lastAdministratorSignInAt=signed_in)

    def import_removal(self, number: int, word: str) -> None:
        at = format_instant(utc_now() - timedelta(milliseconds=1)) if word == "Acme" else None
        fields = {"externalId": f"C{number}", "name": f"{word} {number}", "managedBy": "PARTNER_ORGANIZATION"}
        self.import_record("customers", **fields, removedAt=at)

    def import_subscription(self, number: int, word: str) -> None:
        now = utc_now()
        dates = {"addedAt": now - DAY, "startsAt": now - DAY, "endsAt": now + (5 if word == "Acme" else 200) * DAY}
        lines = [{"product": "CALLING", "total": 5, "assigned": 9 if word == "Bolt" else 3, "used": 1}]
        printed = {name: format_instant(at) for name, at in dates.items()}
        given_ = {"number": f"S{number}", "customer": f"C{number}", "autoRenew": False, "licenses": lines, **printed}
        self.import_record("subscriptions", **given_)

    def import_invoice(self, number: int, word: str) -> None:
        state = {"Acme": "OPEN", "Bolt": "OVERDUE"}.get(word, "VOID")
        dates = {"issuedOn": "2026-11-01", "dueOn": "2026-12-01"}
        priced = {"amount": "1.00", "currency": "EUR", "state": state}
        self.import_record("invoices", number=f"I{number}", subscription=f"S{number}", **dates, **priced)

    def import_short_trial(self, number: int, word: str) -> None:
        now, moment = utc_now(), timedelta(seconds=0.4 if word == "Acme" else 400)
        dates = {"addedAt": now, "startsAt": now - DAY, "endsAt": now + moment}
        lines = [{"product": "MEETINGS", "total": 5}]
        printed = {name: format_instant(at) for name, at in dates.items()}
        self.import_record("trials", number=f"T{uuid4().hex[:8]}", customer=f"C{number}", licenses=lines, **printed)

    def assign_tag(self, number: int, word: str) -> None:
        self._change_tags("assignTags", number, word)

    def remove_tag(self, number: int, word: str) -> None:
        self._change_tags("removeTags", number, word)

    def _change_tags(self, field: str, number: int, word: str) -> None:
        kind = f"{field[0].upper()}{field[1:]}Input"
        mutation = f"mutation($i: {kind}!) {{ {field}(input: $i) {{ userErrors {{ code }} }} }}"
        customers = {"ids": [id_]} if (id_ := self.ids().get(f"C{number}")) else {"matching": {"search": word}}
        self.query_data(mutation, i={"customers": customers, "tags": [self.tags[word == "Acme"]]})

    def assign_administrator(self, number: int, word: str) -> None:
        self._change_assignment("assign", number, word)

    def unassign_administrator(self, number: int, word: str) -> None:
        self._change_assignment("unassign", number, word)

    def _change_assignment(self, verb: str, number: int, word: str) -> None:
        if (customer := self.ids().get(f"C{number}")) is None:
            return
        kind = f"{verb.capitalize()}AdministratorInput"
        mutation = f"mutation($i: {kind}!) {{ {verb}Administrator(input: $i) {{ userErrors {{ code message }} }} }}"
        given_ = {"administrator": self.ids_by_name[ASSIGNED], "customers": [customer]}
        if verb == "assign" and word == "Acme":
            given_["expiresAt"] = format_instant(utc_now() + timedelta(seconds=0.5))
        self.query_data(mutation, i=given_)

    def change_settings(self, number: int, word: str) -> None:
        given_ = {"expiringSoonDays": 10 if word == "Acme" else 60 + number}
        mutation = "mutation($i: ChangeSettingsInput!) { changeSettings(input: $i) { userErrors { code } } }"
        self.query_data(mutation, i=given_)

    def delete_tag(self, _number: int, word: str) -> None:
        """Delete the tag; filters with it match nothing afterwards."""
        tag = self.tags[word == "Acme"]
        found = self.query_data("query($id: ID!) { node(id: $id) { ... on Tag { version } } }", id=tag)["node"]
        if found is not None:
            mutation = "mutation($i: DeleteTagInput!) { deleteTag(input: $i) { userErrors { code } } }"
            self.query_data(mutation, i={"id": tag, "version": found["version"]})

    def start_trial(self, number: int, _word: str) -> None:
        if (customer := self.ids().get(f"C{number}")) is not None:
            given_ = {"customer": {"id": customer}, "licenses": [{"product": "MEETINGS", "licenses": 5}]}
            mutation = "mutation($i: StartTrialInput!) { startTrial(input: $i) { userErrors { code } } }"
            self.query_data(mutation, i=given_)

    def import_all_customers(self, _number: int, word: str) -> None:
        lines = [{"externalId": f"C{n}", "name": f"{word} {n}", "managedBy": "EXTERNAL_ADMINISTRATOR"} for n in NUMBERS]
        self.harness.import_lines("customers", lines, self.partner)


ACTIONS: tuple[Callable[[ListPartner, int, str], None], ...] = (
    ListPartner.import_customer,
    ListPartner.import_removal,
    ListPartner.import_subscription,
    ListPartner.import_invoice,
    ListPartner.import_short_trial,
    ListPartner.assign_tag,
    ListPartner.remove_tag,
    ListPartner.assign_administrator,
    ListPartner.unassign_administrator,
    ListPartner.change_settings,
    ListPartner.delete_tag,
    ListPartner.start_trial,
    ListPartner.import_all_customers,
)
WORDS = ("Acme", "Bolt", "Æther")
_action = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(NUMBERS), st.sampled_from(WORDS))


@settings(max_examples=6)
@given(
    actions=st.lists(_action, min_size=6, max_size=12),
    asked=st.lists(filters, min_size=3, max_size=4, unique_by=orjson.dumps),
)
def test_a_list_that_the_feed_updates_equals_the_servers(
    harness: ServerHarness, actions: list[tuple[Any, int, str]], asked: list[Filter | None]
) -> None:
    partner = ListPartner(harness)
    partner.import_all_customers(0, "Acme")
    with ExitStack() as stack:
        named = [replace_names(one, partner.ids_by_name) for one in asked]
        viewers = [ListViewer(partner, role, named, stack) for role in ROLES]
        for action, number, word in actions:
            action(partner, number, word)
            for viewer in viewers:
                viewer.assert_matches_server()

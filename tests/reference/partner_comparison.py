"""A partner as the store has it, beside the partner as the reference model has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.customers.conditions import EVERYTHING
from domain.customers.filter import find_conditions, parse_filter
from domain.paging import PageRequest
from domain.types import PartnerRole
from store.counts.live_index import LiveIndex
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.integrations.alert_making import new_scan
from store.integrations.alert_scans import scan_step
from tests.api_server import administrator_document
from tests.reference import model
from tests.reference.customer_worlds import DIMENSIONS, ORDERS, TAGS, Record
from tests.reference.partner_deliveries import with_ids
from tests.store.factory_alerts import add_alert_rule, add_progress

BEGINNING = Position(0)
# What changes with time alone is refused in rules of alerts.
REFUSED_IN_ALERTS = {"expires_within_days", "renews_within_days"}


@dataclass
class FollowingIndex:
    """The index in memory of a partner, which reads again only the customers that events name."""

    scope: Scope
    live: LiveIndex
    events: set[str] = field(default_factory=set)

    @classmethod
    async def build(cls, scope: Scope) -> "FollowingIndex":
        live = LiveIndex(scope.client, scope.partner_id)
        assert await live.build(max_bytes=100_000_000)
        return cls(scope, live)

    async def follow(self) -> None:
        """Read the customers of the events since the last call."""
        for event in await self.scope.collection("events").find(self.scope.match(), {"customer_id": 1}):
            if event["_id"] not in self.events and event["customer_id"] is not None:
                self.live.mark_changed(event["customer_id"])
            self.events.add(event["_id"])
        await self.live.count(self.scope, EVERYTHING)


@dataclass(frozen=True)
class PartnerComparison:
    """The partner as the store has it, beside the partner as the model has it."""

    scope: Scope
    delivered: Sequence[model.ModelPartner]
    customers: Mapping[str, model.Facts]
    ids: Mapping[str, str]
    rules: Mapping[str, Record]
    index: "FollowingIndex"

    @classmethod
    async def read(
        cls,
        scope: Scope,
        delivered: Sequence[model.ModelPartner],
        rules: Mapping[str, Record],
        index: "FollowingIndex",
    ) -> "PartnerComparison":
        scope = replace(scope, now=utc_now())
        found = await scope.collection("customers").find(scope.match(), {"external_id": 1})
        ids = {document["external_id"]: document["_id"] for document in found}
        staff = await scope.collection("administrators").find(scope.match(), {"email": 1})
        expected = {key: facts for group in delivered for key, facts in group.customers(scope.now).items()}
        known = {key: {**facts, "id": ids[key]} for key, facts in expected.items()}
        ids |= {one["email"]: one["_id"] for one in staff}
        ids |= {name: f"tag_{name}-{scope.partner_id}" for name in TAGS}
        comparison = cls(scope, delivered, known, ids, rules, index)
        comparison._add_ruled_tags()
        return comparison

    def _add_ruled_tags(self) -> None:
        """A customer has a tag with a rule exactly where it matches the rule; no rule reads such tags."""
        for key, facts in self.customers.items():
            holders = self.holders(key)
            ruled = {name for name, raw in self.rules.items() if model.matches(raw, facts, holders, self.scope.now)}
            facts["tags"] = {*facts["tags"], *ruled}

    async def compare_ruled_tags(self) -> None:
        """The tags with rules."""
        stored = await self.scope.collection("customers").find(self.scope.match(), {"external_id": 1, "tag_ids": 1})
        tags = {customer["external_id"]: customer["tag_ids"] for customer in stored}
        for key, facts in self.customers.items():
            given = {name for name in self.rules if f"tag_{name}-{self.scope.partner_id}" in tags[key]}
            assert given == facts["tags"] & self.rules.keys()

    async def compare_customers(self) -> None:
        """Everything that a customer says, and the events that led there."""
        keys = [key for group in self.delivered for key in group.facts["customers"]]
        by_id = await Customers(self.scope).by_ids([self.ids[key] for key in keys])
        stored = {document.external_id: document for document in by_id.values()}
        assert stored.keys() == self.customers.keys()
        events = await self.scope.collection("events").find(self.scope.match(), sort=[("_id", 1)])
        for key, facts in self.customers.items():
            assert _compared_fields(stored[key]) == {name: facts[name] for name in _COMPARED_FIELDS}
            told = [e for e in events if e["customer_id"] == self.ids[key] and e["kind"] == "STATUS_CHANGED"]
            assert _statuses_after(told) == set(facts["statuses"])
            for detail in stored[key].status_details:
                since = self._group(key).since(key, detail.status, self.scope.now)
                assert since in (None, detail.since)

    def _group(self, key: str) -> model.ModelPartner:
        """The model of the customer's group, whose number the key ends with."""
        return self.delivered[int(key.rpartition(".")[2])]

    def expected(self, asked: Record, order: CustomerOrder, viewer: str | None) -> list[str]:
        """The model's list, as ids."""
        now = self.scope.now
        there = {
            key: facts
            for key, facts in self.customers.items()
            if (viewer is None or viewer in self.holders(key)) and model.matches(asked, facts, self.holders(key), now)
        }
        return [self.ids[key] for key in model.in_order(there, str(order.field), str(order.direction))]

    def holders(self, key: str) -> list[str]:
        group = self._group(key)
        return [email for email in group.facts["administrators"] if group.is_assigned(email, key)]

    def _reader(self, viewer: str | None) -> Customers:
        return Customers(self._scope_of(viewer))

    def _scope_of(self, viewer: str | None) -> Scope:
        if viewer is None:
            return self.scope
        return replace(self.scope, administrator_id=self.ids[viewer], role=PartnerRole.ADMINISTRATOR)

    async def read_list(self, asked: Record, order: CustomerOrder, viewer: str | None) -> list[str]:
        """The store's list, as ids."""
        page = await self._reader(viewer).page(parse_filter(self.given(asked)), order, PageRequest(first=200))
        return [row.id for row in page.rows]

    def given(self, asked: Record) -> Record:
        """The filter as a client gives it: administrators by their ids."""
        given: Record = with_ids(asked, self.ids)
        return given

    async def read_count(self, asked: Record, viewer: str | None) -> int:
        """The store's total, which is that of the index in memory too."""
        condition = parse_filter(self.given(asked))
        total = await self._reader(viewer).count(condition)
        assert await self.index.live.count(self._scope_of(viewer), condition) == total
        return total

    async def compare_pages(self, asked: Record, order: CustomerOrder, size: int, viewer: str | None) -> None:
        """The list page by page, forward and back."""
        expected, condition = self.expected(asked, order, viewer), parse_filter(self.given(asked))
        reader, forward, backward = self._reader(viewer), list[str](), list[str]()
        page = await reader.page(condition, order, PageRequest(first=size))
        forward += [row.id for row in page.rows]
        while page.has_next:
            page = await reader.page(condition, order, PageRequest(first=size, after=page.end_cursor))
            forward += [row.id for row in page.rows]
        page = await reader.page(condition, order, PageRequest(last=size))
        backward[:0] = [row.id for row in page.rows]
        while page.has_previous:
            page = await reader.page(condition, order, PageRequest(last=size, before=page.start_cursor))
            backward[:0] = [row.id for row in page.rows]
        assert forward == expected
        assert backward == expected

    async def compare_facets(self, asked: Record, order: CustomerOrder, viewer: str | None) -> None:
        """The counts behind each value: each dimension leaves out its own top-level condition."""
        condition = parse_filter(self.given(asked))
        facets = await self._reader(viewer).facets(condition)
        assert await self.index.live.facets(self._scope_of(viewer), condition) == facets
        for name, values in DIMENSIONS.items():
            others = {key: value for key, value in asked.items() if key != name}
            wanted = [len(self.expected({"all_of": [others, {name: [value]}]}, order, viewer)) for value in values]
            told = [(str(one.value), one.count) for one in getattr(facets, name)]
            assert told == list(zip(values, wanted, strict=True))

    async def compare_alerts(self, asked: Sequence[tuple[Record, str | None]]) -> None:
        """A new rule opens an alert for each status of each customer that matches it, and that its owner sees."""
        full = administrator_document(self.scope, PartnerRole.FULL_ADMINISTRATOR)
        await self.scope.collection("administrators").insert_many([full])
        await add_progress(self.scope, BEGINNING)
        rules = {}
        for raw, viewer in asked:
            if REFUSED_IN_ALERTS.isdisjoint(find_conditions(raw)):
                owner = full["_id"] if viewer is None else self.ids[viewer]
                watched = {"filter": self.given(raw), "statuses": [*model.STATUSES], "scan": new_scan(self.scope.now)}
                rules[await add_alert_rule(self.scope, owner, **watched)] = raw, viewer
        while await scan_step(self.scope, BEGINNING):
            pass
        alerts = await self.scope.collection("alerts").find({**self.scope.match(), "state": "OPEN"})
        held = {self.ids[key]: facts["statuses"] for key, facts in self.customers.items()}
        expected = [
            (rule, customer, status)
            for rule, (raw, viewer) in rules.items()
            for customer in self.expected(raw, ORDERS[0], viewer)
            for status in held[customer]
        ]
        assert sorted((each["rule_id"], each["customer_id"], each["status"]) for each in alerts) == sorted(expected)


_COMPARED_FIELDS: tuple[str, ...] = (
    "name",
    "domain",
    "country",
    "managedBy",
    "statuses",
    "products",
    "subscriptionTypes",
    "needsAttention",
)
_COMPARED_FIELDS += ("createdAt", "lastAdministratorSignInAt", "NEXT_EXPIRY_AT")


def _compared_fields(customer: CustomerDocument) -> Record:
    return {
        "name": customer.name,
        "domain": customer.domain,
        "country": customer.country,
        "managedBy": customer.managed_by,
        "statuses": customer.statuses,
        "products": customer.products,
        "subscriptionTypes": customer.subscription_types,
        "needsAttention": customer.needs_attention,
        "createdAt": customer.created_at,
        "lastAdministratorSignInAt": customer.last_administrator_sign_in_at,
        "NEXT_EXPIRY_AT": customer.next_expiry_at,
    }


def _statuses_after(told: Sequence[Document]) -> set[str]:
    """The statuses that the events lead to; each enters what was not there, and leaves what was."""
    held: set[str] = set()
    for event in told:
        assert held.isdisjoint(event["entered"])
        assert held.issuperset(event["left"])
        assert event["entered"] or event["left"]
        held = (held | {*event["entered"]}) - {*event["left"]}
        assert held == {*event["statuses"]}
    return held

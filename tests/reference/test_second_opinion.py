"""Whatever is delivered, in whatever order: the store answers what the reference model answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import orjson
from hypothesis import Phase, given, settings
from strawberry.types import get_object_definition

from domain.cursors.feed import Position
from domain.customers.conditions import EVERYTHING
from domain.customers.filter import find_conditions, parse_filter
from domain.imports.records import ImportKind
from domain.paging import PageRequest
from domain.types import ActivityKind, PartnerRole
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import ImportSummary, import_stream
from schema.customer_inputs import CustomerFilter
from store.changes.customer_batch import CustomerBatch, change_customers
from store.counts.live_index import LiveIndex
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from store.indexes import ensure_indexes
from store.integrations.alert_making import new_scan
from store.integrations.alert_scans import scan_step
from store.tenants.partners import Partners
from tests.api_server import administrator_document
from tests.random_values import seeded
from tests.reference import model
from tests.reference.api_client import EXAMPLES
from tests.reference.customer_worlds import (
    CONDITIONS,
    DIMENSIONS,
    GROUPS,
    KINDS,
    ORDERS,
    TAGS,
    HourOffset,
    Question,
    Record,
    Streams,
    group_examples,
)
from tests.store.factory_alerts import add_alert_rule, add_progress

BEGINNING = Position(0)


def test_every_condition_of_the_filter_is_asked() -> None:
    """Conditions on KPIs are compared in test_license_figures.py."""
    asked = {*CONDITIONS, "all_of", "any_of", "not_", "kpi"}
    assert {field.python_name for field in get_object_definition(CustomerFilter, strict=True).fields} == asked


def test_the_store_answers_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        client = runner.run(_prepared(mongo_uri, database_name))

        # Every step of shrinking is a round of imports: minutes for an example that is small already.
        @settings(max_examples=EXAMPLES // GROUPS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(seeded(group_examples()))
        def agree(example: tuple[list[Streams], list[Question]]) -> None:
            runner.run(_compared(client, f"partner-{next(partners)}", *example))

        try:
            agree()
        finally:
            runner.run(client.close())


async def _prepared(uri: str, database: str) -> Client:
    client = Client(uri, database)
    await ensure_indexes(client)
    return client


async def _compared(client: Client, partner: str, groups: list[Streams], asked: list[Question]) -> None:
    base = utc_now()
    scope = Scope(client, partner, base)
    await Partners(scope).create("Somebody", [])
    await _add_tags(scope)
    rules = await _add_rules(scope, [_to_asked(one.filter, base) for one in asked])
    index = await FollowingIndex.build(scope)
    delivered = [model.ModelPartner() for _ in groups]
    last: tuple[str, list[Record]] | None = None
    for place in sorted({place for streams in groups for place in streams}):
        kind = KINDS[place[1]]
        lines = [_to_delivered(streams.get(place, []), base) for streams in groups]
        if kind == "tags":
            await _put_tags(scope, delivered, lines)
        elif accepted := await _deliver(scope, delivered, kind, lines, base):
            last = kind, accepted
        await index.follow()
    assert last is not None
    await _repeat(scope, *last)
    comparison = await PartnerComparison.read(scope, delivered, rules, index)
    await comparison.compare_customers()
    await comparison.compare_ruled_tags()
    for order in ORDERS:
        assert await comparison.read_list({}, order, None) == comparison.expected({}, order, None)
    for raw, order, size, viewer in asked:
        condition = _to_asked(raw, base)
        assert await comparison.read_list(condition, order, viewer) == comparison.expected(condition, order, viewer)
        assert await comparison.read_count(condition, viewer) == len(comparison.expected(condition, order, viewer))
        await comparison.compare_pages(condition, order, size, viewer)
        await comparison.compare_facets(condition, order, viewer)
    await comparison.compare_alerts([(_to_asked(one.filter, base), one.viewer) for one in asked[:1]])


async def _add_tags(scope: Scope) -> None:
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now, "color": "RED"}
    tags = [{"_id": f"tag_{name}", "name": name, "name_key": name, "name_folded": name, **stamps} for name in TAGS]
    await scope.collection("tags").insert_many([{**tag, "_id": f"{tag['_id']}-{scope.partner_id}"} for tag in tags])


async def _add_rules(scope: Scope, filters: Sequence[Record]) -> Mapping[str, Record]:
    """Add tags whose rules are these filters, where they can be rules; return the rules by tag."""
    rules = {
        f"rule-{number}": raw
        for number, raw in enumerate(filters)
        # The administrators are delivered later.
        if {"has_tags", "administrator"}.isdisjoint(find_conditions(raw))
    }
    ids = {name: f"tag_{name}-{scope.partner_id}" for name in TAGS}
    stored = [
        {"tag_id": f"tag_{name}-{scope.partner_id}", "name": name, "filter": _with_ids(raw, ids)}
        for name, raw in rules.items()
    ]
    await scope.collection("partners").update_one(scope.match(), {"$set": {"tag_rules": stored}})
    return rules


def _with_ids(raw: Any, ids: Mapping[str, str]) -> Any:
    """Return a filter with ids instead of names."""
    if isinstance(raw, dict):
        return {name: _with_ids(value, ids) for name, value in raw.items()}
    return [_with_ids(one, ids) for one in raw] if isinstance(raw, list) else ids.get(raw, raw)


async def _put_tags(scope: Scope, delivered: Sequence[model.ModelPartner], groups: Sequence[list[Record]]) -> None:
    tags = {line["externalId"]: line["tags"] for lines in groups for line in lines}

    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            names = tags[change.customer["external_id"]]
            change.update_customer({"tag_ids": [f"tag_{name}-{scope.partner_id}" for name in names]})
            change.add_event(EventDraft(ActivityKind.TAGS_ASSIGNED, change.id, "It has other tags"))

    await change_customers(scope, {"external_id": {"$in": list(tags)}}, body)
    for group, lines in zip(delivered, groups, strict=True):
        for line in lines:
            group.put_tags(line["externalId"], line["tags"])


async def _deliver(
    scope: Scope, delivered: Sequence[model.ModelPartner], kind: str, groups: Sequence[list[Record]], now: datetime
) -> list[Record]:
    """Imports the lines of all groups as one stream and tells the models; answers the lines that have a target."""
    lines = [(group, line) for group, told in zip(delivered, groups, strict=True) for line in told]
    refused = [n for n, (group, line) in enumerate(lines, 1) if not _has_target(group, kind, line)]
    summary, refusals = await _import_records(scope, kind, [line for _, line in lines])
    assert [refusal.line for refusal in refusals] == refused
    assert summary.lines == len(lines)
    good = [pair for number, pair in enumerate(lines, 1) if number not in refused]
    for group, line in good:
        group.deliver(kind, line, now)
    return [line for _, line in good]


def _has_target(delivered: model.ModelPartner, kind: str, line: Record) -> bool:
    if kind == "invoices":
        return line["subscription"] in delivered.facts["subscriptions"]
    return kind != "license-usage" or delivered.usage_target(line) is not None


async def _import_records(
    scope: Scope, kind: str, lines: Sequence[Record]
) -> tuple[ImportSummary, list[RejectedRecord]]:
    refusals: list[RejectedRecord] = []

    async def chunks() -> AsyncIterator[bytes]:
        yield b"".join(orjson.dumps(line) + b"\n" for line in lines)

    return await import_stream(scope, ImportKind(kind), chunks(), refusals.append), refusals


async def _repeat(scope: Scope, kind: str, lines: Sequence[Record]) -> None:
    """Repeating a file changes nothing and writes no event."""
    before = await _everything(scope)
    summary, _ = await _import_records(scope, kind, lines)
    assert summary == ImportSummary(unchanged=len(lines))
    assert await _everything(scope) == before


async def _everything(scope: Scope) -> list[list[Document]]:
    names = ("customers", "administrators", "entitlements", "orders", "invoices", "license_snapshots", "events")
    return [await scope.collection(name).find(scope.match(), sort=[("_id", 1)]) for name in names]


def _to_delivered(value: Any, base: datetime) -> Any:
    if isinstance(value, HourOffset):
        return (base + timedelta(hours=value.hours)).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, dict):
        return {name: _to_delivered(one, base) for name, one in value.items()}
    return [_to_delivered(one, base) for one in value] if isinstance(value, list) else value


def _to_asked(value: Any, base: datetime) -> Any:
    """Return a filter with its offsets as instants."""
    if isinstance(value, HourOffset):
        return base + timedelta(hours=value.hours)
    if isinstance(value, dict):
        return {name: _to_asked(one, base) for name, one in value.items()}
    return [_to_asked(one, base) for one in value] if isinstance(value, list) else value


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
            holders = self._holders(key)
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
            if (viewer is None or viewer in self._holders(key)) and model.matches(asked, facts, self._holders(key), now)
        }
        return [self.ids[key] for key in model.in_order(there, str(order.field), str(order.direction))]

    def _holders(self, key: str) -> list[str]:
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
        page = await self._reader(viewer).page(parse_filter(self._given(asked)), order, PageRequest(first=200))
        return [row.id for row in page.rows]

    def _given(self, asked: Any) -> Any:
        """The filter as a client gives it: administrators by their ids."""
        return _with_ids(asked, self.ids)

    async def read_count(self, asked: Record, viewer: str | None) -> int:
        """The store's total, which is that of the index in memory too."""
        condition = parse_filter(self._given(asked))
        total = await self._reader(viewer).count(condition)
        assert await self.index.live.count(self._scope_of(viewer), condition) == total
        return total

    async def compare_pages(self, asked: Record, order: CustomerOrder, size: int, viewer: str | None) -> None:
        """The list page by page, forward and back."""
        expected, condition = self.expected(asked, order, viewer), parse_filter(self._given(asked))
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
        condition = parse_filter(self._given(asked))
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
        # What changes with time alone is refused in rules of alerts.
        refused = {"expires_within_days", "renews_within_days"}
        rules = {}
        for raw, viewer in asked:
            if refused.isdisjoint(find_conditions(raw)):
                owner = full["_id"] if viewer is None else self.ids[viewer]
                watched = {"filter": self._given(raw), "statuses": [*model.STATUSES], "scan": new_scan(self.scope.now)}
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

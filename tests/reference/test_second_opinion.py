"""Whatever is delivered, in whatever order: the store answers what the reference model answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import orjson
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.customers.filter import parse_filter
from domain.imports.records import ImportKind
from domain.paging import PageRequest
from domain.types import CustomerOrderField, OrderDirection, PartnerRole
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import ImportSummary, import_stream
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import ensure_indexes
from store.tenants.partners import Partners
from tests.domain.imports.factory_records import days_ago
from tests.reference import model
from tests.reference.api_client import EXAMPLES

KEYS = ["C-1", "C-2", "Ü 3", "Cé４"]
EMAILS = ["ada@partner.example", "bob@partner.example"]
NAMES = [
    "Đorđević",
    "dordevic",
    "Müller GmbH",
    "muller",
    "株式会社サンプル",
    "สยามไทย 한국전자",
    "Straße 7",
    "ＡＢＣ Tel",
    "Işık",
    "İstanbul",
    "Łódź-Ørsted",
]
SEARCHES = [
    "dord",
    "ĐOR",
    "mull",
    "müller gm",
    "株式",
    "会社サ",
    "ไทย",
    "전자",
    "mueller",
    "e 1",
    "4",
    "strass",
    "straße",
    "abc t",
    "isik",
    "ist",
    "lodz",
    "3",
    "４",
    "tel",
    "?",
    " ",
]
ORDERS = [CustomerOrder(field, direction) for field in CustomerOrderField for direction in OrderDirection]
KINDS = ["customers", "administrators", "subscriptions", "trials", "invoices", "license-usage"]
DIMENSIONS = {"managed_by": model.MANAGERS, "product": model.PRODUCTS}
DIMENSIONS |= {"status": model.STATUSES, "subscription_type": model.TYPES}
DAYS = [days_ago(60), days_ago(59), days_ago(58)]
Record = dict[str, Any]


@dataclass(frozen=True)
class HourOffset:
    """An instant so many hours from the moment of the example; at a boundary it lies on the side that time leads to."""

    hours: int


DAY = 24
pasts = st.sampled_from(
    [
        HourOffset(-400 * DAY),
        HourOffset(-60 * DAY),
        HourOffset(-60 * DAY + 1),
        HourOffset(-30 * DAY),
        HourOffset(-1),
        HourOffset(0),
    ]
)
starts = st.sampled_from([HourOffset(-900 * DAY), HourOffset(-500 * DAY), HourOffset(1)])
ends = st.sampled_from(
    [
        HourOffset(-400 * DAY),
        HourOffset(-31 * DAY),
        HourOffset(0),
        HourOffset(2),
        HourOffset(DAY),
        HourOffset(7 * DAY),
        HourOffset(7 * DAY + 1),
        HourOffset(366 * DAY),
    ]
)
moments = st.sampled_from([HourOffset(-20 * DAY), HourOffset(0), HourOffset(5 * DAY)])
counts = st.sampled_from([0, 5, 1_000_000])
assigned = st.sampled_from([1, 5, 12, 1_000_000])


def line_of(required: Record, optional: Record) -> st.SearchStrategy[Record]:
    return st.fixed_dictionaries(required, optional=optional)


def customer(key: str) -> st.SearchStrategy[Record]:
    required = {
        "externalId": st.just(key),
        "name": st.sampled_from(NAMES),
        "managedBy": st.sampled_from(model.MANAGERS),
    }
    optional = {
        "domain": st.sampled_from([None, "müller.example", "abc.tel"]),
        "country": st.sampled_from([None, "DE", "RS"]),
        "lastAdministratorSignInAt": st.none() | pasts,
    }
    removals = st.sampled_from([None, None, None, HourOffset(-20 * DAY), HourOffset(0), HourOffset(5 * DAY)])
    return line_of({**required, "createdAt": pasts, "removedAt": removals}, optional)


def administrator(email: str) -> st.SearchStrategy[Record]:
    fixed = {"email": st.just(email), "displayName": st.just("Somebody"), "role": st.just("ADMINISTRATOR")}
    return line_of({**fixed, "assigned": st.lists(st.sampled_from(KEYS), unique=True)}, {})


products = st.sampled_from([*model.PRODUCTS[:3], "Fax"])
line_names = st.sampled_from([None, "Professional", "A:b.$c"])
figures = line_of(
    {"product": products, "total": counts}, {"name": line_names, "assigned": assigned, "used": st.just(0)}
)


def trial(number: str, key: str) -> st.SearchStrategy[Record]:
    lines = st.lists(figures, max_size=3, unique_by=model.line_key)
    times = st.tuples(starts, ends).filter(lambda pair: pair[0].hours < pair[1].hours)
    fixed = {"number": st.just(number), "customer": st.just(key), "addedAt": pasts, "licenses": lines}
    whole = st.tuples(line_of(fixed, {}), times)
    return whole.map(lambda pair: {**pair[0], "startsAt": pair[1][0], "endsAt": pair[1][1]})


def subscription(number: str, key: str) -> st.SearchStrategy[Record]:
    more = line_of(
        {"autoRenew": st.booleans()},
        {
            "termMonths": st.sampled_from([None, 1, 7, 12]),
            "setUp": st.sampled_from([None, True, False]),
            "suspended": st.sampled_from([None, True, False]),
            "suspendedAt": st.none() | moments,
            "cancelledAt": st.none() | moments,
        },
    )
    return st.tuples(trial(number, key), more).map(lambda pair: {**pair[0], **pair[1]})


def invoice(number: str, subscriptions: Sequence[str]) -> st.SearchStrategy[Record]:
    fixed = {"number": st.just(number), "subscription": st.sampled_from(subscriptions)}
    state = st.sampled_from(["OPEN", "PAID", "OVERDUE", "VOID"])
    priced = {"dueOn": st.just("2026-12-01"), "amount": st.just("1.00"), "currency": st.just("EUR")}
    return line_of({**fixed, "state": state, "issuedOn": st.sampled_from(DAYS), **priced}, {})


def usage(numbers: Sequence[str]) -> st.SearchStrategy[Record]:
    required = {"product": products, "day": st.sampled_from(DAYS), "assigned": assigned}
    return line_of(
        {"entitlement": st.sampled_from(numbers), **required, "used": st.sampled_from([0, 1])},
        {"total": counts, "name": line_names},
    )


@st.composite
def deliveries(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[tuple[str, list[Record]]]:
    """Streams in the order of their delivery: each of a kind, its lines in any order, some of them twice."""
    holders = {f"E-{place}": draw(st.sampled_from(KEYS)) for place in range(6)}

    def owner(number: str) -> str:
        """The customer of the number; sometimes another one, to which it then moves."""
        key: str = draw(st.sampled_from([holders[number], holders[number], *KEYS]))
        return key

    subscribed, tried = list(holders)[:3], list(holders)[3:]
    streams = []
    for turn in range(draw(st.sampled_from([1, 3, 3]))):
        # Everything that others name has to be there from the first turn on.
        whole = turn == 0
        lines = {
            "customers": [draw(customer(key)) for key in KEYS],
            "administrators": [draw(administrator(email)) for email in EMAILS if whole or draw(st.booleans())],
            "subscriptions": [draw(subscription(n, owner(n))) for n in subscribed if draw(st.booleans())],
            "trials": [draw(trial(n, owner(n))) for n in tried if draw(st.booleans())],
            "invoices": [draw(invoice(f"I-{n}", subscribed)) for n in range(5) if draw(st.booleans())],
            "license-usage": draw(st.lists(usage(list(holders)), max_size=4, unique_by=_usage_key)),
        }
        for kind in KINDS:
            twice = [line for line in lines[kind] if draw(st.integers(0, 3)) == 0]
            shuffled = draw(st.permutations([*lines[kind], *twice]))
            cut = draw(st.integers(0, len(shuffled))) if draw(st.integers(0, 3)) == 0 else 0
            streams += [(kind, part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    return streams


def _usage_key(line: Record) -> tuple[str, str, str]:
    return (line["entitlement"], line["product"], line["day"])


def some(values: Sequence[str]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=3)


# Instants of customers and the moments beside them: the store has the first ones to the millisecond.
bounds = st.none() | pasts
ranges = st.none() | st.fixed_dictionaries({}, optional={"since": bounds, "until": bounds})
CONDITIONS = {
    "search": st.none() | st.sampled_from(SEARCHES),
    "managed_by": some(model.MANAGERS),
    "product": some(model.PRODUCTS),
    "status": some(model.STATUSES),
    "subscription_type": some(model.TYPES),
    "administrator": some(EMAILS),
    "country": some(["DE", "RS", "FR"]),
    "expires_within_days": st.none() | st.sampled_from([1, 30, 365]),
    "renews_within_days": st.none() | st.sampled_from([1, 30, 365]),
    "has_assignments": st.none() | st.booleans(),
    "invoice_state": some(["OPEN", "PAID", "OVERDUE", "VOID"]),
    "created_at": ranges,
    "last_administrator_sign_in_at": ranges,
}
conditions = st.fixed_dictionaries({}, optional=CONDITIONS)
# One condition alone is read along an index of its own; most lists have one at most, so that half of these have.
alone = st.one_of([st.fixed_dictionaries({name: values}) for name, values in CONDITIONS.items()])


def nested(inner: st.SearchStrategy[Record]) -> st.SearchStrategy[Record]:
    lists = st.none() | st.lists(inner, max_size=2)
    joined = st.fixed_dictionaries({}, optional={"all_of": lists, "any_of": lists, "not_": st.none() | inner})
    return st.tuples(conditions, joined).map(lambda pair: {**pair[0], **pair[1]})


filters = alone | st.sampled_from(SEARCHES).map(lambda text: {"search": text}) | conditions | nested(nested(conditions))
questions = st.tuples(filters, st.sampled_from(ORDERS), st.integers(1, 3), st.sampled_from([None, *EMAILS]))


def test_the_store_answers_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        client = runner.run(_prepared(mongo_uri, database_name))

        # Every step of shrinking is a round of imports: minutes for an example that is small already.
        @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(deliveries(), st.lists(questions, min_size=2, max_size=2))
        def agree(streams: list[tuple[str, list[Record]]], asked: list[Any]) -> None:
            runner.run(_compared(client, f"partner-{next(partners)}", streams, asked))

        try:
            agree()
        finally:
            runner.run(client.close())


async def _prepared(uri: str, database: str) -> Client:
    client = Client(uri, database)
    await ensure_indexes(client)
    return client


async def _compared(client: Client, partner: str, streams: list[tuple[str, list[Record]]], asked: list[Any]) -> None:
    base = utc_now()
    scope = Scope(client, partner, base)
    await Partners(scope).create("Somebody", [])
    delivered = model.ModelPartner()
    told = [(kind, [_to_delivered(line, base) for line in lines]) for kind, lines in streams]
    accepted = [(kind, await _deliver(scope, delivered, kind, lines, base)) for kind, lines in told]
    await _repeat(scope, *next((kind, lines) for kind, lines in reversed(accepted) if lines))
    comparison = await PartnerComparison.read(scope, delivered)
    await comparison.compare_customers()
    for order in ORDERS:
        assert await comparison.read_list({}, order, None) == comparison.expected({}, order, None)
    for email in EMAILS:
        assert await comparison.read_list({}, ORDERS[0], email) == comparison.expected({}, ORDERS[0], email)
    for raw, order, size, viewer in asked:
        condition = _to_asked(raw, base)
        for whoever in (None, *EMAILS):
            assert await comparison.read_list(condition, order, whoever) == comparison.expected(
                condition, order, whoever
            )
            assert await comparison.read_count(condition, whoever) == len(
                comparison.expected(condition, order, whoever)
            )
        await comparison.compare_pages(condition, order, size, viewer)
        await comparison.compare_facets(condition, order, viewer)


async def _deliver(
    scope: Scope, delivered: model.ModelPartner, kind: str, lines: list[Record], now: datetime
) -> list[Record]:
    """Imports a stream and tells the model; answers the lines that have a target."""
    refused = [n for n, line in enumerate(lines, 1) if not _has_target(delivered, kind, line)]
    summary, refusals = await _import_records(scope, kind, lines)
    assert [refusal.line for refusal in refusals] == refused
    assert summary.lines == len(lines)
    good = [line for number, line in enumerate(lines, 1) if number not in refused]
    for line in good:
        delivered.deliver(kind, line, now)
    return good


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


@dataclass(frozen=True)
class PartnerComparison:
    """The partner as the store has it, beside the partner as the model has it."""

    scope: Scope
    delivered: model.ModelPartner
    customers: Mapping[str, model.Facts]
    ids: Mapping[str, str]

    @classmethod
    async def read(cls, scope: Scope, delivered: model.ModelPartner) -> "PartnerComparison":
        scope = replace(scope, now=utc_now())
        found = await scope.collection("customers").find(scope.match(), {"external_id": 1})
        ids = {document["external_id"]: document["_id"] for document in found}
        staff = await scope.collection("administrators").find(scope.match(), {"email": 1})
        expected = delivered.customers(scope.now)
        known = {key: {**facts, "id": ids[key]} for key, facts in expected.items()}
        return cls(scope, delivered, known, {**ids, **{one["email"]: one["_id"] for one in staff}})

    async def compare_customers(self) -> None:
        """Everything that a customer says, and the events that led there."""
        by_id = await Customers(self.scope).by_ids([self.ids[key] for key in KEYS])
        stored = {document.external_id: document for document in by_id.values()}
        assert stored.keys() == self.customers.keys()
        events = await self.scope.collection("events").find(self.scope.match(), sort=[("_id", 1)])
        for key, facts in self.customers.items():
            assert _compared_fields(stored[key]) == {name: facts[name] for name in _COMPARED_FIELDS}
            told = [e for e in events if e["customer_id"] == self.ids[key] and e["kind"] == "STATUS_CHANGED"]
            assert _statuses_after(told) == set(facts["statuses"])
            for detail in stored[key].status_details:
                since = self.delivered.since(key, detail.status, self.scope.now)
                assert since in (None, detail.since)

    def _is_visible(self, viewer: str | None, key: str) -> bool:
        return viewer is None or self.delivered.is_assigned(viewer, key)

    def expected(self, asked: Record, order: CustomerOrder, viewer: str | None) -> list[str]:
        """The model's list, as ids."""
        now = self.scope.now
        there = {
            key: facts
            for key, facts in self.customers.items()
            if self._is_visible(viewer, key) and model.matches(asked, facts, self._holders(key), now)
        }
        return [self.ids[key] for key in model.in_order(there, str(order.field), str(order.direction))]

    def _holders(self, key: str) -> list[str]:
        return [email for email in EMAILS if self.delivered.is_assigned(email, key)]

    def _reader(self, viewer: str | None) -> Customers:
        if viewer is None:
            return Customers(self.scope)
        return Customers(replace(self.scope, administrator_id=self.ids[viewer], role=PartnerRole.ADMINISTRATOR))

    async def read_list(self, asked: Record, order: CustomerOrder, viewer: str | None) -> list[str]:
        """The store's list, as ids."""
        page = await self._reader(viewer).page(parse_filter(self._given(asked)), order, PageRequest(first=200))
        return [row.id for row in page.rows]

    def _given(self, asked: Any) -> Any:
        """The filter as a client gives it: administrators by their ids."""
        if isinstance(asked, dict):
            return {name: self._given(value) for name, value in asked.items()}
        return [self._given(one) for one in asked] if isinstance(asked, list) else self.ids.get(asked, asked)

    async def read_count(self, asked: Record, viewer: str | None) -> int:
        """The store's total."""
        return await self._reader(viewer).count(parse_filter(self._given(asked)))

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
        facets = await self._reader(viewer).facets(parse_filter(self._given(asked)))
        for name, values in DIMENSIONS.items():
            others = {key: value for key, value in asked.items() if key != name}
            wanted = [len(self.expected({"all_of": [others, {name: [value]}]}, order, viewer)) for value in values]
            told = [(str(one.value), one.count) for one in getattr(facets, name)]
            assert told == list(zip(values, wanted, strict=True))


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

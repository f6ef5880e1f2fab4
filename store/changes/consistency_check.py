"""Checks that the stored projection of customers follows from their facts, and repairs it.

It compares statuses, holdings, keys, the facts of invoices, licence lines, their peaks of use, and the weekly sums of
licences.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.batches import split_into_batches
from domain.customers.projection import project_fields
from domain.customers.statuses import CustomerFacts, statuses_at
from domain.customers.transitions import merge_entered_at
from domain.entitlements.license_lines import build_license_lines
from domain.entitlements.lifecycle import effective_end, entitlement_from_document, renews
from domain.types import ActivityKind, CustomerStatus
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers, read_entitlements
from store.changes.customer_fields import apply_tag_rules, is_removed, storage_fields
from store.changes.invoice_facts import find_wrong_invoice_facts, update_invoice_facts
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import EventDraft
from store.licenses.lines import COLLECTION as LINES
from store.licenses.use_peaks import PEAK_FIELDS, find_wrong_peaks
from store.licenses.weeks import find_week_repairs, repair_weeks
from store.tenants.partners import PartnerDocument, Partners

# A customer that has been due for longer is reported: the jobs do not run.
OVERDUE_AFTER = timedelta(seconds=60)
_COMPARED_FIELDS = (
    "statuses",
    "status_details",
    "urgency",
    "products",
    "running_products",
    "subscription_types",
    "holdings",
    "expiring_ends",
    "renewing_ends",
    "invoice_states",
    "living_numbers",
    "next_expiry_at",
    "next_evaluation_at",
    "next_renewal_at",
    "next_unassignment_at",
    "due_at",
    "name_folded",
    "words",
)
_METADATA_FIELDS = frozenset({"_id", "partner_id", "version", "created_at", "updated_at", *PEAK_FIELDS})


class Problem(NamedTuple):
    """What is wrong with a customer; with the whole partner, where the ids are empty.

    An overdue customer is corrected by the next run of the jobs.
    """

    customer_id: str
    external_id: str
    description: str
    is_overdue: bool = False

    @property
    def subject(self) -> str:
        """Name the customer or the partner in words."""
        return f"customer {self.external_id} ({self.customer_id})" if self.customer_id else "the partner"


async def check_customers(scope: Scope) -> AsyncIterator[Problem]:
    """Yield the problems of all customers of the partner; each batch is read as of one moment."""
    last_external_id = ""
    while True:
        problems, last_external_id = await _check_batch(scope, last_external_id)
        for problem in problems:
            yield problem
        if not last_external_id:
            return


async def find_orphaned_license_lines(scope: Scope) -> list[str]:
    """Return the ids of customers that licence lines name and that do not exist."""
    named = await scope.collection(LINES).aggregate([{"$match": scope.match()}, {"$group": {"_id": "$customer_id"}}])
    customers = await scope.collection("customers").find_ids(scope.match())
    return sorted({group["_id"] for group in named} - set(customers))


async def repair_customers(scope: Scope, customer_ids: Sequence[str]) -> None:
    """Write the whole projection of the customers, with an event each: clients may have been shown wrong values."""

    async def body(batch: CustomerBatch) -> None:
        ids = [change.id for change in batch.changes]
        await repair_weeks(scope, batch.session, ids)
        where = {**scope.match(), "customer_id": {"$in": ids}}
        await scope.collection(LINES).delete_many(where, session=batch.session)
        await update_invoice_facts(batch)
        for change in batch.changes:
            change.rewrite_projection()
            summary = f"What is shown of {change.customer['name']} was put right"
            change.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, change.id, summary))

    for ids in split_into_batches(customer_ids, BATCH_SIZE):
        await change_customers(scope, {"_id": {"$in": list(ids)}}, body)


async def delete_orphaned_license_lines(scope: Scope, customer_ids: Sequence[str]) -> None:
    """Delete the licence lines of customers that do not exist."""
    await scope.collection(LINES).delete_many({**scope.match(), "customer_id": {"$in": list(customer_ids)}})


async def _check_batch(scope: Scope, last_external_id: str) -> tuple[list[Problem], str]:
    """Return the problems of the next batch and its last external id; an empty id after the last batch."""

    async def body(session: Session) -> tuple[list[Problem], str]:
        partner = await Partners(scope).get(session=session)
        where = {**scope.match(), "external_id": {"$gt": last_external_id}}
        order = [("external_id", 1)]
        customers = await scope.collection("customers").find(where, sort=order, limit=BATCH_SIZE, session=session)
        if partner is None or not customers:
            return [], ""
        ids = [customer["_id"] for customer in customers]
        entitlements = await read_entitlements(scope, ids, session)
        stored_lines = await _read_license_lines(scope, ids, session)
        lines = _group_by_customer(stored_lines)
        problems = [
            Problem(customer["_id"], customer["external_id"], *problem)
            for customer in customers
            for problem in find_problems(
                customer, entitlements.get(customer["_id"], []), lines.get(customer["_id"], {}), partner, utc_now()
            )
        ]
        external_ids = {customer["_id"]: customer["external_id"] for customer in customers}
        stored = [entitlement for documents in entitlements.values() for entitlement in documents]
        async for customer_id, description in _find_wrong_summaries(scope, session, stored, stored_lines):
            problems.append(Problem(customer_id, external_ids[customer_id], description))
        wrong_weeks = sorted(await find_week_repairs(scope, session, ids))
        return [*problems, *_find_week_problems(wrong_weeks, external_ids)], customers[-1]["external_id"]

    return await in_transaction(scope.client, body)


async def _find_wrong_summaries(
    scope: Scope, session: Session, entitlements: Sequence[Document], lines: Sequence[Document]
) -> AsyncIterator[tuple[str, str]]:
    """Yield the customer and a description of each summary that does not match the invoices or snapshots."""
    wrong_numbers = (await find_wrong_invoice_facts(scope, session, entitlements)).keys()
    for entitlement in entitlements:
        if entitlement["number"] in wrong_numbers:
            yield entitlement["customer_id"], f"invoice facts of {entitlement['number']} are amiss"
    for line in await find_wrong_peaks(scope, session, lines):
        yield line["customer_id"], f"peaks of use of {line['_id']} are amiss"


def _find_week_problems(wrong_weeks: Sequence[str], external_ids: Mapping[str, str]) -> Iterator[Problem]:
    """Yield one problem for each customer whose weekly sums of licences do not match the snapshots."""
    for id_, external_id in external_ids.items():
        weeks = [week for week in wrong_weeks if week.startswith(f"{id_}:")]
        if weeks:
            yield Problem(id_, external_id, f"weekly sums of licences {_shorten(weeks)} are amiss")


async def _read_license_lines(scope: Scope, ids: Sequence[str], session: Session) -> list[Document]:
    where = {**scope.match(), "customer_id": {"$in": list(ids)}}
    return await scope.collection(LINES).find(where, session=session)


def _group_by_customer(lines: Sequence[Document]) -> dict[str, dict[str, Document]]:
    """Return stored licence lines without metadata: by customer id, then by the id of the line."""
    by_customer: dict[str, dict[str, Document]] = {}
    for line in lines:
        fields = {name: value for name, value in line.items() if name not in _METADATA_FIELDS}
        by_customer.setdefault(line["customer_id"], {})[line["_id"]] = fields
    return by_customer


def find_problems(
    customer: Document,
    entitlements: Sequence[Document],
    lines: Mapping[str, Document],
    partner: PartnerDocument,
    now: datetime,
) -> list[tuple[str, bool]]:
    """Return what is wrong with a stored customer and its licence lines, each with whether it is only overdue."""
    now = max(now, customer["evaluated_at"])
    due_at = customer["due_at"]
    if due_at is not None and due_at <= now - OVERDUE_AFTER:
        return [(f"has been due since {due_at.isoformat()}Z", True)]
    # A due customer must match its last evaluation, because the jobs have yet to evaluate it; any other matches now.
    at = customer["evaluated_at"] if due_at is not None and due_at <= now else now
    expected = _expected_fields(customer, entitlements, partner, at)
    # A removed customer has no lines, and no job moves the ends of its renewals.
    held = () if is_removed(customer, at) else entitlements
    expected_lines = build_license_lines({**customer, **expected}, held, at)
    problems = [
        *_compare_fields(customer, expected),
        *_compare_ruled_tags(customer, partner, at),
        *_compare_ends(held, at),
        *_compare_lines(lines, expected_lines),
    ]
    return [(problem, False) for problem in problems]


def _compare_fields(customer: Document, expected: Document) -> Iterator[str]:
    for name in _COMPARED_FIELDS:
        if customer.get(name) != expected[name]:
            yield f"{name} is {_shorten(customer.get(name))} and should be {_shorten(expected[name])}"
    for name in ("keys", "order_keys"):
        if sorted(customer[name]) != sorted(expected[name]):
            yield f"{name} {_shorten(sorted(set(customer[name]) ^ set(expected[name])))} are amiss"


def _compare_ruled_tags(customer: Document, partner: PartnerDocument, at: datetime) -> Iterator[str]:
    # A customer of an older epoch waits for its evaluation by the new rules.
    if customer["settings_epoch"] == partner.epoch:
        ruled = apply_tag_rules(customer, partner, at)
        for rule in (*ruled.added, *ruled.removed):
            yield f"tag {rule.tag_id} is amiss"


def _compare_ends(entitlements: Sequence[Document], at: datetime) -> Iterator[str]:
    for document in entitlements:
        subscription = entitlement_from_document(document)
        if renews(subscription) and document["ends_at"] != effective_end(subscription, at):
            yield f"ends_at of {document['number']} is amiss"


def _compare_lines(stored: Mapping[str, Document], expected: Mapping[str, Document]) -> Iterator[str]:
    wrong = sorted(id_ for id_ in expected.keys() | stored.keys() if expected.get(id_) != stored.get(id_))
    if wrong:
        yield f"licence lines {_shorten(wrong)} are amiss"


def _expected_fields(
    customer: Document, entitlements: Sequence[Document], partner: PartnerDocument, at: datetime
) -> Document:
    facts = CustomerFacts(
        customer["created_at"],
        customer["last_administrator_sign_in_at"],
        customer["removed_at"],
        [entitlement_from_document(entitlement) for entitlement in entitlements],
    )
    # Those of the last evaluation: the settings may have changed since.
    thresholds = partner.thresholds_at(customer["settings_epoch"])
    statuses = statuses_at(facts, thresholds, at)
    stored = {CustomerStatus(detail["status"]): detail["entered_at"] for detail in customer["status_details"]}
    projection = project_fields(facts, statuses, merge_entered_at(stored, statuses, at), thresholds, at)
    return {**projection, **storage_fields({**customer, **projection}, {}, partner, at)}


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"

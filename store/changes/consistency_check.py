"""Whether what stands with customers is what their facts say: statuses, holdings, keys, licence lines, weekly sums."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.customers.projection import project_fields
from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.entitlements.license_lines import build_license_lines
from domain.entitlements.lifecycle import entitlement_from_document
from domain.types import ActivityKind, CustomerStatus
from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers, read_entitlements
from store.changes.customer_fields import is_removed, storage_fields
from store.database.client import Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import EventDraft
from store.licenses.lines import COLLECTION as LINES
from store.licenses.weeks import find_week_repairs, repair_weeks
from store.tenants.partners import PartnerDocument, Partners

# What the clock's job has not done by then, it does not do.
OVERDUE_AFTER = timedelta(seconds=60)
_COMPARED_FIELDS = (
    "statuses",
    "urgency",
    "products",
    "running_products",
    "subscription_types",
    "holdings",
    "expiring_ends",
    "next_expiry_at",
    "next_evaluation_at",
    "next_renewal_at",
    "next_unassignment_at",
    "due_at",
    "name_folded",
    "words",
)
_METADATA_FIELDS = frozenset({"_id", "partner_id", "version", "created_at", "updated_at"})


class Problem(NamedTuple):
    """What is wrong with a customer, or with the whole partner, where the ids are empty.

    One that is only overdue will be right once the jobs run.
    """

    customer_id: str
    external_id: str
    description: str
    is_overdue: bool = False

    @property
    def subject(self) -> str:
        """Who has it, in words."""
        return f"customer {self.external_id} ({self.customer_id})" if self.customer_id else "the partner"


async def check_customers(scope: Scope) -> AsyncIterator[Problem]:
    """Goes through all customers of the partner, a slice at a time, each as it stood at one moment."""
    place = ""
    while True:
        problems, place = await _check_batch(scope, place)
        for problem in problems:
            yield problem
        if not place:
            return


async def find_orphaned_license_lines(scope: Scope) -> list[str]:
    """The customers that licence lines name and that are not there any more."""
    named = await scope.collection(LINES).aggregate([{"$match": scope.match()}, {"$group": {"_id": "$customer_id"}}])
    there = await scope.collection("customers").find(scope.match(), {"_id": 1})
    return sorted({one["_id"] for one in named} - {one["_id"] for one in there})


async def repair_customers(scope: Scope, customer_ids: Sequence[str]) -> None:
    """Writes all that follows from the facts of the customers, and tells of it: some may have shown the mistake."""

    async def body(batch: CustomerBatch) -> None:
        ids = [work.id for work in batch.changes]
        await repair_weeks(scope, batch.session, ids)
        of_slice = {"customer_id": {"$in": ids}}
        await scope.collection(LINES).delete_many({**scope.match(), **of_slice}, session=batch.session)
        for work in batch.changes:
            work.rewrite_projection()
            summary = f"What is shown of {work.customer['name']} was put right"
            work.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, work.id, summary))

    for start in range(0, len(customer_ids), BATCH_SIZE):
        await change_customers(scope, {"_id": {"$in": list(customer_ids[start : start + BATCH_SIZE])}}, body)


async def delete_orphaned_license_lines(scope: Scope, customer_ids: Sequence[str]) -> None:
    """Deletes the licence lines of customers that are not there."""
    await scope.collection(LINES).delete_many({**scope.match(), "customer_id": {"$in": list(customer_ids)}})


async def _check_batch(scope: Scope, place: str) -> tuple[list[Problem], str]:
    """The problems of the slice behind a place, and the next place; an empty one behind the last slice."""

    async def body(session: Session) -> tuple[list[Problem], str]:
        partner = await Partners(scope).get(session=session)
        where = {**scope.match(), "external_id": {"$gt": place}}
        order = [("external_id", 1)]
        customers = await scope.collection("customers").find(where, sort=order, limit=BATCH_SIZE, session=session)
        if partner is None or not customers:
            return [], ""
        ids = [customer["_id"] for customer in customers]
        held = await read_entitlements(scope, ids, session)
        lines = await _read_license_lines(scope, ids, session)
        weeks = sorted(await find_week_repairs(scope, session, ids))
        found = [
            Problem(customer["_id"], customer["external_id"], *one)
            for customer in customers
            for one in _find_problems(customer, held.get(customer["_id"], []), lines, partner)
        ]
        by_id = {customer["_id"]: customer["external_id"] for customer in customers}
        return [*found, *_find_week_problems(weeks, by_id)], customers[-1]["external_id"]

    return await in_transaction(scope.client, body)


def _find_week_problems(amiss: Sequence[str], customers: Mapping[str, str]) -> Iterator[Problem]:
    """One for each customer whose weekly sums of licences are not what the snapshots say; external ids by id."""
    for id_, external_id in customers.items():
        weeks = [week for week in amiss if week.startswith(f"{id_}:")]
        if weeks:
            yield Problem(id_, external_id, f"weekly sums of licences {_shorten(weeks)} are amiss")


async def _read_license_lines(scope: Scope, ids: Sequence[str], session: Session) -> dict[str, dict[str, Document]]:
    found: dict[str, dict[str, Document]] = {}
    where = {**scope.match(), "customer_id": {"$in": list(ids)}}
    for line in await scope.collection(LINES).find(where, session=session):
        fields = {name: value for name, value in line.items() if name not in _METADATA_FIELDS}
        found.setdefault(line["customer_id"], {})[line["_id"]] = fields
    return found


def _find_problems(
    customer: Document,
    held: Sequence[Document],
    lines: Mapping[str, Mapping[str, Document]],
    partner: PartnerDocument,
) -> list[tuple[str, bool]]:
    now = max(utc_now(), customer["evaluated_at"])
    due = customer["due_at"]
    if due is not None and due <= now - OVERDUE_AFTER:
        return [(f"has been due since {due.isoformat()}Z", True)]
    # What is due is the job's to change: until then it must be right as of the last evaluation, and else as of now.
    at = customer["evaluated_at"] if due is not None and due <= now else now
    expected = _expected_fields(customer, held, partner, at)
    wrong = [name for name in _COMPARED_FIELDS if customer.get(name) != expected[name]]
    problems = [f"{name} is {_shorten(customer.get(name))} and should be {_shorten(expected[name])}" for name in wrong]
    arrays = [name for name in ("keys", "order_keys") if sorted(customer[name]) != sorted(expected[name])]
    problems += [f"{name} {_shorten(sorted(set(customer[name]) ^ set(expected[name])))} are amiss" for name in arrays]
    wanted = {} if is_removed(customer, at) else build_license_lines({**customer, **expected}, held, at)
    stored = lines.get(customer["_id"], {})
    amiss = sorted(id_ for id_ in wanted.keys() | stored.keys() if wanted.get(id_) != stored.get(id_))
    if amiss:
        problems.append(f"licence lines {_shorten(amiss)} are amiss")
    return [(problem, False) for problem in problems]


def _expected_fields(customer: Document, held: Sequence[Document], partner: PartnerDocument, at: datetime) -> Document:
    signed_in, removed = customer["last_administrator_sign_in_at"], customer["removed_at"]
    facts = CustomerFacts(customer["created_at"], signed_in, removed, [entitlement_from_document(one) for one in held])
    thresholds = _evaluated_thresholds(customer, partner)
    basis = statuses_at(facts, thresholds, at)
    since = {CustomerStatus(detail["status"]): detail["since"] for detail in customer["status_details"]}
    derived = project_fields(facts, basis, {one: since.get(one, at) for one in basis}, thresholds, at)
    return {**derived, **storage_fields({**customer, **derived}, {}, partner, at)}


def _evaluated_thresholds(customer: Document, partner: PartnerDocument) -> Thresholds:
    """Those that the customer was evaluated under; others may be in force since."""
    known = [step.thresholds for step in partner.history if step.epoch <= customer["settings_epoch"]]
    return known[-1] if known else partner.thresholds


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"

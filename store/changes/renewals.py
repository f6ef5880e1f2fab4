"""Brings a subscription to the end that its renewals have reached: new end, count, terms to order, and the event."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from domain.customers.reasons import entitlement_label
from domain.entitlements.lifecycle import (
    Entitlement,
    count_due_renewals,
    end_after_renewals,
    entitlement_from_document,
    renews,
)
from domain.entitlements.orders import find_renewal
from domain.entitlements.renewal_backlog import former_terms
from domain.types import ActivityKind
from store.changes.system_orders import RenewedTerm
from store.database.client import Document
from store.events.log import EventDraft

# One transaction records at most this number of renewals of a customer; the job records the others. A subscription
# whose first end is a century ago can have renewed 1,200 times.
MAX_RENEWALS_PER_CHANGE = 120


class Renewal(Struct, frozen=True):
    """The changes of one subscription: its end, the renewals that are recorded, and their terms with one event."""

    ends_at: datetime
    renewals: int
    terms: Sequence[RenewedTerm]
    draft: EventDraft | None

    @property
    def fields(self) -> Document:
        """The fields of the subscription that change."""
        return {"ends_at": self.ends_at, "renewals": self.renewals}


class BacklogStep(Struct, frozen=True):
    """The renewals of one entry of the backlog that are recorded, with one event; `backlog` is what remains."""

    backlog: Sequence[Document]
    terms: Sequence[RenewedTerm]
    draft: EventDraft | None

    @property
    def fields(self) -> Document:
        """The fields of the subscription that change."""
        return {"renewal_backlog": list(self.backlog)}


def compute_renewals(
    subscription: Document, now: datetime, written_at: datetime, limit: int
) -> Iterator[Renewal | BacklogStep]:
    """Yield the changes that record at most `limit` renewals: those of the backlog first, then those of the present."""
    for step in _compute_backlog_steps(subscription, written_at, limit):
        limit -= len(step.terms)
        yield step
    renewal = compute_renewal(subscription, now, written_at, limit)
    if renewal is not None:
        yield renewal


def compute_renewal(subscription: Document, now: datetime, written_at: datetime, limit: int) -> Renewal | None:
    """Return what changes so that end and renewals are those of `now`; None where nothing changes.

    At most `limit` renewals are recorded; the end is that of `now` in any case. The facts were written at `written_at`.
    """
    facts = entitlement_from_document(subscription)
    count, recorded = count_due_renewals(facts, now), subscription["renewals"]
    if not renews(facts) and count <= recorded:
        return None
    end = end_after_renewals(facts, count) if renews(facts) else facts.ends_at
    reached = min(count, recorded + limit)
    if reached == recorded and subscription["ends_at"] == end:
        return None
    terms, draft = _record(subscription, recorded, reached, written_at)
    return Renewal(end, reached, terms, draft)


def _compute_backlog_steps(subscription: Document, written_at: datetime, limit: int) -> Iterator[BacklogStep]:
    backlog = list(subscription.get("renewal_backlog") or ())
    while backlog and limit > 0:
        entry = backlog.pop(0)
        reached = min(entry["due"], entry["renewals"] + limit)
        limit -= reached - entry["renewals"]
        terms, draft = _record({**subscription, **former_terms(entry)}, entry["renewals"], reached, written_at)
        if reached < entry["due"]:
            backlog.insert(0, {**entry, "renewals": reached})
        yield BacklogStep(tuple(backlog), terms, draft)


def _record(
    subscription: Document, recorded: int, reached: int, written_at: datetime
) -> tuple[Sequence[RenewedTerm], EventDraft | None]:
    """Return the terms after `recorded` renewals until `reached`, and their event."""
    facts = entitlement_from_document(subscription)
    # A copy, because the orders have the licences of this moment and the caller can change the document afterwards.
    renewed = dict(subscription)
    terms = [
        RenewedTerm(renewed, renewal, end_after_renewals(facts, renewal - 1))
        for renewal in range(recorded + 1, reached + 1)
    ]
    return terms, _draft_event(facts, reached, written_at) if terms else None


def find_renewed_term(subscription: Document, placed_at: datetime) -> RenewedTerm | None:
    """Return the term of the recorded renewal that an order placed at this moment is for; None where there is none."""
    facts = entitlement_from_document(subscription)
    renewal = find_renewal(facts, placed_at)
    if renewal is None:
        return None
    return RenewedTerm(dict(subscription), renewal, end_after_renewals(facts, renewal - 1))


def _draft_event(facts: Entitlement, renewals: int, written_at: datetime) -> EventDraft:
    """Draft one event for all terms that are recorded at once, dated at the latest renewal or the later write."""
    at, end = end_after_renewals(facts, renewals - 1), end_after_renewals(facts, renewals)
    summary = f"{entitlement_label(facts)} renewed until {end.date().isoformat()}"
    changes = {"ends_at": [at, end]}
    return EventDraft(ActivityKind.SUBSCRIPTION_RENEWED, facts.id, summary, changes, max(at, written_at))

"""Renewals that were due before another first end or another length of the terms was delivered.

One transaction records a bounded number of renewals. Where a delivery changes what renewals are counted from while
others are due, those others are stored with the subscription as a backlog, and later transactions record them. Example:
the first end is a century ago and a term has one month. A delivery records 120 renewals and sets a new end; the backlog
then has one entry, with the former first end, for the renewals 121 to 1,200.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.entitlements.lifecycle import count_due_renewals, entitlement_from_document
from domain.failures import InvalidRecord

# An entry has 100 bytes. No upstream system changes an end this often within the seconds for which a backlog exists.
MAX_BACKLOG_ENTRIES = 100
_TERM_FACTS = ("first_ends_at", "term_months")


def check_backlog(subscription: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Raise InvalidRecord where the change of `fields` could need one more entry than the backlog can have."""
    if _changes_terms(subscription, fields) and len(_backlog(subscription)) >= MAX_BACKLOG_ENTRIES:
        raise InvalidRecord("endsAt", "changes too often: deliver it again once the former renewals have their orders")


def extend_backlog(subscription: Mapping[str, Any], fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the field with the backlog after the change of `fields`; without a field where it stays as it is."""
    due = count_due_renewals(entitlement_from_document(subscription), now)
    if due <= subscription["renewals"] or not _changes_terms(subscription, fields):
        return {}
    entry = {name: subscription[name] for name in (*_TERM_FACTS, "renewals")}
    return {"renewal_backlog": [*_backlog(subscription), {**entry, "due": due}]}


def former_terms(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts from which the renewals of an entry are counted."""
    return {name: entry[name] for name in _TERM_FACTS}


def _changes_terms(subscription: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return any(name in fields and fields[name] != subscription[name] for name in _TERM_FACTS)


def _backlog(subscription: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return subscription.get("renewal_backlog") or ()

"""What the log tells of delivered lines: one event a customer, subscription or trial and slice, however many lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.types import ActivityKind, SubscriptionType
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.events.log import EventDraft

_UNREPORTED_FIELDS = frozenset({"first_ends_at", "renewals", "ended_early_at"})
_CUSTOMER_KEY = "customer"


@dataclass(slots=True)
class _ChangeRecord:
    is_new: bool
    changes: dict[str, list[Any]] = field(default_factory=dict)


class DeliveryEvents:
    """Collects a work's changes while lines are applied; `add_drafts` turns them into notes once."""

    def __init__(self, work: CustomerChange, *, short_lived: bool = False) -> None:
        self._change = work
        self._is_short_lived = short_lived
        self._records: dict[str, _ChangeRecord] = {}

    def record_added(self, number: str = _CUSTOMER_KEY) -> None:
        """The customer, or the entitlement of that number, is new."""
        self._records[number] = _ChangeRecord(is_new=True)

    def record_changes(self, before: Mapping[str, Any], fields: Mapping[str, Any], number: str = _CUSTOMER_KEY) -> None:
        """Facts are about to be changed; what is new needs no list of them."""
        record = self._records.setdefault(number, _ChangeRecord(is_new=False))
        if record.is_new:
            return
        for name, value in fields.items():
            if name not in _UNREPORTED_FIELDS:
                shown = _without_day if name == "licenses" else _unchanged
                first = record.changes[name][0] if name in record.changes else shown(before.get(name))
                record.changes[name] = [first, shown(value)]

    def add_drafts(self, removed: bool = False) -> None:
        """Notes what remains of the changes; what was changed and changed back is not told."""
        for number, record in self._records.items():
            changes = {name: pair for name, pair in record.changes.items() if pair[0] != pair[1]}
            if record.is_new or changes:
                self._change.add_event(
                    self._draft_customer_event(record, changes, removed)
                    if number == _CUSTOMER_KEY
                    else self._draft_entitlement_event(number, record, changes)
                )

    def _draft_customer_event(self, record: _ChangeRecord, changes: dict[str, list[Any]], removed: bool) -> EventDraft:
        name = self._change.customer["name"]
        if removed and "removed_at" in changes:
            return EventDraft(ActivityKind.CUSTOMER_REMOVED, self._change.id, f"{name} was removed", changes)
        if record.is_new:
            return EventDraft(ActivityKind.CUSTOMER_ADDED, self._change.id, f"{name} was added")
        return EventDraft(
            ActivityKind.CUSTOMER_CHANGED, self._change.id, f"{name} changed: {list_field_names(changes)}", changes
        )

    def _draft_entitlement_event(self, number: str, record: _ChangeRecord, changes: dict[str, list[Any]]) -> EventDraft:
        document = self._change.entitlements[number]
        is_trial = document["kind"] == SubscriptionType.TRIAL
        title = f"{'Trial' if is_trial else 'Subscription'} {number} of {self._change.customer['name']}"
        if record.is_new:
            kind = ActivityKind.TRIAL_STARTED if is_trial else ActivityKind.SUBSCRIPTION_ADDED
            return EventDraft(kind, document["_id"], f"{title} {'began' if is_trial else 'was added'}")
        summary = f"{title} changed: {list_field_names(changes)}"
        return EventDraft(
            _activity_kind(is_trial, document, changes),
            document["_id"],
            summary,
            changes,
            short_lived=self._is_short_lived,
        )


def _activity_kind(is_trial: bool, document: Document, changes: Mapping[str, Any]) -> ActivityKind:
    if set(changes) == {"licenses"}:
        return ActivityKind.LICENSES_CHANGED
    if is_trial:
        return ActivityKind.TRIAL_CHANGED
    cancelled = "cancelled_at" in changes and document["cancelled_at"] is not None
    return ActivityKind.SUBSCRIPTION_CANCELLED if cancelled else ActivityKind.SUBSCRIPTION_CHANGED


def list_field_names(names: Iterable[str]) -> str:
    """The names of changed facts, as a sentence lists them."""
    return ", ".join(name.replace("_", " ") for name in names)


def _unchanged(value: Any) -> Any:
    return value


def _without_day(licenses: Any) -> Any:
    """The lines without the day, which is bookkeeping."""
    return [{name: line[name] for name in ("product", "total", "assigned", "used")} for line in licenses]

"""The events of delivered records: one for each customer, subscription or trial of a batch, for all its records."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from domain.types import ActivityKind, SubscriptionType
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.events.log import EventDraft

_UNREPORTED_FIELDS = frozenset({"first_ends_at", "renewals", "renewal_backlog", "ended_early_at"})
_HIDDEN_LINE_FIELDS = frozenset({"day", "snapshot_key"})
_CUSTOMER_KEY = "customer"


class _ReportedChange(Struct):
    """Before and after of each changed field; `is_new` for what the batch adds, `is_moved` for what moves here."""

    is_new: bool = False
    is_moved: bool = False
    changes: dict[str, list[Any]] = field(default_factory=dict)


class DeliveryEvents:
    """Collects what the records change on one customer; `add_drafts` adds the events at the end of the batch."""

    def __init__(self, change: CustomerChange, *, short_lived: bool = False) -> None:
        self._change = change
        self._is_short_lived = short_lived
        self._reported: dict[str, _ReportedChange] = {}
        self._moved_away: dict[str, EventDraft] = {}

    def report_added(self, number: str = _CUSTOMER_KEY) -> None:
        """Report that the customer, or the entitlement with that number, is new."""
        self._reported[number] = _ReportedChange(is_new=True)

    def report_changes(self, before: Mapping[str, Any], fields: Mapping[str, Any], number: str = _CUSTOMER_KEY) -> None:
        """Report fields that are about to be changed; the event of something new does not list them."""
        reported = self._reported.setdefault(number, _ReportedChange())
        if reported.is_new:
            return
        for name, value in fields.items():
            if name not in _UNREPORTED_FIELDS:
                shown = _visible_fields if name == "licenses" else _unchanged
                first = reported.changes[name][0] if name in reported.changes else shown(before.get(name))
                reported.changes[name] = [first, shown(value)]

    def report_move(self, document: Mapping[str, Any], target: "DeliveryEvents") -> None:
        """Report that the entitlement moves to the customer of `target`; neither event names the other customer."""
        number = document["number"]
        reported = self._reported.pop(number, _ReportedChange())
        comes_back = target._moved_away.pop(number, None) is not None
        if not (reported.is_new or reported.is_moved):
            summary = f"{_title(document, self._change)} moved to another customer"
            kind = ActivityKind.TRIAL_CHANGED if _is_trial(document) else ActivityKind.SUBSCRIPTION_CHANGED
            self._moved_away[number] = EventDraft(kind, document["_id"], summary)
        is_moved = not (comes_back or reported.is_new)
        target._reported[number] = _ReportedChange(reported.is_new, is_moved, reported.changes)

    def add_drafts(self, removed: bool = False) -> None:
        """Add one event for each reported change; a field that has its first value again is left out."""
        for draft in self._moved_away.values():
            self._change.add_event(draft)
        for number, reported in self._reported.items():
            changes = {name: pair for name, pair in reported.changes.items() if pair[0] != pair[1]}
            if reported.is_new or reported.is_moved or changes:
                self._change.add_event(
                    self._draft_customer_event(reported, changes, removed)
                    if number == _CUSTOMER_KEY
                    else self._draft_entitlement_event(number, reported, changes)
                )

    def _draft_customer_event(
        self, reported: _ReportedChange, changes: dict[str, list[Any]], removed: bool
    ) -> EventDraft:
        name = self._change.customer["name"]
        if removed and "removed_at" in changes:
            return EventDraft(ActivityKind.CUSTOMER_REMOVED, self._change.id, f"{name} was removed", changes)
        if reported.is_new:
            return EventDraft(ActivityKind.CUSTOMER_ADDED, self._change.id, f"{name} was added")
        return EventDraft(
            ActivityKind.CUSTOMER_CHANGED, self._change.id, f"{name} changed: {list_field_names(changes)}", changes
        )

    def _draft_entitlement_event(
        self, number: str, reported: _ReportedChange, changes: dict[str, list[Any]]
    ) -> EventDraft:
        document = self._change.entitlements[number]
        is_trial, title = _is_trial(document), _title(document, self._change)
        if reported.is_new:
            kind = ActivityKind.TRIAL_STARTED if is_trial else ActivityKind.SUBSCRIPTION_ADDED
            return EventDraft(kind, document["_id"], f"{title} {'began' if is_trial else 'was added'}")
        moved = ["moved here from another customer"] if reported.is_moved else []
        summary = f"{title} {'; '.join([*moved, *([f'changed: {list_field_names(changes)}'] if changes else [])])}"
        return EventDraft(
            _activity_kind(is_trial, document, changes),
            document["_id"],
            summary,
            changes,
            short_lived=self._is_short_lived,
        )


def _is_trial(document: Mapping[str, Any]) -> bool:
    return bool(document["kind"] == SubscriptionType.TRIAL)


def _title(document: Mapping[str, Any], change: CustomerChange) -> str:
    kind = "Trial" if _is_trial(document) else "Subscription"
    return f"{kind} {document['number']} of {change.customer['name']}"


def _activity_kind(is_trial: bool, document: Document, changes: Mapping[str, Any]) -> ActivityKind:
    if set(changes) == {"licenses"}:
        return ActivityKind.LICENSES_CHANGED
    if is_trial:
        return ActivityKind.TRIAL_CHANGED
    cancelled = "cancelled_at" in changes and document["cancelled_at"] is not None
    return ActivityKind.SUBSCRIPTION_CANCELLED if cancelled else ActivityKind.SUBSCRIPTION_CHANGED


def list_field_names(names: Iterable[str]) -> str:
    """Join the names of changed fields for a summary."""
    return ", ".join(name.replace("_", " ") for name in names)


def _unchanged(value: Any) -> Any:
    return value


def _visible_fields(licenses: Any) -> Any:
    """Return the licence lines without the fields that no client sees."""
    return [{name: value for name, value in line.items() if name not in _HIDDEN_LINE_FIELDS} for line in licenses]

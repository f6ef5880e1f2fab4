"""What the log tells of delivered lines: one event a customer, subscription or trial and slice, however many lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.types import ActivityKind, SubscriptionType
from store.changes.customer_change import CustomerWork
from store.database.client import Document
from store.events.log import Note

_HIDDEN = frozenset({"first_ends_at", "renewals", "ended_early_at"})
_CUSTOMER = "customer"


@dataclass(slots=True)
class _Told:
    is_new: bool
    changes: dict[str, list[Any]] = field(default_factory=dict)


class DeliveryNotes:
    """Collects a work's changes while lines are applied; `tell` turns them into notes once."""

    def __init__(self, work: CustomerWork, *, short_lived: bool = False) -> None:
        self._work = work
        self._short_lived = short_lived
        self._told: dict[str, _Told] = {}

    def added(self, number: str = _CUSTOMER) -> None:
        """The customer, or the entitlement of that number, is new."""
        self._told[number] = _Told(is_new=True)

    def changed(self, before: Mapping[str, Any], fields: Mapping[str, Any], number: str = _CUSTOMER) -> None:
        """Facts are about to be changed; what is new needs no list of them."""
        told = self._told.setdefault(number, _Told(is_new=False))
        if told.is_new:
            return
        for name, value in fields.items():
            if name not in _HIDDEN:
                shown = _figures if name == "licenses" else _as_it_is
                first = told.changes[name][0] if name in told.changes else shown(before.get(name))
                told.changes[name] = [first, shown(value)]

    def tell(self, removed: bool = False) -> None:
        """Notes what remains of the changes; what was changed and changed back is not told."""
        for number, told in self._told.items():
            changes = {name: pair for name, pair in told.changes.items() if pair[0] != pair[1]}
            if told.is_new or changes:
                self._work.note(
                    self._customer_note(told, changes, removed)
                    if number == _CUSTOMER
                    else self._note(number, told, changes)
                )

    def _customer_note(self, told: _Told, changes: dict[str, list[Any]], removed: bool) -> Note:
        name = self._work.customer["name"]
        if removed and "removed_at" in changes:
            return Note(ActivityKind.CUSTOMER_REMOVED, self._work.id, f"{name} was removed", changes)
        if told.is_new:
            return Note(ActivityKind.CUSTOMER_ADDED, self._work.id, f"{name} was added")
        return Note(ActivityKind.CUSTOMER_CHANGED, self._work.id, f"{name} changed: {listed(changes)}", changes)

    def _note(self, number: str, told: _Told, changes: dict[str, list[Any]]) -> Note:
        document = self._work.entitlements[number]
        is_trial = document["kind"] == SubscriptionType.TRIAL
        title = f"{'Trial' if is_trial else 'Subscription'} {number} of {self._work.customer['name']}"
        if told.is_new:
            kind = ActivityKind.TRIAL_STARTED if is_trial else ActivityKind.SUBSCRIPTION_ADDED
            return Note(kind, document["_id"], f"{title} {'began' if is_trial else 'was added'}")
        summary = f"{title} changed: {listed(changes)}"
        return Note(
            _kind(is_trial, document, changes), document["_id"], summary, changes, short_lived=self._short_lived
        )


def _kind(is_trial: bool, document: Document, changes: Mapping[str, Any]) -> ActivityKind:
    if set(changes) == {"licenses"}:
        return ActivityKind.LICENSES_CHANGED
    if is_trial:
        return ActivityKind.TRIAL_CHANGED
    cancelled = "cancelled_at" in changes and document["cancelled_at"] is not None
    return ActivityKind.SUBSCRIPTION_CANCELLED if cancelled else ActivityKind.SUBSCRIPTION_CHANGED


def listed(names: Iterable[str]) -> str:
    """The names of changed facts, as a sentence lists them."""
    return ", ".join(name.replace("_", " ") for name in names)


def _as_it_is(value: Any) -> Any:
    return value


def _figures(licenses: Any) -> Any:
    """The lines without the day, which is bookkeeping."""
    return [{name: line[name] for name in ("product", "total", "assigned", "used")} for line in licenses]

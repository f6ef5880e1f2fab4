"""One customer inside one write transaction: its facts, the projection that follows from them, and its events.

All writes of a customer's facts go through a CustomerChange. Its life, in the order of the calls:

1. load: `CustomerChange(customer, entitlements, partner)` takes the stored documents; None begins a new customer.
2. catch up: `advance_to(now)` and `remove_expired_assignments(now, names)` apply what time alone has changed since the
   last evaluation, under the facts and settings of that time.
3. change: `update_customer`, `add_entitlement`, `update_entitlement`, `move_entitlement` and `add_event`, repeatedly.
4. finish: `compute_projection(now)` renews subscriptions and computes statuses, holdings and keys; once.
5. write: `changed_fields`, `entitlement_writes`, `license_lines`, `orders`, `renewed_terms` and `events` say what to
   store.

store/changes/customer_batch.py takes steps 1, 2, 4 and 5 for all customers of a transaction.

Example: subscription S-1 of a customer ended at 10:00, and at 10:05 a delivery suspends its subscription S-2.

    change = CustomerChange(customer, entitlements, partner)
    change.advance_to(at("10:05"))                        # EXPIRING_SOON (of S-1) is left at 10:00
    change.update_entitlement("S-2", {"suspended": True})
    change.compute_projection(at("10:05"))                # SUSPENDED is entered at 10:05
    change.events(at("10:05"), actor_id=None)             # one STATUS_CHANGED at 10:00 and one at 10:05

Catching up before the change gives each status the right moment: that of time for what time changed, and that of the
write for what the write changed (docs/decisions/0003).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.customers.projection import project_fields
from domain.customers.statuses import CustomerFacts, statuses_at
from domain.customers.transitions import StatusTransition, advance_statuses, apply_status_change
from domain.entitlements.license_lines import LicenseLine, build_license_lines
from domain.entitlements.lifecycle import entitlement_from_document
from domain.types import ActivityKind, CustomerStatus
from store.changes.customer_events import (
    build_events,
    draft_changes_by_time,
    draft_expired_assignment,
    draft_removal,
    set_ruled_tags,
)
from store.changes.customer_fields import is_removed, storage_fields
from store.changes.renewals import MAX_RENEWALS_PER_CHANGE, compute_renewals
from store.changes.system_orders import RenewedTerm
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft
from store.tenants.partners import PartnerDocument

_EMPTY_CUSTOMER: Mapping[str, Any] = {
    "domain": None,
    "country": None,
    "last_administrator_sign_in_at": None,
    "removed_at": None,
    "assignments": [],
    "tag_ids": [],
}


class CustomerChange:
    """The customer's document and its entitlements by number. Replace their lists, never change them in place."""

    def __init__(self, customer: Document | None, entitlements: Iterable[Document], partner: PartnerDocument) -> None:
        self.is_new = customer is None
        self.customer: Document = {} if customer is None else customer
        self.entitlements: dict[str, Document] = {document["number"]: document for document in entitlements}
        self.drafts: list[EventDraft] = []
        self.transitions: list[StatusTransition] = []
        self.orders: list[Document] = []
        # The terms that get an order where they have none.
        self.renewed_terms: list[RenewedTerm] = []
        # The ids of entitlements that came from other customers.
        self.moved_ids: set[str] = set()
        self.has_lost_entitlement = False
        self.is_rewritten = False
        self._partner = partner
        # A shallow copy suffices, because lists are replaced and never changed in place.
        self._before: Document = {"keys": (), "products": [], **self.customer}
        self._entitlements_before = [dict(document) for document in self.entitlements.values()]
        self._new_numbers: set[str] = set()
        self._changed_numbers: set[str] = set()
        self._bookkeeping_numbers: set[str] = set()
        self._is_customer_changed = self.is_new
        self._has_bookkeeping = False
        self._entered_at: dict[CustomerStatus, datetime] = {
            CustomerStatus(detail["status"]): detail["entered_at"] for detail in self.customer.get("status_details", ())
        }

    @property
    def id(self) -> str:
        """The customer's id."""
        return str(self.customer["_id"])

    @property
    def has_changed(self) -> bool:
        """True where the customer, its projection or an entitlement is to be written."""
        return bool(self._is_customer_changed or self._new_numbers or self._changed_numbers or self.transitions)

    @property
    def has_only_bookkeeping(self) -> bool:
        """True where only bookkeeping fields of the customer's document are to be written."""
        return self._has_bookkeeping and not self.has_changed

    @property
    def is_removal_recorded(self) -> bool:
        """True where the log has an event of the customer's removal, or gets it with this change."""
        was_removed = not self.is_new and not self._before["keys"]
        return was_removed or any(draft.kind is ActivityKind.CUSTOMER_REMOVED for draft in self.drafts)

    @property
    def removal_change(self) -> bool | None:
        """True where this change removes the customer, False where it restores it, None where it does neither."""
        was_removed, is_now_removed = not self._before["keys"], not self.customer["keys"]
        return None if self.is_new or was_removed == is_now_removed else is_now_removed

    @property
    def releases_external_id(self) -> bool:
        """True where this change takes the external id from a removed customer."""
        return not self.is_new and bool(self.customer["external_id"] == self.id != self._before["external_id"])

    def update_customer(self, fields: Mapping[str, Any]) -> None:
        """Set facts of the customer; a new customer gets its id here."""
        if "_id" not in self.customer:
            self.customer.update(_id=new_id("cus"), **_EMPTY_CUSTOMER)
        self.customer.update(fields)
        self._is_customer_changed = True

    def update_customer_bookkeeping(self, fields: Mapping[str, Any]) -> None:
        """Set fields that no client sees, such as what was delivered: the version stays and no event is written."""
        self.customer.update(fields)
        self._has_bookkeeping = True

    def update_entitlement_bookkeeping(self, number: str, fields: Mapping[str, Any]) -> None:
        """Set fields of an existing entitlement that no client sees: its version stays and no event is written."""
        self.entitlements[number].update(fields)
        self._bookkeeping_numbers.add(number)

    def add_entitlement(self, document: Document) -> None:
        """Add a new entitlement; the document has `_id`, `customer_id`, `number` and all facts."""
        self.entitlements[document["number"]] = document
        self._new_numbers.add(document["number"])

    def update_entitlement(self, number: str, fields: Mapping[str, Any]) -> None:
        """Set facts of an existing entitlement; call `record_renewals` before where they decide when it renews."""
        self.entitlements[number].update(fields)
        self._changed_numbers.add(number)

    def move_entitlement(self, number: str, target: "CustomerChange") -> None:
        """Move an entitlement to another customer of the same transaction."""
        document = self.entitlements.pop(number)
        target.entitlements[number] = {**document, "customer_id": target.id}
        target.moved_ids.add(document["_id"])
        is_new = number in self._new_numbers
        (target._new_numbers if is_new else target._changed_numbers).add(number)
        for numbers in (self._new_numbers, self._changed_numbers, self._bookkeeping_numbers):
            numbers.discard(number)
        # It may have come here within the same transaction.
        self.moved_ids.discard(document["_id"])
        self._is_customer_changed = self.has_lost_entitlement = True
        moved = [term for term in self.renewed_terms if term.subscription["_id"] == document["_id"]]
        self.renewed_terms = [term for term in self.renewed_terms if term not in moved]
        target.renewed_terms += [
            term._replace(subscription={**term.subscription, "customer_id": target.id}) for term in moved
        ]

    def record_renewals(self, number: str, now: datetime) -> None:
        """Record renewals until `now` under the facts that are about to change; the job does so beyond the limit."""
        self._renew(number, now, now)

    def add_event(self, draft: EventDraft) -> None:
        """Add an event of this change to the log."""
        self.drafts.append(draft)

    def rewrite_projection(self) -> None:
        """Write the whole projection, without relying on what is stored beside the facts."""
        self.is_rewritten = self._is_customer_changed = True

    def facts(self) -> CustomerFacts:
        """Return the facts that the status rules read."""
        customer = self.customer
        return CustomerFacts(
            customer["created_at"],
            customer["last_administrator_sign_in_at"],
            customer["removed_at"],
            [entitlement_from_document(document) for document in self.entitlements.values()],
        )

    def advance_to(self, now: datetime) -> None:
        """Renew and advance the statuses to `now` under the facts as stored; without effect where nothing is due."""
        if _is_due(self.customer["next_renewal_at"], now):
            self._renew_all(now, written_at=self.customer["evaluated_at"])
            self._is_customer_changed = True
        if is_removed(self.customer, now) and not self.is_removal_recorded:
            # A later step can undo the removal; the log keeps it all the same, because its moment has passed.
            self.add_event(draft_removal(self.customer, self.customer["removed_at"]))
            self._is_customer_changed = True
        has_old_settings = self.customer["settings_epoch"] < self._partner.epoch
        if has_old_settings or _is_due(self.customer["next_evaluation_at"], now):
            self._advance_statuses(now)
            self._is_customer_changed = True

    def _advance_statuses(self, now: datetime) -> None:
        """Advance from one change of the settings to the next, each period under the thresholds of its time."""
        facts, at, epoch = self.facts(), self.customer["evaluated_at"], self.customer["settings_epoch"]
        thresholds = self._partner.thresholds_at(epoch)
        for step in self._partner.history:
            if step.epoch > epoch:
                changed_at = max(step.at, at)
                self._entered_at, by_time = advance_statuses(self._entered_at, facts, thresholds, at, changed_at)
                statuses = statuses_at(facts, step.thresholds, changed_at)
                self._entered_at, by_settings = apply_status_change(self._entered_at, statuses, changed_at)
                self.transitions += by_time + by_settings
                at, thresholds = changed_at, step.thresholds
        self._entered_at, by_time = advance_statuses(self._entered_at, facts, thresholds, at, now)
        self.transitions += by_time

    def remove_expired_assignments(self, now: datetime, names: Mapping[str, str]) -> None:
        """Remove the assignments that have expired; `names` are display names by administrator id."""
        if not _is_due(self.customer["next_unassignment_at"], now):
            return
        assignments = self.customer["assignments"]
        for assignment in assignments:
            if _is_due(assignment["expires_at"], now):
                self.add_event(draft_expired_assignment(self.customer, assignment, names))
        remaining = [assignment for assignment in assignments if not _is_due(assignment["expires_at"], now)]
        self.update_customer({"assignments": remaining})

    def compute_projection(self, now: datetime) -> None:
        """Renew subscriptions and compute the projection as of `now`; call once, after all changes."""
        # The clock of the process that wrote last may be ahead of this one; statuses never go back in time.
        now = max(now, self.customer.get("evaluated_at", now))
        self._renew_all(now, written_at=now)
        facts, thresholds = self.facts(), self._partner.thresholds
        statuses = statuses_at(facts, thresholds, now)
        self._entered_at, transitions = apply_status_change(self._entered_at, statuses, now)
        self.transitions += transitions
        self.customer.update(project_fields(facts, statuses, self._entered_at, thresholds, now))
        self.customer.update(storage_fields(self.customer, self._before, self._partner, now))
        self.drafts += set_ruled_tags(self.customer, self._partner, now)
        if not self.customer["keys"] and not self.is_removal_recorded:
            # A new customer that is delivered as removed gets two events: added and removed.
            self.add_event(draft_removal(self.customer, None))
        self._add_changes_by_time()
        if not (self.is_new or self.drafts or self.transitions):
            # Without an event, clients see no change: the version stays, and only bookkeeping is written.
            self.customer.update({name: self._before[name] for name in ("version", "updated_at")})

    def _renew_all(self, now: datetime, written_at: datetime) -> None:
        for number in self.entitlements:
            self._renew(number, now, written_at)

    def _renew(self, number: str, now: datetime, written_at: datetime) -> None:
        limit = max(0, MAX_RENEWALS_PER_CHANGE - len(self.renewed_terms))
        for renewal in compute_renewals(self.entitlements[number], now, written_at, limit):
            self.renewed_terms += renewal.terms
            if renewal.draft is not None:
                self.add_event(renewal.draft)
            self.update_entitlement(number, renewal.fields)

    def _add_changes_by_time(self) -> None:
        if self.is_new or self.drafts or self.transitions:
            return
        draft = draft_changes_by_time(self._before, self.customer)
        if draft is not None:
            self.add_event(draft)

    def changed_fields(self) -> Document:
        """Return the fields that differ from what is stored: MongoDB skips the indexes of fields that are not set."""
        before = self._before
        return {name: value for name, value in self.customer.items() if name not in before or before[name] != value}

    def entitlement_writes(self) -> tuple[list[Document], list[Document]]:
        """Return the new entitlements and the changed ones."""
        changed_numbers = sorted(self._changed_numbers - self._new_numbers)
        new = [self.entitlements[number] for number in sorted(self._new_numbers)]
        return new, [self.entitlements[number] for number in changed_numbers]

    def bookkeeping_entitlements(self) -> list[Document]:
        """Return the entitlements of which only bookkeeping fields have changed."""
        numbers = self._bookkeeping_numbers - self._changed_numbers - self._new_numbers
        return [self.entitlements[number] for number in sorted(numbers)]

    def license_lines(self) -> tuple[Mapping[str, LicenseLine], Mapping[str, LicenseLine]]:
        """Return the licence lines before and after the change, by id; a removed customer has none."""
        before = self._build_license_lines(self._before, self._entitlements_before)
        return before, self._build_license_lines(self.customer, self.entitlements.values())

    @staticmethod
    def _build_license_lines(customer: Document, entitlements: Iterable[Document]) -> Mapping[str, LicenseLine]:
        return build_license_lines(customer, entitlements, customer["evaluated_at"]) if customer["keys"] else {}

    def events(self, now: datetime, actor_id: str | None) -> list[Document]:
        """Return the events of this change, in the order in which they happened."""
        return build_events(self._before, self.customer, self.drafts, self.transitions, now, actor_id)


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now

"""One customer inside one transaction: its facts, what follows from them, and the events that tell of it.

Whoever changes a customer's facts does it here. A work is caught up with the clock first (what turned
by itself, under the facts and settings of that time), then changed, then finished: so a status that
time brought keeps time's moment, and one that a write brought begins with the write.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.customers.projection import project_fields
from domain.customers.reasons import entitlement_label, join_product_names
from domain.customers.statuses import CustomerFacts, Thresholds, statuses_at
from domain.customers.transitions import StatusTransition, advance_statuses, apply_status_change
from domain.entitlements.license_lines import LicenseLine, build_license_lines
from domain.entitlements.lifecycle import Entitlement, count_renewals, end_after_renewals, entitlement_from_document
from domain.entitlements.orders import is_renewal_delivered
from domain.types import ActivityKind, CustomerStatus, OrderKind
from store.changes.customer_fields import build_event_facts, is_removed, storage_fields
from store.changes.own_orders import system_order
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import EventDraft, event_document, status_summary
from store.tenants.partners import PartnerDocument

# A subscription whose first end lies a century back must not stop an import: so many orders are added at once.
_MAX_RENEWAL_ORDERS = 120
# What a client sees of a customer that can move with no write and no status turned; what is held comes first.
_FIELDS_CHANGED_BY_TIME = ("products", "running_products", "subscription_types", "status_details")
EMPTY_CUSTOMER: Mapping[str, Any] = {
    "domain": None,
    "country": None,
    "last_administrator_sign_in_at": None,
    "removed_at": None,
    "assignments": [],
    "tag_ids": [],
}


class CustomerChange:
    """The customer's document and entitlements (by number); replace their lists, never change them in place."""

    def __init__(self, customer: Document | None, entitlements: Iterable[Document], partner: PartnerDocument) -> None:
        self.is_new = customer is None
        self.customer: Document = {} if customer is None else customer
        self.entitlements: dict[str, Document] = {e["number"]: e for e in entitlements}
        self.drafts: list[EventDraft] = []
        self.transitions: list[StatusTransition] = []
        self.orders: list[Document] = []
        self.reset_entitlement_ids: set[str] = set()
        self._partner = partner
        # A shallow copy suffices: lists are replaced, never changed in place.
        self._before: Document = {"keys": (), "products": [], **self.customer}
        self._entitlements_before = [dict(document) for document in self.entitlements.values()]
        self._new_numbers: set[str] = set()
        self._changed_numbers: set[str] = set()
        self._is_customer_changed = self.is_new
        self.is_rewritten = self._has_bookkeeping = False
        self._bookkeeping_numbers: set[str] = set()
        self._since: dict[CustomerStatus, datetime] = {
            CustomerStatus(detail["status"]): detail["since"] for detail in self.customer.get("status_details", ())
        }

    @property
    def id(self) -> str:
        """The customer's id."""
        return str(self.customer["_id"])

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._is_customer_changed or self._new_numbers or self._changed_numbers or self.transitions)

    @property
    def has_only_bookkeeping(self) -> bool:
        """Whether the customer's bookkeeping alone is to be written."""
        return self._has_bookkeeping and not self.has_changed

    @property
    def is_removal_recorded(self) -> bool:
        """Whether the log says already, or is about to say, that the customer was removed."""
        was_removed = not self.is_new and not self._before["keys"]
        return was_removed or any(note.kind is ActivityKind.CUSTOMER_REMOVED for note in self.drafts)

    @property
    def removal_change(self) -> bool | None:
        """True where this write removes the customer, False where it brings it back; None where it does neither."""
        was, is_now = not self._before["keys"], not self.customer["keys"]
        return None if self.is_new or was == is_now else is_now

    def update_customer(self, fields: Mapping[str, Any]) -> None:
        """Sets facts of the customer; a new one gets its id here."""
        if "_id" not in self.customer:
            self.customer.update(_id=new_id("cus"), **EMPTY_CUSTOMER)
        self.customer.update(fields)
        self._is_customer_changed = True

    def update_customer_bookkeeping(self, fields: Mapping[str, Any]) -> None:
        """Keeps bookkeeping, such as what was delivered, that nobody sees: no new version, and no event."""
        self.customer.update(fields)
        self._has_bookkeeping = True

    def update_entitlement_bookkeeping(self, number: str, fields: Mapping[str, Any]) -> None:
        """The same for an entitlement that is there."""
        self.entitlements[number].update(fields)
        self._bookkeeping_numbers.add(number)

    def add_entitlement(self, document: Document) -> None:
        """Adds a whole new entitlement; `_id`, `customer_id`, `number` and all facts are there."""
        self.entitlements[document["number"]] = document
        self._new_numbers.add(document["number"])

    def update_entitlement(self, number: str, fields: Mapping[str, Any]) -> None:
        """Sets facts of an entitlement that is there; a new first end lets its renewals count anew."""
        self.entitlements[number].update(fields)
        self._changed_numbers.add(number)
        if "first_ends_at" in fields:
            self.entitlements[number]["renewals"] = 0
            self.reset_entitlement_ids.add(self.entitlements[number]["_id"])

    def add_event(self, note: EventDraft) -> None:
        """Tells that something happened."""
        self.drafts.append(note)

    def facts(self) -> CustomerFacts:
        """What the rules read."""
        customer = self.customer
        return CustomerFacts(
            customer["created_at"],
            customer["last_administrator_sign_in_at"],
            customer["removed_at"],
            [entitlement_from_document(document) for document in self.entitlements.values()],
        )

    def advance_to(self, now: datetime) -> None:
        """Carries the statuses to now under the facts as they stand; cheap where nothing was due."""
        if _is_due(self.customer["next_renewal_at"], now):
            self._is_customer_changed = True
        if is_removed(self.customer, now) and not self.is_removal_recorded:
            # The write that follows may undo the removal, whose moment has nevertheless been.
            self._add_removal(self.customer["removed_at"])
            self._is_customer_changed = True
        stale = self.customer["settings_epoch"] < self._partner.epoch
        if not stale and not _is_due(self.customer["next_evaluation_at"], now):
            return
        facts, at = self.facts(), self.customer["evaluated_at"]
        thresholds = self._applied_thresholds()
        for step in self._partner.history:
            if step.epoch > self.customer["settings_epoch"]:
                moment = max(step.at, at)
                self._since, turns = advance_statuses(self._since, facts, thresholds, at, moment)
                self._since, turned = apply_status_change(
                    self._since, statuses_at(facts, step.thresholds, moment), moment
                )
                self.transitions += turns + turned
                at, thresholds = moment, step.thresholds
        self._since, turns = advance_statuses(self._since, facts, thresholds, at, now)
        self.transitions += turns
        self._is_customer_changed = True

    def remove_expired_assignments(self, now: datetime, names: Mapping[str, str]) -> None:
        """Takes away what has expired; `names` are the administrators' display names by id."""
        if not _is_due(self.customer["next_unassignment_at"], now):
            return
        kept = []
        for held in self.customer["assignments"]:
            if not _is_due(held["expires_at"], now):
                kept.append(held)
                continue
            who, end = held["administrator_id"], held["expires_at"]
            summary = f"The access of {names.get(who, 'an administrator')} to {self.customer['name']} expired"
            self.add_event(EventDraft(ActivityKind.ADMINISTRATOR_UNASSIGNED, who, summary, at=end))
        self.update_customer({"assignments": kept})

    def _applied_thresholds(self) -> Thresholds:
        known = [s.thresholds for s in self._partner.history if s.epoch <= self.customer["settings_epoch"]]
        return known[-1] if known else self._partner.thresholds

    def compute_projection(self, now: datetime) -> None:
        """Computes all that follows from the facts at `now`; call once, after every change."""
        now = max(now, self.customer.get("evaluated_at", now))
        self._renew(now)
        facts, thresholds = self.facts(), self._partner.thresholds
        basis = statuses_at(facts, thresholds, now)
        self._since, turns = apply_status_change(self._since, basis, now)
        self.transitions += turns
        self.customer.update(project_fields(facts, basis, self._since, thresholds, now))
        self.customer.update(storage_fields(self.customer, self._before, self._partner, now))
        self._add_removal_without_moment()
        self._add_changes_by_time()
        if not (self.is_new or self.drafts or self.transitions):
            # What nobody is told of is no change: only the bookkeeping moved on.
            self.customer.update({name: self._before[name] for name in ("version", "updated_at")})

    def _renew(self, now: datetime) -> None:
        for number, document in self.entitlements.items():
            if not document["auto_renew"]:
                if document["ends_at"] != document["first_ends_at"]:
                    self._move_end(number, document["first_ends_at"], 0)
                continue
            facts = entitlement_from_document(document)
            count = count_renewals(facts, now)
            if count != document["renewals"] or document["ends_at"] != end_after_renewals(facts, count):
                self._write_renewals(number, facts, count)

    def _write_renewals(self, number: str, facts: Entitlement, count: int) -> None:
        document = self.entitlements[number]
        if count < document["renewals"]:
            document["renewals"] = 0
            self.reset_entitlement_ids.add(document["_id"])
        delivered = [order["placed_at"] for order in document.get("renewal_orders", ())]
        for term in range(max(document["renewals"], count - _MAX_RENEWAL_ORDERS) + 1, count + 1):
            at = end_after_renewals(facts, term - 1)
            if not is_renewal_delivered(delivered, at, facts.term_months):
                self.orders.append(self._renewal_order(document, term, at))
        if count > document["renewals"]:
            end, at = end_after_renewals(facts, count), end_after_renewals(facts, count - 1)
            summary = f"{entitlement_label(facts)} renewed until {end.date().isoformat()}"
            self.add_event(EventDraft(ActivityKind.SUBSCRIPTION_RENEWED, facts.id, summary, {"ends_at": [at, end]}, at))
        self._move_end(number, end_after_renewals(facts, count), count)

    def _move_end(self, number: str, end: datetime, count: int) -> None:
        self.entitlements[number].update(ends_at=end, renewals=count)
        self._changed_numbers.add(number)

    def _renewal_order(self, document: Document, term: int, at: datetime) -> Document:
        return system_order(document, f"{document['number']}-R{term}", OrderKind.RENEWAL, at)

    def _add_removal_without_moment(self) -> None:
        """A customer that is delivered as a removed one is told as both added and removed."""
        if not self.customer["keys"] and not self.is_removal_recorded:
            self._add_removal(None)

    def _add_removal(self, at: datetime | None) -> None:
        self.add_event(
            EventDraft(ActivityKind.CUSTOMER_REMOVED, self.id, f"{self.customer['name']} was removed", at=at)
        )

    def _add_changes_by_time(self) -> None:
        """Time alone can turn what a customer holds, or what a status rests on; lists must hear of that too."""
        if self.is_new or self.drafts or self.transitions:
            return
        name, before, after = self.customer["name"], self._before, self.customer
        moved = [field for field in _FIELDS_CHANGED_BY_TIME if before[field] != after[field]]
        if not moved:
            return
        if moved[0] == "products":
            held = join_product_names(after["products"]) if after["products"] else "nothing"
            summary = f"{name} now holds {held}"
        else:
            summary = f"The entitlements of {name} moved on with time"
        changes = {field: [before[field], after[field]] for field in moved if field != "status_details"}
        self.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, self.id, summary, changes))

    def changed_fields(self) -> Document:
        """What differs from what is stored: MongoDB skips the indexes of whatever is not set."""
        before = self._before
        return {name: value for name, value in self.customer.items() if name not in before or before[name] != value}

    def entitlement_writes(self) -> tuple[list[Document], list[Document]]:
        """The new entitlements and the changed ones."""
        changed_only = self._changed_numbers - self._new_numbers
        return [self.entitlements[n] for n in sorted(self._new_numbers)], [
            self.entitlements[n] for n in sorted(changed_only)
        ]

    def bookkeeping_entitlements(self) -> list[Document]:
        """Those of which only the bookkeeping is to be written."""
        return [
            self.entitlements[number]
            for number in sorted(self._bookkeeping_numbers - self._changed_numbers - self._new_numbers)
        ]

    def rewrite_projection(self) -> None:
        """Distrusts what is stored beside the facts, and writes all that follows from them."""
        self.is_rewritten = self._is_customer_changed = True

    def license_lines(self) -> tuple[Mapping[str, LicenseLine], Mapping[str, LicenseLine]]:
        """The licence lines as they were and as they must be, by id; a removed customer has none."""
        before, after = self._before, self.customer
        was = build_license_lines(before, self._entitlements_before, before["evaluated_at"]) if before["keys"] else {}
        now = build_license_lines(after, self.entitlements.values(), after["evaluated_at"]) if after["keys"] else {}
        return was, now

    def events(self, now: datetime, actor_id: str | None) -> list[Document]:
        """The events of this transaction, in the order in which they happened; one of them carries the transition."""
        facts = {"facts_before": build_event_facts(self._before), "facts_after": build_event_facts(self.customer)}
        shared = {"customer_id": self.id, "actor_id": actor_id, **facts}
        told = [event_document(self._partner.partner_id, now, shared, note) for note in self.drafts]
        name = self.customer["name"]
        for turn in self.transitions:
            note = EventDraft(ActivityKind.STATUS_CHANGED, self.id, status_summary(name, turn), at=turn.at)
            told.append(event_document(self._partner.partner_id, now, shared, note, turn))
        for event in told[:1]:
            event["is_first_of_change"] = True
        return told


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now

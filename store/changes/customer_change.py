"""One customer inside one transaction: its facts, what follows from them, and the events that tell of it.

Whoever changes a customer's facts does it here. A work is caught up with the clock first (what turned
by itself, under the facts and settings of that time), then changed, then finished: so a status that
time brought keeps time's moment, and one that a write brought begins with the write.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.customers.projection import derived_fields
from domain.customers.reasons import named, product_list
from domain.customers.statuses import CustomerFacts, Thresholds, Turn, advanced, changed, holding
from domain.entitlements.license_lines import Line, license_lines
from domain.entitlements.lifecycle import Entitlement, entitlement_facts, nth_end, renewals_at
from domain.entitlements.orders import is_delivered
from domain.types import ActivityKind, CustomerStatus, OrderKind
from store.changes.customer_fields import facts_of, is_removed, written_fields
from store.changes.own_orders import own_order
from store.database.client import Document
from store.database.ids import new_id
from store.events.log import Note, event_document, status_summary
from store.tenants.partners import FORM, PartnerDocument

# A subscription whose first end lies a century back must not stop an import: so many orders are added at once.
_TERMS_AT_ONCE = 120
# What a client sees of a customer that can move with no write and no status turned; what is held comes first.
_SHOWN_BY_TIME = ("products", "running_products", "subscription_types", "status_details")
EMPTY_CUSTOMER: Mapping[str, Any] = {
    "domain": None,
    "country": None,
    "last_administrator_sign_in_at": None,
    "removed_at": None,
    "assignments": [],
    "tag_ids": [],
}


class CustomerWork:
    """The customer's document and entitlements (by number); replace their lists, never change them in place."""

    def __init__(self, customer: Document | None, entitlements: Iterable[Document], partner: PartnerDocument) -> None:
        self.is_new = customer is None
        self.customer: Document = {} if customer is None else customer
        self.entitlements: dict[str, Document] = {e["number"]: e for e in entitlements}
        self.notes: list[Note] = []
        self.turns: list[Turn] = []
        self.orders: list[Document] = []
        self.reset_orders: set[str] = set()
        self._partner = partner
        # A shallow copy suffices: lists are replaced, never changed in place.
        self._before: Document = {"keys": (), "products": [], **self.customer}
        self._entitlements_before = [dict(document) for document in self.entitlements.values()]
        self._new: set[str] = set()
        self._touched: set[str] = set()
        self._customer_touched = self.is_new
        self._remembers = self._is_distrusted = False
        self._remembered: set[str] = set()
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
        return bool(self._customer_touched or self._new or self._touched or self.turns)

    @property
    def remembers(self) -> bool:
        """Whether the customer's bookkeeping alone is to be written."""
        return self._remembers and not self.has_changed

    @property
    def is_told_removed(self) -> bool:
        """Whether the log says already, or is about to say, that the customer was removed."""
        was_removed = not self.is_new and not self._before["keys"]
        return was_removed or any(note.kind is ActivityKind.CUSTOMER_REMOVED for note in self.notes)

    @property
    def turns_removed(self) -> bool | None:
        """True where this write removes the customer, False where it brings it back; None where it does neither."""
        was, is_now = not self._before["keys"], not self.customer["keys"]
        return None if self.is_new or was == is_now else is_now

    def put_customer(self, fields: Mapping[str, Any]) -> None:
        """Sets facts of the customer; a new one gets its id here."""
        if "_id" not in self.customer:
            self.customer.update(_id=new_id("cus"), **EMPTY_CUSTOMER)
        self.customer.update(fields)
        self._customer_touched = True

    def remember_customer(self, fields: Mapping[str, Any]) -> None:
        """Keeps bookkeeping, such as what was delivered, that nobody sees: no new version, and no event."""
        self.customer.update(fields)
        self._remembers = True

    def remember_entitlement(self, number: str, fields: Mapping[str, Any]) -> None:
        """The same for an entitlement that is there."""
        self.entitlements[number].update(fields)
        self._remembered.add(number)

    def add_entitlement(self, document: Document) -> None:
        """Adds a whole new entitlement; `_id`, `customer_id`, `number` and all facts are there."""
        self.entitlements[document["number"]] = document
        self._new.add(document["number"])

    def put_entitlement(self, number: str, fields: Mapping[str, Any]) -> None:
        """Sets facts of an entitlement that is there; a new first end lets its renewals count anew."""
        self.entitlements[number].update(fields)
        self._touched.add(number)
        if "first_ends_at" in fields:
            self.entitlements[number]["renewals"] = 0
            self.reset_orders.add(self.entitlements[number]["_id"])

    def note(self, note: Note) -> None:
        """Tells that something happened."""
        self.notes.append(note)

    def facts(self) -> CustomerFacts:
        """What the rules read."""
        customer = self.customer
        return CustomerFacts(
            customer["created_at"],
            customer["last_administrator_sign_in_at"],
            customer["removed_at"],
            [entitlement_facts(document) for document in self.entitlements.values()],
        )

    def catch_up(self, now: datetime) -> None:
        """Carries the statuses to now under the facts as they stand; cheap where nothing was due."""
        if _is_due(self.customer["next_renewal_at"], now):
            self._customer_touched = True
        if is_removed(self.customer, now) and not self.is_told_removed:
            # The write that follows may undo the removal, whose moment has nevertheless been.
            self._note_removed(self.customer["removed_at"])
            self._customer_touched = True
        self._customer_touched |= not self.is_in_form
        stale = self.customer["settings_epoch"] < self._partner.epoch
        if not stale and not _is_due(self.customer["next_evaluation_at"], now):
            return
        facts, at = self.facts(), self.customer["evaluated_at"]
        thresholds = self._thresholds_known()
        for step in self._partner.history:
            if step.epoch > self.customer["settings_epoch"]:
                moment = max(step.at, at)
                self._since, turns = advanced(self._since, facts, thresholds, at, moment)
                self._since, turned = changed(self._since, holding(facts, step.thresholds, moment), moment)
                self.turns += turns + turned
                at, thresholds = moment, step.thresholds
        self._since, turns = advanced(self._since, facts, thresholds, at, now)
        self.turns += turns
        self._customer_touched = True

    def drop_expired_assignments(self, now: datetime, names: Mapping[str, str]) -> None:
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
            self.note(Note(ActivityKind.ADMINISTRATOR_UNASSIGNED, who, summary, at=end))
        self.put_customer({"assignments": kept})

    def _thresholds_known(self) -> Thresholds:
        known = [s.thresholds for s in self._partner.history if s.epoch <= self.customer["settings_epoch"]]
        return known[-1] if known else self._partner.thresholds

    def finish(self, now: datetime) -> None:
        """Computes all that follows from the facts at `now`; call once, after every change."""
        now = max(now, self.customer.get("evaluated_at", now))
        self._renew(now)
        facts, thresholds = self.facts(), self._partner.thresholds
        basis = holding(facts, thresholds, now)
        self._since, turns = changed(self._since, basis, now)
        self.turns += turns
        self.customer.update(derived_fields(facts, basis, self._since, thresholds, now))
        self.customer.update(written_fields(self.customer, self._before, self._partner, now))
        self._note_removal()
        self._note_what_time_brought()
        if not (self.is_new or self.notes or self.turns):
            # What nobody is told of is no change: only the bookkeeping moved on.
            self.customer.update({name: self._before[name] for name in ("version", "updated_at")})

    def _renew(self, now: datetime) -> None:
        for number, document in self.entitlements.items():
            if not document["auto_renew"]:
                if document["ends_at"] != document["first_ends_at"]:
                    self._move_end(number, document["first_ends_at"], 0)
                continue
            facts = entitlement_facts(document)
            count = renewals_at(facts, now)
            if count != document["renewals"] or document["ends_at"] != nth_end(facts, count):
                self._write_renewals(number, facts, count)

    def _write_renewals(self, number: str, facts: Entitlement, count: int) -> None:
        document = self.entitlements[number]
        if count < document["renewals"]:
            document["renewals"] = 0
            self.reset_orders.add(document["_id"])
        delivered = [order["placed_at"] for order in document.get("renewal_orders", ())]
        for term in range(max(document["renewals"], count - _TERMS_AT_ONCE) + 1, count + 1):
            at = nth_end(facts, term - 1)
            if not is_delivered(delivered, at, facts.term_months):
                self.orders.append(self._renewal_order(document, term, at))
        if count > document["renewals"]:
            end, at = nth_end(facts, count), nth_end(facts, count - 1)
            summary = f"{named(facts)} renewed until {end.date().isoformat()}"
            self.note(Note(ActivityKind.SUBSCRIPTION_RENEWED, facts.id, summary, {"ends_at": [at, end]}, at))
        self._move_end(number, nth_end(facts, count), count)

    def _move_end(self, number: str, end: datetime, count: int) -> None:
        self.entitlements[number].update(ends_at=end, renewals=count)
        self._touched.add(number)

    def _renewal_order(self, document: Document, term: int, at: datetime) -> Document:
        return own_order(document, f"{document['number']}-R{term}", OrderKind.RENEWAL, at)

    def _note_removal(self) -> None:
        """A customer that is delivered as a removed one is told as both added and removed."""
        if not self.customer["keys"] and not self.is_told_removed:
            self._note_removed(None)

    def _note_removed(self, at: datetime | None) -> None:
        self.note(Note(ActivityKind.CUSTOMER_REMOVED, self.id, f"{self.customer['name']} was removed", at=at))

    def _note_what_time_brought(self) -> None:
        """Time alone can turn what a customer holds, or what a status rests on; lists must hear of that too."""
        if self.is_new or self.notes or self.turns:
            return
        name, before, after = self.customer["name"], self._before, self.customer
        moved = [field for field in _SHOWN_BY_TIME if before[field] != after[field]]
        if not moved:
            return
        if moved[0] == "products":
            held = product_list(after["products"]) if after["products"] else "nothing"
            summary = f"{name} now holds {held}"
        else:
            summary = f"The entitlements of {name} moved on with time"
        changes = {field: [before[field], after[field]] for field in moved if field != "status_details"}
        self.note(Note(ActivityKind.CUSTOMER_CHANGED, self.id, summary, changes))

    def changed_fields(self) -> Document:
        """What differs from what is stored: MongoDB skips the indexes of whatever is not set."""
        before = self._before
        return {name: value for name, value in self.customer.items() if name not in before or before[name] != value}

    def entitlement_writes(self) -> tuple[list[Document], list[Document]]:
        """The new entitlements and the changed ones."""
        changed_only = self._touched - self._new
        return [self.entitlements[n] for n in sorted(self._new)], [self.entitlements[n] for n in sorted(changed_only)]

    def remembered_entitlements(self) -> list[Document]:
        """Those of which only the bookkeeping is to be written."""
        return [self.entitlements[number] for number in sorted(self._remembered - self._touched - self._new)]

    def write_anew(self) -> None:
        """Distrusts what is stored beside the facts, and writes all that follows from them."""
        self._is_distrusted = self._customer_touched = True

    @property
    def is_in_form(self) -> bool:
        """Whether what is stored was written as this version writes it, or nothing is stored yet."""
        return self.is_new or (self._before.get("written_as") == FORM and not self._is_distrusted)

    def license_lines(self) -> tuple[Mapping[str, Line], Mapping[str, Line]]:
        """The licence lines as they were and as they must be, by id; a removed customer has none."""
        before, after = self._before, self.customer
        was = license_lines(before, self._entitlements_before, before["evaluated_at"]) if before["keys"] else {}
        now = license_lines(after, self.entitlements.values(), after["evaluated_at"]) if after["keys"] else {}
        return was, now

    def events(self, now: datetime, actor_id: str | None) -> list[Document]:
        """The events of this transaction, in the order in which they happened; one of them carries the transition."""
        facts = {"facts_before": facts_of(self._before), "facts_after": facts_of(self.customer)}
        shared = {"customer_id": self.id, "actor_id": actor_id, **facts}
        told = [event_document(self._partner.partner_id, now, shared, note) for note in self.notes]
        name = self.customer["name"]
        for turn in self.turns:
            note = Note(ActivityKind.STATUS_CHANGED, self.id, status_summary(name, turn), at=turn.at)
            told.append(event_document(self._partner.partner_id, now, shared, note, turn))
        for event in told[:1]:
            event["transition"] = True
        return told


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now

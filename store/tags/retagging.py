"""Assignment and removal of tags in one transaction, with the cheapest write that each customer allows.

A customer's statuses do not depend on its tags. Where nothing of a customer is due, only its tags and their keys are
written: its entitlements are not read, and customers with equal changes share one statement. Every other customer takes
the general path of a change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from domain.customers.keys import assignment_keys, ordering_keys, running_keys, tag_keys
from store.changes.customer_batch import CustomerBatch, load_customers, load_customers_at, write_customers
from store.changes.customer_fields import build_event_facts
from store.database.client import ID_INDEX, Document, Session, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.turns import in_turns
from store.events.facts import facts_before_difference
from store.events.log import event_document, event_of_customer
from store.tags.customer_tags import Tagging
from store.tenants.partners import PartnerDocument

_EVENT_FACT_FIELDS = (
    "order_keys",
    "running_products",
    "words",
    "assignments",
    "created_at",
    "last_administrator_sign_in_at",
)
_READ_FIELDS = ("tag_ids", "name", "removed_at", "due_at", "settings_epoch", *_EVENT_FACT_FIELDS)
_PROJECTION = dict.fromkeys(_READ_FIELDS, 1)
# The events of as many take about 2 ms.
_CUSTOMERS_PER_TURN = 25


class _TagDifference(NamedTuple):
    """What a customer's tags and the keys of them gain and lose."""

    added_tags: tuple[str, ...]
    removed_tags: tuple[str, ...]
    added_keys: tuple[str, ...]
    removed_keys: tuple[str, ...]


class _Effect(NamedTuple):
    """What customers with equal tags have in common: the keys of these tags, what differs, and what an event says."""

    keys_before: list[str]
    difference: _TagDifference
    predicate: str
    event: Document


class PreparedTagging(Struct, frozen=True):
    """The writes of a tagging, and the customers that take the general path, in one transaction."""

    tags_after: Mapping[str, list[str]]
    # The number of customers that have no room.
    skipped: int
    writes: Sequence[UpdateMany]
    events: Sequence[Document]
    due_ids: Sequence[str]


class Retagging(Struct, frozen=True):
    """One tagging within one transaction.

    A mutation passes the partner and the moment `now` that it has read in this transaction. A job passes no `now`;
    its partner may be older than the transaction, and a customer that was evaluated under newer settings then takes
    the general path.
    """

    scope: Scope
    session: Session
    actor_id: str | None
    tagging: Tagging
    partner: PartnerDocument | None
    now: datetime | None = None

    async def run(self, where: Document) -> tuple[list[str], int]:
        """Change the matching customers; return the ids of those that changed, and how many had no room.

        `where` must restrict the customers to the visible ones.
        """
        prepared = await self.prepare(where)
        await self.insert_events(prepared)
        await self.change_customers(prepared)
        return list(prepared.tags_after), prepared.skipped

    async def prepare(self, where: Document) -> PreparedTagging:
        """Read the matching customers; return what the two other steps have to write in the same transaction."""
        scope = self.scope
        where = {**scope.match(), **where}
        customers = await scope.collection("customers").find(where, _PROJECTION, session=self.session)
        # The clock is read after the customers. So none of them was changed later than `now`.
        now = self.now or utc_now()
        tags_by_id = [(customer["_id"], customer["tag_ids"]) for customer in customers]
        tags_after, skipped = await self.tagging.compute_changes(scope, self.session, tags_by_id)
        changing = [customer for customer in customers if customer["_id"] in tags_after]
        up_to_date = _select_up_to_date(changing, self.partner, now)
        writes, events = await self._prepare_tags_only(up_to_date, tags_after, now)
        due_ids = list(tags_after.keys() - {customer["_id"] for customer in up_to_date})
        return PreparedTagging(tags_after, skipped, writes, events, due_ids)

    async def insert_events(self, prepared: PreparedTagging) -> None:
        """Insert the events of the customers whose tags only are written; no other transaction conflicts with it."""
        await self.scope.collection("events").insert_many(prepared.events, session=self.session)

    async def change_customers(self, prepared: PreparedTagging) -> None:
        """Write the customers, and the events of those that take the general path."""
        await self.scope.collection("customers").bulk_write(prepared.writes, session=self.session, ordered=True)
        await self._change_fully(prepared.due_ids, prepared.tags_after)

    async def _change_fully(self, ids: Sequence[str], tags_after: Mapping[str, list[str]]) -> None:
        if not ids:
            return
        batch = await self._load_customers({"_id": {"$in": list(ids)}})
        for change in batch.changes:
            change.add_event(self.tagging.draft_event(change.customer, tags_after[change.id]))
            change.update_customer({"tag_ids": tags_after[change.id]})
        await write_customers(batch, self.actor_id)

    async def _load_customers(self, where: Document) -> CustomerBatch:
        if self.now is None or self.partner is None:
            return await load_customers(self.scope, where, self.session)
        return await load_customers_at(self.scope, where, self.session, self.partner, self.now)

    async def _prepare_tags_only(
        self, customers: Sequence[Document], tags_after: Mapping[str, list[str]], now: datetime
    ) -> tuple[list[UpdateMany], list[Document]]:
        effects: dict[tuple[str, ...], _Effect] = {}
        ids_by_difference: dict[_TagDifference, list[str]] = {}
        events: list[Document] = []
        async for some in in_turns(customers, _CUSTOMERS_PER_TURN):
            for customer in some:
                before = tuple(customer["tag_ids"])
                effect = effects.get(before)
                if effect is None:
                    effect = effects[before] = self._effect(customer, tags_after[customer["_id"]], now)
                ids_by_difference.setdefault(effect.difference, []).append(customer["_id"])
                events.append(self._event(customer, effect))
        return [_tag_write(self.scope, *pair, now) for pair in ids_by_difference.items()], events

    def _effect(self, customer: Document, after: list[str], now: datetime) -> _Effect:
        """Return the effect on this customer, which is that on all with the same tags; its event still lacks facts."""
        before = customer["tag_ids"]
        difference = _tag_difference(before, after)
        facts_before = facts_before_difference(difference.removed_keys, difference.added_keys)
        shared = {"customer_id": customer["_id"], "actor_id": self.actor_id, "facts_before": facts_before}
        event = event_document(self.scope.partner_id, now, shared, self.tagging.draft_event(customer, after))
        predicate = self.tagging.predicate(before)
        return _Effect(tag_keys(before), difference, predicate, {**event, "is_first_of_change": True})

    def _event(self, customer: Document, effect: _Effect) -> Document:
        removed, added = effect.difference.removed_keys, effect.difference.added_keys
        kept_keys = [key for key in _event_keys(customer, effect.keys_before) if key not in removed]
        facts = build_event_facts({**customer, "keys": [*kept_keys, *added]})
        summary = self.tagging.summary(effect.predicate, customer)
        return event_of_customer(effect.event, customer["_id"], summary, facts)


def _select_up_to_date(
    customers: Sequence[Document], partner: PartnerDocument | None, now: datetime
) -> Sequence[Document]:
    """Return the customers of which everything stored, apart from the changed tags, stays true."""
    if partner is None or any(rule.reads_tags for rule in partner.tag_rules):
        return []
    epoch = partner.epoch
    return [
        customer
        for customer in customers
        if customer["settings_epoch"] == epoch
        and customer["removed_at"] is None
        and (customer["due_at"] is None or customer["due_at"] > now)
    ]


def _tag_difference(before: Sequence[str], after: Sequence[str]) -> _TagDifference:
    keys_before, keys_after = tag_keys(before), tag_keys(after)
    return _TagDifference(
        _missing(before, after),
        _missing(after, before),
        _missing(keys_before, keys_after),
        _missing(keys_after, keys_before),
    )


def _missing(present: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    """Return the values that are not present."""
    return tuple(value for value in values if value not in present)


def _tag_write(scope: Scope, difference: _TagDifference, ids: list[str], now: datetime) -> UpdateMany:
    added = _array_entries(difference.added_tags, difference.added_keys)
    removed = _array_entries(difference.removed_tags, difference.removed_keys)
    counted = {"$inc": {"version": 1}, "$set": {"updated_at": now}}
    change: Document | list[Document]
    if not any(removed.values()):
        change = {"$push": {name: {"$each": values} for name, values in added.items()}, **counted}
    elif not any(added.values()):
        change = {"$pullAll": removed, **counted}
    else:
        # MongoDB rejects $pullAll and $push of one array in one statement.
        arrays = {name: _edited_array(name, removed[name], added[name]) for name in added}
        change = [{"$set": {**arrays, "version": {"$add": ["$version", 1]}, "updated_at": now}}]
    return UpdateMany({**scope.match(), "_id": {"$in": ids}}, change, hint=ID_INDEX)


def _edited_array(name: str, removed: list[str], added: list[str]) -> Document:
    is_kept = {"$not": [{"$in": ["$$this", {"$literal": removed}]}]}
    return {"$concatArrays": [{"$filter": {"input": f"${name}", "cond": is_kept}}, {"$literal": added}]}


def _event_keys(customer: Document, keys_of_tags: Sequence[str]) -> list[str]:
    """Return the keys that event facts consist of.

    The field `keys` is not read: most of its entries are word prefixes, which are expensive to load.
    """
    is_presence = {*keys_of_tags, *assignment_keys(_administrator_ids(customer))}
    other_keys = [*running_keys(customer["running_products"]), *(is_presence - set(customer["order_keys"]))]
    return [*customer["order_keys"], *sorted(other_keys)]


def _administrator_ids(customer: Document) -> list[str]:
    return [assignment["administrator_id"] for assignment in customer["assignments"]]


def _array_entries(tags: Sequence[str], keys: Sequence[str]) -> dict[str, list[str]]:
    """Return what each array field of a customer stores for these tags and their keys."""
    return {"tag_ids": list(tags), "keys": list(keys), "order_keys": ordering_keys(keys)}

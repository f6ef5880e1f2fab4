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
from store.events.facts import facts_before_difference
from store.events.log import event_document
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


class _TagDifference(NamedTuple):
    """What a customer's tags and the keys of them gain and lose."""

    added_tags: tuple[str, ...]
    removed_tags: tuple[str, ...]
    added_keys: tuple[str, ...]
    removed_keys: tuple[str, ...]


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
        scope = self.scope
        where = {**scope.match(), **where}
        customers = await scope.collection("customers").find(where, _PROJECTION, session=self.session)
        # The clock is read after the customers. So none of them was changed later than `now`.
        now = self.now or utc_now()
        tags_by_id = [(customer["_id"], customer["tag_ids"]) for customer in customers]
        tags_after, skipped = await self.tagging.compute_changes(scope, self.session, tags_by_id)
        changing = [customer for customer in customers if customer["_id"] in tags_after]
        up_to_date = [customer for customer in changing if _is_up_to_date(customer, self.partner, now)]
        await self._change_tags_only(up_to_date, tags_after, now)
        up_to_date_ids = {customer["_id"] for customer in up_to_date}
        await self._change_fully([id_ for id_ in tags_after if id_ not in up_to_date_ids], tags_after)
        return list(tags_after), skipped

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

    async def _change_tags_only(
        self, customers: Sequence[Document], tags_after: Mapping[str, list[str]], now: datetime
    ) -> None:
        ids_by_difference: dict[_TagDifference, list[str]] = {}
        events: list[Document] = []
        for customer in customers:
            after = tags_after[customer["_id"]]
            difference = _tag_difference(customer["tag_ids"], after)
            ids_by_difference.setdefault(difference, []).append(customer["_id"])
            events.append(self._event(customer, after, difference, now))
        writes = [_tag_write(self.scope, *pair, now) for pair in ids_by_difference.items()]
        await self.scope.collection("customers").bulk_write(writes, session=self.session, ordered=True)
        await self.scope.collection("events").insert_many(events, session=self.session)

    def _event(self, customer: Document, after: list[str], difference: _TagDifference, now: datetime) -> Document:
        kept_keys = [key for key in _event_keys(customer) if key not in difference.removed_keys]
        facts = {
            "facts_before": facts_before_difference(difference.removed_keys, difference.added_keys),
            "facts_after": build_event_facts({**customer, "keys": [*kept_keys, *difference.added_keys]}),
        }
        shared = {"customer_id": customer["_id"], "actor_id": self.actor_id, **facts}
        draft = self.tagging.draft_event(customer, after)
        return {**event_document(self.scope.partner_id, now, shared, draft), "is_first_of_change": True}


def _is_up_to_date(customer: Document, partner: PartnerDocument | None, now: datetime) -> bool:
    """Return whether everything stored of the customer, apart from the changed tags, stays true."""
    if partner is None or customer["settings_epoch"] != partner.epoch:
        return False
    if any(rule.reads_tags for rule in partner.tag_rules):
        return False
    return customer["removed_at"] is None and (customer["due_at"] is None or customer["due_at"] > now)


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


def _event_keys(customer: Document) -> list[str]:
    """Return the keys that event facts consist of.

    The field `keys` is not read: most of its entries are word prefixes, which are expensive to load.
    """
    is_presence = {*tag_keys(customer["tag_ids"]), *assignment_keys(_administrator_ids(customer))}
    other_keys = [*running_keys(customer["running_products"]), *(is_presence - set(customer["order_keys"]))]
    return [*customer["order_keys"], *sorted(other_keys)]


def _administrator_ids(customer: Document) -> list[str]:
    return [assignment["administrator_id"] for assignment in customer["assignments"]]


def _array_entries(tags: Sequence[str], keys: Sequence[str]) -> dict[str, list[str]]:
    """Return what each array field of a customer stores for these tags and their keys."""
    return {"tag_ids": list(tags), "keys": list(keys), "order_keys": ordering_keys(keys)}

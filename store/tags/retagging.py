"""Assignment and removal of tags in one transaction, with the cheapest write that each customer allows.

A customer's statuses do not depend on its tags. Where nothing of a customer is due, only its tags and their keys are
written: its entitlements are not read, and customers with equal changes share one statement. Every other customer takes
the general path of a change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.customers.keys import dimension_key, running_keys
from store.changes.customer_batch import CustomerBatch, load_customers, load_customers_at, write_customers
from store.changes.customer_fields import build_event_facts
from store.database.client import ID_INDEX, Document, Session, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import event_document
from store.tags.customer_tags import Tagging
from store.tenants.partners import PartnerDocument

_EVENT_FACT_FIELDS = ("order_keys", "running_products", "words", "assignments")
_READ_FIELDS = ("tag_ids", "name", "removed_at", "due_at", "settings_epoch", *_EVENT_FACT_FIELDS)
_PROJECTION = dict.fromkeys(_READ_FIELDS, 1)
# The added tags and the removed ones.
_TagDifference = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Retagging:
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
        writes = [write for pair in ids_by_difference.items() for write in _tag_writes(self.scope, *pair, now)]
        await self.scope.collection("customers").bulk_write(writes, session=self.session, ordered=True)
        await self.scope.collection("events").insert_many(events, session=self.session)

    def _event(self, customer: Document, after: list[str], difference: _TagDifference, now: datetime) -> Document:
        added, removed = (_array_entries(tags)["keys"] for tags in difference)
        before_facts = build_event_facts({**customer, "keys": _event_keys(customer)}) or {"keys": []}
        after_keys = [key for key in before_facts["keys"] if key not in removed] + added
        facts = {"facts_before": before_facts, "facts_after": {**before_facts, "keys": after_keys}}
        shared = {"customer_id": customer["_id"], "actor_id": self.actor_id, **facts}
        draft = self.tagging.draft_event(customer, after)
        return {**event_document(self.scope.partner_id, now, shared, draft), "is_first_of_change": True}


def _is_up_to_date(customer: Document, partner: PartnerDocument | None, now: datetime) -> bool:
    """Return whether everything stored of the customer, apart from its tags, stays true."""
    if partner is None or customer["settings_epoch"] != partner.epoch:
        return False
    return customer["removed_at"] is None and (customer["due_at"] is None or customer["due_at"] > now)


def _tag_difference(before: Sequence[str], after: Sequence[str]) -> _TagDifference:
    return tuple(tag for tag in after if tag not in before), tuple(tag for tag in before if tag not in after)


def _tag_writes(scope: Scope, difference: _TagDifference, ids: list[str], now: datetime) -> list[UpdateMany]:
    added, removed = map(_array_entries, difference)
    changes: list[Document] = []
    # MongoDB rejects $pullAll and $push of one array in one statement.
    if any(removed.values()):
        changes.append({"$pullAll": removed})
    if any(added.values()):
        changes.append({"$push": {name: {"$each": values} for name, values in added.items()}})
    changes[-1].update({"$inc": {"version": 1}, "$set": {"updated_at": now}})
    where = {**scope.match(), "_id": {"$in": ids}}
    return [UpdateMany(where, change, hint=ID_INDEX) for change in changes]


def _event_keys(customer: Document) -> list[str]:
    """Return the keys that event facts consist of.

    The field `keys` is not read: most of its entries are word prefixes, which are expensive to load.
    """
    return [*customer["order_keys"], *running_keys(customer["running_products"])]


def _array_entries(tags: Sequence[str]) -> dict[str, list[str]]:
    """Return what each array field of a customer stores for these tags."""
    keys = [dimension_key("tag", tag) for tag in tags]
    return {"tag_ids": list(tags), "keys": keys, "order_keys": keys}

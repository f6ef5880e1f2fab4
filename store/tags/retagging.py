"""Tags put on customers and taken off in one transaction, each customer at the least cost that it allows.

No status rests on a customer's tags, and nothing that it holds does. So while no moment of its own has come, its tags
and their keys alone move: its entitlements are not read, and equal changes are one statement. A customer that is due
goes the way of every change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.customers.keys import dimension_key, running_keys
from store.changes.customer_batch import load_customers, write_customers
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
# The tags that come and those that go.
_TagDifference = tuple[tuple[str, ...], tuple[str, ...]]


async def retag(
    scope: Scope,
    where: Document,
    tagging: Tagging,
    session: Session,
    actor_id: str | None,
    partner: PartnerDocument | None,
) -> tuple[list[str], int]:
    """Changes every matching customer that is not yet as asked; answers their ids, and how many had no room.

    Visibility is the caller's part of `where`. The partner may be older than the transaction: a customer that was
    evaluated under newer settings is not at rest then.
    """
    now = utc_now()
    found = await scope.collection("customers").find({**scope.match(), **where}, _PROJECTION, session=session)
    held = [(customer["_id"], customer["tag_ids"]) for customer in found]
    after, skipped = await tagging.compute_changes(scope, session, held)
    resting = {one["_id"]: one for one in found if one["_id"] in after and _is_up_to_date(one, partner, now)}
    retagging = _Retagging(scope, session, actor_id, tagging, after)
    await retagging.change_tags_only(list(resting.values()), now)
    await retagging.change_fully([id_ for id_ in after if id_ not in resting])
    return list(after), skipped


def _is_up_to_date(customer: Document, partner: PartnerDocument | None, now: datetime) -> bool:
    """Whether all that is stored of the customer beside its tags stays true."""
    if partner is None or customer["settings_epoch"] != partner.epoch:
        return False
    return customer["removed_at"] is None and (customer["due_at"] is None or customer["due_at"] > now)


@dataclass(frozen=True, slots=True)
class _Retagging:
    """One transaction's work: `after` is what each customer that changes will have."""

    scope: Scope
    session: Session
    actor_id: str | None
    tagging: Tagging
    after: Mapping[str, list[str]]

    async def change_fully(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        batch = await load_customers(self.scope, {"_id": {"$in": list(ids)}}, self.session)
        for work in batch.changes:
            work.add_event(self.tagging.draft_event(work.customer, self.after[work.id]))
            work.update_customer({"tag_ids": self.after[work.id]})
        await write_customers(batch, self.actor_id)

    async def change_tags_only(self, customers: Sequence[Document], now: datetime) -> None:
        alike: dict[_TagDifference, list[str]] = {}
        for customer in customers:
            alike.setdefault(self._tag_difference(customer), []).append(customer["_id"])
        writes = [write for move, ids in alike.items() for write in self._writes(move, ids, now)]
        await self.scope.collection("customers").bulk_write(writes, session=self.session, ordered=True)
        events = [self._event(customer, now) for customer in customers]
        await self.scope.collection("events").insert_many(events, session=self.session)

    def _tag_difference(self, customer: Document) -> _TagDifference:
        before, after = customer["tag_ids"], self.after[customer["_id"]]
        return tuple(tag for tag in after if tag not in before), tuple(tag for tag in before if tag not in after)

    def _writes(self, move: _TagDifference, ids: list[str], now: datetime) -> list[UpdateMany]:
        came, went = map(_array_entries, move)
        changes: list[Document] = []
        # One statement cannot take from an array and add to it.
        if any(went.values()):
            changes.append({"$pullAll": went})
        if any(came.values()):
            changes.append({"$push": {name: {"$each": values} for name, values in came.items()}})
        changes[-1].update({"$inc": {"version": 1}, "$set": {"updated_at": now}})
        where = {**self.scope.match(), "_id": {"$in": ids}}
        return [UpdateMany(where, change, hint=ID_INDEX) for change in changes]

    def _event(self, customer: Document, now: datetime) -> Document:
        came, went = (_array_entries(tags)["keys"] for tags in self._tag_difference(customer))
        before = build_event_facts({**customer, "keys": _event_keys(customer)}) or {"keys": []}
        after = {**before, "keys": [key for key in before["keys"] if key not in went] + came}
        facts = {"facts_before": before, "facts_after": after}
        shared = {"customer_id": customer["_id"], "actor_id": self.actor_id, **facts}
        note = self.tagging.draft_event(customer, self.after[customer["_id"]])
        return {**event_document(self.scope.partner_id, now, shared, note), "is_first_of_change": True}


def _event_keys(customer: Document) -> list[str]:
    """Those of its keys that facts consist of; most of the others are beginnings of words, and dear to read."""
    return [*customer["order_keys"], *running_keys(customer["running_products"])]


def _array_entries(tags: Sequence[str]) -> dict[str, list[str]]:
    """What stands in each array of a customer for these tags."""
    keys = [dimension_key("tag", tag) for tag in tags]
    return {"tag_ids": list(tags), "keys": keys, "order_keys": keys}

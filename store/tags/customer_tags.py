"""The effect of assigning or removing tags on the tags of customers; used by mutations, bulk jobs and cleanups."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from domain.partner.tags import MAX_TAGS_PER_CUSTOMER, apply_tags, format_tag_names
from domain.types import ActivityKind
from store.database.client import Document, Session
from store.database.scope import Scope
from store.events.log import EventDraft
from store.tags.documents import COLLECTION


class Tagging(Struct, frozen=True):
    """Tags of the partner, names by id, to be assigned to customers (`is_addition`) or removed from them."""

    names: Mapping[str, str]
    is_addition: bool

    async def compute_changes(
        self, scope: Scope, session: Session, customers: Iterable[tuple[str, list[str]]]
    ) -> tuple[dict[str, list[str]], int]:
        """Return the new tags of each customer that changes, by id, and the number of customers that have no room.

        `customers` are ids with the current tags.
        """
        tags_after = self._changed_tags(customers)
        crowding = {tag for tags in tags_after.values() if self._is_too_many(tags) for tag in tags}
        # A tag that was deleted but is still stored does not count towards the limit.
        deleted = await _find_deleted_tags(scope, session, crowding - self.names.keys())
        changes: dict[str, list[str]] = {}
        skipped = 0
        for id_, tags in tags_after.items():
            existing = [tag for tag in tags if tag not in deleted]
            if self._is_too_many(existing):
                skipped += 1
            else:
                changes[id_] = existing
        return changes, skipped

    def _changed_tags(self, customers: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
        # Many customers have equal tags.
        after_by_tags: dict[tuple[str, ...], list[str] | None] = {}
        changed: dict[str, list[str]] = {}
        for id_, tags in customers:
            key = tuple(tags)
            if key not in after_by_tags:
                after_by_tags[key] = self._tags_after(tags) if self.would_change(tags) else None
            after = after_by_tags[key]
            if after is not None:
                changed[id_] = after
        return changed

    def draft_event(self, customer: Mapping[str, Any], after: Sequence[str]) -> EventDraft:
        """Return the event of a customer, given as it was before, that gets the tags `after`."""
        kind = ActivityKind.TAGS_ASSIGNED if self.is_addition else ActivityKind.TAGS_REMOVED
        changes = {"tags": [customer["tag_ids"], list(after)]}
        return EventDraft(kind, customer["_id"], self.summary(self.predicate(customer["tag_ids"]), customer), changes)

    def predicate(self, tags: Collection[str]) -> str:
        """Return what happens to a customer with these tags, such as `Tag Gold was put on`."""
        changed = self._differing_tags(tags)
        names = f"{format_tag_names(self.names[tag] for tag in changed)} {'was' if len(changed) == 1 else 'were'}"
        return f"{names} {'put on' if self.is_addition else 'taken off'}"

    @staticmethod
    def summary(predicate: str, customer: Mapping[str, Any]) -> str:
        """Return the sentence of a customer's event."""
        return f"{predicate} {customer['name']}"

    def would_change(self, tags: Collection[str]) -> bool:
        """Return whether a customer with these tags would change."""
        return bool(self._differing_tags(tags))

    def _tags_after(self, tags: Sequence[str]) -> list[str]:
        return apply_tags(tags, self.names, is_addition=self.is_addition)

    def _is_too_many(self, tags: Collection[str]) -> bool:
        """Return whether an addition exceeds the limit. A removal is always allowed."""
        return self.is_addition and len(tags) > MAX_TAGS_PER_CUSTOMER

    def _differing_tags(self, tags: Collection[str]) -> set[str]:
        """Return the tags that a customer with `tags` lacks before an addition, or has before a removal."""
        return {tag for tag in self.names if (tag in tags) != self.is_addition}


async def _find_deleted_tags(scope: Scope, session: Session, tags: Collection[str]) -> set[str]:
    """Return those of the tags that no longer exist; without tags, no query is sent."""
    if not tags:
        return set()
    where = {**scope.match(), "_id": {"$in": sorted(tags)}}
    existing: list[Document] = await scope.collection(COLLECTION).find(where, {"_id": 1}, session=session)
    return set(tags) - {tag["_id"] for tag in existing}

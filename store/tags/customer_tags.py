"""What tagging makes of customers' tags: the same for a few in one mutation, a slice of a bulk job and a cleanup."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.partner.tags import MAX_TAGS_PER_CUSTOMER, apply_tags, format_tag_names
from domain.types import ActivityKind
from store.database.client import Document, Session
from store.database.scope import Scope
from store.events.log import EventDraft
from store.tags.documents import COLLECTION


@dataclass(frozen=True, slots=True)
class Tagging:
    """Some tags of the partner, by id with their names, to be put on or taken off."""

    names: Mapping[str, str]
    is_addition: bool

    async def compute_changes(
        self, scope: Scope, session: Session, customers: Iterable[tuple[str, list[str]]]
    ) -> tuple[dict[str, list[str]], int]:
        """Of customers and the tags that they have: what those that change have then, and how many have no room."""
        moving = {id_: self._tags_after(held) for id_, held in customers if self.would_change(held)}
        crowded = {tag for after in moving.values() if self._is_too_many(after) for tag in after}
        # A tag that was deleted, and not taken off yet, takes up no room.
        gone = await _deleted_tags(scope, session, crowded - self.names.keys())
        changing: dict[str, list[str]] = {}
        skipped = 0
        for id_, tags in moving.items():
            after = [tag for tag in tags if tag not in gone]
            if self._is_too_many(after):
                skipped += 1
            else:
                changing[id_] = after
        return changing, skipped

    def draft_event(self, customer: Mapping[str, Any], after: Sequence[str]) -> EventDraft:
        """What the log says of a customer, as it stands before, that will have the tags of `after`."""
        held = customer["tag_ids"]
        moved = self._differing_tags(held)
        told = f"{format_tag_names(self.names[tag] for tag in moved)} {'was' if len(moved) == 1 else 'were'}"
        kind, verb = (
            (ActivityKind.TAGS_ASSIGNED, "put on") if self.is_addition else (ActivityKind.TAGS_REMOVED, "taken off")
        )
        return EventDraft(kind, customer["_id"], f"{told} {verb} {customer['name']}", {"tags": [held, list(after)]})

    def would_change(self, held: Collection[str]) -> bool:
        """Whether a customer with these tags is not yet as asked."""
        return bool(self._differing_tags(held))

    def _tags_after(self, held: Sequence[str]) -> list[str]:
        return apply_tags(held, self.names, is_addition=self.is_addition)

    def _is_too_many(self, tags: Collection[str]) -> bool:
        """Whether they are too many to be added to; what was more already may become less."""
        return self.is_addition and len(tags) > MAX_TAGS_PER_CUSTOMER

    def _differing_tags(self, held: Collection[str]) -> set[str]:
        """The tags that are not yet where they are asked to be."""
        return {tag for tag in self.names if (tag in held) != self.is_addition}


async def _deleted_tags(scope: Scope, session: Session, tags: Collection[str]) -> set[str]:
    """Those that are no more; costs a query only where there are any to ask for."""
    if not tags:
        return set()
    where = {**scope.match(), "_id": {"$in": sorted(tags)}}
    found: list[Document] = await scope.collection(COLLECTION).find(where, {"_id": 1}, session=session)
    return set(tags) - {tag["_id"] for tag in found}

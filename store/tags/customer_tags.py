"""What tagging makes of customers' tags: the same for a few in one mutation, a slice of a bulk job and a sweep."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.partner.tags import MOST_TAGS_OF_A_CUSTOMER, named_tags, tags_after
from domain.types import ActivityKind
from store.database.client import Document, Session
from store.database.scope import Scope
from store.events.log import Note
from store.tags.documents import COLLECTION


@dataclass(frozen=True, slots=True)
class Tagging:
    """Some tags of the partner, by id with their names, to be put on or taken off."""

    names: Mapping[str, str]
    are_added: bool

    async def sorted_out(
        self, scope: Scope, session: Session, customers: Iterable[tuple[str, list[str]]]
    ) -> tuple[dict[str, list[str]], int]:
        """Of customers and the tags that they have: what those that change have then, and how many have no room."""
        moving = {id_: self._after(held) for id_, held in customers if self.moves(held)}
        crowded = {tag for after in moving.values() if self._is_too_many(after) for tag in after}
        # A tag that was deleted, and not taken off yet, takes up no room.
        gone = await _gone(scope, session, crowded - self.names.keys())
        changing: dict[str, list[str]] = {}
        skipped = 0
        for id_, tags in moving.items():
            after = [tag for tag in tags if tag not in gone]
            if self._is_too_many(after):
                skipped += 1
            else:
                changing[id_] = after
        return changing, skipped

    def note(self, customer: Mapping[str, Any], after: Sequence[str]) -> Note:
        """What the log says of a customer, as it stands before, that will have the tags of `after`."""
        held = customer["tag_ids"]
        moved = self._moved(held)
        told = f"{named_tags(self.names[tag] for tag in moved)} {'was' if len(moved) == 1 else 'were'}"
        kind, verb = (
            (ActivityKind.TAGS_ASSIGNED, "put on") if self.are_added else (ActivityKind.TAGS_REMOVED, "taken off")
        )
        return Note(kind, customer["_id"], f"{told} {verb} {customer['name']}", {"tags": [held, list(after)]})

    def moves(self, held: Collection[str]) -> bool:
        """Whether a customer with these tags is not yet as asked."""
        return bool(self._moved(held))

    def _after(self, held: Sequence[str]) -> list[str]:
        return tags_after(held, self.names, are_added=self.are_added)

    def _is_too_many(self, tags: Collection[str]) -> bool:
        """Whether they are too many to be added to; what was more already may become less."""
        return self.are_added and len(tags) > MOST_TAGS_OF_A_CUSTOMER

    def _moved(self, held: Collection[str]) -> set[str]:
        """The tags that are not yet where they are asked to be."""
        return {tag for tag in self.names if (tag in held) != self.are_added}


async def _gone(scope: Scope, session: Session, tags: Collection[str]) -> set[str]:
    """Those that are no more; costs a query only where there are any to ask for."""
    if not tags:
        return set()
    where = {**scope.match(), "_id": {"$in": sorted(tags)}}
    found: list[Document] = await scope.collection(COLLECTION).find(where, {"_id": 1}, session=session)
    return set(tags) - {tag["_id"] for tag in found}

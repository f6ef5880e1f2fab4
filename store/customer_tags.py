"""Tags put on customers and taken off: the same for a few in one mutation and for a slice of a bulk job."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from domain.tags import MOST_TAGS_OF_A_CUSTOMER, named_tags, tags_after
from domain.types import ActivityKind
from store.client import Document, Session
from store.customer_slices import CustomerSlice
from store.customer_work import CustomerWork
from store.events import Note
from store.scope import Scope
from store.tags import COLLECTION


@dataclass(frozen=True, slots=True)
class Tagging:
    """Some tags of the partner, by id with their names, to be put on or taken off."""

    names: Mapping[str, str]
    are_added: bool

    async def apply(self, changing: CustomerSlice) -> tuple[list[str], int]:
        """Changes every customer that is not yet as asked; answers their ids, and how many had no room."""
        works = {work.id: work for work in changing.works}
        held = [(id_, work.customer["tag_ids"]) for id_, work in works.items()]
        after, skipped = await self.sorted_out(changing.scope, changing.session, held)
        for id_, tags in after.items():
            self._put(works[id_], tags)
        return list(after), skipped

    async def sorted_out(
        self, scope: Scope, session: Session, customers: Iterable[tuple[str, list[str]]]
    ) -> tuple[dict[str, list[str]], int]:
        """Of customers and the tags that they have: what those that change have then, and how many have no room."""
        # A tag that was deleted, and not taken off yet, takes up no room.
        living = await _living_tags(scope, session)
        changing: dict[str, list[str]] = {}
        skipped = 0
        for id_, held in customers:
            if not self._moved(held):
                continue
            after = [tag for tag in tags_after(held, self.names, are_added=self.are_added) if tag in living]
            if self.are_added and len(after) > MOST_TAGS_OF_A_CUSTOMER:
                skipped += 1
            else:
                changing[id_] = after
        return changing, skipped

    def _moved(self, held: Collection[str]) -> set[str]:
        """The tags that are not yet where they are asked to be."""
        return {tag for tag in self.names if (tag in held) != self.are_added}

    def _put(self, work: CustomerWork, after: list[str]) -> None:
        held = work.customer["tag_ids"]
        moved = self._moved(held)
        told = f"{named_tags(self.names[tag] for tag in moved)} {'was' if len(moved) == 1 else 'were'}"
        kind, verb = (
            (ActivityKind.TAGS_ASSIGNED, "put on") if self.are_added else (ActivityKind.TAGS_REMOVED, "taken off")
        )
        work.put_customer({"tag_ids": after})
        work.note(Note(kind, work.id, f"{told} {verb} {work.customer['name']}", {"tags": [held, after]}))


async def _living_tags(scope: Scope, session: Session) -> frozenset[str]:
    found: list[Document] = await scope.collection(COLLECTION).find(scope.match(), {"_id": 1}, session=session)
    return frozenset(tag["_id"] for tag in found)

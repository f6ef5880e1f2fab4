"""The partner's tags: their documents, and look-ups by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.partner.tags import TagColor
from domain.text.search import matches_word_prefixes
from store.database.client import Document, IndexModel, Session
from store.database.scope import Scope

COLLECTION = "tags"
TAG_INDEXES = (IndexModel([("partner_id", 1), ("name_key", 1)], name="name", unique=True),)


@dataclass(frozen=True, slots=True)
class TagDocument:
    """A word of the partner's own for some of its customers, as the API shows it."""

    id: str
    name: str
    name_folded: str
    color: TagColor
    description: str | None
    version: int
    created_at: datetime
    created_by: str | None

    @classmethod
    def read(cls, document: Document) -> Self:
        """The typed form of a document of the collection."""
        same = {
            name: document[name]
            for name in ("name", "name_folded", "description", "version", "created_at", "created_by")
        }
        return cls(id=document["_id"], color=TagColor(document["color"]), **same)


class Tags:
    """The tags of the scope's partner: every viewer sees all of them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def by_ids(self, ids: Sequence[str], *, session: Session = None) -> dict[str, TagDocument]:
        """Those of the ids that are tags of this partner, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        found = await self._collection.find(where, session=session)
        return {document["_id"]: TagDocument.read(document) for document in found}

    async def search(self, wanted: Sequence[str] | None) -> list[TagDocument]:
        """Those of which each of the words starts a word of the name, or all, by name; there are at most 1,000."""
        stored = await self._collection.find(self._scope.match(), sort=[("name_folded", 1), ("_id", 1)])
        tags = map(TagDocument.read, stored)
        return [tag for tag in tags if wanted is None or matches_word_prefixes(tag.name, wanted)]

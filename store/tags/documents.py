"""The partner's tags: their documents, and reads by id and by search."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.partner.tags import TagColor
from domain.text.search import matches_word_prefixes
from store.database.client import IndexModel, Session
from store.database.scope import Scope
from store.database.stored_fields import (
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_or_none,
)

COLLECTION = "tags"
TAG_INDEXES = (IndexModel([("partner_id", 1), ("name_key", 1)], name="name", unique=True),)


class TagDocument(StoredDocument):
    """A tag with the attributes of the API's type Tag."""

    id = stored(str, "_id")
    name = stored(str)
    name_folded = stored(str)
    color = stored(TagColor)
    description = stored_or_none(str)
    version = stored(int)
    created_at = stored(datetime)
    created_by = stored_or_none(str)

    @derived("rule")
    def raw_rule(self) -> Mapping[str, Any] | None:
        """The filter that decides which customers have the tag; None for a tag that administrators assign."""
        raw_rule: Mapping[str, Any] | None = self.document.get("rule")
        return raw_rule


class Tags:
    """The tags of the scope's partner. Every viewer sees all of them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def by_ids(
        self, ids: Sequence[str], projection: Projection = None, *, session: Session = None
    ) -> dict[str, TagDocument]:
        """Return the tags of this partner with these ids, by id, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._collection.find(
            where, None if projection is None else projection_document(projection), session=session
        )
        return {document["_id"]: TagDocument(document) for document in documents}

    async def search(self, prefixes: Sequence[str] | None) -> list[TagDocument]:
        """Return the tags in whose name each prefix starts a word, ordered by name; all tags for None.

        The names are compared here, because a partner has at most 1,000 tags.
        """
        documents = await self._collection.find(self._scope.match(), sort=[("name_folded", 1), ("_id", 1)])
        tags = map(TagDocument, documents)
        return [tag for tag in tags if prefixes is None or matches_word_prefixes(tag.name, prefixes)]

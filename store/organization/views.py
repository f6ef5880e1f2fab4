"""Views of customers: their documents, and look-ups of those that one viewer may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from domain.partner.views import MAX_OWN_VIEWS, MAX_SHARED_VIEWS
from store.database.client import Document, IndexModel
from store.database.scope import Scope

COLLECTION = "customer_views"
VIEW_INDEXES = (
    IndexModel([("partner_id", 1), ("owner_id", 1), ("name_key", 1)], name="owner_name", unique=True),
    IndexModel([("partner_id", 1), ("shared", 1)], name="shared"),
)


@dataclass(frozen=True, slots=True)
class ViewDocument:
    """A filter that an administrator has named and kept; `raw_filter` is the filter as `parse_filter` reads it."""

    id: str
    name: str
    raw_filter: Mapping[str, Any] | None
    shared: bool
    version: int
    owner_id: str

    @classmethod
    def read(cls, document: Document) -> Self:
        """The typed form of a document of the collection."""
        same = {name: document[name] for name in ("name", "shared", "version", "owner_id")}
        return cls(id=document["_id"], raw_filter=document["filter"], **same)


class Views:
    """The views that the viewer owns, and those that are shared with everybody."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def all(self) -> list[ViewDocument]:
        """Every view in sight, by name, then id."""
        found = await self._collection.find(self._match(), limit=MAX_OWN_VIEWS + MAX_SHARED_VIEWS)
        return [ViewDocument.read(one) for one in sorted(found, key=lambda one: (one["name_folded"], one["_id"]))]

    async def by_ids(self, ids: Sequence[str]) -> dict[str, ViewDocument]:
        """Those of the ids that are views in sight, in one query."""
        found = await self._collection.find({**self._match(), "_id": {"$in": list(ids)}})
        return {document["_id"]: ViewDocument.read(document) for document in found}

    def _match(self) -> Document:
        return {**self._scope.match(), "$or": [{"owner_id": self._scope.administrator_id}, {"shared": True}]}

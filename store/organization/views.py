"""Views (named customer filters): their documents, and reads of those that the viewer may see."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.customers.filter import is_filter_permitted
from domain.partner.views import MAX_OWN_VIEWS, MAX_SHARED_VIEWS
from domain.permissions import ROLE_PERMISSIONS
from store.database.client import Document, IndexModel
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, derived, stored

COLLECTION = "customer_views"
VIEW_INDEXES = (
    IndexModel([("partner_id", 1), ("owner_id", 1), ("name_key", 1)], name="owner_name", unique=True),
    IndexModel([("partner_id", 1), ("shared", 1)], name="shared"),
)


class ViewDocument(StoredDocument):
    """A view; `raw_filter` is its filter as `domain.customers.filter.parse_filter` reads it."""

    id = stored(str, "_id")
    name = stored(str)
    shared = stored(bool)
    version = stored(int)
    owner_id = stored(str)

    @derived("filter")
    def raw_filter(self) -> Mapping[str, Any] | None:
        """The filter; None where the view lists all customers."""
        raw_filter: Mapping[str, Any] | None = self.document["filter"]
        return raw_filter


class Views:
    """The viewer's own views and the shared views, except those whose filter the viewer's role does not permit.

    The customers of such a view cannot be listed for this viewer, so the view does not exist for them.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def all(self) -> list[ViewDocument]:
        """Return all visible views, ordered by name and id."""
        documents = await self._collection.find(self._match(), limit=MAX_OWN_VIEWS + MAX_SHARED_VIEWS)
        documents.sort(key=lambda document: (document["name_folded"], document["_id"]))
        return self._read_permitted(documents)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, ViewDocument]:
        """Return the visible views with these ids, by id, in one query."""
        documents = await self._collection.find({**self._match(), "_id": {"$in": list(ids)}})
        return {view.id: view for view in self._read_permitted(documents)}

    def _read_permitted(self, documents: Sequence[Document]) -> list[ViewDocument]:
        views, role = [ViewDocument(document) for document in documents], self._scope.role
        if role is None:
            return views
        return [view for view in views if is_filter_permitted(view.raw_filter, ROLE_PERMISSIONS[role])]

    def _match(self) -> Document:
        return {**self._scope.match(), "$or": [{"owner_id": self._scope.administrator_id}, {"shared": True}]}

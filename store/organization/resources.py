"""Resources of the partner: their documents and reads. Every viewer sees all of them."""

from collections.abc import Sequence
from datetime import date

from domain.partner.resources import ResourceCondition, ResourceKind
from domain.types import Product
from store.database.client import Document, IndexModel
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import StoredDocument, stored, stored_list
from store.database.word_queries import match_word_start

COLLECTION = "resources"
# Newest first; resources of one day are ordered by title.
_COLUMNS = (Column("updated_on", -1, "instant"), Column("title_folded"), Column("_id"))
RESOURCE_INDEXES = (
    IndexModel([("partner_id", 1), ("url", 1)], name="url", unique=True),
    IndexModel([("partner_id", 1), *((column.field, column.direction) for column in _COLUMNS)], name="newest"),
)
_PROJECTION = {"delivered": 0, "words": 0, "partner_id": 0}


class ResourceDocument(StoredDocument):
    """A resource with the attributes of the API's type Resource."""

    id = stored(str, "_id")
    title = stored(str)
    summary = stored(str)
    url = stored(str)
    kind = stored(ResourceKind)
    quick_link = stored(bool)
    featured = stored(bool)
    products = stored_list(Product)
    updated_on = stored(date)


class Resources:
    """The resources of the scope's partner."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def listing(self, condition: ResourceCondition) -> Listing[ResourceDocument]:
        """Return the list of resources that match, newest first."""
        where = {**self._scope.match(), **_match_condition(condition)}
        return Listing(self._scope, COLLECTION, where, _COLUMNS, ResourceDocument, condition)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, ResourceDocument]:
        """Return the resources of this partner with these ids, by id, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._scope.collection(COLLECTION).find(where, _PROJECTION)
        return {document["_id"]: ResourceDocument(document) for document in documents}


def _match_condition(condition: ResourceCondition) -> Document:
    where: Document = {}
    if condition.kinds is not None:
        where["kind"] = {"$in": [str(kind) for kind in condition.kinds]}
    if condition.products is not None:
        where["products"] = {"$in": [str(product) for product in condition.products]}
    if condition.quick_link is not None:
        where["quick_link"] = condition.quick_link
    if condition.featured is not None:
        where["featured"] = condition.featured
    if condition.words is not None:
        where["words"] = {"$all": [match_word_start(word) for word in condition.words]}
    return where

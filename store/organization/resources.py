"""Resources of the partner: their documents and reads. Every viewer sees all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from domain.partner.resources import ResourceCondition, ResourceKind
from domain.types import Product
from store.database.client import Document, IndexModel
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.word_queries import match_word_start

COLLECTION = "resources"
# Newest first; resources of one day are ordered by title.
_COLUMNS = (Column("updated_on", -1, "instant"), Column("title_folded"), Column("_id"))
RESOURCE_INDEXES = (
    IndexModel([("partner_id", 1), ("url", 1)], name="url", unique=True),
    IndexModel([("partner_id", 1), *((column.field, column.direction) for column in _COLUMNS)], name="newest"),
)
_PROJECTION = {"delivered": 0, "words": 0, "partner_id": 0}


@dataclass(frozen=True, slots=True)
class ResourceDocument:
    """A resource with the attributes of the API's type Resource."""

    id: str
    title: str
    summary: str
    url: str
    kind: ResourceKind
    quick_link: bool
    featured: bool
    products: Sequence[Product]
    updated_on: date

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a document of the collection."""
        copied = {name: document[name] for name in ("title", "summary", "url", "quick_link", "featured")}
        return cls(
            id=document["_id"],
            kind=ResourceKind(document["kind"]),
            products=[Product(name) for name in document["products"]],
            updated_on=document["updated_on"].date(),
            **copied,
        )


class Resources:
    """The resources of the scope's partner."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def listing(self, condition: ResourceCondition) -> Listing[ResourceDocument]:
        """Return the list of resources that match, newest first."""
        where = {**self._scope.match(), **_match_condition(condition)}
        return Listing(self._scope, COLLECTION, where, _COLUMNS, ResourceDocument.read, condition)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, ResourceDocument]:
        """Return the resources of this partner with these ids, by id, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._scope.collection(COLLECTION).find(where, _PROJECTION)
        return {document["_id"]: ResourceDocument.read(document) for document in documents}


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

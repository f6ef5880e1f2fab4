"""Subscriptions and trials: their documents, and reads by customer and by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from domain.entitlements.lifecycle import LicenseFigures, read_license
from domain.text.normalization import compose_key
from domain.types import SubscriptionType
from store.database.client import Document, IndexModel
from store.database.scope import Scope

COLLECTION = "entitlements"
ENTITLEMENT_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("customer_id", 1), ("added_at", -1), ("_id", 1)], name="customer_newest"),
)
_PROJECTION = {"delivered": 0}


@dataclass(frozen=True, slots=True)
class EntitlementDocument:
    """A subscription or a trial; `domain.entitlements.lifecycle` computes its state at a moment from these facts."""

    id: str
    customer_id: str
    kind: SubscriptionType
    number: str
    added_at: datetime
    starts_at: datetime
    first_ends_at: datetime
    ends_at: datetime
    term_months: int | None
    auto_renew: bool
    set_up: bool
    suspended: bool
    suspended_at: datetime | None
    cancelled_at: datetime | None
    licenses: Sequence[LicenseFigures]
    renewals: int
    extensions: Sequence[Document]
    started_by: str | None
    ended_early_at: datetime | None
    converted_to: str | None
    version: int

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the typed form of a document of the collection."""
        facts: dict[str, Any] = {name: document[name] for name in _COPIED_FIELDS}
        return cls(
            id=document["_id"],
            kind=SubscriptionType(document["kind"]),
            licenses=list(map(read_license, document["licenses"])),
            **facts,
        )


_CONVERTED_FIELDS = {"id", "kind", "licenses"}
_COPIED_FIELDS = tuple(name for name in EntitlementDocument.__slots__ if name not in _CONVERTED_FIELDS)


class Entitlements:
    """The partner's entitlements. The caller checks that their customer is visible."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def by_customer(self, customer_ids: Sequence[str]) -> dict[str, list[EntitlementDocument]]:
        """Return each customer's entitlements in one query, newest first."""
        where = {**self._scope.match(), "customer_id": {"$in": list(customer_ids)}}
        newest = [("customer_id", 1), ("added_at", -1), ("_id", 1)]
        by_customer: dict[str, list[EntitlementDocument]] = {id_: [] for id_ in customer_ids}
        for document in await self._collection.find(where, _PROJECTION, sort=newest):
            entitlement = EntitlementDocument.read(document)
            by_customer[entitlement.customer_id].append(entitlement)
        return by_customer

    async def by_number(self, number: str) -> EntitlementDocument | None:
        """Return the subscription or trial of this partner with the number."""
        where = {**self._scope.match(), "number": compose_key(number)}
        document = await self._collection.find_one(where, _PROJECTION)
        return None if document is None else EntitlementDocument.read(document)

    async def by_ids(self, ids: Sequence[str]) -> dict[str, EntitlementDocument]:
        """Return the entitlements of this partner with these ids, by id, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._collection.find(where, _PROJECTION)
        return {document["_id"]: EntitlementDocument.read(document) for document in documents}

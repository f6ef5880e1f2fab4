"""Subscriptions and trials: their documents, and reads by customer and by id."""

from collections.abc import Sequence
from datetime import datetime

from domain.entitlements.lifecycle import LicenseFigures, read_license
from domain.entitlements.product_licenses import available_licenses, order_lines, surplus_licenses
from domain.ratios import percent
from domain.text.normalization import compose_key
from domain.types import Product
from store.database.client import Document, IndexModel
from store.database.kept_documents import KeptDocuments
from store.database.scope import Scope
from store.database.stored_fields import (
    EmbeddedField,
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_or_none,
)

COLLECTION = "entitlements"
ENTITLEMENT_INDEXES = (
    IndexModel([("partner_id", 1), ("number", 1)], name="number", unique=True),
    IndexModel([("partner_id", 1), ("customer_id", 1), ("added_at", -1), ("_id", 1)], name="customer_newest"),
)
_ALL_FIELDS = {"delivered": 0}


class TrialExtension(StoredDocument):
    """Days added to a trial, the administrator who added them, and when."""

    at = stored(datetime)
    by_id = stored_or_none(str, "by")
    days = stored(int)


class LicenseLineDocument(StoredDocument):
    """A licence line of an entitlement."""

    product = stored(Product)
    name = stored_or_none(str)
    total = stored(int)
    assigned = stored(int)
    used = stored(int)

    @derived("total", "assigned")
    def available(self) -> int:
        """The licences that nobody has."""
        return available_licenses(self.total, self.assigned)

    @derived("total", "assigned")
    def overage(self) -> int:
        """The licences that are assigned beyond the total."""
        return surplus_licenses(self.total, self.assigned)

    @derived("total", "assigned")
    def assigned_percent(self) -> float | None:
        """The assigned licences in percent of the total."""
        return percent(self.assigned, self.total)

    @derived("total", "used")
    def used_percent(self) -> float | None:
        """The used licences in percent of the total."""
        return percent(self.used, self.total)


class LicenseSumDocument(LicenseLineDocument):
    """The sum over lines of one product, with the fields of `domain.entitlements.product_licenses.ProductLicenses`."""

    available = stored(int)
    overage = stored(int)


class EntitlementDocument(StoredDocument):
    """A subscription or a trial; `domain.entitlements.lifecycle` computes its state at a moment from these facts."""

    id = stored(str, "_id")
    customer_id = stored(str)
    kind = stored(str)
    number = stored(str)
    added_at = stored(datetime)
    starts_at = stored(datetime)
    first_ends_at = stored(datetime)
    ends_at = stored(datetime)
    term_months = stored_or_none(int)
    auto_renew = stored(bool)
    set_up = stored(bool)
    suspended = stored(bool)
    suspended_at = stored_or_none(datetime)
    cancelled_at = stored_or_none(datetime)
    renewals = stored(int)
    started_by = stored_or_none(str)
    ended_early_at = stored_or_none(datetime)
    converted_to = stored_or_none(str)
    version = stored(int)
    # By product, then by name.
    license_lines = EmbeddedField(LicenseLineDocument, "licenses", order_lines)

    @derived("licenses")
    def licenses(self) -> list[LicenseFigures]:
        """The licence lines, in no particular order."""
        return list(map(read_license, self.document["licenses"]))

    @derived("extensions")
    def extensions(self) -> list[TrialExtension]:
        """The extensions of a trial, oldest first."""
        return list(map(TrialExtension, self.document["extensions"]))


# The stored fields from which the rules of domain/entitlements/lifecycle.py follow.
TERMS = (
    EntitlementDocument.kind,
    EntitlementDocument.starts_at,
    EntitlementDocument.first_ends_at,
    EntitlementDocument.ends_at,
    EntitlementDocument.term_months,
    EntitlementDocument.auto_renew,
    EntitlementDocument.set_up,
    EntitlementDocument.suspended,
    EntitlementDocument.cancelled_at,
)


_KEPT = KeptDocuments(EntitlementDocument)


class Entitlements:
    """The partner's entitlements. The caller checks that their customer is visible."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._collection = scope.collection(COLLECTION)

    async def by_customer(
        self, customer_ids: Sequence[str], projection: Projection = None
    ) -> dict[str, list[EntitlementDocument]]:
        """Return each customer's entitlements in one query, newest first."""
        where = {**self._scope.match(), "customer_id": {"$in": list(customer_ids)}}
        newest = [("customer_id", 1), ("added_at", -1), ("_id", 1)]
        by_customer: dict[str, list[EntitlementDocument]] = {id_: [] for id_ in customer_ids}
        held = await self._collection.find_kept(_KEPT, where, _project(projection), sort=newest)
        for entitlement in held:
            by_customer[entitlement.document["customer_id"]].append(entitlement)
        return by_customer

    async def by_number(self, number: str) -> EntitlementDocument | None:
        """Return the subscription or trial of this partner with the number."""
        where = {**self._scope.match(), "number": compose_key(number)}
        document = await self._collection.find_one(where, _ALL_FIELDS)
        return None if document is None else EntitlementDocument(document)

    async def by_ids(self, ids: Sequence[str], projection: Projection = None) -> dict[str, EntitlementDocument]:
        """Return the entitlements of this partner with these ids, by id, in one query."""
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        documents = await self._collection.find(where, _project(projection))
        return {document["_id"]: EntitlementDocument(document) for document in documents}


def _project(projection: Projection) -> Document:
    # Which type of the API an entitlement has follows from its kind, and whether it is visible from its customer.
    return _ALL_FIELDS if projection is None else projection_document(projection, "kind", "customer_id")

"""The documents of customers as the API reads them: read-only, each value converted when it is accessed."""

from datetime import datetime

from domain.customers.reasons import StatusReason, reason_from_document
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.database.client import Document
from store.database.stored_fields import (
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_list,
    stored_or_none,
)

_NO_ATTENTION_STATUSES = frozenset({"TRIAL", "SUBSCRIPTION"})
EXCLUDED_FIELDS: Document = {"keys": 0, "order_keys": 0, "words": 0, "delivered": 0, "holdings": 0}


def customer_projection(projection: Projection, *always: str) -> Document:
    """Return MongoDB's projection of the keys and of those that the reader needs; for None, of all that is shown."""
    return EXCLUDED_FIELDS if projection is None else projection_document(projection, *always)


class Assignment(StoredDocument):
    """The assignment of an administrator to a customer."""

    administrator_id = stored(str)
    assigned_at = stored(datetime)
    assigned_by = stored_or_none(str)
    expires_at = stored_or_none(datetime)


class StatusDetail(StoredDocument):
    """A status, since when and why the customer has it, and the entitlements that it follows from."""

    status = stored(CustomerStatus)
    since = stored(datetime)
    entitlement_ids = stored_list(str)

    @derived("reason")
    def reason(self) -> StatusReason:
        """The cause of the status."""
        return reason_from_document(self.document["reason"])


class CustomerDocument(StoredDocument):
    """A customer.

    `created_at` is the delivered moment of creation, not that of the document; `updated_at` that of the last change.
    `products` and `subscription_types` are those of all living entitlements; `statuses` has the most urgent first.
    `sort_name` is the folded name, by which lists sort.
    """

    id = stored(str, "_id")
    external_id = stored(str)
    name = stored(str)
    sort_name = stored(str, "name_folded")
    domain = stored_or_none(str)
    country = stored_or_none(str)
    managed_by = stored(ManagedBy)
    products = stored_list(Product)
    subscription_types = stored_list(SubscriptionType)
    statuses = stored_list(CustomerStatus)
    last_administrator_sign_in_at = stored_or_none(datetime)
    next_expiry_at = stored_or_none(datetime)
    created_at = stored(datetime)
    updated_at = stored(datetime)
    version = stored(int)
    tag_ids = stored_list(str)

    @derived("status_details")
    def status_details(self) -> list[StatusDetail]:
        """The details in the order of the statuses."""
        return list(map(StatusDetail, self.document["status_details"]))

    @derived("statuses")
    def needs_attention(self) -> bool:
        """Whether the customer has a status other than TRIAL and SUBSCRIPTION."""
        return not _NO_ATTENTION_STATUSES.issuperset(self.document["statuses"])

    @derived("urgency")
    def urgency(self) -> int | None:
        """The rank of the most urgent status, counted from 1; None without a status."""
        rank = self.document["urgency"]
        return None if rank is None else int(rank) + 1

    @derived("assignments")
    def assignments(self) -> list[Assignment]:
        """All assignments, including expired ones that the job has not removed yet."""
        return list(map(Assignment, self.document["assignments"]))

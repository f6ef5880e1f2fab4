"""The documents of customers as the API reads them: read-only, each value converted when it is accessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.customers.reasons import StatusReason, reason_from_document
from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.database.client import Document

_NO_ATTENTION_STATUSES = frozenset({"TRIAL", "SUBSCRIPTION"})
EXCLUDED_FIELDS: Document = {"keys": 0, "order_keys": 0, "words": 0, "delivered": 0, "holdings": 0}


class Assignment(NamedTuple):
    """The assignment of an administrator to a customer."""

    administrator_id: str
    assigned_at: datetime
    assigned_by: str | None
    expires_at: datetime | None


class StatusDetail(NamedTuple):
    """A status, since when and why the customer has it, and the entitlements that it follows from."""

    status: CustomerStatus
    since: datetime
    reason: StatusReason
    entitlement_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    """A customer. It wraps the stored document, because most fields of most customers of a list are never read."""

    document: Document

    @property
    def id(self) -> str:
        """`cus_…`."""
        return str(self.document["_id"])

    @property
    def external_id(self) -> str:
        """The organization's id in the ordering system."""
        return str(self.document["external_id"])

    @property
    def name(self) -> str:
        """The name as delivered."""
        return str(self.document["name"])

    @property
    def domain(self) -> str | None:
        """The organization's internet domain."""
        return self.document.get("domain")

    @property
    def country(self) -> str | None:
        """ISO 3166-1 alpha-2."""
        return self.document.get("country")

    @property
    def managed_by(self) -> ManagedBy:
        """How the partner came to manage the customer."""
        return ManagedBy(self.document["managed_by"])

    @property
    def products(self) -> list[Product]:
        """The products of all living entitlements."""
        return [Product(name) for name in self.document["products"]]

    @property
    def subscription_types(self) -> list[SubscriptionType]:
        """The kinds of all living entitlements."""
        return [SubscriptionType(name) for name in self.document["subscription_types"]]

    @property
    def statuses(self) -> list[CustomerStatus]:
        """The statuses, the most urgent first."""
        return [CustomerStatus(name) for name in self.document["statuses"]]

    @property
    def status_details(self) -> list[StatusDetail]:
        """The details in the order of the statuses."""
        return [
            StatusDetail(
                CustomerStatus(detail["status"]),
                detail["since"],
                reason_from_document(detail["reason"]),
                detail["entitlement_ids"],
            )
            for detail in self.document["status_details"]
        ]

    @property
    def needs_attention(self) -> bool:
        """Whether the customer has a status other than TRIAL and SUBSCRIPTION."""
        return not _NO_ATTENTION_STATUSES.issuperset(self.document["statuses"])

    @property
    def last_administrator_sign_in_at(self) -> datetime | None:
        """The last sign-in of an administrator of the customer; None where there was none."""
        return self.document.get("last_administrator_sign_in_at")

    @property
    def urgency(self) -> int | None:
        """The rank of the most urgent status, counted from 1; None without a status."""
        rank = self.document["urgency"]
        return None if rank is None else int(rank) + 1

    @property
    def sort_name(self) -> str:
        """The folded name, by which lists sort."""
        return str(self.document["name_folded"])

    @property
    def next_expiry_at(self) -> datetime | None:
        """The soonest end of a running entitlement; None where there is none."""
        return self.document.get("next_expiry_at")

    @property
    def created_at(self) -> datetime:
        """The delivered moment of creation, not that of the document."""
        created_at: datetime = self.document["created_at"]
        return created_at

    @property
    def updated_at(self) -> datetime:
        """The moment of the last change."""
        updated_at: datetime = self.document["updated_at"]
        return updated_at

    @property
    def version(self) -> int:
        """The number of changes; each change increments it."""
        return int(self.document["version"])

    @property
    def tag_ids(self) -> list[str]:
        """The ids of the customer's tags."""
        return list(self.document["tag_ids"])

    @property
    def assignments(self) -> list[Assignment]:
        """All assignments, including expired ones that the job has not removed yet."""
        return [
            Assignment(stored["administrator_id"], stored["assigned_at"], stored["assigned_by"], stored["expires_at"])
            for stored in self.document["assignments"]
        ]

"""The documents of customers as the API reads them: read-only, each value typed only where somebody asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.types import CustomerStatus, ManagedBy, Product, SubscriptionType
from store.database.client import Document

_NO_ATTENTION_STATUSES = frozenset({"TRIAL", "SUBSCRIPTION"})
EXCLUDED_FIELDS: Document = {"keys": 0, "order_keys": 0, "words": 0, "delivered": 0, "holdings": 0}


class Assignment(NamedTuple):
    """An administrator's hold on a customer."""

    administrator_id: str
    assigned_at: datetime
    assigned_by: str | None
    expires_at: datetime | None


class StatusDetail(NamedTuple):
    """One status that holds, since when and why, and the entitlements that it rests on."""

    status: CustomerStatus
    since: datetime
    reason: str
    entitlement_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    """A customer. It wraps what the database answered: most fields of most customers of a list are never read."""

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
        """As it was delivered."""
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
        """Products of every living entitlement."""
        return [Product(name) for name in self.document["products"]]

    @property
    def subscription_types(self) -> list[SubscriptionType]:
        """Kinds of every living entitlement."""
        return [SubscriptionType(name) for name in self.document["subscription_types"]]

    @property
    def statuses(self) -> list[CustomerStatus]:
        """The most urgent first."""
        return [CustomerStatus(name) for name in self.document["statuses"]]

    @property
    def status_details(self) -> list[StatusDetail]:
        """In the order of the statuses."""
        return [
            StatusDetail(CustomerStatus(one["status"]), one["since"], one["reason"], one["entitlement_ids"])
            for one in self.document["status_details"]
        ]

    @property
    def needs_attention(self) -> bool:
        """Whether it has any status but TRIAL and SUBSCRIPTION."""
        return not _NO_ATTENTION_STATUSES.issuperset(self.document["statuses"])

    @property
    def last_administrator_sign_in_at(self) -> datetime | None:
        """Null where there was none."""
        return self.document.get("last_administrator_sign_in_at")

    @property
    def next_expiry_at(self) -> datetime | None:
        """The soonest end of a running entitlement."""
        return self.document.get("next_expiry_at")

    @property
    def created_at(self) -> datetime:
        """The fact that was delivered, not the document's own age."""
        created_at: datetime = self.document["created_at"]
        return created_at

    @property
    def updated_at(self) -> datetime:
        """The last change."""
        updated_at: datetime = self.document["updated_at"]
        return updated_at

    @property
    def version(self) -> int:
        """Grows by one with every change."""
        return int(self.document["version"])

    @property
    def tag_ids(self) -> list[str]:
        """The tags on it."""
        return list(self.document["tag_ids"])

    @property
    def assignments(self) -> list[Assignment]:
        """Every assignment, those included that have just expired."""
        return [
            Assignment(one["administrator_id"], one["assigned_at"], one["assigned_by"], one["expires_at"])
            for one in self.document["assignments"]
        ]

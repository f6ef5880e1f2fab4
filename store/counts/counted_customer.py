"""What conditions read of a customer, taken from its document."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.customers.conditions import Condition
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import build_customer_keys, running_keys
from domain.customers.matching import CustomerEnds, CustomerValues, matches
from domain.entitlements.holdings import Holding, timeless_holding_keys
from store.database.client import Document

_FIELDS = (
    "managed_by",
    "products",
    "statuses",
    "subscription_types",
    "tag_ids",
    "assignments.administrator_id",
    "assignments.expires_at",
    "country",
    "invoice_states",
    "words",
    "running_products",
    "expiring_ends",
    "renewing_ends",
    "holdings",
    "created_at",
    "last_administrator_sign_in_at",
    "external_id",
)
PROJECTION: Document = dict.fromkeys(_FIELDS, 1)


class CountedCustomer(Struct, frozen=True):
    """The values of a customer that exists; `access_until` has the assignments that end, by administrator."""

    values: CustomerValues
    expiring_ends: Sequence[datetime]
    renewing_ends: Sequence[datetime]
    holdings: Mapping[str, Holding]
    access_until: Mapping[str, datetime]

    @classmethod
    def from_document(cls, document: Document) -> "CountedCustomer":
        """Return the values of a document that was read with PROJECTION."""
        assignments, holdings = document["assignments"], document.get("holdings") or {}
        created_at, signed_in_at = document["created_at"], document["last_administrator_sign_in_at"]
        return cls(
            CustomerValues(frozenset(_keys(document, holdings)), document["words"], created_at, signed_in_at),
            document["expiring_ends"],
            document["renewing_ends"],
            holdings,
            {one["administrator_id"]: one["expires_at"] for one in assignments if one["expires_at"] is not None},
        )

    def instants(self) -> Iterator[tuple[str, datetime]]:
        """Yield the instants that ranges limit, each with its column."""
        if self.values.created_at is not None:
            yield "created_at", self.values.created_at
        if self.values.last_administrator_sign_in_at is not None:
            yield "last_administrator_sign_in_at", self.values.last_administrator_sign_in_at
        yield from (("expiring_ends", end) for end in self.expiring_ends)
        yield from (("renewing_ends", end) for end in self.renewing_ends)
        for product, holding in self.holdings.items():
            yield from ((f"{product}.expiring_ends", end) for end in holding["expiring_ends"])
            yield from ((f"{product}.renewing_ends", end) for end in holding["renewing_ends"])

    def rates(self) -> Iterator[tuple[str, float, datetime]]:
        """Yield the product, the rate and the beginning of each line that a threshold may count as low."""
        for product, holding in self.holdings.items():
            yield from ((product, line["rate"], line["added_at"]) for line in holding["rates"])

    def matches(self, condition: Condition, now: datetime) -> bool:
        """Whether the customer matches a condition without parts."""
        if isinstance(condition, HoldingEndsWithin | HasLowAssignment):
            return condition.matches(self.holdings, now)
        return matches(condition, self.values, CustomerEnds(now, self.expiring_ends, self.renewing_ends))


def _keys(document: Document, holdings: Mapping[str, Any]) -> list[str]:
    """Return the keys that filters, KPIs and visibility ask for, without those of words and instants."""
    administrator_ids = [assignment["administrator_id"] for assignment in document["assignments"]]
    keys = build_customer_keys(
        managed_by=document["managed_by"],
        products=document["products"],
        statuses=document["statuses"],
        subscription_types=document["subscription_types"],
        tag_ids=document["tag_ids"],
        administrator_ids=administrator_ids,
        country=document["country"],
        invoice_states=document["invoice_states"],
        words=(),
    )
    return [*keys, *running_keys(document.get("running_products") or ()), *timeless_holding_keys(holdings)]

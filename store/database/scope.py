"""What a caller may reach: the tenant and, for an assigned administrator, their customers."""

from dataclasses import dataclass
from datetime import datetime

from domain.customers.keys import ALL_CUSTOMERS_KEY, dimension_key
from domain.types import PartnerRole
from store.database.client import Client, Collection, Document


def administrator_key(administrator_id: str) -> str:
    """The key that a customer carries for each administrator assigned to it."""
    return dimension_key("administrator", administrator_id)


@dataclass(frozen=True, slots=True)
class Scope:
    """Only a scope hands out collections, so that no query forgets whose data it may see.

    `administrator_id` and `role` are those of the viewer; None stands for the system itself
    (imports, jobs, the command line), which sees the whole partner.
    """

    client: Client
    partner_id: str
    now: datetime
    administrator_id: str | None = None
    role: PartnerRole | None = None

    def collection(self, name: str) -> Collection:
        """A collection; every query on it must include `match()`."""
        return self.client.collection(name)

    def match(self) -> Document:
        """The tenant's condition, for every collection but customers."""
        return {"partner_id": self.partner_id}

    @property
    def visibility_key(self) -> str:
        """The key that every customer in sight carries: `*`, or the assigned administrator's own."""
        if self.role is PartnerRole.ADMINISTRATOR and self.administrator_id is not None:
            return administrator_key(self.administrator_id)
        return ALL_CUSTOMERS_KEY

    def match_customers(self) -> Document:
        """Tenant and visibility; an assignment that has expired opens nothing, even before the job removes it."""
        where: Document = {"partner_id": self.partner_id, "keys": self.visibility_key}
        if self.visibility_key != ALL_CUSTOMERS_KEY:
            held = {"administrator_id": self.administrator_id, "expires_at": {"$not": {"$lte": self.now}}}
            where["assignments"] = {"$elemMatch": held}
        return where

"""The scope of a request: its partner, its viewer and the customers that the viewer sees."""

from datetime import datetime

from msgspec import Struct

from domain.customers.keys import ALL_CUSTOMERS_KEY, dimension_key
from domain.types import PartnerRole
from store.database.client import Client, Collection, Document


def administrator_key(administrator_id: str) -> str:
    """Return the key that a customer stores for each administrator assigned to it."""
    return dimension_key("administrator", administrator_id)


class Scope(Struct, frozen=True):
    """The only access to collections: the store's classes are built from a scope, and every query includes its match.

    `administrator_id` and `role` are the viewer's; they are None for the system itself (imports, jobs, the command
    line), which sees the whole partner. `now` is the moment at which all rules of the request are evaluated.
    """

    client: Client
    partner_id: str
    now: datetime
    administrator_id: str | None = None
    role: PartnerRole | None = None

    def collection(self, name: str) -> Collection:
        """Return a collection; every query on it must include `match()` or `match_customers()`."""
        return self.client.collection(name)

    def match(self) -> Document:
        """Return the condition of the tenant, for every collection but customers."""
        return {"partner_id": self.partner_id}

    @property
    def visibility_key(self) -> str:
        """Return the key that every visible customer stores: `*`, or that of the assigned administrator."""
        if self.role is PartnerRole.ADMINISTRATOR and self.administrator_id is not None:
            return administrator_key(self.administrator_id)
        return ALL_CUSTOMERS_KEY

    def match_customers(self) -> Document:
        """Return the condition of tenant and visibility, for the collection of customers."""
        where: Document = {"partner_id": self.partner_id, "keys": self.visibility_key}
        if self.visibility_key != ALL_CUSTOMERS_KEY:
            # An expired assignment gives no access, even before the job has removed its key.
            assignment = {"administrator_id": self.administrator_id, "expires_at": {"$not": {"$lte": self.now}}}
            where["assignments"] = {"$elemMatch": assignment}
        return where

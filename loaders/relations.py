"""The batches of one operation: whatever the size of a list, one store call for each relation selected."""

from collections.abc import Mapping
from functools import cached_property

from domain.customer_filter import AllOf
from domain.paging import Page, PageRequest
from domain.types import Product
from loaders.batch import Batch
from loaders.once import Once
from store.administrators import AdministratorDocument, Administrators
from store.customers import CustomerDocument, CustomerOrder, Customers
from store.entitlements import EntitlementDocument, Entitlements
from store.partners import PartnerDocument, Partners
from store.running_customers import RunningCustomers
from store.scope import Scope
from store.tags import TagDocument, Tags

CustomerPage = tuple[AllOf, CustomerOrder, PageRequest]
EntitlementLists = Batch[str, list[EntitlementDocument]]


class Relations:
    """Made anew for each operation, so that nothing is kept beyond what one viewer may see at one moment."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @cached_property
    def partner(self) -> Batch[str, PartnerDocument]:
        """The scope's own partner, by its partner id."""
        return Batch(self._own_partner)

    @cached_property
    def customers(self) -> Batch[str, CustomerDocument]:
        """Customers in sight by id."""
        return Batch(Customers(self._scope).by_ids)

    @cached_property
    def administrators(self) -> Batch[str, AdministratorDocument]:
        """Administrators of the partner by id."""
        return Batch(Administrators(self._scope).by_ids)

    @cached_property
    def entitlements(self) -> Batch[str, EntitlementDocument]:
        """Subscriptions and trials by id."""
        return Batch(Entitlements(self._scope).by_ids)

    @cached_property
    def tags(self) -> Batch[str, TagDocument]:
        """Tags of the partner by id."""
        return Batch(Tags(self._scope).by_ids)

    @cached_property
    def held(self) -> EntitlementLists:
        """Every subscription and trial by customer, newest first."""
        return Batch(Entitlements(self._scope).by_customer)

    @cached_property
    def running_customers(self) -> Batch[Product, int]:
        """By product, how many customers in sight have a running line of it."""
        return Batch(RunningCustomers(self._scope).counts)

    @cached_property
    def pages(self) -> Once[CustomerPage, Page[CustomerDocument]]:
        """Pages of lists of customers: an administrator who stands behind fifty customers is looked up once."""
        return Once(lambda asked: Customers(self._scope).page(*asked))

    @cached_property
    def totals(self) -> Once[AllOf, int]:
        """How many customers match."""
        return Once(Customers(self._scope).count)

    async def administrator(self, id_: str | None) -> AdministratorDocument | None:
        """The administrator that a document names, if it names one."""
        return None if id_ is None else await self.administrators.get(id_)

    async def tag(self, id_: str | None) -> TagDocument | None:
        """The tag that an answer names, if it names one that is still there."""
        return None if id_ is None else await self.tags.get(id_)

    async def _own_partner(self, ids: list[str]) -> Mapping[str, PartnerDocument]:
        found = await Partners(self._scope).get()
        return {} if found is None else {id_: found for id_ in ids if id_ == found.partner_id}

"""The batches of one operation: whatever the size of a list, one store call for each relation selected."""

from collections.abc import Mapping
from functools import cached_property, partial

from domain.customers.filter import AllOf
from domain.paging import Page, PageRequest
from domain.types import Product
from loaders.batch import Batch
from loaders.billing_documents import Papers
from loaders.kpis import Kpis
from loaders.license_reports import Reports
from loaders.request_memo import Once
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.customers.running import RunningCustomers
from store.database.scope import Scope
from store.entitlements.documents import EntitlementDocument, Entitlements
from store.entitlements.invoices import InvoiceDocument, Invoices
from store.entitlements.orders import OrderDocument, orders
from store.events.activity import Activity, ActivityPage, EventDocument
from store.organization.helpdesk import HelpdeskRequestDocument, HelpdeskRequests
from store.organization.resources import ResourceDocument, Resources
from store.organization.views import ViewDocument, Views
from store.tags.bulk_jobs import BulkJobDocument, read_job
from store.tags.counts import customer_counts
from store.tags.documents import TagDocument, Tags
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners

CustomerPage = tuple[AllOf, CustomerOrder, PageRequest]
EntitlementLists = Batch[str, list[EntitlementDocument]]


class Relations:
    """Made anew for each operation, so that nothing is kept beyond what one viewer may see at one moment.

    No batch refers back to it: what an operation has read goes with it, and need not wait for Python's collector.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @cached_property
    def partner(self) -> Batch[str, PartnerDocument]:
        """The scope's own partner, by its partner id."""
        return Batch(partial(_own_partner, self._scope))

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
    def orders(self) -> Papers[OrderDocument]:
        """Orders by id and by subscription."""
        return Papers(orders(self._scope))

    @cached_property
    def invoices(self) -> Papers[InvoiceDocument]:
        """Invoices by id and by subscription."""
        return Papers(Invoices(self._scope))

    @cached_property
    def standing_invoices(self) -> Batch[str, InvoiceDocument]:
        """By subscription, the newest invoice that is not VOID."""
        return Batch(Invoices(self._scope).standing)

    @cached_property
    def tags(self) -> Batch[str, TagDocument]:
        """Tags of the partner by id."""
        return Batch(Tags(self._scope).by_ids)

    @cached_property
    def tag_counts(self) -> Batch[str, int]:
        """By tag, how many customers in sight have it."""
        return Batch(partial(customer_counts, self._scope))

    @cached_property
    def bulk_jobs(self) -> Once[str, BulkJobDocument | None]:
        """Bulk jobs in sight by id."""
        return Once(partial(read_job, self._scope))

    @cached_property
    def views(self) -> Batch[str, ViewDocument]:
        """Views of customers in sight by id."""
        return Batch(Views(self._scope).by_ids)

    @cached_property
    def resources(self) -> Batch[str, ResourceDocument]:
        """Resources of the partner by id."""
        return Batch(Resources(self._scope).by_ids)

    @cached_property
    def helpdesk_requests(self) -> Batch[str, HelpdeskRequestDocument]:
        """Helpdesk requests in sight by id."""
        return Batch(HelpdeskRequests(self._scope).by_ids)

    @cached_property
    def events(self) -> Batch[str, EventDocument]:
        """Events of the log in sight by id."""
        return Batch(Activity(self._scope).by_ids)

    @cached_property
    def newest_events(self) -> Batch[tuple[str, int], ActivityPage]:
        """First pages of the logs of customers in sight, by customer and size."""
        return Batch(Activity(self._scope).newest)

    @cached_property
    def held(self) -> EntitlementLists:
        """Every subscription and trial by customer, newest first."""
        return Batch(Entitlements(self._scope).by_customer)

    @cached_property
    def running_customers(self) -> Batch[Product, int]:
        """By product, how many customers in sight have a running line of it."""
        return Batch(RunningCustomers(self._scope).counts)

    @cached_property
    def kpis(self) -> Kpis:
        """The KPIs over customers in sight."""
        return Kpis(self._scope)

    @cached_property
    def reports(self) -> Reports:
        """The licence reports over customers in sight."""
        return Reports(self._scope)

    @cached_property
    def pages(self) -> Once[CustomerPage, Page[CustomerDocument]]:
        """Pages of lists of customers: an administrator who stands behind fifty customers is looked up once."""
        return Once(partial(_page, Customers(self._scope)))

    @cached_property
    def totals(self) -> Once[AllOf, int]:
        """How many customers match."""
        return Once(Customers(self._scope).count)

    async def administrator(self, id_: str | None) -> AdministratorDocument | None:
        """The administrator that a document names, if it names one."""
        return None if id_ is None else await self.administrators.get(id_)

    async def entitlement(self, id_: str | None) -> EntitlementDocument | None:
        """The subscription or trial that an answer names; it exists where its customer does."""
        found = None if id_ is None else await self.entitlements.get(id_)
        return None if found is None or await self.customers.get(found.customer_id) is None else found

    async def tag(self, id_: str | None) -> TagDocument | None:
        """The tag that an answer names, if it names one that is still there."""
        return None if id_ is None else await self.tags.get(id_)

    async def view(self, id_: str | None) -> ViewDocument | None:
        """The view that an answer names, if it names one that is still there."""
        return None if id_ is None else await self.views.get(id_)

    async def helpdesk_request(self, id_: str | None) -> HelpdeskRequestDocument | None:
        """The helpdesk request that an answer names, if it names one."""
        return None if id_ is None else await self.helpdesk_requests.get(id_)


async def _own_partner(scope: Scope, ids: list[str]) -> Mapping[str, PartnerDocument]:
    found = await Partners(scope).get()
    return {} if found is None else {id_: found for id_ in ids if id_ == found.partner_id}


async def _page(customers: Customers, asked: CustomerPage) -> Page[CustomerDocument]:
    return await customers.page(*asked)

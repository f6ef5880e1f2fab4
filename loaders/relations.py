"""The batches of one operation: whatever the size of a list, one store call for each relation selected."""

from collections.abc import Mapping
from functools import cached_property, partial

from domain.customers.filter import AllOf
from domain.paging import Page, PageRequest
from domain.types import Product
from loaders.batch import BatchLoader
from loaders.billing_documents import BillingDocumentLoaders
from loaders.kpis import KpiLoader
from loaders.license_reports import LicenseReportLoaders
from loaders.request_memo import RequestMemo
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.customers.running import RunningCustomerCounts
from store.database.scope import Scope
from store.entitlements.documents import EntitlementDocument, Entitlements
from store.entitlements.invoices import InvoiceDocument, Invoices
from store.entitlements.orders import OrderDocument, orders
from store.events.activity import Activity, ActivityPage, EventDocument
from store.organization.helpdesk import HelpdeskRequestDocument, HelpdeskRequests
from store.organization.resources import ResourceDocument, Resources
from store.organization.views import ViewDocument, Views
from store.tags.bulk_jobs import BulkJobDocument, read_job
from store.tags.counts import count_customers_by_tag
from store.tags.documents import TagDocument, Tags
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners

CustomerPageKey = tuple[AllOf, CustomerOrder, PageRequest]
EntitlementsByCustomer = BatchLoader[str, list[EntitlementDocument]]


class Loaders:
    """Made anew for each operation, so that nothing is kept beyond what one viewer may see at one moment.

    No batch refers back to it: what an operation has read goes with it, and need not wait for Python's collector.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @cached_property
    def partner(self) -> BatchLoader[str, PartnerDocument]:
        """The scope's own partner, by its partner id."""
        return BatchLoader(partial(_read_partner, self._scope))

    @cached_property
    def customers(self) -> BatchLoader[str, CustomerDocument]:
        """Customers in sight by id."""
        return BatchLoader(Customers(self._scope).by_ids)

    @cached_property
    def administrators(self) -> BatchLoader[str, AdministratorDocument]:
        """Administrators of the partner by id."""
        return BatchLoader(Administrators(self._scope).by_ids)

    @cached_property
    def entitlements(self) -> BatchLoader[str, EntitlementDocument]:
        """Subscriptions and trials by id."""
        return BatchLoader(Entitlements(self._scope).by_ids)

    @cached_property
    def orders(self) -> BillingDocumentLoaders[OrderDocument]:
        """Orders by id and by subscription."""
        return BillingDocumentLoaders(orders(self._scope))

    @cached_property
    def invoices(self) -> BillingDocumentLoaders[InvoiceDocument]:
        """Invoices by id and by subscription."""
        return BillingDocumentLoaders(Invoices(self._scope))

    @cached_property
    def newest_valid_invoices(self) -> BatchLoader[str, InvoiceDocument]:
        """By subscription, the newest invoice that is not VOID."""
        return BatchLoader(Invoices(self._scope).newest_not_void)

    @cached_property
    def tags(self) -> BatchLoader[str, TagDocument]:
        """Tags of the partner by id."""
        return BatchLoader(Tags(self._scope).by_ids)

    @cached_property
    def tag_counts(self) -> BatchLoader[str, int]:
        """By tag, how many customers in sight have it."""
        return BatchLoader(partial(count_customers_by_tag, self._scope))

    @cached_property
    def bulk_jobs(self) -> RequestMemo[str, BulkJobDocument | None]:
        """Bulk jobs in sight by id."""
        return RequestMemo(partial(read_job, self._scope))

    @cached_property
    def views(self) -> BatchLoader[str, ViewDocument]:
        """Views of customers in sight by id."""
        return BatchLoader(Views(self._scope).by_ids)

    @cached_property
    def resources(self) -> BatchLoader[str, ResourceDocument]:
        """Resources of the partner by id."""
        return BatchLoader(Resources(self._scope).by_ids)

    @cached_property
    def helpdesk_requests(self) -> BatchLoader[str, HelpdeskRequestDocument]:
        """Helpdesk requests in sight by id."""
        return BatchLoader(HelpdeskRequests(self._scope).by_ids)

    @cached_property
    def events(self) -> BatchLoader[str, EventDocument]:
        """Events of the log in sight by id."""
        return BatchLoader(Activity(self._scope).by_ids)

    @cached_property
    def newest_events(self) -> BatchLoader[tuple[str, int], ActivityPage]:
        """First pages of the logs of customers in sight, by customer and size."""
        return BatchLoader(Activity(self._scope).first_pages)

    @cached_property
    def entitlements_by_customer(self) -> EntitlementsByCustomer:
        """Every subscription and trial by customer, newest first."""
        return BatchLoader(Entitlements(self._scope).by_customer)

    @cached_property
    def running_customers(self) -> BatchLoader[Product, int]:
        """By product, how many customers in sight have a running line of it."""
        return BatchLoader(RunningCustomerCounts(self._scope).count_by_product)

    @cached_property
    def kpis(self) -> KpiLoader:
        """The KPIs over customers in sight."""
        return KpiLoader(self._scope)

    @cached_property
    def license_reports(self) -> LicenseReportLoaders:
        """The licence reports over customers in sight."""
        return LicenseReportLoaders(self._scope)

    @cached_property
    def customer_pages(self) -> RequestMemo[CustomerPageKey, Page[CustomerDocument]]:
        """Pages of lists of customers: an administrator who stands behind fifty customers is looked up once."""
        return RequestMemo(partial(_read_page, Customers(self._scope)))

    @cached_property
    def customer_totals(self) -> RequestMemo[AllOf, int]:
        """How many customers match."""
        return RequestMemo(Customers(self._scope).count)

    async def find_administrator(self, id_: str | None) -> AdministratorDocument | None:
        """The administrator that a document names, if it names one."""
        return None if id_ is None else await self.administrators.get(id_)

    async def find_entitlement(self, id_: str | None) -> EntitlementDocument | None:
        """The subscription or trial that an answer names; it exists where its customer does."""
        found = None if id_ is None else await self.entitlements.get(id_)
        return None if found is None or await self.customers.get(found.customer_id) is None else found

    async def find_tag(self, id_: str | None) -> TagDocument | None:
        """The tag that an answer names, if it names one that is still there."""
        return None if id_ is None else await self.tags.get(id_)

    async def find_view(self, id_: str | None) -> ViewDocument | None:
        """The view that an answer names, if it names one that is still there."""
        return None if id_ is None else await self.views.get(id_)

    async def find_helpdesk_request(self, id_: str | None) -> HelpdeskRequestDocument | None:
        """The helpdesk request that an answer names, if it names one."""
        return None if id_ is None else await self.helpdesk_requests.get(id_)


async def _read_partner(scope: Scope, ids: list[str]) -> Mapping[str, PartnerDocument]:
    found = await Partners(scope).get()
    return {} if found is None else {id_: found for id_ in ids if id_ == found.partner_id}


async def _read_page(customers: Customers, asked: CustomerPageKey) -> Page[CustomerDocument]:
    return await customers.page(*asked)

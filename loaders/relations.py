"""Everything that the fields of one operation load: the relations, and the memos of what cannot be batched."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TypeVar

from domain.customers.conditions import AllOf
from domain.paging import Page, PageRequest
from loaders.activity import count_customer_events, read_activity_pages, read_event_changes, read_events
from loaders.billing_documents import (
    count_invoices,
    count_orders,
    read_invoice_pages,
    read_invoices,
    read_newest_valid_invoices,
    read_order_pages,
    read_orders,
)
from loaders.customers import (
    count_running_customers,
    read_customers,
    read_entitlements,
    read_entitlements_by_customer,
)
from loaders.integrations import read_alert_rules, read_alerts, read_webhook_deliveries, read_webhooks
from loaders.kpis import KpiLoader
from loaders.license_reports import LicenseReportLoaders, read_week_ago
from loaders.organization import (
    read_administrators,
    read_helpdesk_requests,
    read_partners,
    read_resources,
    read_views,
)
from loaders.relation import Relation, RelationLoader, RelationSet
from loaders.request_memo import RequestMemo
from loaders.tags import count_tagged_customers, read_tags
from loaders.trends import read_calling_points, read_license_points
from store.calling.dataset import CallDataset
from store.customers.customers import CustomerDocument, CustomerOrder, Customers
from store.database.stored_fields import Projection
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument
from store.entitlements.orders import OrderDocument
from store.integrations.alerts import AlertDocument
from store.organization.helpdesk import HelpdeskRequestDocument
from store.organization.views import ViewDocument
from store.tags.bulk_jobs import BulkJobDocument, read_job
from store.tags.documents import TagDocument
from store.tenants.administrators import AdministratorDocument

# A document that belongs to a customer.
Value = TypeVar("Value")
CustomerPart = TypeVar("CustomerPart", AlertDocument, EntitlementDocument, InvoiceDocument, OrderDocument)
CustomerPageKey = tuple[AllOf, CustomerOrder, PageRequest, Projection]


class Loaders(RelationSet):
    """The loaders of one operation: they keep what one viewer may see at one moment, so none outlives it."""

    partner = Relation(read_partners)
    administrators = Relation(read_administrators)
    views = Relation(read_views)
    resources = Relation(read_resources)
    helpdesk_requests = Relation(read_helpdesk_requests)
    customers = Relation(read_customers)
    running_customers = Relation(count_running_customers)
    entitlements = Relation(read_entitlements)
    entitlements_by_customer = Relation(read_entitlements_by_customer)
    orders = Relation(read_orders)
    order_pages = Relation(read_order_pages)
    order_counts = Relation(count_orders)
    invoices = Relation(read_invoices)
    invoice_pages = Relation(read_invoice_pages)
    invoice_counts = Relation(count_invoices)
    newest_valid_invoices = Relation(read_newest_valid_invoices)
    tags = Relation(read_tags)
    tag_counts = Relation(count_tagged_customers)
    events = Relation(read_events)
    activity_pages = Relation(read_activity_pages)
    activity_counts = Relation(count_customer_events)
    event_changes = Relation(read_event_changes)
    license_week_ago = Relation(read_week_ago)
    license_trends = Relation(read_license_points)
    calling_trends = Relation(read_calling_points)
    webhooks = Relation(read_webhooks)
    webhook_deliveries = Relation(read_webhook_deliveries)
    alert_rules = Relation(read_alert_rules)
    alerts = Relation(read_alerts)

    @cached_property
    def bulk_jobs(self) -> RequestMemo[str, BulkJobDocument | None]:
        """Visible bulk jobs by id."""
        return RequestMemo(partial(read_job, self.scope))

    @cached_property
    def kpis(self) -> KpiLoader:
        """The KPIs over the visible customers."""
        return KpiLoader(self.scope)

    @cached_property
    def license_reports(self) -> LicenseReportLoaders:
        """The licence reports over the visible customers."""
        return LicenseReportLoaders(self.scope)

    @cached_property
    def call_datasets(self) -> RequestMemo[datetime, CallDataset]:
        """The data of calling engagement by week: all figures of a week are of the same roll-ups and customers."""
        return RequestMemo(partial(CallDataset.load, self.scope))

    @cached_property
    def customer_pages(self) -> RequestMemo[CustomerPageKey, Page[CustomerDocument]]:
        """Pages of lists of customers. The list of an administrator of fifty customers is read once."""
        return RequestMemo(partial(_read_page, Customers(self.scope)))

    async def find_customers(self, ids: Sequence[str]) -> list[CustomerDocument]:
        """Return those of the customers that the viewer still sees, in the order of the ids."""
        return [customer for customer in await self.customers.load_all(ids) if customer is not None]

    async def find_administrators(
        self, ids: Sequence[str | None], projection: Projection = None
    ) -> list[AdministratorDocument | None]:
        """Return the administrators in the order of the ids, None for no id."""
        return await load_present(self.administrators, ids, projection)

    async def find_visible_customers(
        self, ids: Sequence[str | None], projection: Projection = None
    ) -> list[CustomerDocument | None]:
        """Return the visible customers in the order of the ids, None for no id."""
        return await load_present(self.customers, ids, projection)

    async def find_administrator(self, id_: str | None) -> AdministratorDocument | None:
        """Return the administrator of the id, None for no id."""
        return None if id_ is None else await self.administrators.load(id_)

    async def find_entitlement(self, id_: str | None, projection: Projection = None) -> EntitlementDocument | None:
        """Return the subscription or trial of the id; None for no id or where the customer is not visible."""
        return (await self.find_entitlements([id_], projection))[0]

    async def find_entitlements(
        self, ids: Sequence[str | None], projection: Projection = None
    ) -> list[EntitlementDocument | None]:
        """Return the entitlements in the order of the ids; None for no id or where the customer is not visible."""
        return await self.only_visible(await load_present(self.entitlements, ids, projection))

    async def if_visible(self, document: CustomerPart | None) -> CustomerPart | None:
        """Return the document where its customer is visible, else None."""
        return (await self.only_visible([document]))[0]

    async def only_visible(self, documents: Sequence[CustomerPart | None]) -> list[CustomerPart | None]:
        """Return the documents, None in the place of each whose customer is not visible."""
        ids = [None if document is None else document.customer_id for document in documents]
        customers = await load_present(self.customers, ids, frozenset())
        return [None if customer is None else each for each, customer in zip(documents, customers, strict=True)]

    async def find_tag(self, id_: str | None) -> TagDocument | None:
        """Return the tag of the id, None for no id."""
        return None if id_ is None else await self.tags.load(id_)

    async def find_view(self, id_: str | None) -> ViewDocument | None:
        """Return the view of the id, None for no id."""
        return None if id_ is None else await self.views.load(id_)

    async def find_helpdesk_request(self, id_: str | None) -> HelpdeskRequestDocument | None:
        """Return the helpdesk request of the id, None for no id."""
        return None if id_ is None else await self.helpdesk_requests.load(id_)


async def _read_page(customers: Customers, key: CustomerPageKey) -> Page[CustomerDocument]:
    return await customers.page(*key)


async def load_present(
    loader: RelationLoader[str, Value | None], ids: Sequence[str | None], projection: Projection = None
) -> list[Value | None]:
    """Return the values in the order of the ids, None for no id."""
    present = [id_ for id_ in ids if id_ is not None]
    values = iter(await loader.load_all(present, projection) if present else ())
    return [None if id_ is None else next(values) for id_ in ids]

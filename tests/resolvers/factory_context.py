"""A context whose loaders hold given values, so that resolvers run without a database, and the documents for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.entitlements.lifecycle import LicenseFigures
from domain.types import Product, SubscriptionType
from resolvers.context import Context, Viewer
from store.customers.documents import CustomerDocument
from store.database.scope import Scope
from store.entitlements.documents import EntitlementDocument
from store.tenants.administrators import AdministratorDocument
from tests.stored_documents import stored_administrator

NOW = datetime(2026, 11, 22, 12)
DAY = timedelta(days=1)


def context_with(**values: Mapping[Any, Any]) -> Context:
    """Return the context of a FULL_ADMINISTRATOR. `values` are the values of each relation by key.

    A key that is not given would need the database, and fails.
    """
    no_client: Any = None
    administrator = administrator_document("adm_viewer")
    scope = Scope(no_client, "acme", NOW, administrator.id, administrator.role)
    context = Context(scope, Viewer(administrator, "acme", NOW + DAY))
    for relation, by_key in values.items():
        getattr(context.loaders, relation).prime_many(by_key)
    return context


async def of_one(resolver: Any, context: Context, parent: Any, **arguments: Any) -> Any:
    """Return what a batched resolver returns for one parent; raise where it is an exception."""
    [value] = await resolver(context, [parent], **arguments)
    if isinstance(value, BaseException):
        raise value
    return value


def administrator_document(id_: str, name: str = "Ann") -> AdministratorDocument:
    return stored_administrator(id_, name=name)


def customer_document(id_: str = "cus_1", **fields: Any) -> CustomerDocument:
    return CustomerDocument({"_id": id_, "tag_ids": [], "assignments": [], **fields})


def entitlement_document(id_: str = "sub_1", **fields: Any) -> EntitlementDocument:
    """Return a subscription that runs for another ten days without auto-renewal."""
    end = fields.pop("ends_at", NOW + 10 * DAY)
    values: dict[str, Any] = {
        "customer_id": "cus_1",
        "kind": SubscriptionType.SUBSCRIPTION,
        "number": id_.upper(),
        "added_at": NOW - 100 * DAY,
        "starts_at": NOW - 100 * DAY,
        "first_ends_at": end,
        "ends_at": end,
        "term_months": 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "licenses": [LicenseFigures(Product.MEETINGS, 10, 5, 3)],
        "renewals": 0,
        "extensions": [],
        "started_by": None,
        "ended_early_at": None,
        "converted_to": None,
        "version": 1,
        **fields,
    }
    values["licenses"] = [figures._asdict() for figures in values["licenses"]]
    return EntitlementDocument({"_id": id_, **values})

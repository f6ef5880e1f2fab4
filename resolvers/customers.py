"""Customers and their relations. Each relation is loaded in batches: one query for a list of any length."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.customers.reason_sentences import reason_message
from domain.customers.reasons import StatusReason, StatusReasonCode
from domain.entitlements.lifecycle import is_living, is_running
from domain.entitlements.product_licenses import ProductLicenses, sum_by_product
from domain.languages.rendering import render_message
from domain.types import SubscriptionType
from resolvers.context import Context
from store.customers.customers import CustomerDocument, Customers
from store.customers.documents import StatusDetail
from store.entitlements.documents import EntitlementDocument
from store.tenants.administrators import AdministratorDocument

LIST_LIMIT = 200


@dataclass(frozen=True, slots=True)
class CustomerAssignment:
    """An administrator's assignment to a customer."""

    administrator: AdministratorDocument
    assigned_at: datetime
    assigned_by: AdministratorDocument | None
    expires_at: datetime | None


async def customer(context: Context, _root: None, by: Mapping[str, str]) -> CustomerDocument | None:
    if "id" in by:
        return await context.loaders.customers.load(by["id"])
    return await Customers(context.scope).by_external_id(by["external_id"])


async def subscriptions(context: Context, customer: CustomerDocument, include_ended: bool) -> list[EntitlementDocument]:
    return await _entitlements(context, customer, SubscriptionType.SUBSCRIPTION, include_ended)


async def trials(context: Context, customer: CustomerDocument, include_ended: bool) -> list[EntitlementDocument]:
    return await _entitlements(context, customer, SubscriptionType.TRIAL, include_ended)


async def _entitlements(
    context: Context, customer: CustomerDocument, kind: SubscriptionType, include_ended: bool
) -> list[EntitlementDocument]:
    entitlements = await context.loaders.entitlements_by_customer.load(customer.id)
    now = context.scope.now
    return [e for e in entitlements if e.kind == kind and (include_ended or is_living(e, now))][:LIST_LIMIT]


async def licenses(context: Context, customer: CustomerDocument) -> list[ProductLicenses]:
    entitlements = await context.loaders.entitlements_by_customer.load(customer.id)
    now = context.scope.now
    return sum_by_product(line for e in entitlements if is_running(e, now) for line in e.licenses)


async def status_entitlements(context: Context, detail: StatusDetail) -> list[EntitlementDocument]:
    entitlements = await context.loaders.entitlements.load_many(detail.entitlement_ids)
    return [entitlement for entitlement in entitlements if entitlement is not None]


def status_reason(context: Context, detail: StatusDetail) -> str:
    return render_message(reason_message(detail.reason), context.viewer.language)


def status_reason_code(_context: Context, detail: StatusDetail) -> StatusReasonCode:
    return detail.reason.code


def status_reason_arguments(_context: Context, detail: StatusDetail) -> StatusReason:
    return detail.reason


async def assignments(context: Context, customer: CustomerDocument) -> list[CustomerAssignment]:
    current = [a for a in customer.assignments if a.expires_at is None or a.expires_at > context.scope.now]
    ids = [id_ for a in current for id_ in (a.administrator_id, a.assigned_by) if id_ is not None]
    administrators = dict(zip(ids, await context.loaders.administrators.load_many(ids), strict=True))
    assignments = [
        CustomerAssignment(administrator, a.assigned_at, administrators.get(a.assigned_by or ""), a.expires_at)
        for a in current
        if (administrator := administrators[a.administrator_id]) is not None
    ]
    return sorted(assignments, key=lambda a: (a.administrator.name_folded, a.administrator.id))[:LIST_LIMIT]

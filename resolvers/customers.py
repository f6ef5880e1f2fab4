"""Customers and their relations. Each relation is loaded in batches: one query for a list of any length."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from domain.customers.reason_sentences import reason_message
from domain.customers.reasons import StatusReason, StatusReasonCode
from domain.entitlements.lifecycle import is_living, is_running, next_change_at
from domain.entitlements.product_licenses import sum_by_product
from domain.languages.rendering import render_message
from domain.time.instants import MAX_INSTANT
from domain.types import SubscriptionType
from resolvers.context import Context
from store.customers.customers import CustomerDocument, Customers
from store.customers.documents import Assignment, StatusDetail
from store.database.stored_fields import Projection, keys_of, with_fields
from store.entitlements.documents import TERMS, EntitlementDocument, LicenseSumDocument
from store.tenants.administrators import AdministratorDocument

LIST_LIMIT = 200
_BY_NAME = (AdministratorDocument.id, AdministratorDocument.name_folded)


class CustomerAssignment(Struct, frozen=True):
    """An administrator's assignment to a customer."""

    administrator: AdministratorDocument
    assigned_at: datetime
    assigned_by: AdministratorDocument | None
    expires_at: datetime | None


async def customer(
    context: Context, _root: None, by: Mapping[str, str], projection: Projection = None
) -> CustomerDocument | None:
    if "id" in by:
        return (await context.loaders.customers.load_all([by["id"]], projection))[0]
    return await Customers(context.scope).by_external_id(by["external_id"], projection)


async def subscriptions(
    context: Context, customers: Sequence[CustomerDocument], include_ended: bool, projection: Projection = None
) -> list[list[EntitlementDocument]]:
    return await _entitlements(context, customers, SubscriptionType.SUBSCRIPTION, include_ended, projection)


async def trials(
    context: Context, customers: Sequence[CustomerDocument], include_ended: bool, projection: Projection = None
) -> list[list[EntitlementDocument]]:
    return await _entitlements(context, customers, SubscriptionType.TRIAL, include_ended, projection)


async def _entitlements(
    context: Context,
    customers: Sequence[CustomerDocument],
    kind: SubscriptionType,
    include_ended: bool,
    projection: Projection,
) -> list[list[EntitlementDocument]]:
    held = await _read_entitlements(context, customers, with_fields(projection, *TERMS))
    now = context.scope.now
    return [
        [e for e in entitlements if e.kind == kind and (include_ended or is_living(e, now))][:LIST_LIMIT]
        for entitlements in held
    ]


async def licenses(context: Context, customers: Sequence[CustomerDocument]) -> list[list[LicenseSumDocument]]:
    held = await _read_entitlements(context, customers, keys_of([*TERMS, EntitlementDocument.licenses]))
    now = context.scope.now
    running = ([line for e in entitlements if is_running(e, now) for line in e.licenses] for entitlements in held)
    return [
        [
            LicenseSumDocument({**licenses._asdict(), "product": str(licenses.product)})
            for licenses in sum_by_product(lines)
        ]
        for lines in running
    ]


async def _read_entitlements(
    context: Context, customers: Sequence[CustomerDocument], projection: Projection
) -> list[list[EntitlementDocument]]:
    ids = [customer.id for customer in customers]
    held = await context.loaders.entitlements_by_customer.load_all(ids, projection)
    if context.is_kept:
        now = context.scope.now
        changes = (next_change_at(entitlement, now) for entitlements in held for entitlement in entitlements)
        context.limit_validity(min(changes, default=MAX_INSTANT))
    return held


async def status_entitlements(
    context: Context, details: Sequence[StatusDetail], projection: Projection = None
) -> list[list[EntitlementDocument]]:
    ids = dict.fromkeys(id_ for detail in details for id_ in detail.entitlement_ids)
    found = dict(zip(ids, await context.loaders.entitlements.load_all(list(ids), projection), strict=True))
    return [[e for id_ in detail.entitlement_ids if (e := found[id_]) is not None] for detail in details]


def status_reason(context: Context, detail: StatusDetail) -> str:
    return render_message(reason_message(detail.reason), context.viewer.language)


def status_reason_code(_context: Context, detail: StatusDetail) -> StatusReasonCode:
    return detail.reason.code


def status_reason_arguments(_context: Context, detail: StatusDetail) -> StatusReason:
    return detail.reason


async def assignments(
    context: Context, customers: Sequence[CustomerDocument], projection: Projection = None
) -> list[list[CustomerAssignment]]:
    now = context.scope.now
    current = [[a for a in c.assignments if a.expires_at is None or a.expires_at > now] for c in customers]
    ids = {id_ for some in current for a in some for id_ in (a.administrator_id, a.assigned_by) if id_ is not None}
    found = await context.loaders.administrators.load_all(sorted(ids), with_fields(projection, *_BY_NAME))
    administrators = dict(zip(sorted(ids), found, strict=True))
    return [_sort_assignments(some, administrators) for some in current]


def _sort_assignments(
    current: Sequence[Assignment], administrators: Mapping[str, AdministratorDocument | None]
) -> list[CustomerAssignment]:
    assignments = [
        CustomerAssignment(administrator, a.assigned_at, administrators.get(a.assigned_by or ""), a.expires_at)
        for a in current
        if (administrator := administrators[a.administrator_id]) is not None
    ]
    return sorted(assignments, key=lambda a: (a.administrator.name_folded, a.administrator.id))[:LIST_LIMIT]

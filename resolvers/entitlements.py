"""Subscriptions and trials at the moment of the operation."""

from collections.abc import Sequence
from datetime import datetime

from domain.entitlements.lifecycle import LIVING_STATES, effective_end, next_renewal, state_at
from domain.time.instants import whole_days_left
from domain.types import EntitlementState
from resolvers.context import Context
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection
from store.entitlements.documents import EntitlementDocument, Entitlements, LicenseLineDocument, TrialExtension
from store.tenants.administrators import AdministratorDocument


async def entitlement(context: Context, _root: None, number: str) -> EntitlementDocument | None:
    return await context.loaders.if_visible(await Entitlements(context.scope).by_number(number))


async def customer(
    context: Context, entitlements: Sequence[EntitlementDocument], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.customers.load_all([each.customer_id for each in entitlements], projection)


def state(context: Context, entitlement: EntitlementDocument) -> EntitlementState:
    return state_at(entitlement, context.scope.now)


def ends_at(context: Context, entitlement: EntitlementDocument) -> datetime:
    return effective_end(entitlement, context.scope.now)


def days_remaining(context: Context, entitlement: EntitlementDocument) -> int:
    now = context.scope.now
    return whole_days_left(effective_end(entitlement, now), now) if state_at(entitlement, now) in LIVING_STATES else 0


def suspended_at(_context: Context, subscription: EntitlementDocument) -> datetime | None:
    return subscription.suspended_at if subscription.suspended else None


def renews_at(context: Context, entitlement: EntitlementDocument) -> datetime | None:
    return next_renewal(entitlement, context.scope.now)


def licenses(_context: Context, entitlement: EntitlementDocument) -> list[LicenseLineDocument]:
    return entitlement.license_lines


async def started_by(
    context: Context, trials: Sequence[EntitlementDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([trial.started_by for trial in trials], projection)


def extensions(_context: Context, trial: EntitlementDocument) -> list[TrialExtension]:
    return trial.extensions


async def extended_by(
    context: Context, extensions: Sequence[TrialExtension], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([extension.by_id for extension in extensions], projection)


async def converted_to(
    context: Context, trials: Sequence[EntitlementDocument], projection: Projection = None
) -> list[EntitlementDocument | None]:
    return await context.loaders.find_entitlements([trial.converted_to for trial in trials], projection)

"""The partner's administrators, and the mutations of access."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.text.search import parse_search
from domain.user_errors import UserError
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.access import administrator_changes, assignment_changes
from store.changes.mutations import MutationRequest
from store.customers.customers import CustomerDocument
from store.tenants.administrators import AdministratorDocument, Administrators


@dataclass(frozen=True, slots=True)
class AdministratorPayload:
    """The administrator as they are now, or what was wrong."""

    administrator: AdministratorDocument | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class AssignAdministratorPayload:
    """The administrator and the customers as they are now, or what was wrong."""

    administrator: AdministratorDocument | None
    customers: Sequence[CustomerDocument]
    user_errors: Sequence[UserError]


async def administrators(
    context: Context,
    _root: None,
    with_page: bool,
    role: Sequence[str] | None = None,
    search: str | None = None,
    **page: Any,
) -> Connection[AdministratorDocument]:
    listing = await Administrators(context.scope).listing(role, parse_search(search))
    return await build_connection(listing, with_page, **page)


async def invite_administrator(context: Context, asked: MutationRequest) -> AdministratorPayload:
    return await _changed(context, await run_mutation(context, asked, administrator_changes.invite_administrator))


async def change_administrator(context: Context, asked: MutationRequest) -> AdministratorPayload:
    return await _changed(context, await run_mutation(context, asked, administrator_changes.change_administrator))


async def remove_administrator(context: Context, asked: MutationRequest) -> AdministratorPayload:
    return await _changed(context, await run_mutation(context, asked, administrator_changes.remove_administrator))


async def assign_administrator(context: Context, asked: MutationRequest) -> AssignAdministratorPayload:
    return await _assigned(context, await run_mutation(context, asked, assignment_changes.assign_administrator))


async def unassign_administrator(context: Context, asked: MutationRequest) -> AssignAdministratorPayload:
    return await _assigned(context, await run_mutation(context, asked, assignment_changes.unassign_administrator))


async def _changed(context: Context, outcome: MutationResult) -> AdministratorPayload:
    return AdministratorPayload(await context.loaders.find_administrator(outcome["administrator"]), outcome.user_errors)


async def _assigned(context: Context, outcome: MutationResult) -> AssignAdministratorPayload:
    administrator = await context.loaders.find_administrator(outcome["administrator"])
    found = await context.loaders.customers.load_many(outcome["customers"] or ())
    customers = [customer for customer in found if customer is not None]
    return AssignAdministratorPayload(administrator, customers, outcome.user_errors)

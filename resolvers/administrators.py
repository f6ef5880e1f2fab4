"""The partner's administrators, the mutations of access, and the fields of their payloads."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from domain.partner.administrators import ChangeAdministrator, InviteAdministrator, RemoveAdministrator
from domain.partner.assignments import AssignAdministrator, UnassignAdministrator
from domain.text.search import parse_search
from domain.types import AdministratorState
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.mutations import MutationResult, ObjectResult, changed_id, run_mutation
from store.access import administrator_changes, assignment_changes
from store.access.administrator_changes import AdministratorChange
from store.access.assignment_changes import AssignmentResult
from store.changes.mutations import ChangedObject, MutationRequest
from store.customers.customers import CustomerDocument
from store.customers.facets import CustomerFacets
from store.tenants.administrators import AdministratorDocument, Administrators

_AssignmentPayload = MutationResult[AssignmentResult]


async def administrators(
    context: Context,
    _root: None,
    with_page: bool,
    role: Sequence[str] | None = None,
    state: Sequence[str] | None = None,
    search: str | None = None,
    **page: Any,
) -> Connection[AdministratorDocument]:
    listing = await Administrators(context.scope).listing(role, state, parse_search(search))
    return await build_connection(listing, with_page, **page)


class AdministratorCount(Struct, frozen=True):
    """How many customers are assigned to the administrator."""

    value: AdministratorDocument
    count: int


async def counts(context: Context, facets: CustomerFacets) -> list[AdministratorCount]:
    """Return the facet by administrator. One who is removed is left out: customers may store the id until cleanup."""
    found = await context.loaders.find_administrators([counted.value for counted in facets.administrator])
    pairs = zip(found, facets.administrator, strict=True)
    return [
        AdministratorCount(one, counted.count)
        for one, counted in pairs
        if one is not None and one.state is not AdministratorState.DEACTIVATED
    ]


async def invite_administrator(context: Context, request: MutationRequest[InviteAdministrator]) -> ObjectResult:
    return await run_mutation(context, request, administrator_changes.invite_administrator, ChangedObject)


async def change_administrator(
    context: Context, request: MutationRequest[ChangeAdministrator]
) -> MutationResult[AdministratorChange]:
    return await run_mutation(context, request, administrator_changes.change_administrator, AdministratorChange)


async def remove_administrator(context: Context, request: MutationRequest[RemoveAdministrator]) -> ObjectResult:
    return await run_mutation(context, request, administrator_changes.remove_administrator, ChangedObject)


async def assign_administrator(context: Context, request: MutationRequest[AssignAdministrator]) -> _AssignmentPayload:
    return await run_mutation(context, request, assignment_changes.assign_administrator, AssignmentResult)


async def unassign_administrator(
    context: Context, request: MutationRequest[UnassignAdministrator]
) -> _AssignmentPayload:
    return await run_mutation(context, request, assignment_changes.unassign_administrator, AssignmentResult)


async def changed_administrator(context: Context, payload: MutationResult[Any]) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(changed_id(payload))


def dropped_assignments(_context: Context, payload: MutationResult[AdministratorChange]) -> int:
    return payload.result.dropped_assignments if payload.result else 0


async def assigned_administrator(context: Context, payload: _AssignmentPayload) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(payload.result.administrator if payload.result else None)


async def assigned_customers(context: Context, payload: _AssignmentPayload) -> list[CustomerDocument]:
    return await context.loaders.find_customers(payload.result.customers if payload.result else ())

"""Views of customers, the mutations that change them, and the fields of their payloads."""

from collections.abc import Sequence
from typing import Any

from domain.partner.views import DeleteCustomerView, SaveCustomerView, filter_to_api
from resolvers.context import Context
from resolvers.mutations import ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.database.stored_fields import Projection
from store.organization import view_changes
from store.organization.views import ViewDocument, Views
from store.tenants.administrators import AdministratorDocument


async def customer_views(context: Context, _root: None) -> list[ViewDocument]:
    return await Views(context.scope).all()


def filter_of(_context: Context, view: ViewDocument) -> dict[str, Any] | None:
    return filter_to_api(view.raw_filter)


async def owner(
    context: Context, views: Sequence[ViewDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([view.owner_id for view in views], projection)


async def save_customer_view(context: Context, request: MutationRequest[SaveCustomerView]) -> ObjectResult:
    return await run_mutation(context, request, view_changes.save_customer_view, ChangedObject)


async def delete_customer_view(context: Context, request: MutationRequest[DeleteCustomerView]) -> ObjectResult:
    return await run_mutation(context, request, view_changes.delete_customer_view, ChangedObject)


async def changed_view(context: Context, payload: ObjectResult) -> ViewDocument | None:
    return await context.loaders.find_view(changed_id(payload))


def deleted_id(_context: Context, payload: ObjectResult) -> str | None:
    return changed_id(payload)

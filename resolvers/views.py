"""Views of customers, and the mutations that change them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.partner.views import filter_to_api
from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import run_mutation
from store.changes.mutations import MutationRequest
from store.organization.view_changes import delete_customer_view as delete
from store.organization.view_changes import save_customer_view as save
from store.organization.views import ViewDocument, Views
from store.tenants.administrators import AdministratorDocument


@dataclass(frozen=True, slots=True)
class CustomerViewPayload:
    """The view as it is now, or what was wrong."""

    view: ViewDocument | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class DeleteCustomerViewPayload:
    """The id of the view that is no more, or what was wrong."""

    deleted_id: str | None
    user_errors: Sequence[UserError]


async def customer_views(context: Context, _root: None) -> list[ViewDocument]:
    return await Views(context.scope).all()


def filter_of(_context: Context, view: ViewDocument) -> dict[str, Any] | None:
    return filter_to_api(view.raw_filter)


async def owner(context: Context, view: ViewDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(view.owner_id)


async def save_customer_view(context: Context, asked: MutationRequest) -> CustomerViewPayload:
    outcome = await run_mutation(context, asked, save)
    return CustomerViewPayload(await context.loaders.find_view(outcome["view"]), outcome.user_errors)


async def delete_customer_view(context: Context, asked: MutationRequest) -> DeleteCustomerViewPayload:
    outcome = await run_mutation(context, asked, delete)
    return DeleteCustomerViewPayload(outcome["deleted"], outcome.user_errors)

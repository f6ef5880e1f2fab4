"""Views (named customer filters) and their mutations."""

import strawberry

from domain.partner.views import MAX_OWN_VIEWS, MAX_SHARED_VIEWS, DeleteCustomerView, SaveCustomerView
from resolvers import customer_lists, views
from schema.costs import list_size
from schema.customer_inputs import CustomerFilter, CustomerOrder
from schema.customer_lists import CustomerConnection
from schema.enums import Permission
from schema.fields import Argument, field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, OPTIONAL_VERSION_INPUT, user_errors_field
from schema.node import PAGED, VERSION_FIELD, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.organization.views import ViewDocument


@strawberry.type
@shows(ViewDocument)
class CustomerView(Node):
    """A filter that an administrator has named and saved. The owner can share it with all administrators of the
    partner.
    """

    name: str = strawberry.field(description="The name, unique among the views of the owner.")
    filter = field(
        views.filter_of,
        strawberry.scalars.JSON | None,
        "The CustomerFilter as it was given. A tag that has been deleted since matches no customer.",
        reads=(ViewDocument.raw_filter,),
    )
    shared: bool = strawberry.field(description="Whether every administrator of the partner sees the view.")
    version: int = VERSION_FIELD
    owner = field(
        views.owner,
        PartnerAdministrator,
        "The administrator who saved the view. Only the owner may change it.",
        batch=True,
        reads=(ViewDocument.owner_id,),
    )
    customers = field(
        customer_lists.view_customers,
        CustomerConnection,
        "The customers that match the filter, among those that the viewer sees.",
        requires=Permission.READ_CUSTOMERS,
        **PAGED,
        order_by=Argument(CustomerOrder | None, description="The order. Without it, by name."),
        reads=(ViewDocument.raw_filter,),
    )


@strawberry.input
class SaveCustomerViewInput:
    """A new view, or changes of a view of the viewer. An omitted field keeps its value."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The id of the viewer's own view to change. Without it, a new view is created.",
    )
    version: int | None = OPTIONAL_VERSION_INPUT
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Required for a new view. When omitted, an existing view keeps its name. "
            "1–100 characters, unique among the viewer's own views."
        ),
    )
    filter: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "When omitted, an existing view keeps its filter, and a new view shows every customer. "
            "At most 32,000 characters as JSON. A filter with `kpi`, given or kept, needs READ_ANALYTICS."
        ),
    )
    shared: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "When omitted, an existing view keeps its value, and a new view is not shared. "
            "Saving a shared view needs the permission EDIT_TAGS."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class SaveCustomerViewPayload:
    """The view after the change, or the mistakes."""

    view = field(views.changed_view, CustomerView | None, "The view after the change; null where nothing was changed.")
    user_errors = user_errors_field()


@strawberry.input
class DeleteCustomerViewInput:
    """A view of the viewer, to be deleted."""

    id: strawberry.ID = strawberry.field(description="The id of the view.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class DeleteCustomerViewPayload:
    """The id of the deleted view, or the mistakes."""

    deleted_id = field(
        views.deleted_id, strawberry.ID | None, "The id of the deleted view; null where nothing was changed."
    )
    user_errors = user_errors_field()


@strawberry.type
class ViewMutations:
    """The root fields that change views. They need no permission, because every administrator has own views."""

    save_customer_view = mutation(
        views.save_customer_view,
        SaveCustomerViewPayload,
        SaveCustomerViewInput,
        SaveCustomerView,
        "Creates a view of the viewer, or changes one. An administrator has at most 100 views, and a "
        "partner at most 100 shared ones; more is LIMIT_REACHED.",
    )
    delete_customer_view = mutation(
        views.delete_customer_view,
        DeleteCustomerViewPayload,
        DeleteCustomerViewInput,
        DeleteCustomerView,
        "Deletes a view of the viewer.",
    )


@strawberry.type
class ViewQueries:
    """The root field that reads views."""

    customer_views = field(
        views.customer_views,
        list[CustomerView] | None,
        "The viewer's own views and the shared views, by name; at most 200. A view whose filter has `kpi` is left out "
        "where the viewer does not have the permission READ_ANALYTICS.",
        list_size=list_size(MAX_OWN_VIEWS + MAX_SHARED_VIEWS, typical=20),
    )

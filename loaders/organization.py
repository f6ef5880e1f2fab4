"""The partner, its administrators, saved views, resources and helpdesk requests."""

from collections.abc import Sequence

from loaders.relation import in_key_order
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.organization.helpdesk import HelpdeskRequestDocument, HelpdeskRequests
from store.organization.resources import ResourceDocument, Resources
from store.organization.views import ViewDocument, Views
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import PartnerDocument, Partners


async def read_partners(scope: Scope, partner_ids: Sequence[str]) -> list[PartnerDocument | None]:
    """Return the scope's own partner for its partner id, and None for any other."""
    partner = await Partners(scope).get()
    return [partner if partner is not None and id_ == partner.partner_id else None for id_ in partner_ids]


async def read_administrators(
    scope: Scope, ids: Sequence[str], projection: Projection = None
) -> list[AdministratorDocument | None]:
    """Return the partner's administrators by id, including those who were removed."""
    return in_key_order(ids, await Administrators(scope).by_ids(ids, projection))


async def read_views(scope: Scope, ids: Sequence[str]) -> list[ViewDocument | None]:
    """Return the viewer's own views and the shared ones by id."""
    return in_key_order(ids, await Views(scope).by_ids(ids))


async def read_resources(scope: Scope, ids: Sequence[str]) -> list[ResourceDocument | None]:
    """Return the partner's resources by id."""
    return in_key_order(ids, await Resources(scope).by_ids(ids))


async def read_helpdesk_requests(scope: Scope, ids: Sequence[str]) -> list[HelpdeskRequestDocument | None]:
    """Return the helpdesk requests by id that the viewer may read."""
    return in_key_order(ids, await HelpdeskRequests(scope).by_ids(ids))

"""Lists of the partner's administrators."""

import strawberry

from resolvers import administrators
from schema.connections import Connection
from schema.enums import PartnerRole
from schema.fields import Argument, field
from schema.node import PAGED
from schema.organization import PartnerAdministrator


@strawberry.type
class AdministratorQueries:
    """The fields of the root that list administrators."""

    administrators = field(
        administrators.administrators,
        Connection[PartnerAdministrator] | None,
        "By name, without those who were removed; search looks at name and e-mail address.",
        role=Argument(list[PartnerRole] | None),
        search=Argument(str | None),
        **PAGED,
    )
